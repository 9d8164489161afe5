//! From what was typed to an exit status.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use clap::Parser;

use crate::arguments::Cli;
use crate::commands;
use crate::compat::{self, OldName};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::printer;

/// Runs the program with the arguments of a process, the first of which is its name.
pub fn run(arguments: Vec<OsString>) -> Exit {
    if let Some(name) = arguments.first().and_then(old_name) {
        return compat::run(name, arguments.iter().skip(1));
    }
    // The old programs as commands of their own, for tests and for trying without symbolic links.
    if let Some(name) = arguments.get(1).and_then(old_name) {
        return compat::run(name, arguments.iter().skip(2));
    }
    match Cli::try_parse_from(&arguments) {
        Ok(cli) => finish(commands::run(cli)),
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            match error.print() {
                Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Exit::Failed,
                _ => exit,
            }
        }
    }
}

fn old_name(argument: &OsString) -> Option<OldName> {
    OldName::of(Path::new(argument).file_name()?.to_str()?)
}

/// Says why a command ended early, once, and gives its status.
fn finish(outcome: Outcome) -> Exit {
    outcome.unwrap_or_else(|failure| {
        if failure.exit() != Exit::Success {
            printer::message(format_args!("error: {}", failure.line()));
        }
        failure.exit()
    })
}
