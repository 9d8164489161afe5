//! Networks whose clients get one host and no other: set by administrators only, since a mirror's owner could
//! take away the clients of others with them.

use model::ids::HostId;
use sea_orm::ConnectionTrait;

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::{hosts, validate};

/// One such network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusiveNetblock {
    /// Row id.
    pub id: i32,
    /// The network, without host bits.
    pub netblock: String,
    /// Whose clients these are.
    pub host: HostId,
    /// Whether metalinks for them have checksums.
    pub hashes: bool,
    /// A remark.
    pub comment: Option<String>,
}

/// Whether metalinks have checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hashes {
    /// As for everybody.
    #[default]
    With,
    /// Without, for a host that holds other files than the master.
    Without,
}

const ADD: Sql = Sql::same(
    "INSERT INTO mm3_exclusive_netblock (netblock, host_id, hashes, comment) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (netblock) DO NOTHING RETURNING id",
);
const LIST: Sql =
    Sql::same("SELECT id, netblock, host_id, hashes, comment FROM mm3_exclusive_netblock ORDER BY id");
const REMOVE: Sql = Sql::same("DELETE FROM mm3_exclusive_netblock WHERE netblock = $1 RETURNING host_id");

/// Gives the clients of a network to one host.
///
/// # Errors
/// [`StoreError::Missing`] without the host, [`StoreError::Exists`], [`StoreError::Invalid`], and
/// [`StoreError::Schema`] on a database without our tables.
pub async fn add(
    store: &Store,
    netblock: &str,
    host: HostId,
    hashes: Hashes,
    comment: Option<&str>,
) -> Result<ExclusiveNetblock> {
    must_be_there(store)?;
    let netblock = validate::network(netblock)?;
    let mut tx = store.begin_write().await?;
    hosts::must_exist(tx.db(), host).await?;
    let hashes = hashes == Hashes::With;
    let values = [netblock.as_str().into(), host.0.into(), hashes.into(), comment.into()];
    let rows = tx.query(ADD, values).await?;
    let Some(row) = rows.first() else {
        return Err(StoreError::Exists { what: "exclusive netblock", name: netblock });
    };
    let id = row.try_get_by_index(0)?;
    tx.changed(Change::alone(Subject::Host, host.0));
    tx.commit().await?;
    Ok(ExclusiveNetblock { id, netblock, host, hashes, comment: comment.map(str::to_owned) })
}

/// All of them, oldest first.
///
/// # Errors
/// [`StoreError::Schema`] on a database without our tables.
pub async fn list(store: &Store) -> Result<Vec<ExclusiveNetblock>> {
    must_be_there(store)?;
    let rows = store.read().query_all_raw(LIST.with(store.engine(), [])).await?;
    rows.iter()
        .map(|row| {
            Ok(ExclusiveNetblock {
                id: row.try_get("", "id")?,
                netblock: row.try_get("", "netblock")?,
                host: HostId(row.try_get("", "host_id")?),
                hashes: row.try_get("", "hashes")?,
                comment: row.try_get("", "comment")?,
            })
        })
        .collect()
}

/// Gives the clients of a network back to everybody.
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::Invalid`], and [`StoreError::Schema`] on a database without our
/// tables.
pub async fn remove(store: &Store, netblock: &str) -> Result<()> {
    must_be_there(store)?;
    let netblock = validate::network(netblock)?;
    let mut tx = store.begin_write().await?;
    let rows = tx.query(REMOVE, [netblock.as_str().into()]).await?;
    let Some(row) = rows.first() else { return Err(StoreError::missing("exclusive netblock", netblock)) };
    let host = row.try_get_by_index(0)?;
    tx.changed(Change::alone(Subject::Host, host));
    tx.commit().await
}

fn must_be_there(store: &Store) -> Result<()> {
    if store.accounts() {
        return Ok(());
    }
    let text = "the database has no table of exclusive netblocks; run `mirrormanager db migrate`";
    Err(StoreError::Schema(text.to_owned()))
}
