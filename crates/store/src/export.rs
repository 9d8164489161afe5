//! Everything the cache builder reads, in one state of the database.
//!
//! The shaping decision: plain statements that name exactly the columns of `database.md` 3.5 (and each
//! table's `id`, which gives every list its order), so that a read-only role and a reduced schema with
//! just these columns suffice, and so that equal content always comes back in equal order. The one big
//! table, `host_category_dir`, never becomes rows here: see [`UpToDate`].

mod copy_rows;
mod rows;
mod up_to_date;

pub use copy_rows::{CopyError, CopyRows};
pub use rows::{
    Arch, Category, CategoryDirectory, ContinentRedirect, CountryAllowed, Directory, FileDetail, Host,
    HostCategory, HostCategoryUrl, HostNetblock, NetblockCountry, Repository, RepositoryRedirect,
};
pub use up_to_date::{DirectorySet, UpToDate, UpToDateBuilder};

use futures_util::TryStreamExt;
use sea_orm::{DbBackend, FromQueryResult, Statement, StreamTrait};

use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::tx::ReadTx;

/// What [`read`] found. Every list is in the order of `id` unless it says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// Hosts that belong to a site. A host without one is not here.
    pub hosts: Vec<Host>,
    /// All directories, readable or not.
    pub directories: Vec<Directory>,
    /// Public base URLs.
    pub urls: Vec<HostCategoryUrl>,
    /// Countries that a host is limited to.
    pub countries_allowed: Vec<CountryAllowed>,
    /// Networks of hosts, as people typed them.
    pub netblocks: Vec<HostNetblock>,
    /// Categories and their top directories.
    pub categories: Vec<Category>,
    /// Which host carries which category.
    pub host_categories: Vec<HostCategory>,
    /// Which directory belongs to which category, by directory, then category.
    pub category_directories: Vec<CategoryDirectory>,
    /// Sizes and digests, by directory, then newest first: by (timestamp, id), unknown times last.
    pub file_details: Vec<FileDetail>,
    /// Repositories that have a directory, a version and an arch.
    pub repositories: Vec<Repository>,
    /// Architectures.
    pub arches: Vec<Arch>,
    /// Aliases of repository prefixes.
    pub repository_redirects: Vec<RepositoryRedirect>,
    /// Countries that count as part of another continent.
    pub continent_redirects: Vec<ContinentRedirect>,
    /// Networks whose clients count as from a certain country.
    pub netblock_countries: Vec<NetblockCountry>,
    /// What each host category holds.
    pub up_to_date: UpToDate,
}

impl Export {
    /// The hosts' rows by id.
    pub fn host(&self, id: i32) -> Option<&Host> {
        let at = self.hosts.binary_search_by_key(&id, |host| host.id).ok()?;
        self.hosts.get(at)
    }

    /// Position of a directory in [`Export::directories`].
    pub fn directory_position(&self, id: i32) -> Option<usize> {
        self.directories.binary_search_by_key(&id, |directory| directory.id).ok()
    }

    /// The file details of one directory, newest first.
    pub fn details_of(&self, directory: i32) -> &[FileDetail] {
        let from = self.file_details.partition_point(|row| row.directory_id < directory);
        let tail = self.file_details.get(from..).unwrap_or_default();
        let len = tail.partition_point(|row| row.directory_id == directory);
        tail.get(..len).unwrap_or_default()
    }

    /// The categories of one directory, lowest id first.
    pub fn categories_of(&self, directory: i32) -> &[CategoryDirectory] {
        let from = self.category_directories.partition_point(|row| row.directory_id < directory);
        let tail = self.category_directories.get(from..).unwrap_or_default();
        let len = tail.partition_point(|row| row.directory_id == directory);
        tail.get(..len).unwrap_or_default()
    }
}

const HOSTS: &str = "SELECT host.id AS id, host.name AS name, host.user_active AS user_active, \
    host.admin_active AS admin_active, host.bandwidth_int AS bandwidth_int, host.country AS country, \
    host.asn_clients AS asn_clients, host.asn AS asn, host.max_connections AS max_connections, \
    host.private AS private, host.internet2 AS internet2, host.internet2_clients AS internet2_clients, \
    site.user_active AS site_user_active, site.admin_active AS site_admin_active, site.private AS site_private \
    FROM host INNER JOIN site ON site.id = host.site_id ORDER BY host.id";
