//! The small tables: everything that is not per directory, read whole every time.

use sea_orm::FromQueryResult;

use super::reader::all;
use super::rows::{
    Arch, Category, ContinentRedirect, CountryAllowed, ExclusiveNetblock, Host, HostCategory,
    HostCategoryUrl, HostNetblock, NetblockCountry, Place, Repository, RepositoryRedirect, UrlFamily,
};
use crate::error::Result;
use crate::sql::Sql;
use crate::tx::ReadTx;

/// The rows of the small tables. Every list is in the order of `id`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Head {
    /// Hosts that belong to a site. A host without one is not here.
    pub hosts: Vec<Host>,
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
    /// Where hosts stand; empty where upstream's schema is too old for it.
    pub places: Vec<Place>,
    /// Address families of URLs; empty without our tables, as the next one.
    pub families: Vec<UrlFamily>,
    /// Networks whose clients get one host.
    pub exclusive: Vec<ExclusiveNetblock>,
}

const HOSTS: &str = "SELECT host.id AS id, host.name AS name, host.user_active AS user_active, \
    host.admin_active AS admin_active, host.bandwidth_int AS bandwidth_int, host.country AS country, \
    host.asn_clients AS asn_clients, host.asn AS asn, host.max_connections AS max_connections, \
    host.private AS private, host.internet2 AS internet2, host.internet2_clients AS internet2_clients, \
    site.user_active AS site_user_active, site.admin_active AS site_admin_active, site.private AS site_private \
    FROM host INNER JOIN site ON site.id = host.site_id ORDER BY host.id";
const URLS: &str =
    "SELECT id, host_category_id, url FROM host_category_url WHERE private = false ORDER BY id";
const COUNTRIES_ALLOWED: &str = "SELECT id, host_id, country FROM host_country_allowed ORDER BY id";
const NETBLOCKS: &str = "SELECT id, host_id, netblock FROM host_netblock ORDER BY id";
const CATEGORIES: &str = "SELECT id, topdir_id FROM category ORDER BY id";
const HOST_CATEGORIES: &str =
    "SELECT id, host_id, category_id, always_up2date FROM host_category ORDER BY id";
const REPOSITORIES: &str = "SELECT id, prefix, category_id, version_id, arch_id, directory_id, disabled \
    FROM repository WHERE directory_id IS NOT NULL AND version_id IS NOT NULL AND arch_id IS NOT NULL ORDER BY id";
const ARCHES: &str = "SELECT id, name FROM arch ORDER BY id";
const REPOSITORY_REDIRECTS: &str = "SELECT id, from_repo, to_repo FROM repository_redirect ORDER BY id";
const CONTINENT_REDIRECTS: &str = "SELECT id, country, continent FROM country_continent_redirect ORDER BY id";
const NETBLOCK_COUNTRIES: &str = "SELECT id, netblock, country FROM netblock_country ORDER BY id";

const PLACES: &str = "SELECT id, latitude, longitude FROM host \
    WHERE latitude IS NOT NULL AND longitude IS NOT NULL ORDER BY id";
const FAMILIES: &str =
    "SELECT host_category_url_id, v4, v6 FROM mm3_url_family ORDER BY host_category_url_id";
const EXCLUSIVE: &str = "SELECT id, netblock, host_id, hashes FROM mm3_exclusive_netblock ORDER BY id";

/// What not every database has, and not every role may read.
#[derive(Debug, FromQueryResult)]
struct Optional {
    places: bool,
    families: bool,
    exclusive: bool,
}

const OPTIONAL: Sql = Sql {
    postgres: "SELECT (SELECT count(*) = 2 FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('host') \
               AND attname IN ('latitude', 'longitude') AND NOT attisdropped) AS places, \
               coalesce(has_table_privilege(to_regclass('mm3_url_family'), 'SELECT'), false) AS families, \
               coalesce(has_table_privilege(to_regclass('mm3_exclusive_netblock'), 'SELECT'), false) AS exclusive",
    sqlite: "SELECT (SELECT count(*) = 2 FROM pragma_table_info('host') WHERE name IN ('latitude', 'longitude')) \
             AS places, EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'mm3_url_family') AS families, \
             EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'mm3_exclusive_netblock') AS exclusive",
};

impl Head {
    /// Reads all of it in one transaction.
    pub(super) async fn read(tx: &ReadTx) -> Result<Self> {
        let there: Vec<Optional> = all(tx, OPTIONAL.text(tx.engine())).await?;
        let there = |which: fn(&Optional) -> bool| there.first().is_some_and(which);
        let mut places: Vec<Place> = if there(|is| is.places) { all(tx, PLACES).await? } else { Vec::new() };
        // What is no number is not equal to itself.
        places.retain(|place| place.latitude.is_finite() && place.longitude.is_finite());
        Ok(Self {
            places,
            families: if there(|is| is.families) { all(tx, FAMILIES).await? } else { Vec::new() },
            exclusive: if there(|is| is.exclusive) { all(tx, EXCLUSIVE).await? } else { Vec::new() },
            hosts: all(tx, HOSTS).await?,
            urls: all(tx, URLS).await?,
            countries_allowed: all(tx, COUNTRIES_ALLOWED).await?,
            netblocks: all(tx, NETBLOCKS).await?,
            categories: all(tx, CATEGORIES).await?,
            host_categories: all(tx, HOST_CATEGORIES).await?,
            repositories: all(tx, REPOSITORIES).await?,
            arches: all(tx, ARCHES).await?,
            repository_redirects: all(tx, REPOSITORY_REDIRECTS).await?,
            continent_redirects: all(tx, CONTINENT_REDIRECTS).await?,
            netblock_countries: all(tx, NETBLOCK_COUNTRIES).await?,
        })
    }

    /// A host's row by its id.
    pub fn host(&self, id: i32) -> Option<&Host> {
        let at = self.hosts.binary_search_by_key(&id, |host| host.id).ok()?;
        self.hosts.get(at)
    }

    /// A host category's row by its id.
    pub fn host_category(&self, id: i32) -> Option<&HostCategory> {
        let at = self.host_categories.binary_search_by_key(&id, |row| row.id).ok()?;
        self.host_categories.get(at)
    }
}
