//! Everything the demo stands on: folder, world, settings, database; and the steps that can be repeated.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::crawl::{CrawlReport, Job, Mode};
use ::scan::{ScanOptions, ScanReport};
use model::clock::Clock;
use settings::cache::{CacheFormat, NetblockNames};
use settings::{DatabaseUrl, Settings};
use store::{ConnectOptions, MigrateOptions, Store};

use super::world::World;
use super::{deployment, settings_file};
use crate::commands::{cache, crawl, scan};
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;

/// A demo that has been set up.
pub struct Stage {
    /// Master tree and mirrors.
    pub world: World,
    /// The settings that all steps use.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    clock: Arc<dyn Clock>,
    out: Printer,
}

impl Stage {
    /// Makes tree, mirrors, database and its rows below `folder`.
    ///
    /// # Errors
    /// The folder is not empty or can not be written; or the database fails.
    pub async fn set_up(
        folder: &Path,
        base: &Settings,
        clock: Arc<dyn Clock>,
        out: Printer,
    ) -> Outcome<Self> {
        refuse_used(folder)?;
        let fail = |e: std::io::Error| Failure::operation(format!("cannot set up {}: {e}", folder.display()));
        let world = World::make(folder, clock.now().timestamp()).await.map_err(fail)?;
        let settings = settings(folder, base, &world);
        std::fs::write(settings_path(folder), settings_file::text(&settings)).map_err(fail)?;
        let options = ConnectOptions { create: true, ..ConnectOptions::default() };
        let mut store = Store::connect(settings.database.url.expose(), &options).await?;
        store::migrate(&mut store, &MigrateOptions::default()).await?;
        deployment::enter(&store, &world, clock.now()).await?;
        Ok(Self { world, settings, store, clock, out })
    }

    /// Reads the master tree into the database.
    ///
    /// # Errors
    /// As the command `scan`.
    pub async fn scan(&self) -> Outcome<ScanReport> {
        scan::scan(&self.store, &self.settings, &ScanOptions::default(), self.clock.as_ref(), self.out).await
    }

    /// Checks the mirrors: all of each, so that whatever was changed by hand is seen at once.
    ///
    /// # Errors
    /// As the command `crawl`.
    pub async fn crawl(&self) -> Outcome<CrawlReport> {
        let clock = Arc::clone(&self.clock);
        let job = Job { mode: Mode::Full, ..Job::default() };
        crawl::crawl(&self.store, &self.settings, &job, clock, self.out).await.map(|(report, _)| report)
    }

    /// Builds the cache files, of which the native one is served.
    ///
    /// # Errors
    /// As the command `cache build`.
    pub async fn build_cache(&self) -> Outcome<()> {
        let settings = &self.settings.cache;
        let mut output = cache::build::output(settings, cache::build::files(settings))?;
        cache::build::once(&self.store, settings, &mut output, self.clock.as_ref(), self.out).await.map(drop)
    }
}

/// The settings file of a demo in this folder.
pub fn settings_path(folder: &Path) -> PathBuf {
    folder.join("mirrormanager.toml")
}

/// The database file of a demo in this folder.
fn database(folder: &Path) -> DatabaseUrl {
    DatabaseUrl::new(format!("sqlite:{}", folder.join("mirrormanager.db").display()))
}

fn settings(folder: &Path, base: &Settings, world: &World) -> Settings {
    let mut settings = Settings { log: base.log.clone(), ..Settings::default() };
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    settings.database.url = database(folder);
    settings.scan.content_root.clone_from(&world.master);
    settings.crawl.allowed_networks = vec!["127.0.0.0/8".into()];
    // Mirrors that fail on purpose need no long patience.
    settings.crawl.retry_wait_ms = 4;
    settings.crawl.retry_wait_max_ms = 10;
    settings.crawl.recheck_after_seconds = 0;
    // They all have one address.
    settings.crawl.requests_per_second = 0;
    settings.cache.format = CacheFormat::Both;
    settings.cache.file = folder.join("mirrorlist_cache.proto");
    settings.cache.snapshot = folder.join("mirrorlist_cache.snapshot");
    settings.cache.names = NetblockNames::Skip;
    settings.serve.cache.clone_from(&settings.cache.snapshot);
    settings.serve.listen = loopback(0);
    settings.serve.control = Some(loopback(0));
    settings.serve.watch_seconds = 1;
    settings.serve.settle_seconds = 0;
    settings
}

/// A demo never writes among files that are not its own.
fn refuse_used(folder: &Path) -> Outcome<()> {
    let used = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if used {
        return Err(Failure::input(format!(
            "{} is not empty; name a new folder for the demo",
            folder.display()
        )));
    }
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::input(format!("cannot make {}: {e}", folder.display())))
}
