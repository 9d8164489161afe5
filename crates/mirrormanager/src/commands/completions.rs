//! `completions SHELL`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Cli;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::printer::Printer;

/// Prints the completion script.
pub fn run(shell: Shell, out: Printer) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mirrormanager", &mut script);
    out.raw(&script)?;
    Ok(Exit::Success)
}
