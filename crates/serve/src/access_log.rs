//! The access log: one line per request for a repository, in the old server's form (spec mirrorlist
//! C.8), written by a thread of its own.
//!
//! A request hands its line over through a bounded queue and never waits: when the disk is slower than
//! the clients, lines are dropped and counted. The thread writes what has piled up in one go. Only in upstream
//! compatibility does each request write its own line, so that whoever has the answer finds the line.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use answer::AccessRecord;
use tokio::sync::oneshot;

use crate::metrics::Metrics;

/// Lines are written at the latest when this many bytes have piled up.
const BATCH_BYTES: usize = 64 * 1024;

enum Message {
    Line(AccessRecord),
    Reopen(oneshot::Sender<io::Result<()>>),
    Close(oneshot::Sender<()>),
}

/// When lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// Each before its answer is sent, in one write, as the old server did.
    BeforeAnswer,
    /// Soon, by a thread of its own; this many may wait.
    Queued(usize),
}

/// The way to the log. Clones lead to the same file.
#[derive(Debug, Clone)]
pub(crate) struct AccessLog {
    way: Way,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Clone)]
enum Way {
    Direct(Arc<Mutex<Writer>>),
    Queue(SyncSender<Message>),
}

impl AccessLog {
    /// Opens the file for appending, creating it, and starts the writer if there is to be one.
    ///
    /// # Errors
    /// What the system says about the file, or about the thread.
    pub(crate) fn open(path: &Path, timing: Timing, metrics: Arc<Metrics>) -> io::Result<Self> {
        let file = append(path)?;
        let writer =
            Writer { path: path.to_owned(), file, batch: Vec::new(), lines: 0, torn: false, failing: false };
        let way = match timing {
            Timing::BeforeAnswer => Way::Direct(Arc::new(Mutex::new(writer))),
            Timing::Queued(lines) => {
                let (queue, messages) = sync_channel(lines.max(1));
                let counts = Arc::clone(&metrics);
                let run = move || writer.run(&messages, &counts);
                thread::Builder::new().name("access-log".into()).spawn(run)?;
                Way::Queue(queue)
            }
        };
        Ok(Self { way, metrics })
    }

    /// Hands over what one line says, or writes it. A line that finds no room is counted.
    pub(crate) fn write(&self, record: AccessRecord) {
        match &self.way {
            Way::Direct(writer) => {
                let mut writer = locked(writer);
                writer.add(&record);
                writer.flush(&self.metrics);
            }
            Way::Queue(queue) => match queue.try_send(Message::Line(record)) {
                Ok(()) => {}
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.metrics.log_dropped(1),
            },
        }
    }

    /// Writes what is queued to the old file, then opens the path anew (log rotation).
    ///
    /// # Errors
    /// What the system says; the old file is then written further.
    pub(crate) async fn reopen(&self) -> io::Result<()> {
        match &self.way {
            Way::Direct(writer) => locked(writer).reopen(),
            Way::Queue(queue) => {
                let (done, answer) = oneshot::channel();
                send(queue, Message::Reopen(done)).await;
                answer.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
            }
        }
    }

    /// Writes what is queued and ends the writer.
    pub(crate) async fn close(&self) {
        if let Way::Queue(queue) = &self.way {
            let (done, answer) = oneshot::channel();
            send(queue, Message::Close(done)).await;
            let _ = answer.await;
        }
    }
}

/// Sends a message that has to arrive: waits for room, on a thread that may.
async fn send(queue: &SyncSender<Message>, message: Message) {
    let queue = queue.clone();
    let _ = tokio::task::spawn_blocking(move || queue.send(message)).await;
}

