//! Networks: those whose clients prefer a host, and those whose country is known better than GeoIP's.

use entities::{host_netblock, netblock_country};
use model::ids::HostId;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::{hosts, validate};

/// Lets the clients of a network prefer a host. `note` is free text.
///
/// # Errors
/// [`StoreError::Missing`] without the host, [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(
    store: &Store,
    host: HostId,
    netblock: &str,
    note: Option<&str>,
) -> Result<host_netblock::Model> {
    let netblock = validate::netblock(netblock)?;
    let mut tx = store.begin_write().await?;
    hosts::must_exist(tx.db(), host).await?;
    let same = host_netblock::Entity::find()
        .filter(host_netblock::Column::HostId.eq(host.0))
        .filter(host_netblock::Column::Netblock.eq(netblock));
    if same.one(tx.db()).await?.is_some() {
        return Err(StoreError::Exists { what: "netblock of the host", name: netblock.to_owned() });
    }
    let row = host_netblock::ActiveModel {
        netblock: Set(Some(netblock.to_owned())),
        name: Set(note.map(str::to_owned)),
        host_id: Set(Some(host.0)),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await?;
    tx.changed(Change::all(Subject::Host, host.0));
    tx.commit().await?;
    Ok(row)
}

/// All netblocks of hosts, or those of one host, oldest first.
pub async fn list(store: &Store, host: Option<HostId>) -> Result<Vec<host_netblock::Model>> {
    let mut query = host_netblock::Entity::find().order_by_asc(host_netblock::Column::Id);
    if let Some(host) = host {
        query = query.filter(host_netblock::Column::HostId.eq(host.0));
    }
    Ok(query.all(store.read()).await?)
}

/// Counts the clients of a network to a country, whatever GeoIP says.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add_country(store: &Store, netblock: &str, country: &str) -> Result<netblock_country::Model> {
    let netblock = validate::network(netblock)?;
    let country = validate::country(country)?;
    let mut tx = store.begin_write().await?;
    let row = netblock_country::ActiveModel {
        netblock: Set(netblock.clone()),
        country: Set(country),
        ..Default::default()
    };
    let row = row
        .insert(tx.db())
        .await
        .map_err(|e| StoreError::from_insert(e, "country of the network", &netblock))?;
    tx.changed(Change::all(Subject::Reference, 0));
    tx.commit().await?;
    Ok(row)
}

/// All networks with a country of their own, oldest first.
pub async fn list_countries(store: &Store) -> Result<Vec<netblock_country::Model>> {
    Ok(netblock_country::Entity::find().order_by_asc(netblock_country::Column::Id).all(store.read()).await?)
}
