//! What was proven of each host's copy of a category, and where (`spec/crawler.md` 11.2). Written in the
//! transaction of the verdicts ([`crate::verdicts`]), so that the two can not come apart.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::evidence::{Evidence, codec};
use model::ids::{HostCategoryId, HostId};
use sea_orm::ConnectionTrait;

use crate::connect::Store;
use crate::error::Result;
use crate::sql::Sql;
use crate::tx::WriteTx;

/// Addresses that are kept at most; a mirror with more is known by the first of them.
pub const MAX_ADDRESSES: usize = 64;

/// Evidence and the place where it was gathered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Located {
    /// The base URL that was asked.
    pub url: String,
    /// The addresses that its name had.
    pub addresses: Vec<IpAddr>,
    /// What was proven.
    pub evidence: Evidence,
}

/// What becomes of the stored evidence when verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep<'a> {
    /// It stays as it is.
    Old,
    /// This takes its place.
    New(&'a Located),
    /// It is worth nothing any more.
    Nothing,
}

const LOAD: Sql = Sql::same("SELECT url, addresses, data FROM mm3_evidence WHERE host_category_id = $1");
const WRITE: Sql = Sql::same(
    "INSERT INTO mm3_evidence (host_category_id, updated_at, url, addresses, data) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (host_category_id) DO UPDATE SET updated_at = excluded.updated_at, url = excluded.url, \
     addresses = excluded.addresses, data = excluded.data",
);
const FORGET: Sql = Sql::same("DELETE FROM mm3_evidence WHERE host_category_id = $1");
const FORGET_HOST: Sql = Sql::same(
    "DELETE FROM mm3_evidence WHERE host_category_id IN (SELECT id FROM host_category WHERE host_id = $1)",
);

/// What is known of a host's copy. `None` when nothing is: never crawled, forgotten, damaged (which is logged), or
/// a database without our tables.
pub async fn load(store: &Store, id: HostCategoryId) -> Result<Option<Located>> {
    if !store.has_own_tables() {
        return Ok(None);
    }
    let Some(row) = store.read().query_one_raw(LOAD.with(store.engine(), [id.0.into()])).await? else {
        return Ok(None);
    };
    let data: Vec<u8> = row.try_get("", "data")?;
    let evidence = match codec::decode(&data) {
        Ok(evidence) => evidence,
        Err(error) => {
            tracing::warn!(host_category = id.0, "the stored evidence is not used: {error}");
            return Ok(None);
        }
    };
    let url: Option<String> = row.try_get("", "url")?;
    let addresses: Option<String> = row.try_get("", "addresses")?;
    let addresses = addresses.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(Some(Located { url: url.unwrap_or_default(), addresses, evidence }))
}

/// Replaces or forgets what is stored.
pub(crate) async fn keep(tx: &WriteTx, id: i32, keep: Keep<'_>, now: DateTime<Utc>) -> Result<()> {
    match keep {
        Keep::Old => {}
        Keep::Nothing => {
            tx.execute(FORGET, [id.into()]).await?;
        }
        Keep::New(located) => {
            let addresses: Vec<String> =
                located.addresses.iter().take(MAX_ADDRESSES).map(IpAddr::to_string).collect();
            let values = [
                id.into(),
                now.naive_utc().into(),
                located.url.as_str().into(),
                serde_json::Value::from(addresses).to_string().into(),
                codec::encode(&located.evidence).into(),
            ];
            tx.execute(WRITE, values).await?;
        }
    }
    Ok(())
}

/// Forgets what is stored of one host category.
pub async fn forget(store: &Store, id: HostCategoryId) -> Result<()> {
    if load(store, id).await?.is_none() {
        return Ok(());
    }
    let tx = store.begin_write().await?;
    tx.execute(FORGET, [id.0.into()]).await?;
    tx.commit().await
}

/// Forgets what is stored of all categories of a host: when it is crawled again, all is asked.
pub(crate) async fn forget_host(tx: &WriteTx, host: HostId) -> Result<()> {
    tx.execute(FORGET_HOST, [host.0.into()]).await?;
    Ok(())
}
