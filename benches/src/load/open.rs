//! Questions at times that do not depend on the server: random ones, so many a second on average. How long an
//! answer takes is counted from the time when it was to be asked for, whether or not a client was free then.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::connection::{BUFFER_BYTES, Connection, wait};
use super::{CONNECTIONS, Questions};
use crate::process;

/// The poll's word for "a question is due".
const DUE: Token = Token(usize::MAX);

/// One answer.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// When it was to be asked for.
    pub due: Instant,
    /// From then to the last byte of the answer.
    pub took: Duration,
}

/// What the clients saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Answers with status 200.
    pub answered: Vec<Answered>,
    /// Requests without one.
    pub failed: usize,
    /// CPU time of the clients.
    pub cpu: Duration,
}

/// Clients at work.
pub struct OpenLoop {
    stop: Arc<AtomicBool>,
    clock: JoinHandle<io::Result<()>>,
    clients: JoinHandle<io::Result<Seen>>,
}

impl OpenLoop {
    /// Begins to ask this many questions a second.
    ///
    /// # Errors
    /// The server can not be connected to.
    pub fn start(address: SocketAddr, questions: &Questions, rate: f64) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), DUE)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, due) = channel();
        let mut clients = Clients::open(address, Arc::clone(questions), poll)?;
        Ok(Self {
            stop: Arc::clone(&stop),
            clock: thread::spawn(move || {
                clock(rate, &tell, &waker, &stop)?;
                // The clients may be waiting for answers that are all there: wake them to see that this is the end.
                drop(tell);
                waker.wake()
            }),
            clients: thread::spawn(move || clients.run(&due)),
        })
    }

    /// Ends when the last question that was due is answered.
    ///
    /// # Errors
    /// The clients could not connect again after a failed request.
    pub fn stop(self) -> io::Result<Seen> {
        self.stop.store(true, Relaxed);
        let panicked = |_| io::Error::other("a client panicked");
        self.clock.join().map_err(panicked)??;
        self.clients.join().map_err(panicked)?
    }
}

/// Says when questions are due; the kernel lets a thread sleep much more exactly than a poll.
fn clock(rate: f64, tell: &Sender<Instant>, waker: &Waker, stop: &AtomicBool) -> io::Result<()> {
    let mut rng = StdRng::seed_from_u64(3);
    let mut due = Instant::now();
    while !stop.load(Relaxed) {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let now = Instant::now();
        while due <= now {
            if tell.send(due).is_err() {
                return Ok(());
            }
            // The time between two events of a Poisson process.
            due += Duration::from_secs_f64(-(1.0 - rng.random::<f64>()).ln() / rate);
        }
        waker.wake()?;
    }
    Ok(())
}

struct Clients {
    address: SocketAddr,
    questions: Questions,
    poll: Poll,
    connections: Vec<Connection>,
    /// Per connection: when the question that is under way was due.
    under_way: Vec<Option<Instant>>,
    /// Connections without a question.
    free: Vec<usize>,
    /// Questions without a connection.
    waiting: VecDeque<Instant>,
    asked: usize,
    seen: Seen,
}

impl Clients {
    fn open(address: SocketAddr, questions: Questions, poll: Poll) -> io::Result<Self> {
        let connections: io::Result<Vec<Connection>> =
            (0..CONNECTIONS).map(|token| Connection::open(address, poll.registry(), token)).collect();
        Ok(Self {
            address,
            questions,
            poll,
            connections: connections?,
            under_way: vec![None; CONNECTIONS],
            free: (0..CONNECTIONS).collect(),
            waiting: VecDeque::new(),
            asked: 0,
            seen: Seen::default(),
        })
    }

    fn run(&mut self, due: &Receiver<Instant>) -> io::Result<Seen> {
        let began = process::thread_cpu()?;
        let mut events = Events::with_capacity(CONNECTIONS + 1);
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut more = true;
        while more || self.free.len() < CONNECTIONS {
            if !wait(&mut self.poll, &mut events)? {
                self.seen.failed += CONNECTIONS - self.free.len() + self.waiting.len();
                break;
            }
            for event in &events {
                if event.token() != DUE {
                    self.read(event.token().0, &mut buffer)?;
                }
            }
            loop {
                match due.try_recv() {
                    Ok(time) => self.waiting.push_back(time),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        more = false;
                        break;
                    }
                }
            }
            self.ask()?;
        }
        self.seen.cpu = process::thread_cpu()? - began;
        Ok(std::mem::take(&mut self.seen))
    }

    /// Asks what is due while there are clients.
    fn ask(&mut self) -> io::Result<()> {
        while let (Some(due), Some(at)) = (self.waiting.front().copied(), self.free.last().copied()) {
            self.waiting.pop_front();
            self.free.pop();
            let question = self.questions.get(self.asked % self.questions.len().max(1));
            self.asked += 1;
            let (Some(connection), Some(question)) = (self.connections.get_mut(at), question) else {
                continue;
            };
            let sent = connection.ask(question);
            if let Some(under_way) = self.under_way.get_mut(at) {
                *under_way = Some(due);
            }
            if sent.is_err() {
                self.fail(at)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, at: usize, buffer: &mut [u8]) -> io::Result<()> {
        let Some(connection) = self.connections.get_mut(at) else { return Ok(()) };
        match connection.read(buffer) {
            Ok(None) => {}
            Ok(Some(_)) => {
                if let Some(due) = self.under_way.get_mut(at).and_then(Option::take) {
                    self.seen.answered.push(Answered { due, took: due.elapsed() });
                    self.free.push(at);
                }
            }
            Err(_) => self.fail(at)?,
        }
        Ok(())
    }

    /// A request failed, or a connection ended between two: a new one takes its place.
    fn fail(&mut self, at: usize) -> io::Result<()> {
        if self.under_way.get_mut(at).and_then(Option::take).is_some() {
            self.seen.failed += 1;
            self.free.push(at);
        }
        if let Some(connection) = self.connections.get_mut(at) {
            *connection = Connection::open(self.address, self.poll.registry(), at)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn questions_come_at_their_rate_and_waiting_counts() {
        // One that answers everybody once, after a while, and then hangs up.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let _ = stream.read(&mut [0; 100]).unwrap();
                    thread::sleep(Duration::from_millis(20));
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx").unwrap();
                });
            }
        });
        let questions: Questions = [Box::from(&b"GET / HTTP/1.1\r\n\r\n"[..])].into();
        let running = OpenLoop::start(address, &questions, 1000.0).unwrap();
        thread::sleep(Duration::from_millis(300));
        let seen = running.stop().unwrap();
        let asked = seen.answered.len() + seen.failed;
        assert!((200..2000).contains(&asked), "{asked}");
        assert!(seen.answered.iter().all(|answer| answer.took >= Duration::from_millis(20)));
        assert!(
            seen.answered.iter().is_sorted_by_key(|answer| answer.due + answer.took)
                && !seen.answered.is_empty()
        );
    }
}
