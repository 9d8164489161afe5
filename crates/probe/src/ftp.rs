//! Mirrors asked over FTP: passive, anonymous, one session for each mirror (decision 7, `spec/crawler.md` 5.2).
//!
//! A directory is listed with `MLSD` where the server has it, else with `LIST` in the form of `ls -l`. A small client
//! of our own: it must connect to the address that the guard has judged and to no other, whatever the server
//! answers, and must end on endless lines, which the clients that can be had leave to the server.

mod data;
mod listing;
mod mirror;
mod reply;
mod session;
mod work;

pub use listing::{Entry, Kind, list_line, mlsd_line};
pub use mirror::FtpMirror;
