//! Architectures.

use entities::arch;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::validate;

/// Adds an architecture that the public index shows.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(store: &Store, name: &str) -> Result<arch::Model> {
    let name = validate::name("architecture", name)?;
    let mut tx = store.begin_write().await?;
    let row = arch::ActiveModel {
        name: Set(name.to_owned()),
        publiclist: Set(true),
        primary_arch: Set(true),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "architecture", name))?;
    tx.changed(Change::all(Subject::Reference, 0));
    tx.commit().await?;
    Ok(row)
}

/// All architectures by name.
pub async fn list(store: &Store) -> Result<Vec<arch::Model>> {
    let mut rows = arch::Entity::find().all(store.read()).await?;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

/// An architecture by its exact name.
pub async fn by_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<arch::Model>> {
    Ok(arch::Entity::find().filter(arch::Column::Name.eq(name)).one(db).await?)
}
