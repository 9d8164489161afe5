//! The body of a request, which nobody here wants.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// Reads a body and throws it away, so that the connection can be used further. What is longer than
/// `max_bytes`, or does not arrive within `time`, is left unread; the connection then ends after the answer.
pub(crate) async fn drain(mut body: Incoming, max_bytes: usize, time: Duration) {
    let reading = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, |data| data.len());
            if read > max_bytes {
                return;
            }
        }
    };
    // Late or long: the answer does not depend on it.
    let _ = tokio::time::timeout(time, reading).await;
}
