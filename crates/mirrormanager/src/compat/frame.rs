//! The frame of `mirrorlist-server` and `generate-mirrorlist-cache`, which share one family of flag readers:
//! the usage text goes to standard output with status 0 when it was asked for, to standard error with
//! status 2 after a mistake (decision 26), and every failure ends with status 1.

use std::ffi::OsString;

use super::flags::{self, Flag, Given, Positional};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::{Form, Printer, message};

/// Reads the flags and runs the program's body unless `--help` was given.
pub(super) fn run(
    name: &str,
    flags: &[Flag],
    arguments: &[OsString],
    body: impl FnOnce(&Given, Printer) -> Outcome,
) -> Exit {
    let usage = || format!("Usage: {name} [options]\n\nOptions:\n{}", flags::describe(flags).trim_end());
    let given = match flags::read(flags, arguments, Positional::Mixed) {
        Ok(given) => given,
        Err(mistake) => {
            message(format_args!("error: {mistake}\n{}", usage()));
            return Exit::Usage;
        }
    };
    let out = Printer::new(Form::Text);
    let ended = if given.has("help") { out.line(usage()).map(|()| Exit::Success) } else { body(&given, out) };
    match ended {
        Ok(exit) => exit,
        Err(Failure::Closed) => Exit::Success,
        Err(failure) => {
            message(failure.line());
            Exit::Failed
        }
    }
}
