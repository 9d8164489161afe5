//! Makes a Fedora-like master tree: `cargo run -p testkit --example make-tree -- DIR [--scale 0.1]`.
//! Without a scale it makes the demo's small tree.

use std::path::PathBuf;
use std::process::ExitCode;

use testkit::tree::{self, Shape};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (mut root, mut scale) = (None, None);
    while let Some(argument) = arguments.next() {
        if argument == "--scale" {
            scale = arguments.next().and_then(|v| v.to_str()?.parse::<f64>().ok());
            if scale.is_none() {
                return usage();
            }
        } else if root.is_none() {
            root = Some(PathBuf::from(argument));
        } else {
            return usage();
        }
    }
    let Some(root) = root else { return usage() };
    if root.join("pub").exists() {
        eprintln!("{}: there is a tree already; name another directory", root.display());
        return ExitCode::FAILURE;
    }
    let made = match scale {
        Some(scale) => tree::scaled(&root, Shape::default(), scale),
        None => tree::small(&root, Shape::default()),
    };
    match made {
        Ok(tree) => {
            println!(
                "{} directories, {} files, {} repositories in {}",
                tree.directories,
                tree.files,
                tree.repositories.len(),
                root.display()
            );
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("cannot make the tree: {e}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: make-tree DIR [--scale FACTOR]");
    ExitCode::from(2)
}
