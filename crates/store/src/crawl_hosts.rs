//! Which hosts a crawl takes, what is asked of each, and what is kept of the outcome
//! (`spec/crawler.md` 2.1, 4.1, 7).
//!
//! A host's outcome is stored when the host finishes, in one short transaction, and only against the
//! state that the crawl saw when it began: what its owner changed meanwhile is never overwritten.

mod books;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDateTime;
use model::activity::{Activity, CrawlScope, Flags};
use model::ids::{CategoryId, HostCategoryId, HostId};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::connect::Store;
use crate::error::Result;
use crate::sql::{self, Sql};

pub use books::{Booked, Books, Outcome, Rows, close};

/// Which hosts are selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostFilter {
    /// Hosts that carry at least one of these; empty: any host.
    pub categories: Vec<CategoryId>,
    /// Private and switched-off hosts, too.
    pub scope: CrawlScope,
    /// Lowest host id.
    pub start_id: i32,
    /// First host id that is not taken; 0: no limit.
    pub stop_id: i32,
}

/// A selected host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Its id.
    pub id: HostId,
    /// Its name.
    pub name: String,
    /// Seconds that its last crawl took; `None` when it was never crawled.
    pub last_crawl_duration: Option<i64>,
    /// When its last crawl ended, seconds since 1970; `None` when it was never crawled.
    pub last_crawled: Option<i64>,
    /// Its owner's switch.
    pub user_active: bool,
    /// Its bandwidth, Mbit/s, if that is known.
    pub bandwidth: Option<i64>,
}

const HOSTS: Sql = Sql::same(
    "SELECT h.id, h.name, CAST(h.last_crawl_duration AS bigint) AS duration, \
     CAST(h.bandwidth_int AS bigint) AS bandwidth, h.last_crawled, \
     h.admin_active, h.user_active, h.private, \
     s.admin_active AS site_admin_active, s.user_active AS site_user_active, s.private AS site_private \
     FROM host h JOIN site s ON s.id = h.site_id",
);

const CARRYING: Sql = Sql {
    postgres: "SELECT DISTINCT host_id FROM host_category WHERE category_id = ANY($1) AND host_id IS NOT NULL",
    sqlite: "SELECT DISTINCT host_id FROM host_category \
             WHERE category_id IN (SELECT value FROM json_each(?1)) AND host_id IS NOT NULL",
};

/// The hosts of a crawl, slowest first (those never crawled before all), then by id.
pub async fn select(store: &Store, filter: &HostFilter) -> Result<Vec<Selected>> {
    let carrying: Option<HashSet<i32>> = if filter.categories.is_empty() {
        None
    } else {
        let list = sql::id_list(store.engine(), filter.categories.iter().copied());
        let rows = store.read().query_all_raw(CARRYING.with(store.engine(), [list])).await?;
        Some(rows.iter().map(|row| row.try_get_by_index(0)).collect::<std::result::Result<_, _>>()?)
    };
    let mut hosts = Vec::new();
    for row in store.read().query_all_raw(HOSTS.with(store.engine(), [])).await? {
        let id: i32 = row.try_get("", "id")?;
        let in_range = id >= filter.start_id && (filter.stop_id == 0 || id < filter.stop_id);
        let carries = carrying.as_ref().is_none_or(|hosts| hosts.contains(&id));
        if in_range && carries && activity(&row)?.is_crawled(filter.scope) {
            hosts.push(Selected {
                id: HostId(id),
                name: row.try_get("", "name")?,
                last_crawl_duration: row.try_get("", "duration")?,
                last_crawled: row
                    .try_get::<Option<NaiveDateTime>>("", "last_crawled")?
                    .map(|time| time.and_utc().timestamp()),
                user_active: row.try_get("", "user_active")?,
                bandwidth: row.try_get("", "bandwidth")?,
            });
        }
    }
    // PostgreSQL's order of NULLs, on both engines.
    hosts.sort_by_key(|host| (std::cmp::Reverse(host.last_crawl_duration.unwrap_or(i64::MAX)), host.id));
    Ok(hosts)
}

const CARRIED: Sql = Sql::same(
    "SELECT host_id, category_id FROM host_category WHERE host_id IS NOT NULL AND category_id IS NOT NULL",
);

/// Which categories each host carries.
pub async fn carried(store: &Store) -> Result<HashMap<HostId, Vec<CategoryId>>> {
    let mut carried: HashMap<HostId, Vec<CategoryId>> = HashMap::new();
    for row in store.read().query_all_raw(CARRIED.with(store.engine(), [])).await? {
        let host = HostId(row.try_get("", "host_id")?);
        carried.entry(host).or_default().push(CategoryId(row.try_get("", "category_id")?));
    }
    Ok(carried)
}

fn activity(row: &QueryResult) -> Result<Activity> {
    let host = Flags {
        admin_active: row.try_get("", "admin_active")?,
        user_active: row.try_get("", "user_active")?,
        private: row.try_get("", "private")?,
    };
    let site = Flags {
        admin_active: row.try_get("", "site_admin_active")?,
        user_active: row.try_get("", "site_user_active")?,
        private: row.try_get("", "site_private")?,
    };
    Ok(Activity { host, site: Some(site) })
}