/// A panic between two lines leaves nothing half-done.
fn locked(writer: &Mutex<Writer>) -> MutexGuard<'_, Writer> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Writer {
    path: PathBuf,
    file: File,
    batch: Vec<u8>,
    /// Lines in the batch.
    lines: u64,
    /// The file ends in the middle of a line, because a write was cut short.
    torn: bool,
    /// The last write failed; it is reported once.
    failing: bool,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>, metrics: &Metrics) {
        while let Ok(first) = messages.recv() {
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Line(record) => {
                        self.add(&record);
                        if self.batch.len() >= BATCH_BYTES {
                            self.flush(metrics);
                        }
                    }
                    Message::Reopen(done) => {
                        self.flush(metrics);
                        let _ = done.send(self.reopen());
                    }
                    Message::Close(done) => {
                        self.flush(metrics);
                        let _ = done.send(());
                        return;
                    }
                }
                next = messages.try_recv().ok();
            }
            self.flush(metrics);
        }
    }

    fn add(&mut self, record: &AccessRecord) {
        // Writing into memory does not fail.
        let _ = writeln!(self.batch, "{record}");
        self.lines += 1;
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.file = append(&self.path)?;
        (self.torn, self.failing) = (false, false);
        Ok(())
    }

    /// Writes the batch. A failure costs the lines that were not written, never the server.
    fn flush(&mut self, metrics: &Metrics) {
        if self.batch.is_empty() {
            return;
        }
        if self.torn {
            self.batch.insert(0, b'\n');
        }
        let mut left = self.batch.as_slice();
        let mut failure = None;
        while !left.is_empty() {
            match self.file.write(left) {
                Ok(0) => failure = Some(io::Error::from(io::ErrorKind::WriteZero)),
                Ok(written) => left = left.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => failure = Some(error),
            }
            if failure.is_some() {
                break;
            }
        }
        match failure {
            None => (self.torn, self.failing) = (false, false),
            Some(error) => {
                let written = self.batch.get(..self.batch.len() - left.len()).unwrap_or_default();
                self.torn = written.last().map_or(self.torn, |last| *last != b'\n');
                let whole = written.iter().filter(|byte| **byte == b'\n').count() as u64;
                metrics.log_dropped(self.lines.saturating_sub(whole));
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(file = %self.path.display(), %error, "failed to write the access log; lines are dropped until it works again");
                }
            }
        }
        self.batch.clear();
        self.lines = 0;
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use model::clock::{Clock as _, FixedClock};

    use super::*;

    const QUEUED: Timing = Timing::Queued(100);

    fn log(path: &Path, timing: Timing) -> (AccessLog, Arc<Metrics>) {
        let metrics = Arc::new(Metrics::default());
        (AccessLog::open(path, timing, Arc::clone(&metrics)).unwrap(), metrics)
    }

    fn record(repo: &str) -> AccessRecord {
        AccessRecord {
            client: [192, 0, 2, 1].into(),
            peer: None,
            time: FixedClock::at(86_400).now(),
            country: "N/A".into(),
            repo: repo.into(),
            arch: "x86_64".into(),
        }
    }

    fn line(repo: &str) -> String {
        format!("IP: 192.0.2.1; DATE: 1970-01-02; COUNTRY: N/A; REPO: {repo}; ARCH: x86_64\n")
    }

    #[tokio::test]
    async fn lines_arrive_in_order_and_reopening_follows_the_rotated_path() {
        for timing in [QUEUED, Timing::BeforeAnswer] {
            let folder = tempfile::tempdir().unwrap();
            let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
            std::fs::write(&path, "before\n").unwrap();
            let (log, metrics) = log(&path, timing);
            log.write(record("one"));
            log.write(record("two"));
            std::fs::rename(&path, &old).unwrap();
            log.reopen().await.unwrap();
            log.write(record("three"));
            log.close().await;
            let before = format!("before\n{}{}", line("one"), line("two"));
            assert_eq!(std::fs::read_to_string(old).unwrap(), before);
            assert_eq!(std::fs::read_to_string(path).unwrap(), line("three"));
            assert_eq!(metrics.log_drops(), 0);
        }
    }

    #[test]
    fn a_line_is_there_before_its_answer_when_that_is_asked_for() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (log, _) = log(file.path(), Timing::BeforeAnswer);
        log.write(record("one"));
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), line("one"));
    }

    #[tokio::test]
    async fn a_path_that_can_not_be_reopened_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let (log, _) = log(&inner.join("log"), QUEUED);
        let moved = folder.path().join("moved");
        std::fs::rename(&inner, &moved).unwrap();
        assert!(log.reopen().await.is_err());
        log.write(record("kept"));
        log.close().await;
        assert_eq!(std::fs::read_to_string(moved.join("log")).unwrap(), line("kept"));
    }

    #[tokio::test]
    async fn a_full_disk_drops_lines_and_counts_them() {
        for timing in [QUEUED, Timing::BeforeAnswer] {
            let (log, metrics) = log(Path::new("/dev/full"), timing);
            log.write(record("lost"));
            log.write(record("lost-too"));
            log.close().await;
            assert_eq!(metrics.log_drops(), 2);
        }
    }

    #[test]
    fn a_full_queue_drops_the_line_and_counts_it() {
        let metrics = Arc::new(Metrics::default());
        let (queue, _nobody_reads) = sync_channel(1);
        let log = AccessLog { way: Way::Queue(queue), metrics: Arc::clone(&metrics) };
        log.write(record("queued"));
        log.write(record("dropped"));
        assert_eq!(metrics.log_drops(), 1);
    }
}
