//! One connection, and reading answers off it.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};

/// How long an answer may take at the very most.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest answer that is read at one time.
pub(super) const BUFFER_BYTES: usize = 64 * 1024;

/// Asks one question on a connection of its own.
///
/// # Errors
/// There is no server, or its answer is not a 200.
pub fn ask(address: SocketAddr, question: &[u8]) -> io::Result<()> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.write_all(question)?;
    let (mut answer, mut buffer) = (Answer::default(), vec![0; BUFFER_BYTES]);
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if answer.push(buffer.get(..read).unwrap_or_default())?.is_some() {
            return Ok(());
        }
    }
}

/// Waits until something happens; whether it did before patience was lost.
pub(super) fn wait(poll: &mut Poll, events: &mut Events) -> io::Result<bool> {
    loop {
        match poll.poll(events, Some(PATIENCE)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map(|()| !events.is_empty()),
        }
    }
}

/// A client with at most one request under way.
pub(super) struct Connection {
    stream: TcpStream,
    answer: Answer,
}

impl Connection {
    /// Connects, and wakes the poll with this token when there is something to read.
    pub(super) fn open(address: SocketAddr, registry: &Registry, token: usize) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, Token(token), Interest::READABLE)?;
        Ok(Self { stream, answer: Answer::default() })
    }

    /// Sends a request. It always fits, for the one before it was answered.
    pub(super) fn ask(&mut self, question: &[u8]) -> io::Result<()> {
        self.stream.write_all(question)
    }

    /// Reads what is there. The bytes of the body when the answer is complete.
    ///
    /// # Errors
    /// The server is gone or gives an answer that is not a 200.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            let body = self.answer.push(buffer.get(..read).unwrap_or_default())?;
            // Fewer bytes than asked for are all there are.
            if body.is_some() || read < buffer.len() {
                return Ok(body);
            }
        }
    }
}

/// An answer of which some bytes are there.
#[derive(Default)]
struct Answer {
    /// The head while it is not complete; nearly always it comes in one piece and is never kept.
    head: Vec<u8>,
    /// Bytes of the body, and how many of them are still to come, once the head is complete.
    body: Option<(usize, usize)>,
}

impl Answer {
    fn push(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let (length, left) = match self.body {
            Some((length, left)) => (length, left.checked_sub(bytes.len()).ok_or_else(more)?),
            None if self.head.is_empty() => match begun(bytes)? {
                Some(begun) => begun,
                None => {
                    self.head.extend_from_slice(bytes);
                    return Ok(None);
                }
            },
            None => {
                self.head.extend_from_slice(bytes);
                match begun(&self.head)? {
                    Some(begun) => begun,
                    None => return Ok(None),
                }
            }
        };
        self.head.clear();
        self.body = (left > 0).then_some((length, left));
        Ok((left == 0).then_some(length))
    }
}

/// Bytes of the body and how many are still to come, if the head is complete.
fn begun(answer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(answer).map_err(io::Error::other)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    if response.code != Some(200) {
        return Err(io::Error::other(format!("an answer that is not a 200 but {:?}", response.code)));
    }
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok())
        .ok_or_else(|| io::Error::other("an answer without content-length"))?;
    Ok(Some((length, (head + length).checked_sub(answer.len()).ok_or_else(more)?)))
}

fn more() -> io::Error {
    io::Error::other("more bytes than the answer has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_last_byte_however_it_is_cut() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        for cut in 1..whole.len() {
            let mut answer = Answer::default();
            assert_eq!(answer.push(&whole[..cut]).unwrap(), None);
            assert_eq!(answer.push(&whole[cut..]).unwrap(), Some(3), "cut at {cut}");
            // And the next one on the same connection.
            assert_eq!(answer.push(whole).unwrap(), Some(3));
        }
    }

    #[test]
    fn what_is_not_the_answer_is_an_error() {
        for bytes in [
            &b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab",
            b"SSH-2.0\r\n",
        ] {
            assert!(Answer::default().push(bytes).is_err());
        }
    }
}