/// A host as it was when its crawl began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrawlHost {
    /// Its id.
    pub id: HostId,
    /// Its name.
    pub name: String,
    /// Its owner's switch.
    pub user_active: bool,
    /// Why it was switched off, if a reason is kept.
    pub disable_reason: Option<String>,
    /// What it carries, by id.
    pub categories: Vec<CarriedCategory>,
    /// Ids of its `host_category_dir` rows that were up to date.
    pub true_rows: HashSet<i32>,
}

/// One category that a host carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedCategory {
    /// Row id.
    pub id: HostCategoryId,
    /// The category.
    pub category: CategoryId,
    /// Never checked, always listed.
    pub always_up2date: bool,
    /// Its URLs, private ones too, by row id.
    pub urls: Vec<CarriedUrl>,
    /// Ids of the directories that the host is listed for.
    pub listed: HashSet<i32>,
}

/// A base URL of a host's copy of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedUrl {
    /// Row id.
    pub id: i32,
    /// As stored.
    pub url: String,
    /// Whether it answered under IPv4 and under IPv6, if that is known.
    pub families: Option<(bool, bool)>,
}

macro_rules! host {
    ($families:literal, $join:literal) => {
        Sql::same(concat!(
            "SELECT h.name, h.disable_reason, h.admin_active, h.user_active, h.private, \
             s.admin_active AS site_admin_active, s.user_active AS site_user_active, s.private AS site_private, \
             hc.id AS host_category_id, hc.category_id, hc.always_up2date, u.id AS url_id, u.url, ",
            $families,
            " FROM host h JOIN site s ON s.id = h.site_id \
             LEFT JOIN host_category hc ON hc.host_id = h.id \
             LEFT JOIN host_category_url u ON u.host_category_id = hc.id ",
            $join,
            " WHERE h.id = $1 ORDER BY hc.id, u.id"
        ))
    };
}

const HOST: Sql = host!("f.v4, f.v6", "LEFT JOIN mm3_url_family f ON f.host_category_url_id = u.id");
/// On a database without our tables.
const PLAIN_HOST: Sql = host!("CAST(NULL AS boolean) AS v4, CAST(NULL AS boolean) AS v6", "");

const TRUE_ROWS: Sql = Sql {
    postgres: "SELECT r.id, r.host_category_id, r.directory_id FROM host_category_dir r JOIN host_category hc ON hc.id = r.host_category_id \
               WHERE hc.host_id = $1 AND r.up2date",
    sqlite: "SELECT r.id, r.host_category_id, r.directory_id FROM host_category hc JOIN host_category_dir r ON hc.id = r.host_category_id \
             WHERE hc.host_id = ?1 AND r.up2date",
};

/// Reads a host at the start of its crawl. `None` when it is gone, or has become private or inactive
/// since it was selected. Categories without a name in `category` are left out.
pub async fn load(store: &Store, id: HostId, scope: CrawlScope) -> Result<Option<CrawlHost>> {
    let host = if store.accounts() { HOST } else { PLAIN_HOST };
    let rows = store.read().query_all_raw(host.with(store.engine(), [id.0.into()])).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    if !activity(first)?.is_crawled(scope) {
        return Ok(None);
    }
    let mut categories: BTreeMap<i32, CarriedCategory> = BTreeMap::new();
    for row in &rows {
        let ids: (Option<i32>, Option<i32>) =
            (row.try_get("", "host_category_id")?, row.try_get("", "category_id")?);
        let (Some(host_category), Some(category)) = ids else { continue };
        let always: Option<bool> = row.try_get("", "always_up2date")?;
        let carried = categories.entry(host_category).or_insert_with(|| CarriedCategory {
            id: HostCategoryId(host_category),
            category: CategoryId(category),
            always_up2date: always.unwrap_or(false),
            urls: Vec::new(),
            listed: HashSet::new(),
        });
        let url: (Option<i32>, Option<String>) = (row.try_get("", "url_id")?, row.try_get("", "url")?);
        if let (Some(id), Some(url)) = url {
            let families: (Option<bool>, Option<bool>) = (row.try_get("", "v4")?, row.try_get("", "v6")?);
            carried.urls.push(CarriedUrl { id, url, families: families.0.zip(families.1) });
        }
    }
    let mut true_rows = HashSet::new();
    for row in store.read().query_all_raw(TRUE_ROWS.with(store.engine(), [id.0.into()])).await? {
        true_rows.insert(row.try_get("", "id")?);
        let carried = categories.get_mut(&row.try_get("", "host_category_id")?);
        let directory: Option<i32> = row.try_get("", "directory_id")?;
        if let (Some(carried), Some(directory)) = (carried, directory) {
            carried.listed.insert(directory);
        }
    }
    Ok(Some(CrawlHost {
        id,
        name: first.try_get("", "name")?,
        user_active: first.try_get("", "user_active")?,
        disable_reason: first.try_get("", "disable_reason")?,
        categories: categories.into_values().collect(),
        true_rows,
    }))
}
