//! Events that wait for being sent (`spec/messaging.md`). They are written in the transaction of what they tell about,
//! so that none is lost and none is told of what did not happen. URLs are the sender's to add: only it knows where
//! the pages are.

use chrono::{DateTime, SecondsFormat, Utc};
use model::ids::HostId;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::connect::Store;
use crate::error::Result;
use crate::sql::Sql;
use crate::tx::WriteTx;

/// A host was switched off by a crawl.
pub const HOST_DISABLED: &str = "mirrormanager.crawler.host.disabled.v1";

/// A waiting event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number: events are sent in this order.
    pub id: i64,
    /// When it came up, seconds since 1970.
    pub created_at: i64,
    /// What it is about.
    pub topic: String,
    /// Its body, without URLs.
    pub body: serde_json::Value,
}

const WAITING: Sql = Sql::same(
    "SELECT CAST(id AS bigint) AS id, created_at, topic, body FROM mm3_outbox ORDER BY id LIMIT $1",
);
const SENT: Sql = Sql::same("DELETE FROM mm3_outbox WHERE id = $1");
const ADD: Sql = Sql::same("INSERT INTO mm3_outbox (created_at, topic, body) VALUES ($1, $2, $3)");
const HOST: Sql = Sql::same(
    "SELECT h.name, h.country, CAST(h.bandwidth_int AS bigint) AS bandwidth, CAST(h.asn AS bigint) AS asn, \
     s.id AS site_id, s.name AS site_name, s.org_url FROM host h JOIN site s ON s.id = h.site_id WHERE h.id = $1",
);
const ADMINS: Sql =
    Sql::same("SELECT username FROM site_admin WHERE site_id = $1 AND username IS NOT NULL ORDER BY id");

/// The oldest waiting events, at most so many.
pub async fn waiting(store: &Store, limit: u32) -> Result<Vec<Event>> {
    if !store.has_outbox() {
        return Ok(Vec::new());
    }
    let rows = store.read().query_all_raw(WAITING.with(store.engine(), [i64::from(limit).into()])).await?;
    rows.iter()
        .map(|row| {
            let body: String = row.try_get("", "body")?;
            Ok(Event {
                id: row.try_get("", "id")?,
                created_at: row.try_get("", "created_at")?,
                topic: row.try_get("", "topic")?,
                body: serde_json::from_str(&body).unwrap_or_default(),
            })
        })
        .collect()
}

/// Takes an event off the list: it has been sent.
pub async fn sent(store: &Store, id: i64) -> Result<()> {
    let tx = store.begin_write().await?;
    tx.execute(SENT, [id.into()]).await?;
    tx.commit().await
}

/// Notes that a crawl has switched a host off (body B5).
pub(crate) async fn host_disabled(
    tx: &WriteTx,
    host: HostId,
    crawled_at: DateTime<Utc>,
    reason: &str,
) -> Result<()> {
    let Some(row) = tx.query(HOST, [host.0.into()]).await?.into_iter().next() else { return Ok(()) };
    let site: i32 = row.try_get("", "site_id")?;
    let mut admins: Vec<String> = Vec::new();
    for admin in tx.query(ADMINS, [site.into()]).await? {
        admins.push(admin.try_get_by_index(0)?);
    }
    let body = json!({
        "site": {
            "id": site,
            "name": row.try_get::<String>("", "site_name")?,
            "org_url": row.try_get::<Option<String>>("", "org_url")?,
            "admins": admins,
        },
        "host": {
            "id": host.0,
            "name": row.try_get::<String>("", "name")?,
            "country": row.try_get::<Option<String>>("", "country")?,
            "bandwidth": row.try_get::<Option<i64>>("", "bandwidth")?,
            "asn": row.try_get::<Option<i64>>("", "asn")?,
        },
        "crawled_at": crawled_at.to_rfc3339_opts(SecondsFormat::Micros, false),
        "reason": reason,
    });
    tx.execute(ADD, [crawled_at.timestamp().into(), HOST_DISABLED.into(), body.to_string().into()]).await?;
    Ok(())
}
