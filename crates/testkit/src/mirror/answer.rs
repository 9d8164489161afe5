//! Answering one request in the way that was commanded.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;

use super::{Behaviour, Request};

/// What becomes of the connection after an answer.
pub(super) enum Next {
    Keep,
    Close,
    Reset,
}

/// A whole answer before it is written down.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Length of a file that was not read because only its head is wanted.
    unread: Option<u64>,
}

pub(super) async fn send(
    to: &mut OwnedWriteHalf,
    request: &Request,
    behaviour: &Behaviour,
    folder: &Path,
    number: usize,
) -> io::Result<Next> {
    let head_only = request.method == "HEAD";
    let every_second = number.is_multiple_of(2);
    let mut answer = of_folder(request, folder).await;
    match behaviour {
        Behaviour::InSync => {}
        Behaviour::Dead => return Ok(Next::Reset),
        Behaviour::Resetting if every_second => return Ok(Next::Reset),
        Behaviour::Flapping if every_second => answer = Answer::of(503, "busy\n"),
        Behaviour::Flapping | Behaviour::Resetting => {}
        Behaviour::Delay(time) => tokio::time::sleep(*time).await,
        Behaviour::Hang => std::future::pending::<()>().await,
        Behaviour::Truncated => {
            answer.body.truncate(answer.body.len() / 2);
            answer.unread = answer.unread.map(|length| length / 2);
        }
        Behaviour::NoLength => return chunked(to, &answer, head_only).await,
        Behaviour::Redirect(prefix) => answer = Answer::redirect(302, prefix, request),
        Behaviour::RedirectWith(status, prefix) => answer = Answer::redirect(*status, prefix, request),
        Behaviour::Soft200(size) if answer.status == 404 => {
            answer = Answer { body: vec![b'x'; *size], ..Answer::of(200, "") };
        }
        Behaviour::Soft200(_) => {}
        Behaviour::Status(status) => answer = Answer::of(*status, "as commanded\n"),
        Behaviour::StatusWith(status, headers) => {
            answer = Answer { headers: headers.clone(), ..Answer::of(*status, "as commanded\n") };
        }
        Behaviour::NoHead { status, .. } if head_only => answer = Answer::of(*status, ""),
        Behaviour::NoHead { ranges, .. } => answer.first_byte(request, *ranges),
        Behaviour::Tagged(tag) if answer.status == 200 => {
            if request.header("if-none-match") == Some(tag) {
                answer = Answer::of(304, "");
            }
            answer.headers.push(("ETag".into(), tag.clone()));
        }
        Behaviour::Tagged(_) => {}
        Behaviour::Corrupt => {
            if let Some(first) = answer.body.first_mut() {
                *first ^= 1;
            }
        }
        Behaviour::EndlessBody => return endless(to, head_only).await,
        Behaviour::LyingLength(text) => {
            answer.headers.push(("Content-Length".into(), text.clone()));
            write(to, &answer, head_only, None).await?;
            return Ok(Next::Close);
        }
        Behaviour::ExtraHeaders(headers) => answer.headers.extend(headers.iter().cloned()),
        Behaviour::Drip(pause) => {
            answer.add_length();
            return drip(to, &answer.text(head_only), *pause).await;
        }
        Behaviour::DripBody(pause) => {
            answer.add_length();
            to.write_all(&answer.text(true)).await?;
            if head_only {
                return Ok(Next::Keep);
            }
            return drip(to, &answer.body, *pause).await;
        }
        Behaviour::ManyHeaders(count) => {
            answer.headers.extend((0..*count).map(|n| (format!("X-Header-{n}"), "x".to_owned())));
        }
        Behaviour::HugeHeader(size) => answer.headers.push(("X-Header".into(), "x".repeat(*size))),
        Behaviour::Interim(count) => {
            for _ in 0..*count {
                to.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await?;
            }
        }
        Behaviour::Raw(bytes) => {
            to.write_all(bytes).await?;
            return Ok(Next::Close);
        }
        Behaviour::CutBody => {
            answer.add_length();
            let half = answer.body.len() / 2;
            write(to, &answer, head_only, Some(half)).await?;
            return Ok(if head_only { Next::Keep } else { Next::Reset });
        }
    }
    answer.add_length();
    write(to, &answer, head_only, None).await?;
    Ok(Next::Keep)
}

