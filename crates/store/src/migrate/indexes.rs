//! Our indexes on upstream's tables (spec database.md 6.3).

use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::catalogue::{self, Index};
use crate::connect::Engine;
use crate::error::Result;

/// One index of ours. It exists if any index of the table covers the same, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OurIndex {
    /// Its name if we make it.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// Key columns and predicate on PostgreSQL, spelled as its catalogue spells them.
    pub postgres: &'static str,
    /// The same on SQLite; `None`: not needed there.
    pub sqlite: Option<&'static str>,
}

const fn on(name: &'static str, table: &'static str, columns: &'static str) -> OurIndex {
    OurIndex { name, table, postgres: columns, sqlite: Some(columns) }
}

/// All of them.
pub const INDEXES: [OurIndex; 18] = [
    on("mm3_hcd_directory_idx", "host_category_dir", "(directory_id)"),
    on("mm3_hcd_current_idx", "host_category_dir", "(host_category_id, directory_id) WHERE up2date"),
    OurIndex {
        name: "mm3_file_detail_newest_idx",
        table: "file_detail",
        postgres: "(directory_id, filename, \"timestamp\" DESC, id DESC)",
        sqlite: Some("(directory_id, filename, \"timestamp\" DESC, id DESC)"),
    },
    on("mm3_category_directory_directory_idx", "category_directory", "(directory_id)"),
    // SQLite's UNIQUE (name) is ordered by bytes and serves prefixes as it is.
    OurIndex {
        name: "mm3_directory_prefix_idx",
        table: "directory",
        postgres: "(name text_pattern_ops)",
        sqlite: None,
    },
    OurIndex {
        name: "mm3_directory_repodata_idx",
        table: "directory",
        postgres: "(name) WHERE (name ~~ '%/repodata'::text)",
        sqlite: Some("(name) WHERE name GLOB '*/repodata'"),
    },
    on("mm3_directory_ctime_idx", "directory", "(ctime)"),
    on("mm3_host_netblock_host_idx", "host_netblock", "(host_id)"),
    on("mm3_host_country_allowed_host_idx", "host_country_allowed", "(host_id)"),
    on("mm3_host_location_host_idx", "host_location", "(host_id)"),
    on("mm3_host_stats_host_idx", "host_stats", "(host_id)"),
    on("mm3_directory_exclusive_host_host_idx", "directory_exclusive_host", "(host_id)"),
    on("mm3_site_admin_site_idx", "site_admin", "(site_id)"),
    on("mm3_site_admin_username_idx", "site_admin", "(username)"),
    on("mm3_mm_user_visit_user_idx", "mm_user_visit", "(user_id)"),
    on("mm3_version_product_idx", "version", "(product_id)"),
    on("mm3_category_product_idx", "category", "(product_id)"),
    on("mm3_category_topdir_idx", "category", "(topdir_id)"),
];

impl OurIndex {
    fn covers(&self, engine: Engine) -> Option<&'static str> {
        match engine {
            Engine::Postgres => Some(self.postgres),
            Engine::Sqlite => self.sqlite,
        }
    }

    fn is_there(&self, engine: Engine, existing: &[Index]) -> bool {
        let Some(covers) = self.covers(engine) else { return true };
        existing.iter().any(|i| i.valid && i.table == self.table && i.covers == covers)
    }
}

/// Those of [`INDEXES`] that are missing.
pub(super) async fn missing(db: &impl ConnectionTrait, engine: Engine) -> Result<Vec<&'static OurIndex>> {
    let existing = catalogue::indexes(db, engine).await?;
    Ok(INDEXES.iter().filter(|i| !i.is_there(engine, &existing)).collect())
}

/// Creates the missing ones inside the migration's transaction: new databases, and SQLite.
pub(super) async fn create(db: &impl ConnectionTrait, engine: Engine) -> Result<Vec<&'static str>> {
    let mut made = Vec::new();
    for index in missing(db, engine).await? {
        let Some(covers) = index.covers(engine) else { continue };
        db.execute_unprepared(&format!("CREATE INDEX {} ON {} {covers}", index.name, index.table)).await?;
        made.push(index.name);
    }
    Ok(made)
}

/// Creates the missing ones one by one without blocking writers, on a PostgreSQL database in use.
///
/// One whose build was interrupted before is dropped first.
pub(super) async fn create_concurrently(db: &DatabaseConnection) -> Result<Vec<&'static str>> {
    let mut made = Vec::new();
    for index in missing(db, Engine::Postgres).await? {
        db.execute_unprepared(&format!("DROP INDEX CONCURRENTLY IF EXISTS {}", index.name)).await?;
        tracing::info!(index = index.name, table = index.table, "building an index");
        db.execute_unprepared(&format!(
            "CREATE INDEX CONCURRENTLY {} ON {} {}",
            index.name, index.table, index.postgres
        ))
        .await?;
        made.push(index.name);
    }
    Ok(made)
}
