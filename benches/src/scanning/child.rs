//! One scan in a process of its own.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use model::clock::{Clock as _, FixedClock, SystemClock};
use scan::{Quiet, ScanOptions, Verdict};
use store::{ConnectOptions, MigrateOptions, Store};
use testkit::tree::CATEGORIES;

use super::Tree;
use crate::child::{self, Child};
use crate::process;

/// What a scan took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan {
    /// Seconds of all of it.
    pub(super) total: f64,
    /// Of these the ones with the transactions open.
    pub(super) writing: f64,
    /// The most statements of one category.
    pub(super) statements: f64,
    /// The most memory at one time, bytes.
    pub(super) peak: u64,
}

impl Scan {
    /// Into an empty database.
    pub(super) fn first(url: &str, tree: &Tree) -> io::Result<Self> {
        Self::start("first", url, tree)
    }

    /// Into one that knows the tree.
    pub(super) fn again(url: &str, tree: &Tree) -> io::Result<Self> {
        Self::start("again", url, tree)
    }

    fn start(what: &str, url: &str, tree: &Tree) -> io::Result<Self> {
        let words = ["scan", what, url, &tree.root().display().to_string()].map(str::to_owned);
        let mut child = Child::start(&words)?;
        let line = child.line()?;
        let mut figures = line.split(' ').map(str::parse::<f64>);
        let mut next = || match figures.next() {
            Some(Ok(figure)) => Ok(figure),
            _ => Err(io::Error::other(format!("a scan told {line:?}"))),
        };
        let (total, writing, statements) = (next()?, next()?, next()?);
        Ok(Self { total, writing, statements, peak: process::memory(child.id())?.peak })
    }
}

/// In the child: scans, tells the seconds and statements, and stays until the parent has looked at it.
///
/// # Errors
/// The database can not be used, or a category is not scanned.
pub fn run(what: &str, url: &str, root: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let line = runtime.block_on(async {
        let options = ConnectOptions { create: true, ..ConnectOptions::default() };
        let mut store = Store::connect(url, &options).await.map_err(io::Error::other)?;
        if what == "first" {
            store::migrate(&mut store, &MigrateOptions::default()).await.map_err(io::Error::other)?;
            categories(&store, root).await.map_err(io::Error::other)?;
        }
        let settings = settings::Scan { content_root: root.to_owned(), ..settings::Scan::default() };
        // A minute from now, so that nothing of the tree is younger than the scan.
        let clock = FixedClock::at(SystemClock.now().timestamp() + 60);
        let began = Instant::now();
        let report = scan::run(&store, &settings, &ScanOptions::default(), &clock, Arc::new(Quiet))
            .await
            .map_err(io::Error::other)?;
        let total = began.elapsed();
        if report.verdict() != Verdict::Fine {
            return Err(io::Error::other(format!("a scan: {report:?}")));
        }
        let writing: f64 = report.categories.iter().map(|c| c.timings.writing.as_secs_f64()).sum();
        let statements = report.categories.iter().map(|c| c.statements).max().unwrap_or_default();
        if std::env::var_os("VERBOSE").is_some() {
            for category in &report.categories {
                eprintln!("{}: {:?} {:?}", category.name, category.timings, category.counts);
            }
        }
        store.close().await;
        Ok(format!("{} {writing} {statements}", total.as_secs_f64()))
    })?;
    println!("{line}");
    child::wait_for_parent();
    Ok(())
}

async fn categories(store: &Store, root: &Path) -> store::Result<()> {
    for category in CATEGORIES.iter().filter(|category| root.join(category.topdir).is_dir()) {
        if store::products::list(store).await?.iter().all(|p| p.name != category.product) {
            store::products::add(store, category.product).await?;
        }
        store::categories::add(store, category.name, category.product, category.topdir).await?;
    }
    Ok(())
}
