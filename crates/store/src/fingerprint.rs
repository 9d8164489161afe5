//! A cheap fingerprint of the tables that are served, to notice writers that keep no change log.
//!
//! Upstream's programs may write to the same database. On PostgreSQL every row carries the transaction
//! that wrote it, so that the number of rows and the sum of those ids change with any insert, update or
//! delete, whoever makes it. SQLite has no such thing: there it is the number of rows, the newest id and a
//! sum over the columns that programs change in place.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use crate::connect::Engine;
use crate::error::Result;
use crate::migrate::catalogue;
use crate::tx::ReadTx;

/// Tables that a cache is built from, and on SQLite what is summed up of each row.
const TABLES: [(&str, &str); 16] = [
    ("arch", "id"),
    ("category", "coalesce(topdir_id, 0)"),
    ("category_directory", "category_id + directory_id"),
    ("country_continent_redirect", "id + unicode(continent) * 256 + unicode(substr(continent, 2))"),
    ("directory", "coalesce(ctime, 0) + readable"),
    ("file_detail", "coalesce(timestamp, 0) + coalesce(size, 0)"),
    (
        "host",
        "coalesce(site_id, 0) * 4096 + admin_active + user_active * 2 + private * 4 + internet2 * 8 \
         + internet2_clients * 16 + asn_clients * 32 + max_connections * 64 + coalesce(asn, 0) * 128 \
         + coalesce(bandwidth_int, 0) * 256 + unicode(country) * 512 + unicode(substr(country, 2)) * 1024",
    ),
    ("host_category", "coalesce(host_id, 0) * 256 + coalesce(category_id, 0) * 2 + always_up2date"),
    ("host_category_dir", "id * 2 * up2date + coalesce(directory_id, 0)"),
    ("host_category_url", "host_category_id * 256 + private + length(url) * 2"),
    ("host_country_allowed", "coalesce(host_id, 0)"),
    ("host_netblock", "coalesce(host_id, 0) * 256 + coalesce(length(netblock), 0)"),
    ("netblock_country", "length(netblock)"),
    (
        "repository",
        "coalesce(directory_id, 0) * 8 + coalesce(category_id, 0) * 4 + disabled + coalesce(length(prefix), 0) * 2",
    ),
    ("repository_redirect", "length(from_repo) * 256 + coalesce(length(to_repo), 0)"),
    ("site", "admin_active + user_active * 2 + private * 4"),
];

/// Rows and their sum, by table. Equal fingerprints: nobody has written in between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprint(BTreeMap<&'static str, (i64, i64)>);

impl Fingerprint {
    /// The tables in which two fingerprints differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        TABLES.iter().map(|(name, _)| *name).filter(|name| self.0.get(name) != other.0.get(name)).collect()
    }
}

/// Takes the fingerprint of one state of the database. Tables that are not there (a reduced copy) are
/// left out. It reads every row once: about a second for six million.
pub async fn take(tx: &ReadTx) -> Result<Fingerprint> {
    let engine = tx.engine();
    let tables = catalogue::tables(tx.db(), engine).await?;
    let mut print = Fingerprint::default();
    for (name, sum) in TABLES.iter().filter(|(name, _)| tables.contains(*name)) {
        let text = match engine {
            // Modulo 2^62, so that it always fits.
            Engine::Postgres => format!(
                "SELECT count(*), coalesce(mod(sum(xmin::text::bigint), 4611686018427387904), 0)::bigint FROM {name}"
            ),
            Engine::Sqlite => format!(
                "SELECT count(*), CAST(coalesce(total({sum}), 0) AS INTEGER) + coalesce(max(rowid), 0) FROM {name}"
            ),
        };
        let statement = sea_orm::Statement::from_string(engine.backend(), text);
        if let Some(row) = tx.db().query_one_raw(statement).await? {
            print.0.insert(name, (row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        }
    }
    Ok(print)
}
