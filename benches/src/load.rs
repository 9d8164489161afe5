//! Clients: a number of keep-alive connections, each asking the next question when it has its answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What the clients saw.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Answers with status 200.
    pub answers: usize,
    /// Bytes of their bodies.
    pub body_bytes: usize,
    /// From the first question to the last answer.
    pub took: Duration,
}

/// Asks `count` questions, the given ones in turn, over this many connections.
///
/// # Errors
/// The server is gone, or gives an answer that is not a 200.
pub async fn ask(
    address: SocketAddr,
    questions: &Arc<Vec<String>>,
    count: usize,
    connections: usize,
) -> io::Result<Seen> {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(client(address, Arc::clone(questions), Arc::clone(&next), count)))
        .collect();
    let mut seen = Seen::default();
    for client in clients {
        let one = client.await.map_err(io::Error::other)??;
        seen.answers += one.answers;
        seen.body_bytes += one.body_bytes;
    }
    seen.took = began.elapsed();
    Ok(seen)
}

async fn client(
    address: SocketAddr,
    questions: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
    count: usize,
) -> io::Result<Seen> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(64 * 1024);
    let mut seen = Seen::default();
    loop {
        let number = next.fetch_add(1, Relaxed);
        if number >= count {
            return Ok(seen);
        }
        let question = questions.get(number % questions.len()).ok_or(io::ErrorKind::InvalidInput)?;
        stream.write_all(question.as_bytes()).await?;
        buffer.clear();
        let body = loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some((head, body)) = lengths(&buffer)?
                && buffer.len() >= head + body
            {
                break body;
            }
        };
        seen.answers += 1;
        seen.body_bytes += body;
    }
}

/// Bytes of the head and of the body of an answer, once the head is there.
fn lengths(answer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default());
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(io::Error::other(format!("an answer that is not a 200: {head}")));
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| io::Error::other("an answer without content-length"))?;
    Ok(Some((end + 4, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_measured_once_its_head_is_there() {
        assert_eq!(lengths(b"HTTP/1.1 200 OK\r\ncontent-le").unwrap(), None);
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
        assert_eq!(lengths(whole).unwrap(), Some((38, 3)));
        assert!(lengths(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn every_question_is_asked_and_every_byte_counted() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let server = tokio::spawn(crate::constant::serve(700, |address| {
            let _ = tell.send(address);
        }));
        let question = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_owned();
        let seen = ask(told.await.unwrap(), &Arc::new(vec![question]), 100, 4).await.unwrap();
        assert_eq!((seen.answers, seen.body_bytes), (100, 70_000));
        server.abort();
    }
}
