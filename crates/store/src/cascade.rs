//! What goes with a deleted row (spec database.md 1.3): set-based, children first, so that it needs no
//! ON DELETE of the database, which differs between deployments.
//!
//! Leftovers that block upstream's deletes (`host_stats`, `directory_exclusive_host`, `site_to_site`) go too.

use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::tx::WriteTx;

/// Statements whose only parameter is the id; the last deletes the row itself.
async fn run(tx: &WriteTx, what: &'static str, id: i32, statements: &[&'static str]) -> Result<()> {
    let mut deleted = 0;
    for text in statements {
        deleted = tx.execute(Sql::same(text), [id.into()]).await?.rows_affected();
    }
    if deleted == 0 {
        return Err(StoreError::missing(what, id));
    }
    Ok(())
}

pub(crate) async fn host_category(tx: &WriteTx, id: i32) -> Result<()> {
    run(
        tx,
        "host category",
        id,
        &[
            "DELETE FROM host_category_dir WHERE host_category_id = $1",
            "DELETE FROM host_category_url WHERE host_category_id = $1",
            "DELETE FROM host_category WHERE id = $1",
        ],
    )
    .await
}

pub(crate) async fn host(tx: &WriteTx, id: i32) -> Result<()> {
    run(
        tx,
        "host",
        id,
        &[
            "DELETE FROM host_category_dir WHERE host_category_id IN \
             (SELECT id FROM host_category WHERE host_id = $1)",
            "DELETE FROM host_category_url WHERE host_category_id IN \
             (SELECT id FROM host_category WHERE host_id = $1)",
            "DELETE FROM host_category WHERE host_id = $1",
            "DELETE FROM host_acl_ip WHERE host_id = $1",
            "DELETE FROM host_country WHERE host_id = $1",
            "DELETE FROM host_country_allowed WHERE host_id = $1",
            "DELETE FROM host_location WHERE host_id = $1",
            "DELETE FROM host_netblock WHERE host_id = $1",
            "DELETE FROM host_peer_asn WHERE host_id = $1",
            "DELETE FROM host_stats WHERE host_id = $1",
            "DELETE FROM directory_exclusive_host WHERE host_id = $1",
            "DELETE FROM host WHERE id = $1",
        ],
    )
    .await
}

pub(crate) async fn site(tx: &WriteTx, id: i32) -> Result<()> {
    run(
        tx,
        "site",
        id,
        &[
            "DELETE FROM host_category_dir WHERE host_category_id IN (SELECT hc.id FROM host_category hc \
             JOIN host h ON h.id = hc.host_id WHERE h.site_id = $1)",
            "DELETE FROM host_category_url WHERE host_category_id IN (SELECT hc.id FROM host_category hc \
             JOIN host h ON h.id = hc.host_id WHERE h.site_id = $1)",
            "DELETE FROM host_category WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM host_acl_ip WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM host_country WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM host_country_allowed WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM host_location WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM host_netblock WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM host_peer_asn WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM host_stats WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM directory_exclusive_host WHERE host_id IN (SELECT id FROM host WHERE site_id = $1)",
            "DELETE FROM host WHERE site_id = $1",
            "DELETE FROM site_admin WHERE site_id = $1",
            "DELETE FROM site_to_site WHERE upstream_site_id = $1 OR downstream_site_id = $1",
            "DELETE FROM site WHERE id = $1",
        ],
    )
    .await
}

pub(crate) async fn category(tx: &WriteTx, id: i32) -> Result<()> {
    run(
        tx,
        "category",
        id,
        &[
            "DELETE FROM host_category_dir WHERE host_category_id IN \
             (SELECT id FROM host_category WHERE category_id = $1)",
            "DELETE FROM host_category_url WHERE host_category_id IN \
             (SELECT id FROM host_category WHERE category_id = $1)",
            "DELETE FROM host_category WHERE category_id = $1",
            "DELETE FROM category_directory WHERE category_id = $1",
            "UPDATE repository SET category_id = NULL WHERE category_id = $1",
            "DELETE FROM category WHERE id = $1",
        ],
    )
    .await
}
