//! The access log: one line per request, in the old server's form (spec mirrorlist C.8) or as JSON, written
//! by a thread of its own.
//!
//! A request puts its line into the memory of its thread and never waits: the writer takes what has piled up
//! a few times a second, and when the disk is slower than the clients, lines are dropped and counted. Only in
//! upstream compatibility does each request write its own line, so that whoever has the answer finds the
//! line.

mod addresses;
mod entry;
mod writer;

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::metrics::Metrics;
use writer::Writer;

pub(crate) use addresses::Addresses;
pub(crate) use entry::{Entry, Form};

/// How long lines pile up.
const GATHER: Duration = Duration::from_millis(100);

/// Bytes of memory for lines that are kept for the next ones.
const SPARE_BYTES: usize = 1 << 20;

/// Calls to the writer that may wait; it looks at everything whenever there is one.
const CALLS: usize = 16;

/// When lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// Each before its answer is sent, in one write, as the old server did.
    BeforeAnswer,
    /// Soon, by a thread of its own.
    Soon,
}

/// The log.
#[derive(Debug)]
pub(crate) struct AccessLog {
    form: Form,
    addresses: Addresses,
    metrics: Arc<Metrics>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Direct(Arc<Mutex<Writer>>),
    Queue { piles: Piles, bell: SyncSender<Call> },
}

/// The lines of all threads.
#[derive(Debug, Clone, Default)]
struct Piles(Arc<Mutex<Vec<Arc<Mutex<Pile>>>>>);

/// The lines of one thread that are not written yet.
#[derive(Debug)]
struct Pile {
    bytes: Vec<u8>,
    lines: usize,
    /// Lines that it may have.
    most: usize,
}

/// What the writer is told.
enum Call {
    /// There are lines.
    Lines,
    /// There are many lines.
    Many,
    Reopen(oneshot::Sender<io::Result<()>>),
    Close(oneshot::Sender<()>),
}

impl AccessLog {
    /// Opens the file for appending, creating it, and starts the writer if there is to be one.
    ///
    /// # Errors
    /// What the system says about the file, or about the thread.
    pub(crate) fn open(
        path: &Path,
        form: Form,
        addresses: Addresses,
        timing: Timing,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let writer = Writer::open(path, Arc::clone(&metrics))?;
        let way = match timing {
            Timing::BeforeAnswer => Way::Direct(Arc::new(Mutex::new(writer))),
            Timing::Soon => {
                let (bell, calls) = sync_channel(CALLS);
                let piles = Piles::default();
                let run = {
                    let piles = piles.clone();
                    move || run(writer, &piles, &calls)
                };
                thread::Builder::new().name("access-log".into()).spawn(run)?;
                Way::Queue { piles, bell }
            }
        };
        Ok(Self { form, addresses, metrics, way })
    }

    /// The way to the log of one thread that serves, for which `most` lines may wait.
    pub(crate) fn thread(&self, most: usize) -> ThreadLog {
        let way = match &self.way {
            Way::Direct(writer) => ThreadWay::Direct(Arc::clone(writer)),
            Way::Queue { piles, bell } => {
                let pile = Arc::new(Mutex::new(Pile { bytes: Vec::new(), lines: 0, most: most.max(1) }));
                locked(&piles.0).push(Arc::clone(&pile));
                ThreadWay::Pile { pile, bell: bell.clone() }
            }
        };
        let (addresses, metrics) = (self.addresses.clone(), Arc::clone(&self.metrics));
        ThreadLog { form: self.form, addresses, metrics, way }
    }

    /// Writes what has piled up to the old file, then opens the path anew (log rotation).
    ///
    /// # Errors
    /// What the system says; the old file is then written further.
    pub(crate) async fn reopen(&self) -> io::Result<()> {
        match &self.way {
            Way::Direct(writer) => locked(writer).reopen(),
            Way::Queue { bell, .. } => {
                let (done, answer) = oneshot::channel();
                call(bell, Call::Reopen(done)).await;
                answer.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
            }
        }
    }

    /// Writes what has piled up and ends the writer.
    pub(crate) async fn close(&self) {
        if let Way::Queue { bell, .. } = &self.way {
            let (done, answer) = oneshot::channel();
            call(bell, Call::Close(done)).await;
            let _ = answer.await;
        }
    }
}

/// The way to the log of one thread.
#[derive(Debug)]
pub(crate) struct ThreadLog {
    form: Form,
    addresses: Addresses,
    metrics: Arc<Metrics>,
    way: ThreadWay,
}

#[derive(Debug)]
enum ThreadWay {
    Direct(Arc<Mutex<Writer>>),
    Pile { pile: Arc<Mutex<Pile>>, bell: SyncSender<Call> },
}

impl ThreadLog {
    /// Puts a line on the pile, or writes it. A line that finds no room is counted.
    pub(crate) fn write(&self, entry: &Entry<'_>) {
        match &self.way {
            ThreadWay::Direct(writer) => {
                let mut line = Vec::with_capacity(128);
                if entry.write(self.form, &self.addresses, &mut line) {
                    locked(writer).write(&line);
                }
            }
            ThreadWay::Pile { pile, bell } => {
                // The writer has it only for as long as it takes to exchange a pointer.
                let mut pile = locked(pile);
                if pile.lines >= pile.most {
                    return self.metrics.log_dropped(1);
                }
                if entry.write(self.form, &self.addresses, &mut pile.bytes) {
                    pile.lines += 1;
                    let (lines, most) = (pile.lines, pile.most);
                    drop(pile);
                    // Full of calls, it comes anyway.
                    if lines == most.div_ceil(2) {
                        let _ = bell.try_send(Call::Many);
                    } else if lines == 1 {
                        let _ = bell.try_send(Call::Lines);
                    }
                }
            }
        }
    }
}

