//! Making a cache from PostgreSQL, beside the time in which `psql` throws the largest table away.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use cache::{Build, Compatibility, NoResolver};
use model::clock::{Clock as _, SystemClock};
use store::{ConnectOptions, Store};

use crate::child::{self, Child};
use crate::figure::{Figure, Target, median};
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
    let file = bench.folder().join("generated").display().to_string();
    let (mut pairs, mut cpu, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut child = Child::start(&["generate".to_owned(), database.url().to_owned(), file.clone()])?;
        child.line()?;
        let seconds = began.elapsed().as_secs_f64();
        cpu.push(process::cpu(child.id())?.as_secs_f64());
        peaks.push(megabytes(process::memory(child.id())?.peak));
        drop(child);
        pairs.push((seconds, copy(database.url())?));
    }
    bench.report(&Figure::of_pairs("generation_protobuf_time", "s", Target::AtMost(2.5), pairs));
    bench.report(&Figure::of_value("generation_protobuf_cpu", "s", Target::None, median(&cpu)));
    let peak = median(&peaks);
    bench.report(&Figure::of_value("generation_protobuf_peak_memory", "MB", Target::AtMost(400.0), peak));
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
pub fn run(url: &str, file: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let store = Store::connect(url, &ConnectOptions::default()).await.map_err(io::Error::other)?;
        let now = SystemClock.now();
        let reads = store::export::read(&store).await.map_err(io::Error::other)?;
        let build = Build::prepare(&reads, &NoResolver, now, Compatibility::Native, &()).await;
        build.write_proto(file, &()).map_err(io::Error::other)
    })?;
    println!("made");
    child::wait_for_parent();
    Ok(())
}
