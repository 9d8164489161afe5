//! The server over real sockets.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails may panic")]

mod access_log;
mod control;
mod damaged;
mod encoding;
mod faults;
mod hostile;
mod limits;
mod malformed;
mod protocols;
mod pull;
mod redirector;
mod signals;
mod sockets;
mod start;
mod stop;
mod support;
mod swap;
mod vectors;
mod verify;
