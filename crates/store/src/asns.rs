//! Autonomous systems: a host's own and its peers'.

use entities::{host, host_peer_asn};
use model::ids::HostId;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::{hosts, validate};

/// Sets or clears a host's own AS number.
///
/// # Errors
/// [`StoreError::Missing`] without the host, [`StoreError::Invalid`].
pub async fn set(store: &Store, host: HostId, asn: Option<u32>) -> Result<host::Model> {
    let asn = asn.map(validate::asn).transpose()?;
    let mut tx = store.begin_write().await?;
    hosts::must_exist(tx.db(), host).await?;
    let row = host::ActiveModel { id: Set(host.0), asn: Set(asn), ..Default::default() };
    let row = row.update(tx.db()).await?;
    tx.changed(Change::all(Subject::Host, host.0));
    tx.commit().await?;
    Ok(row)
}

/// Adds an AS that peers with a host's. `note` is free text.
///
/// # Errors
/// [`StoreError::Missing`] without the host, [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add_peer(
    store: &Store,
    host: HostId,
    asn: u32,
    note: Option<&str>,
) -> Result<host_peer_asn::Model> {
    let number = validate::asn(asn)?;
    let mut tx = store.begin_write().await?;
    hosts::must_exist(tx.db(), host).await?;
    let row = host_peer_asn::ActiveModel {
        asn: Set(number),
        name: Set(note.map(str::to_owned)),
        host_id: Set(Some(host.0)),
        ..Default::default()
    };
    let row = row
        .insert(tx.db())
        .await
        .map_err(|e| StoreError::from_insert(e, "peer AS of the host", &asn.to_string()))?;
    tx.changed(Change::all(Subject::Host, host.0));
    tx.commit().await?;
    Ok(row)
}

/// All peers, or those of one host, oldest first.
pub async fn peers(store: &Store, host: Option<HostId>) -> Result<Vec<host_peer_asn::Model>> {
    let mut query = host_peer_asn::Entity::find().order_by_asc(host_peer_asn::Column::Id);
    if let Some(host) = host {
        query = query.filter(host_peer_asn::Column::HostId.eq(host.0));
    }
    Ok(query.all(store.read()).await?)
}
