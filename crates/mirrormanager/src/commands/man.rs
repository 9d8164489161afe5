//! `man [DIR]`

use std::path::Path;

use clap::CommandFactory;

use crate::arguments::Cli;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;

/// Prints the page of the program, or writes one page per command into a folder.
pub fn run(folder: Option<&Path>, out: Printer) -> Outcome {
    match folder {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            out.raw(&page)?;
        }
        Some(folder) => {
            let fail =
                |e: std::io::Error| Failure::input(format!("cannot write to {}: {e}", folder.display()));
            std::fs::create_dir_all(folder).map_err(fail)?;
            clap_mangen::generate_to(Cli::command(), folder).map_err(fail)?;
        }
    }
    Ok(Exit::Success)
}
