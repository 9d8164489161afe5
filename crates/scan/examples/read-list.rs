//! Reads a list as the scan does, first as a new one, then as an unchanged one, and
//! prints times and memory: `cargo run --release -p scan --example read-list -- [FILE]`. Without a file one of 20,000
//! directories and 400,000 lines is made up.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use model::excludes::Excludes;
use model::policy::Policy;
use scan::Quiet;
use scan::source::contents::Contents;
use scan::source::list_file::ListFile;
use scan::source::listed::{Form, ListedTree, Scope};
use scan::source::{KnownTimes, TreeSource as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let made = tempfile::NamedTempFile::new()?;
    let path = match std::env::args_os().nth(1) {
        Some(path) => PathBuf::from(path),
        None => {
            let mut list = std::io::BufWriter::new(made.as_file());
            writeln!(list, "[Version]\n2\n\n[Files]")?;
            for upper in 0..100 {
                writeln!(list, "1700000000\td\t4096\tupdates-{upper}")?;
                for lower in 0..199 {
                    let directory = format!("updates-{upper}/Everything-x86_64-Packages-{lower}");
                    writeln!(list, "1700000000\td\t4096\t{directory}")?;
                    for file in 0..19 {
                        writeln!(
                            list,
                            "1700000000\tf\t123456\t{directory}/some-package-{file}.1.2-3.fc42.x86_64.rpm"
                        )?;
                    }
                }
            }
            writeln!(list, "\n[End]")?;
            list.flush()?;
            made.path().to_owned()
        }
    };
    let bytes = fs::metadata(&path)?.len();
    println!("{bytes} bytes, {} kB resident before", resident()?);
    let scope = Scope {
        topdir: "pub/t".to_owned(),
        excludes: Excludes::compile::<&str>(&[], Policy::Umdl)?,
        below: String::new(),
    };
    let file = Arc::new(ListFile::Saved(path));
    let contents = Arc::new(Contents::Nowhere);
    let limits = probe::LineLimits::default();
    let tree = ListedTree::new(file, Form::FullFileTimeList, scope, None, contents, limits);
    let mut known = KnownTimes::new();
    for what in ["new", "unchanged"] {
        let begun = Instant::now();
        let listing = tree.list(&known, &Quiet)?;
        println!(
            "{what}: {:.3} s, {} directories, {} files, complete: {}, {} kB resident",
            begun.elapsed().as_secs_f64(),
            listing.directories.len(),
            listing.files,
            listing.complete,
            resident()?
        );
        known = listing.directories.into_iter().map(|found| (found.name, found.ctime)).collect();
    }
    Ok(())
}

/// The most memory that was used so far, kB.
fn resident() -> Result<u64, Box<dyn std::error::Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
