//! Making a cache from PostgreSQL, beside the time in which `psql` throws the largest table away.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use cache::{Additions, Build, Compatibility, NoResolver};
use model::clock::{Clock as _, SystemClock};
use store::{ConnectOptions, Store};

use crate::child::{self, Child};
use crate::figure::{Figure, Target, median};
use crate::inputs::Format;
use crate::memory::megabytes;
use crate::process;
use crate::rows::Bench;
use crate::saturation::ROUNDS;

/// What a cache holds, as `psql` reads it.
const COPY: &str = "COPY (SELECT host_category_id, directory_id FROM host_category_dir WHERE up2date) \
                    TO STDOUT (FORMAT binary)";

/// The interchange format.
///
/// # Errors
/// A program does not start, or fails.
pub fn row(bench: &Bench) -> io::Result<()> {
    let Some(database) = bench.database()? else { return Ok(()) };
    // The first reading of new rows also writes to them.
    copy(database.url())?;
    for format in [Format::Protobuf, Format::Native] {
        let file = bench.folder().join("generated").display().to_string();
        let words = ["generate".to_owned(), format.name().to_owned(), database.url().to_owned(), file];
        let (mut pairs, mut cpu, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let mut child = Child::start(&words)?;
            child.line()?;
            let seconds = began.elapsed().as_secs_f64();
            cpu.push(process::cpu(child.id())?.as_secs_f64());
            peaks.push(megabytes(process::memory(child.id())?.peak));
            drop(child);
            pairs.push((seconds, copy(database.url())?));
        }
        let name = |what| format!("generation_{}_{what}", format.name());
        bench.report(&Figure::of_pairs(name("time"), "s", Target::AtMost(2.5), pairs));
        bench.report(&Figure::of_value(name("cpu"), "s", Target::None, median(&cpu)));
        bench.report(&Figure::of_value(name("peak_memory"), "MB", Target::AtMost(400.0), median(&peaks)));
    }
    Ok(())
}

/// The limit: seconds that `psql` takes to read the rows, for nothing.
fn copy(url: &str) -> io::Result<f64> {
    let psql = testkit::postgres::program("psql").ok_or(io::ErrorKind::NotFound)?;
    let began = Instant::now();
    let status =
        Command::new(psql).args(["--no-psqlrc", "--command", COPY, url]).stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(io::Error::other(format!("psql: {status}")));
    }
    Ok(began.elapsed().as_secs_f64())
}

/// In the child: makes one, says so, and stays until the parent has looked at it.
///
/// # Errors
/// The database can not be read or the file not be written.
pub fn run(format: Format, url: &str, file: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let store = Store::connect(url, &ConnectOptions::default()).await.map_err(io::Error::other)?;
        let now = SystemClock.now();
        let reads = store::export::read(&store).await.map_err(io::Error::other)?;
        let build = Build::prepare(&reads, &NoResolver, now, Compatibility::Native, &()).await;
        match format {
            Format::Protobuf => build.write_proto(file, &()).map_err(io::Error::other),
            Format::Native => {
                let snapshot = build.snapshot(&Additions::default(), &()).map_err(io::Error::other)?;
                snapshot.write(file, snapshot.serial(), None).map_err(io::Error::other)
            }
        }
    })?;
    println!("made");
    child::wait_for_parent();
    Ok(())
}
