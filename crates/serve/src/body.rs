//! The body of a response: a few pieces of memory sent one after the other, one of which may be shared
//! with other responses and is never copied.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::deadline::Turn;

/// The body of a response.
#[derive(Default)]
pub(crate) struct Pieces {
    /// In order. A piece that was sent is empty.
    pieces: [Bytes; 3],
    /// The request that it answers, under way for as long as the body is.
    _turn: Option<Turn>,
}

impl From<answer::Body> for Pieces {
    fn from(body: answer::Body) -> Self {
        Self { pieces: [body.head, body.shared, body.tail], _turn: None }
    }
}

impl From<String> for Pieces {
    fn from(text: String) -> Self {
        Self { pieces: [text.into(), Bytes::new(), Bytes::new()], _turn: None }
    }
}

impl Pieces {
    /// The same, as the answer to this request.
    pub(crate) fn of(self, turn: Turn) -> Self {
        Self { _turn: Some(turn), ..self }
    }

    /// Bytes that are still to be sent.
    pub(crate) fn len(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len() as u64).sum()
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.pieces.iter_mut().find(|piece| !piece.is_empty()).map(std::mem::take);
        Poll::Ready(next.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len())
    }
}
