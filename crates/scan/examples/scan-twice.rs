//! Scans a tree twice on a throw-away database of each engine and prints times and statements:
//! `cargo run -p scan --example scan-twice -- DIR` (a directory of `testkit`'s `make-tree --scale`).

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use model::clock::SystemClock;
use scan::{Quiet, ScanOptions, ScanReport};
use settings::Scan;
use testkit::stores::{self, TestStore};
use testkit::tree::CATEGORIES;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(root) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: scan-twice DIR");
        return ExitCode::from(2);
    };
    let settings = Scan { content_root: root, ..Scan::default() };
    for (engine, store) in [("SQLite", stores::sqlite().await), ("PostgreSQL", stores::postgres().await)] {
        if let Err(e) = measure(engine, &store, &settings).await {
            eprintln!("{engine}: {e}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn measure(engine: &str, store: &TestStore, settings: &Scan) -> Result<(), Box<dyn std::error::Error>> {
    for category in CATEGORIES.iter().filter(|c| settings.content_root.join(c.topdir).is_dir()) {
        if store::products::list(store).await?.iter().all(|p| p.name != category.product) {
            store::products::add(store, category.product).await?;
        }
        store::categories::add(store, category.name, category.product, category.topdir).await?;
    }
    for round in ["first", "second", "third"] {
        let begun = Instant::now();
        let options = ScanOptions::default();
        let report = scan::run(store, settings, &options, &SystemClock, Arc::new(Quiet)).await?;
        print(engine, round, &report, begun.elapsed().as_secs_f64());
    }
    Ok(())
}

fn print(engine: &str, round: &str, report: &ScanReport, seconds: f64) {
    println!(
        "{engine}, {round} scan: {seconds:.3} s, {} statements beside the categories, {} details aged, {:?}",
        report.statements,
        report.details_aged,
        report.verdict()
    );
    for category in &report.categories {
        println!(
            "  {:16} {:.3} s, {} statements, {} problems, {:?}",
            category.name,
            category.elapsed.as_secs_f64(),
            category.statements,
            category.problems.len(),
            category.counts
        );
        for problem in category.problems.iter().take(3) {
            println!("    {problem}");
        }
    }
}