/// The thread that writes.
fn run(mut writer: Writer, piles: &Piles, calls: &Receiver<Call>) {
    let mut spare = Vec::new();
    let mut write = |writer: &mut Writer| {
        let all = locked(&piles.0).clone();
        for pile in all {
            spare.clear();
            {
                let mut pile = locked(&pile);
                std::mem::swap(&mut spare, &mut pile.bytes);
                pile.lines = 0;
            }
            if !spare.is_empty() {
                writer.write(&spare);
            }
            if spare.capacity() > SPARE_BYTES {
                spare = Vec::new();
            }
        }
    };
    let mut until: Option<Instant> = None;
    loop {
        let call = match until {
            None => calls.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(until) => calls.recv_timeout(until.saturating_duration_since(Instant::now())),
        };
        if let Ok(Call::Lines) = call {
            until.get_or_insert_with(|| Instant::now() + GATHER);
            continue;
        }
        until = None;
        write(&mut writer);
        match call {
            Ok(Call::Lines | Call::Many) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Call::Reopen(done)) => {
                let _ = done.send(writer.reopen());
            }
            Ok(Call::Close(done)) => {
                let _ = done.send(());
                return;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Makes a call that has to arrive: waits for room, on a thread that may.
async fn call(bell: &SyncSender<Call>, call: Call) {
    let bell = bell.clone();
    let _ = tokio::task::spawn_blocking(move || bell.send(call)).await;
}

/// A panic between two lines leaves nothing half-done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use answer::{AccessRecord, Kind, Named};
    use model::clock::{Clock as _, FixedClock};

    use super::*;

    fn log(path: &Path, timing: Timing) -> (AccessLog, Arc<Metrics>) {
        let metrics = Arc::new(Metrics::default());
        let log = AccessLog::open(path, Form::Upstream, Addresses::Whole, timing, Arc::clone(&metrics));
        (log.unwrap(), metrics)
    }

    fn write(log: &ThreadLog, repo: &str) {
        let time = FixedClock::at(86_400).now();
        let record = AccessRecord {
            client: [192, 0, 2, 1].into(),
            peer: None,
            time,
            country: "N/A".into(),
            asn: None,
            repository: Some(Named { repo: repo.into(), arch: "x86_64".into() }),
            host: None,
        };
        log.write(&Entry {
            record: Some(&record),
            peer: [127, 0, 0, 1].into(),
            time,
            path: "/mirrorlist",
            kind: Kind::Mirrorlist,
            status: 200,
            tier: None,
            bytes: 0,
            took: Duration::ZERO,
            agent: None,
        });
    }

    fn line(repo: &str) -> String {
        format!("IP: 192.0.2.1; DATE: 1970-01-02; COUNTRY: N/A; REPO: {repo}; ARCH: x86_64\n")
    }

    #[tokio::test]
    async fn lines_arrive_in_order_and_reopening_follows_the_rotated_path() {
        for timing in [Timing::Soon, Timing::BeforeAnswer] {
            let folder = tempfile::tempdir().unwrap();
            let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
            std::fs::write(&path, "before\n").unwrap();
            let (log, metrics) = log(&path, timing);
            let thread = log.thread(100);
            write(&thread, "one");
            write(&thread, "two");
            std::fs::rename(&path, &old).unwrap();
            log.reopen().await.unwrap();
            write(&thread, "three");
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
        write(&log.thread(1), "one");
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), line("one"));
    }

    #[tokio::test]
    async fn the_lines_of_all_threads_are_whole() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (log, metrics) = log(file.path(), Timing::Soon);
        thread::scope(|scope| {
            for _ in 0..4 {
                let thread = log.thread(usize::MAX);
                scope.spawn(move || (0..5000).for_each(|_| write(&thread, "same")));
            }
        });
        log.close().await;
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), line("same").repeat(20_000));
        assert_eq!(metrics.log_drops(), 0);
    }

    #[tokio::test]
    async fn a_path_that_can_not_be_reopened_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let (log, _) = log(&inner.join("log"), Timing::Soon);
        let moved = folder.path().join("moved");
        std::fs::rename(&inner, &moved).unwrap();
        assert!(log.reopen().await.is_err());
        write(&log.thread(1), "kept");
        log.close().await;
        assert_eq!(std::fs::read_to_string(moved.join("log")).unwrap(), line("kept"));
    }

    #[tokio::test]
    async fn a_full_disk_drops_lines_and_counts_them() {
        for timing in [Timing::Soon, Timing::BeforeAnswer] {
            let (log, metrics) = log(Path::new("/dev/full"), timing);
            let thread = log.thread(100);
            write(&thread, "lost");
            write(&thread, "lost-too");
            log.close().await;
            assert_eq!(metrics.log_drops(), 2);
        }
    }

    #[tokio::test]
    async fn what_finds_no_room_is_dropped_and_counted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let metrics = Arc::new(Metrics::default());
        let (bell, calls) = sync_channel(CALLS);
        let piles = Piles::default();
        let way = Way::Queue { piles: piles.clone(), bell };
        let (form, addresses) = (Form::Upstream, Addresses::Whole);
        let log = AccessLog { form, addresses, metrics: Arc::clone(&metrics), way };
        let thread = log.thread(2);
        for repo in ["one", "two", "dropped"] {
            write(&thread, repo);
        }
        assert_eq!(metrics.log_drops(), 1);
        drop((log, thread));
        run(Writer::open(file.path(), metrics).unwrap(), &piles, &calls);
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), line("one") + &line("two"));
    }
}