impl Answer {
    fn of(status: u16, text: &str) -> Self {
        Self { status, headers: Vec::new(), body: text.into(), unread: None }
    }

    fn redirect(status: u16, prefix: &str, request: &Request) -> Self {
        let location = format!("{prefix}{}", request.target);
        let headers = vec![("Location".into(), location)];
        Self { headers, ..Self::of(status, "moved\n") }
    }

    /// Only the first byte, if that is what was asked for.
    fn first_byte(&mut self, request: &Request, ranges: bool) {
        if !ranges || self.status != 200 || request.header("range") != Some("bytes=0-0") {
            return;
        }
        let size = self.body.len();
        self.body.truncate(1);
        let (status, range) = if size == 0 { (416, "*".into()) } else { (206, "0-0".to_owned()) };
        self.status = status;
        self.headers.push(("Content-Range".into(), format!("bytes {range}/{size}")));
    }

    fn add_length(&mut self) {
        let length = self.unread.unwrap_or(self.body.len() as u64);
        self.headers.push(("Content-Length".into(), length.to_string()));
    }

    /// Head and body as bytes; without the body for a HEAD request.
    fn text(&self, head_only: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} Answer\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if !head_only {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

async fn write(
    to: &mut OwnedWriteHalf,
    answer: &Answer,
    head_only: bool,
    cut: Option<usize>,
) -> io::Result<()> {
    let mut bytes = answer.text(head_only);
    if let Some(cut) = cut.filter(|_| !head_only) {
        bytes.truncate(bytes.len() - answer.body.len() + cut);
    }
    to.write_all(&bytes).await
}

async fn chunked(to: &mut OwnedWriteHalf, answer: &Answer, head_only: bool) -> io::Result<Next> {
    let head = format!("HTTP/1.1 {} Answer\r\nTransfer-Encoding: chunked\r\n\r\n", answer.status);
    to.write_all(head.as_bytes()).await?;
    if !head_only {
        for part in answer.body.chunks(4096) {
            to.write_all(format!("{:x}\r\n", part.len()).as_bytes()).await?;
            to.write_all(part).await?;
            to.write_all(b"\r\n").await?;
        }
        to.write_all(b"0\r\n\r\n").await?;
    }
    Ok(Next::Keep)
}

async fn endless(to: &mut OwnedWriteHalf, head_only: bool) -> io::Result<Next> {
    to.write_all(b"HTTP/1.1 200 Answer\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
    if head_only {
        return Ok(Next::Keep);
    }
    let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
    loop {
        to.write_all(&chunk).await?;
    }
}

async fn drip(to: &mut OwnedWriteHalf, bytes: &[u8], pause: Duration) -> io::Result<Next> {
    for byte in bytes {
        to.write_all(&[*byte]).await?;
        tokio::time::sleep(pause).await;
    }
    Ok(Next::Keep)
}

/// What the folder has for a request: the file, an empty page for a directory, 404, or 405.
async fn of_folder(request: &Request, folder: &Path) -> Answer {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Answer::of(405, "only GET and HEAD\n");
    }
    let Some(path) = local_path(&request.target) else { return Answer::of(400, "bad path\n") };
    let path = folder.join(path);
    match tokio::fs::metadata(&path).await {
        Ok(meta) if meta.is_dir() => return Answer::of(200, "a directory\n"),
        Ok(meta) if request.method == "HEAD" => {
            return Answer { unread: Some(meta.len()), ..Answer::of(200, "") };
        }
        _ => {}
    }
    match tokio::fs::read(&path).await {
        Ok(body) => Answer { body, ..Answer::of(200, "") },
        Err(_) => Answer::of(404, "not found\n"),
    }
}

/// The path below the folder that a request asks for; `None` for what tries to leave it.
fn local_path(target: &str) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let path = target.split(['?', '#']).next()?.trim_start_matches('/');
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (hex, tail) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
        rest = tail;
    }
    let path = PathBuf::from(std::ffi::OsString::from_vec(bytes));
    path.components().all(|part| matches!(part, Component::Normal(_))).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_stays_in_the_folder() {
        assert_eq!(local_path("/a/b%20c?x"), Some(PathBuf::from("a/b c")));
        assert_eq!(local_path("/"), Some(PathBuf::new()));
        for bad in ["/../x", "/a/%2e%2e/b", "/%2", "/%zz", "/a/%2f/../../b"] {
            assert_eq!(local_path(bad), None, "{bad}");
        }
    }
}
