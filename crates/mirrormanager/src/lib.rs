//! The one program: commands and old names.
//!
//! [`arguments`] is the table of all commands; [`commands`] has one file per command, which turns its
//! arguments and the settings into one call of a library; [`compat`] has one file per old program name.
//! Standard output carries data, standard error carries messages ([`printer`]); the exit status is
//! decided in one place ([`exit`]).

pub mod arguments;
pub mod commands;
pub mod compat;
pub mod demo;
pub mod exit;
pub mod failure;
pub mod logging;
pub mod printer;
pub mod progress;
pub mod reason;
mod run;
pub mod signals;
pub mod table;

pub use run::run;
