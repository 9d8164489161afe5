//! Products: Fedora, EPEL, …

use entities::product;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::validate;

/// Adds a product that the public index shows.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(store: &Store, name: &str) -> Result<product::Model> {
    let name = validate::name("product", name)?;
    let mut tx = store.begin_write().await?;
    let row =
        product::ActiveModel { name: Set(name.to_owned()), publiclist: Set(true), ..Default::default() };
    let row = row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "product", name))?;
    tx.changed(Change::all(Subject::Reference, 0));
    tx.commit().await?;
    Ok(row)
}

/// All products by name.
pub async fn list(store: &Store) -> Result<Vec<product::Model>> {
    let mut rows = product::Entity::find().all(store.read()).await?;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

/// A product by its exact name.
pub async fn by_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<product::Model>> {
    Ok(product::Entity::find().filter(product::Column::Name.eq(name)).one(db).await?)
}

/// A product by its exact name, which must be there.
pub(crate) async fn named(db: &impl ConnectionTrait, name: &str) -> Result<product::Model> {
    by_name(db, name).await?.ok_or_else(|| StoreError::missing("product", name))
}
