//! One scan in a process of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use model::clock::{Clock as _, FixedClock, SystemClock};
use scan::{Quiet, ScanError, ScanOptions, ScanReport, Verdict};
use store::{ConnectOptions, MigrateOptions, Store};
use testkit::tree::CATEGORIES;

use super::many::{self, Invented};
use crate::child::{self, Child};
use crate::process;

/// What is scanned.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// A tree on the disk.
    Disk(PathBuf),
    /// So many directories that are nowhere.
    Invented(usize),
}

impl Place {
    /// The word for it that a child gets.
    fn word(&self) -> String {
        match self {
            Self::Disk(root) => root.display().to_string(),
            Self::Invented(directories) => directories.to_string(),
        }
    }

    /// What a word stands for: the path of a root is never a number.
    fn of_word(word: &str) -> Self {
        word.parse().map_or_else(|_| Self::Disk(word.into()), Self::Invented)
    }
}

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
    pub(super) fn first(url: &str, place: &Place) -> io::Result<Self> {
        Self::start("first", url, place)
    }

    /// Into one that knows the tree.
    pub(super) fn again(url: &str, place: &Place) -> io::Result<Self> {
        Self::start("again", url, place)
    }

    fn start(what: &str, url: &str, place: &Place) -> io::Result<Self> {
        let words = ["scan", what, url, &place.word()].map(str::to_owned);
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
pub fn run(what: &str, url: &str, place: &str) -> io::Result<()> {
    let place = Place::of_word(place);
    let runtime = tokio::runtime::Runtime::new()?;
    let line = runtime.block_on(async {
        let options = ConnectOptions { create: true, ..ConnectOptions::default() };
        let mut store = Store::connect(url, &options).await.map_err(io::Error::other)?;
        if what == "first" {
            store::migrate(&mut store, &MigrateOptions::default()).await.map_err(io::Error::other)?;
            categories(&store, &place).await.map_err(io::Error::other)?;
        }
        // A minute from now, so that nothing of the tree is younger than the scan.
        let clock = FixedClock::at(SystemClock.now().timestamp() + 60);
        let began = Instant::now();
        let report = scanned(&store, &place, &clock).await.map_err(io::Error::other)?;
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

async fn scanned(store: &Store, place: &Place, clock: &FixedClock) -> Result<ScanReport, ScanError> {
    let (options, progress) = (ScanOptions::default(), Arc::new(Quiet));
    let settings = |root: &Path| settings::Scan { content_root: root.into(), ..settings::Scan::default() };
    match place {
        Place::Disk(root) => scan::run(store, &settings(root), &options, clock, progress).await,
        Place::Invented(directories) => {
            let disk = Invented { directories: *directories };
            scan::run_on(disk, store, &settings(many::ROOT.as_ref()), &options, clock, progress).await
        }
    }
}

/// Adds the categories that the place has; the invented one has a single one, which is all of it.
async fn categories(store: &Store, place: &Place) -> store::Result<()> {
    let Place::Disk(root) = place else {
        store::products::add(store, "Fedora").await?;
        return store::categories::add(store, "Fedora Linux", "Fedora", many::TOPDIR).await.map(drop);
    };
    for category in CATEGORIES.iter().filter(|category| root.join(category.topdir).is_dir()) {
        if store::products::list(store).await?.iter().all(|p| p.name != category.product) {
            store::products::add(store, category.product).await?;
        }
        store::categories::add(store, category.name, category.product, category.topdir).await?;
    }
    Ok(())
}
