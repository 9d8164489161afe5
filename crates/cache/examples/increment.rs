//! Builds a cache of a database, changes one per cent of its directories, and builds it again as an increment:
//! `cargo run --release -p cache --example increment -- URL FILE`. The database is written to.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cache::{Additions, Build, Compatibility, NoResolver};
use chrono::DateTime;
use model::ids::DirectoryId;
use store::changes::{Change, Directories, Subject};
use store::export::{Export, Resident};
use store::master::{DetailRow, Master};
use store::sql::Sql;
use store::{ConnectOptions, Store};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, file] = arguments.as_slice() else {
        eprintln!("usage: increment URL FILE");
        return ExitCode::from(2);
    };
    match measure(url, Path::new(file)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("increment: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(url: &str, file: &Path) -> Result<(), Box<dyn Error>> {
    let store = Store::connect(url, &ConnectOptions::default()).await?;
    let native = file.with_extension("snapshot");
    let mut watch = Watch::start();
    let (mut resident, why) = Resident::read(&store, "example", DateTime::UNIX_EPOCH).await?;
    println!("read everything ({why}): {}", watch.lap());
    write(resident.export(), file, &native).await?;
    for round in 1..=3 {
        change(&store, resident.export(), round).await?;
        let mut watch = Watch::start();
        let refreshed = resident.refresh(&store, DateTime::UNIX_EPOCH).await?;
        println!("{refreshed:?}: {}", watch.lap());
        write(resident.export(), file, &native).await?;
    }
    Ok(())
}

async fn write(reads: &Export, file: &Path, native: &Path) -> Result<(), Box<dyn Error>> {
    let mut watch = Watch::start();
    let build = Build::prepare(reads, &NoResolver, DateTime::UNIX_EPOCH, Compatibility::Native, &()).await;
    println!("  prepare {}", watch.lap());
    let bytes = build.encode_proto(&mut std::io::sink(), &())?;
    println!("  proto: encode {bytes} bytes {}", watch.lap());
    build.write_proto(file, &())?;
    println!("  proto: encode, write, flush {}", watch.lap());
    let snapshot = build.snapshot(&Additions::default(), &())?;
    println!("  native: build {}", watch.lap());
    let bytes = snapshot.write_to(1, None, &mut std::io::sink())?;
    println!("  native: encode {bytes} bytes {}", watch.lap());
    snapshot.write(native, 1, None)?;
    println!("  native: encode, write, flush {}", watch.lap());
    Ok(())
}

/// One directory in a hundred gets a new file detail, and every host that holds it loses it, the others get it.
async fn change(store: &Store, reads: &Export, round: usize) -> Result<(), Box<dyn Error>> {
    const TURN: Sql = Sql {
        postgres: "UPDATE host_category_dir SET up2date = NOT up2date WHERE directory_id = ANY($1)",
        sqlite: "UPDATE host_category_dir SET up2date = NOT up2date \
                 WHERE directory_id IN (SELECT value FROM json_each(?1))",
    };
    let ids: Vec<i32> = reads.directories.ids().iter().copied().skip(round).step_by(100).collect();
    let begun = Instant::now();
    for category in &reads.head.categories {
        let of: HashSet<i32> = reads.directories.of_category(category.id).collect();
        let mine: Vec<i32> = ids.iter().copied().filter(|id| of.contains(id)).collect();
        let detail = |id: &i32| DetailRow {
            directory: DirectoryId(*id),
            filename: "repomd.xml".into(),
            timestamp: i64::try_from(round).ok().map(|round| 2_000_000_000 + round),
            size: Some(5),
            md5: None,
            sha1: None,
            sha256: Some(format!("{id:064x}")),
            sha512: None,
        };
        let directories = Directories::These(mine.clone());
        let mut tx = Master::new(store).begin().await?;
        tx.add_details(&mine.iter().map(detail).collect::<Vec<_>>()).await?;
        tx.changed(Change { subject: Subject::Category, id: category.id, directories: directories.clone() });
        tx.commit().await?;
        let mut tx = store.begin_write().await?;
        tx.execute(TURN, [store::sql::id_list(store.engine(), mine.iter().copied())]).await?;
        for row in reads.head.host_categories.iter().filter(|row| row.category_id == Some(category.id)) {
            let directories = directories.clone();
            tx.changed(Change { subject: Subject::HostCategory, id: row.id, directories });
        }
        tx.commit().await?;
    }
    println!("changed {} directories: {:?}", ids.len(), begun.elapsed());
    Ok(())
}

/// Processor time of this process, which other programs on a busy machine do not lengthen.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    Duration::from_millis(ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10)
}

/// Time since, on the clock and of the processor.
struct Watch(Instant, Duration);

impl Watch {
    fn start() -> Self {
        Self(Instant::now(), processor())
    }

    fn lap(&mut self) -> String {
        let text = format!("{:.0?} ({:?} processor)", self.0.elapsed(), processor() - self.1);
        *self = Self::start();
        text
    }
}
