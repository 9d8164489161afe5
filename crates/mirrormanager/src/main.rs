//! The one program. What it was called by decides whose command line it speaks.

use std::process::ExitCode;

fn main() -> ExitCode {
    mirrormanager::run(std::env::args_os().collect()).into()
}
