//! A new cache from a resident builder, after a night has changed one of a hundred directories.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use cache::{Additions, Build, Compatibility, NoResolver};
use model::clock::{Clock as _, SystemClock};
use store::export::{Refreshed, Resident};
use store::{ConnectOptions, Store};
use testkit::fedora;

use crate::child::Child;
use crate::figure::{Figure, Target, median};
use crate::inputs::Format;
use crate::rows::Bench;
use crate::saturation::ROUNDS;

/// One repository of so many changes.
const PARTS: u32 = 100;

/// Both forms of the cache.
///
/// # Errors
/// A child does not start, or fails.
pub fn row(bench: &Bench) -> io::Result<()> {
    let Some(database) = bench.database()? else { return Ok(()) };
    for (format, limit) in [(Format::Native, 1.0), (Format::Protobuf, 5.0)] {
        let file = bench.folder().join("generated").display().to_string();
        let words = ["increment".to_owned(), format.name().to_owned(), database.url().to_owned(), file];
        let mut child = Child::start(&words)?;
        let (mut refreshing, mut building, mut syncing) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let line = child.line()?;
            let mut seconds = line.split(' ').filter_map(|word| word.parse::<f64>().ok());
            for part in [&mut refreshing, &mut building, &mut syncing] {
                let told = || io::Error::other(format!("the builder told {line:?}"));
                part.push(seconds.next().ok_or_else(told)?);
            }
        }
        let whole: Vec<f64> = refreshing.iter().zip(&building).map(|(one, other)| one + other).collect();
        for (what, seconds, target) in [
            ("time", whole, Target::AtMost(limit)),
            ("time_of_reading", refreshing, Target::None),
            ("time_of_writing", building, Target::None),
            ("time_of_fsync", syncing, Target::None),
        ] {
            let name = format!("increment_{}_{what}", format.name());
            bench.report(&Figure::of_value(name, "s", target, median(&seconds)));
        }
    }
    Ok(())
}

/// In the child: builds, changes the database and builds again, and tells the seconds of each time: reading what
/// has changed, writing the cache, and having it on the disk.
///
/// # Errors
/// The database can not be read or the file not be written, or everything was read again.
pub fn run(format: Format, url: &str, file: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let store = Store::connect(url, &ConnectOptions::default()).await.map_err(io::Error::other)?;
        let read = Resident::read(&store, "benchmark", SystemClock.now()).await;
        let (mut resident, _) = read.map_err(io::Error::other)?;
        // Each form changes other repositories than the one before.
        let first = match format {
            Format::Native => 1,
            Format::Protobuf => 1 + ROUNDS as u32,
        };
        for step in (first..).take(ROUNDS) {
            fedora::change(&store, PARTS, step).await;
            let began = Instant::now();
            let now = SystemClock.now();
            match resident.refresh(&store, now).await.map_err(io::Error::other)? {
                Refreshed::Changed { .. } => {}
                other => return Err(io::Error::other(format!("a refresh after a change: {other:?}"))),
            }
            let read = began.elapsed();
            let mut out = BufWriter::new(File::create(file)?);
            let build = Build::prepare(resident.export(), &NoResolver, now, Compatibility::Native, &()).await;
            match format {
                Format::Protobuf => build.encode_proto(&mut out, &())?,
                Format::Native => {
                    let snapshot = build.snapshot(&Additions::default(), &()).map_err(io::Error::other)?;
                    snapshot.write_to(snapshot.serial(), None, &mut out)?
                }
            };
            out.flush()?;
            let written = began.elapsed();
            out.get_ref().sync_all()?;
            let synced = began.elapsed();
            let seconds = [read, written - read, synced - written].map(|time| time.as_secs_f64().to_string());
            println!("{}", seconds.join(" "));
        }
        Ok(())
    })
}
