//! How the `mm2_` programs speak about a wrong command line.

use std::fmt::Display;

use super::flags::Mistake;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::message;

/// One `mm2_` program or subcommand, for its messages.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name, with the subcommand if there is one.
    pub name: &'static str,
    /// What stands behind the name in the usage line.
    pub synopsis: &'static str,
}

impl Program {
    /// The first line of every usage text.
    pub fn line(self) -> String {
        format!("Usage: {} {}", self.name, self.synopsis)
    }

    /// Says what is wrong with the command line; exit status 2.
    pub fn refuse(self, reason: impl Display) -> Exit {
        message(format_args!("{}\nTry '{} --help' for help.\n\nError: {reason}", self.line(), self.name));
        Exit::Usage
    }

    /// The same for a mistake in the flags.
    pub fn refuse_mistake(self, mistake: &Mistake) -> Exit {
        self.refuse(Self::describe(mistake))
    }

    /// A mistake in the words of these programs.
    pub fn describe(mistake: &Mistake) -> String {
        match mistake {
            Mistake::Unknown(flag) => format!("No such option: {flag}"),
            Mistake::MissingValue(flag) => format!("Option '{flag}' requires an argument."),
            Mistake::UnwantedValue(flag) => format!("Option '{flag}' does not take a value."),
            Mistake::NotText(_) => mistake.to_string(),
        }
    }
}

/// The exit status of what failed, after `Error: …` on standard error.
pub fn failed(failure: &Failure) -> Exit {
    if failure.exit() != Exit::Success {
        error(failure.line());
    }
    failure.exit()
}

/// `Error: …` on standard error.
pub fn error(reason: impl Display) {
    message(format_args!("Error: {reason}"));
}
