//! What categories a host carries.

use entities::host_category;
use model::ids::{CategoryId, HostCategoryId, HostId};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::{cascade, hosts};

/// How the state of a host's copy is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Upkeep {
    /// The crawler or check-ins tell.
    #[default]
    Crawled,
    /// It counts as complete and is never crawled.
    AlwaysCurrent,
}

/// Lets a host carry a category.
///
/// # Errors
/// [`StoreError::Missing`] without host or category, [`StoreError::Exists`].
pub async fn add(
    store: &Store,
    host: HostId,
    category: CategoryId,
    upkeep: Upkeep,
) -> Result<host_category::Model> {
    let mut tx = store.begin_write().await?;
    hosts::must_exist(tx.db(), host).await?;
    let category = entities::category::Entity::find_by_id(category.0)
        .one(tx.db())
        .await?
        .ok_or_else(|| StoreError::missing("category", category))?;
    let row = host_category::ActiveModel {
        host_id: Set(Some(host.0)),
        category_id: Set(Some(category.id)),
        always_up2date: Set(upkeep == Upkeep::AlwaysCurrent),
        ..Default::default()
    };
    let row = row
        .insert(tx.db())
        .await
        .map_err(|e| StoreError::from_insert(e, "category of the host", &category.name))?;
    tx.changed(Change::all(Subject::HostCategory, row.id));
    tx.commit().await?;
    Ok(row)
}

/// All rows, or those of one host, oldest first.
pub async fn list(store: &Store, host: Option<HostId>) -> Result<Vec<host_category::Model>> {
    let mut query = host_category::Entity::find().order_by_asc(host_category::Column::Id);
    if let Some(host) = host {
        query = query.filter(host_category::Column::HostId.eq(host.0));
    }
    Ok(query.all(store.read()).await?)
}

/// A host's copy of a category.
pub async fn get(
    db: &impl ConnectionTrait,
    host: HostId,
    category: CategoryId,
) -> Result<Option<host_category::Model>> {
    Ok(host_category::Entity::find()
        .filter(host_category::Column::HostId.eq(host.0))
        .filter(host_category::Column::CategoryId.eq(category.0))
        .one(db)
        .await?)
}

/// Deletes a host's copy of a category with its URLs and directory states.
///
/// # Errors
/// [`StoreError::Missing`].
pub async fn delete(store: &Store, id: HostCategoryId) -> Result<()> {
    let mut tx = store.begin_write().await?;
    cascade::host_category(&tx, id.0).await?;
    tx.changed(Change::all(Subject::HostCategory, id.0));
    tx.commit().await
}
