//! Clients. They are cheap and the same for every server, since they share its cores: HTTP/1.1 with keep-alive
//! and without pipelining, on plain sockets, with no allocation per request.
//!
//! [`saturate`] asks the next question when there is an answer, and so finds how many a server can give.
//! [`OpenLoop`] asks at times that do not depend on the server, and so finds how long clients wait.

mod closed;
mod connection;
mod open;

use std::sync::Arc;

pub use closed::{Saturated, saturate};
pub use connection::ask;
pub use open::{Answered, OpenLoop, Seen};

/// Requests as they go over the wire, asked in turn.
pub type Questions = Arc<[Box<[u8]>]>;

/// Clients at one time.
pub const CONNECTIONS: usize = 64;
