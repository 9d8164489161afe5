//! A client's socket: tells the protocol by the first bytes, and its connection's [`Deadline`] what moves.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use crate::deadline::Deadline;

/// What a client of HTTP/2 without TLS begins with (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Room for the first bytes: most requests fit.
const FIRST_BYTES: usize = 1024;

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// HTTP/1.0 or 1.1, or nothing that makes sense.
    One,
    /// HTTP/2 by prior knowledge.
    Two,
}

/// The socket of a connection.
pub(crate) struct Socket<S> {
    stream: S,
    /// Read to tell the version; still to be given out.
    first: Bytes,
    deadline: Rc<Deadline>,
}

impl<S: AsyncRead + Unpin> Socket<S> {
    /// Waits for as many bytes as are needed to tell the version.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) async fn open(mut stream: S, deadline: Rc<Deadline>) -> io::Result<(Self, Version)> {
        let mut first = BytesMut::with_capacity(FIRST_BYTES);
        let version = loop {
            let ended = stream.read_buf(&mut first).await? == 0;
            deadline.received();
            let known = first.len().min(PREFACE.len());
            if first.get(..known) != PREFACE.get(..known) || ended {
                break Version::One;
            }
            if known == PREFACE.len() {
                break Version::Two;
            }
        };
        Ok((Self { stream, first: first.freeze(), deadline }, version))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let some = self.first.len().min(buf.remaining());
            buf.put_slice(self.first.get(..some).unwrap_or_default());
            self.first.advance(some);
            return Poll::Ready(Ok(()));
        }
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if result.is_ready() {
            self.deadline.received();
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Asked for once all of it is written.
        self.deadline.sent();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
