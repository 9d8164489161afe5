//! Output discipline: data to standard output, messages to standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Outcome;

/// The form of a command's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Tables and sentences.
    Text,
    /// One JSON value.
    Json,
}

/// Where a command writes to.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    form: Form,
}

impl Printer {
    /// A printer of this form.
    pub fn new(form: Form) -> Self {
        Self { form }
    }

    /// The form that was asked for.
    pub fn form(self) -> Form {
        self.form
    }

    /// One line of data.
    pub fn line(self, text: impl Display) -> Outcome<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()?;
        Ok(())
    }

    /// Data as it is.
    pub fn raw(self, bytes: &[u8]) -> Outcome<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()?;
        Ok(())
    }

    /// Data in the form that was asked for: JSON of `value`, or what `text` makes of it.
    pub fn data<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> Outcome<()> {
        match self.form {
            Form::Json => {
                let json = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
                self.line(json)
            }
            Form::Text => match text(value) {
                text if text.is_empty() => Ok(()),
                text => self.line(text.trim_end()),
            },
        }
    }

    /// A message for the person at the terminal. A closed standard error is ignored.
    pub fn note(self, text: impl Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Whether progress bars make sense.
    pub fn draws_progress(self) -> bool {
        io::stderr().is_terminal()
    }
}

/// Writes one message to standard error, for those who have no printer yet.
pub fn message(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
