//! Builds a cache of a database, changes one per cent of its directories, and builds it again as an increment:
//! `cargo run --release -p cache --example increment -- URL FILE`. The database is written to.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use cache::{Build, Compatibility, NoResolver};
use chrono::DateTime;
use model::activity::CrawlScope;
use model::ids::{DirectoryId, HostCategoryId};
use store::changes::{Change, Directories, Subject};
use store::export::{Export, Resident};
use store::master::{DetailRow, Master};
use store::verdicts::{CrawlResult, Proven, Rest, State, Verdicts};
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
    let begun = Instant::now();
    let native = file.with_extension("snapshot");
    let (mut resident, why) = Resident::read(&store, "example", DateTime::UNIX_EPOCH).await?;
    println!("read everything ({why}): {:?}", begun.elapsed());
    write(resident.export(), file, &native).await?;
    for round in 1..=3 {
        change(&store, resident.export(), round).await?;
        let begun = Instant::now();
        let refreshed = resident.refresh(&store, DateTime::UNIX_EPOCH).await?;
        println!("{refreshed:?}: {:?}", begun.elapsed());
        write(resident.export(), file, &native).await?;
    }
    Ok(())
}

async fn write(reads: &Export, file: &Path, native: &Path) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let build = Build::prepare(reads, &NoResolver, DateTime::UNIX_EPOCH, Compatibility::Native, &()).await;
    let prepared = begun.elapsed();
    let bytes = build.encode_proto(&mut std::io::sink(), &())?;
    let encoded = begun.elapsed() - prepared;
    build.write_proto(file, &())?;
    let written = begun.elapsed() - prepared - encoded;
    println!("prepare {prepared:?}, encode {bytes} bytes {encoded:?}, encode, write and fsync {written:?}");
    let begun = Instant::now();
    let snapshot = build.snapshot(&())?;
    let built = begun.elapsed();
    let bytes = snapshot.write_to(1, None, &mut std::io::sink())?;
    let encoded = begun.elapsed() - built;
    snapshot.write(native, 1, None)?;
    let written = begun.elapsed() - built - encoded;
    println!(
        "native: build {built:?}, encode {bytes} bytes {encoded:?}, encode, write and fsync {written:?}"
    );
    Ok(())
}

/// One directory in a hundred gets a new file detail, and every host that holds it loses it, the others get it.
async fn change(store: &Store, reads: &Export, round: usize) -> Result<(), Box<dyn Error>> {
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
        let mut tx = Master::new(store).begin().await?;
        tx.add_details(&mine.iter().map(detail).collect::<Vec<_>>()).await?;
        let directories = Directories::These(mine.clone());
        tx.changed(Change { subject: Subject::Category, id: category.id, directories });
        tx.commit().await?;
        let top = category.topdir_id.and_then(|id| reads.directories.name_of(id)).unwrap_or_default();
        for row in reads.head.host_categories.iter().filter(|row| row.category_id == Some(category.id)) {
            prove(store, row.id, &turned(reads, row.id, top, &mine)).await?;
        }
    }
    println!("changed {} directories: {:?}", ids.len(), begun.elapsed());
    Ok(())
}

/// For each directory the opposite of what a host has.
fn turned(reads: &Export, host_category: i32, top: &str, directories: &[i32]) -> Vec<Proven> {
    let holds = reads.up_to_date.of(host_category);
    let one = |id: &i32| {
        let position = reads.directories.position(*id)?;
        let held = holds.is_some_and(|set| set.contains(position));
        let path = reads.directories.name(position)?.strip_prefix(top)?.trim_start_matches('/').to_owned();
        let state = if held { State::Stale } else { State::Current };
        Some(Proven { directory: DirectoryId(*id), path, state })
    };
    directories.iter().filter_map(one).collect()
}

async fn prove(store: &Store, host_category: i32, proven: &[Proven]) -> Result<(), Box<dyn Error>> {
    let result = CrawlResult {
        status: "current".into(),
        reason: None,
        started_at: DateTime::UNIX_EPOCH,
        finished_at: DateTime::UNIX_EPOCH,
        current: 0,
        stale: 0,
        unknown: 0,
        requests: 0,
        bytes: 0,
    };
    let verdicts = Verdicts {
        host_category: HostCategoryId(host_category),
        scope: CrawlScope { private: true, ..CrawlScope::default() },
        true_at_start: &HashSet::new(),
        proven,
        rest: Rest::Keep,
        result: &result,
    };
    store::verdicts::write(store, &verdicts).await?;
    Ok(())
}
