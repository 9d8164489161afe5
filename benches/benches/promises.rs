//! `make bench`: prints one line per promise about speed. `SCALE=1` for the full size, 0.02 otherwise;
//! `ROWS=mirrorlist,start` for some of the rows.

use std::io;
use std::path::Path;

use benches::figure::Figure;
use benches::inputs::Format;
use benches::rows::{self, Bench};
use benches::{child, constant, generation, increment, ours, scanning};

fn main() -> io::Result<()> {
    // Cargo adds arguments of its own (`--bench`); ours are the words of the children.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["constant", bytes] => {
            child::end_with_parent();
            let bytes = bytes.parse().map_err(io::Error::other)?;
            constant::run(bytes, |address| child::tell(address, None))
        }
        ["serve", log, files @ ..] => {
            child::end_with_parent();
            ours::run(log, files)
        }
        ["generate", format, url, file] => generation::run(form(format)?, url, Path::new(file)),
        ["increment", format, url, file] => {
            child::end_with_parent();
            increment::run(form(format)?, url, Path::new(file))
        }
        ["scan", what, url, place] => scanning::run(what, url, place),
        _ => report(),
    }
}

/// The form of the cache with this name.
fn form(name: &str) -> io::Result<Format> {
    Format::from_name(name).ok_or_else(|| io::Error::other(format!("no form {name:?} of a cache")))
}

fn report() -> io::Result<()> {
    let scale = std::env::var("SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(0.02);
    let rows = rows::chosen(&std::env::var("ROWS").unwrap_or_default())?;
    if scale != 1.0 {
        eprintln!("at scale {scale}; what is promised in seconds and megabytes is promised at scale 1");
    }
    let bench = Bench::new(scale)?;
    println!("{}", Figure::heading());
    for row in rows {
        (row.run)(&bench)?;
    }
    Ok(())
}
