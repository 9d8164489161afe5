//! As many answers as a server can give: each client asks again as soon as it has its answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use super::connection::{BUFFER_BYTES, Connection, wait};
use super::{CONNECTIONS, Questions};
use crate::{arrangement, process};

/// What a saturated server gave.
#[derive(Debug, Clone, Copy, Default)]
pub struct Saturated {
    /// Answers, all of them with status 200.
    pub answers: u64,
    /// Bytes of their bodies.
    pub body_bytes: u64,
    /// From the first question to the last answer.
    pub took: Duration,
    /// CPU time of the clients.
    pub cpu: Duration,
}

/// Asks for this long, from a thread per core.
///
/// # Errors
/// The server is gone, gives an answer that is not a 200, or none for half a minute.
pub fn saturate(address: SocketAddr, questions: &Questions, duration: Duration) -> io::Result<Saturated> {
    let threads = arrangement::threads();
    let began = Instant::now();
    let clients: Vec<_> = (0..threads)
        .map(|thread| {
            let questions = Arc::clone(questions);
            thread::spawn(move || clients(address, &questions, (thread, threads), began + duration))
        })
        .collect();
    let mut seen = Saturated::default();
    for client in clients {
        let one = client.join().map_err(|_| io::Error::other("a client panicked"))??;
        seen.answers += one.answers;
        seen.body_bytes += one.body_bytes;
        seen.cpu += one.cpu;
    }
    seen.took = began.elapsed();
    Ok(seen)
}

/// The clients of one thread of so many.
fn clients(
    address: SocketAddr,
    questions: &Questions,
    (thread, threads): (usize, usize),
    until: Instant,
) -> io::Result<Saturated> {
    let began = process::thread_cpu()?;
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(CONNECTIONS);
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut asked = questions.iter().cycle().skip(thread * questions.len() / threads);
    let mut connections = Vec::new();
    for token in 0..CONNECTIONS.div_ceil(threads) {
        let mut connection = Connection::open(address, poll.registry(), token)?;
        if let Some(question) = asked.next() {
            connection.ask(question)?;
        }
        connections.push(connection);
    }
    let mut seen = Saturated::default();
    let mut under_way = connections.len();
    while under_way > 0 {
        if !wait(&mut poll, &mut events)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let over = Instant::now() >= until;
        for event in &events {
            let Some(connection) = connections.get_mut(event.token().0) else { continue };
            let Some(body) = connection.read(&mut buffer)? else { continue };
            seen.answers += 1;
            seen.body_bytes += body as u64;
            match asked.next().filter(|_| !over) {
                Some(question) => connection.ask(question)?,
                None => under_way -= 1,
            }
        }
    }
    seen.cpu = process::thread_cpu()? - began;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_counted() {
        let (tell, told) = std::sync::mpsc::channel();
        // It ends with the test.
        thread::spawn(move || crate::constant::run(70_000, |address| tell.send(address).unwrap()));
        let questions: Questions = [Box::from(&b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..])].into();
        let seen = saturate(told.recv().unwrap(), &questions, Duration::from_millis(50)).unwrap();
        assert!(seen.answers >= CONNECTIONS as u64);
        assert_eq!(seen.body_bytes, seen.answers * 70_000);
        assert!(seen.took >= Duration::from_millis(50) && seen.cpu > Duration::ZERO);
    }
}
