//! Versions of products. The scanner makes most of them; an operator may add one before.

use entities::version;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::{products, validate};

/// A version to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// The product's name.
    pub product: String,
    /// The version's name, a path component such as `40` or `development`.
    pub name: String,
    /// Whether it is a test version.
    pub is_test: bool,
    /// What the public index shows instead of the name.
    pub display_name: Option<String>,
}

/// Adds a version, shown in the public index.
///
/// # Errors
/// [`StoreError::Missing`] without the product, [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(store: &Store, new: &NewVersion) -> Result<version::Model> {
    let name = validate::name("version", &new.name)?;
    let mut tx = store.begin_write().await?;
    let product = products::named(tx.db(), &new.product).await?;
    let row = version::ActiveModel {
        name: Set(Some(name.to_owned())),
        is_test: Set(new.is_test),
        display: Set(true),
        display_name: Set(new.display_name.clone()),
        ordered_mirrorlist: Set(true),
        sortorder: Set(0),
        product_id: Set(Some(product.id)),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "version", name))?;
    tx.changed(Change::all(Subject::Reference, 0));
    tx.commit().await?;
    Ok(row)
}

/// All versions of all products, oldest first.
pub async fn list(store: &Store) -> Result<Vec<version::Model>> {
    Ok(version::Entity::find().order_by_asc(version::Column::Id).all(store.read()).await?)
}

/// A version of a product by its exact name.
pub async fn by_name(
    db: &impl ConnectionTrait,
    product_id: i32,
    name: &str,
) -> Result<Option<version::Model>> {
    Ok(version::Entity::find()
        .filter(version::Column::ProductId.eq(product_id))
        .filter(version::Column::Name.eq(name))
        .order_by_asc(version::Column::Id)
        .one(db)
        .await?)
}
