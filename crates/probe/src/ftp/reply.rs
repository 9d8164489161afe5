//! Replies on the control connection: `230 text`, or `230-text` and more lines up to `230 text`.

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::tcp::OwnedReadHalf;

use crate::http::Failure;

/// Bytes of one line.
const MAX_LINE: u64 = 4 << 10;
/// Lines of one reply: some servers greet with a page.
const MAX_LINES: usize = 500;
/// Bytes of a reply that are kept.
const KEPT: usize = 8 << 10;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// 100 to 599.
    pub(super) code: u16,
    /// All lines, as far as they are kept.
    pub(super) text: String,
}

impl Reply {
    /// The server goes on to do it.
    pub(super) fn is_preliminary(&self) -> bool {
        self.code < 200
    }

    /// It is done.
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The server does not know the command, or not this form of it.
    pub(super) fn is_unknown_command(&self) -> bool {
        matches!(self.code, 500 | 501 | 502 | 504 | 522)
    }
}

/// Reads one reply.
pub(super) async fn read(from: &mut BufReader<OwnedReadHalf>) -> Result<Reply, Failure> {
    let first = line(from).await?;
    let (code, more) = code(&first).ok_or_else(|| Failure::Protocol("not an FTP reply".into()))?;
    let mut text = String::from_utf8_lossy(&first).into_owned();
    if !more {
        return Ok(Reply { code, text });
    }
    for _ in 0..MAX_LINES {
        let line = line(from).await?;
        if text.len() < KEPT {
            text.push('\n');
            text.push_str(&String::from_utf8_lossy(&line));
        }
        if self::code(&line) == Some((code, false)) {
            return Ok(Reply { code, text });
        }
    }
    Err(Failure::Protocol("an FTP reply does not end".into()))
}

async fn line(from: &mut BufReader<OwnedReadHalf>) -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    let read = from.take(MAX_LINE).read_until(b'\n', &mut line).await;
    read.map_err(|error| Failure::Lost(error.kind().to_string()))?;
    if line.pop() != Some(b'\n') {
        let is_long = line.len() as u64 + 1 >= MAX_LINE;
        return Err(match is_long {
            true => Failure::Protocol("a line of an FTP reply is too long".into()),
            false => Failure::Lost("closed before the answer".into()),
        });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

/// The code of a line, and whether more lines follow.
fn code(line: &[u8]) -> Option<(u16, bool)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let more = match rest.first() {
        None | Some(b' ') => false,
        Some(b'-') => true,
        Some(_) => return None,
    };
    let [first @ b'1'..=b'5', second @ b'0'..=b'9', third @ b'0'..=b'9'] = digits else { return None };
    let value = |digit: &u8| u16::from(digit - b'0');
    Some((value(first) * 100 + value(second) * 10 + value(third), more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        assert_eq!(code(b"230 x"), Some((230, false)));
        assert_eq!(code(b"230"), Some((230, false)));
        assert_eq!(code(b"230-x"), Some((230, true)));
        for bad in [&b""[..], b"23", b"2300", b"630 x", b"+30 x", b" 230 x"] {
            assert_eq!(code(bad), None);
        }
    }
}
