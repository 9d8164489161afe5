//! Under which address families a base URL answers (decision 22): found out by the crawler, used to order
//! mirrors for clients that have only one of them.

use chrono::{DateTime, Utc};
use model::ids::HostCategoryId;
use serde_json::json;

use crate::changes::{Change, Subject};
use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::sql::{self, Sql};

/// What was found out about one URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UrlFamilies {
    /// The row of the URL.
    pub url: i32,
    /// It answers under IPv4.
    pub v4: bool,
    /// It answers under IPv6.
    pub v6: bool,
}

const WRITE: Sql = Sql {
    postgres: "INSERT INTO mm3_url_family (host_category_url_id, v4, v6, checked_at) \
               SELECT u.id, n.v4, n.v6, $4 FROM UNNEST($1::integer[], $2::boolean[], $3::boolean[]) AS n(id, v4, v6) \
               JOIN host_category_url u ON u.id = n.id ON CONFLICT (host_category_url_id) \
               DO UPDATE SET v4 = excluded.v4, v6 = excluded.v6, checked_at = excluded.checked_at",
    sqlite: "INSERT INTO mm3_url_family (host_category_url_id, v4, v6, checked_at) \
             SELECT u.id, n.value ->> 1, n.value ->> 2, ?2 FROM json_each(?1) n \
             JOIN host_category_url u ON u.id = n.value ->> 0 WHERE true ON CONFLICT (host_category_url_id) \
             DO UPDATE SET v4 = excluded.v4, v6 = excluded.v6, checked_at = excluded.checked_at",
};

/// Keeps what is new about URLs of a host category, as of `now`. Give only what differs from what is known
/// ([`crate::crawl_hosts::CarriedUrl`]). URLs that are gone are left out; without our tables nothing is kept.
pub async fn write(
    store: &Store,
    host_category: HostCategoryId,
    rows: &[UrlFamilies],
    now: DateTime<Utc>,
) -> Result<()> {
    if rows.is_empty() || !store.accounts() {
        return Ok(());
    }
    let mut tx = store.begin_write().await?;
    let mut values = match store.engine() {
        Engine::Postgres => vec![
            sql::ints(rows.iter().map(|row| row.url)),
            sql::bools(rows.iter().map(|row| row.v4)),
            sql::bools(rows.iter().map(|row| row.v6)),
        ],
        Engine::Sqlite => vec![sql::rows(rows.iter().map(|row| json!([row.url, row.v4, row.v6])))],
    };
    values.push(now.naive_utc().into());
    tx.execute(WRITE, values).await?;
    tx.changed(Change::alone(Subject::HostCategory, host_category.0));
    tx.commit().await
}