const DIRECTORIES: &str = "SELECT id, name FROM directory ORDER BY id";
const URLS: &str =
    "SELECT id, host_category_id, url FROM host_category_url WHERE private = false ORDER BY id";
const COUNTRIES_ALLOWED: &str = "SELECT id, host_id, country FROM host_country_allowed ORDER BY id";
const NETBLOCKS: &str = "SELECT id, host_id, netblock FROM host_netblock ORDER BY id";
const CATEGORIES: &str = "SELECT id, topdir_id FROM category ORDER BY id";
const HOST_CATEGORIES: &str =
    "SELECT id, host_id, category_id, always_up2date FROM host_category ORDER BY id";
const CATEGORY_DIRECTORIES: &str =
    "SELECT directory_id, category_id FROM category_directory ORDER BY directory_id, category_id";
const FILE_DETAILS: &str = "SELECT id, directory_id, filename, timestamp, size, sha1, md5, sha256, sha512 \
    FROM file_detail ORDER BY directory_id, timestamp DESC NULLS LAST, id DESC";
const REPOSITORIES: &str = "SELECT id, prefix, category_id, version_id, arch_id, directory_id, disabled \
    FROM repository WHERE directory_id IS NOT NULL AND version_id IS NOT NULL AND arch_id IS NOT NULL ORDER BY id";
const ARCHES: &str = "SELECT id, name FROM arch ORDER BY id";
const REPOSITORY_REDIRECTS: &str = "SELECT id, from_repo, to_repo FROM repository_redirect ORDER BY id";
const CONTINENT_REDIRECTS: &str = "SELECT id, country, continent FROM country_continent_redirect ORDER BY id";
const NETBLOCK_COUNTRIES: &str = "SELECT id, netblock, country FROM netblock_country ORDER BY id";

/// Reads it all in one repeatable-read, read-only transaction.
///
/// # Errors
/// The database's own message when a table or column is missing or can not be read.
pub async fn read(store: &Store) -> Result<Export> {
    let tx = store.begin_read().await?;
    let directories: Vec<Directory> = rows(&tx, DIRECTORIES).await?;
    let builder = UpToDateBuilder::new(directories.iter().map(|directory| directory.id));
    let up_to_date = match store.engine() {
        Engine::Postgres => up_to_date::copy(store, &tx, builder).await?,
        Engine::Sqlite => up_to_date::stream(&tx, builder).await?,
    };
    Ok(Export {
        hosts: rows(&tx, HOSTS).await?,
        urls: rows(&tx, URLS).await?,
        countries_allowed: rows(&tx, COUNTRIES_ALLOWED).await?,
        netblocks: rows(&tx, NETBLOCKS).await?,
        categories: rows(&tx, CATEGORIES).await?,
        host_categories: rows(&tx, HOST_CATEGORIES).await?,
        category_directories: rows(&tx, CATEGORY_DIRECTORIES).await?,
        file_details: rows(&tx, FILE_DETAILS).await?,
        repositories: rows(&tx, REPOSITORIES).await?,
        arches: rows(&tx, ARCHES).await?,
        repository_redirects: rows(&tx, REPOSITORY_REDIRECTS).await?,
        continent_redirects: rows(&tx, CONTINENT_REDIRECTS).await?,
        netblock_countries: rows(&tx, NETBLOCK_COUNTRIES).await?,
        directories,
        up_to_date,
    })
}

/// One whole-table read, row by row: the engine's rows are several times as large as ours. The texts above are
/// understood by both engines.
async fn rows<T: FromQueryResult>(tx: &ReadTx, text: &'static str) -> Result<Vec<T>> {
    let backend: DbBackend = tx.engine().backend();
    let mut stream = tx.db().stream_raw(Statement::from_string(backend, text)).await?;
    let mut found = Vec::new();
    while let Some(row) = stream.try_next().await? {
        found.push(T::from_query_result(&row, "")?);
    }
    Ok(found)
}
