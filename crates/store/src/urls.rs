//! Base URLs of hosts' copies of categories.

use entities::host_category_url;
use model::ids::HostCategoryId;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::validate;

/// Who may see a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// Nobody outside: for pulling mirrors and the crawler.
    Private,
}

/// Adds a URL; white space and slashes at its ends are dropped. No two rows of the whole table may have
/// one URL.
///
/// # Errors
/// [`StoreError::Missing`] without the host category, [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(
    store: &Store,
    host_category: HostCategoryId,
    url: &str,
    visibility: Visibility,
) -> Result<host_category_url::Model> {
    let url = validate::url(url)?;
    let mut tx = store.begin_write().await?;
    if entities::host_category::Entity::find_by_id(host_category.0).one(tx.db()).await?.is_none() {
        return Err(StoreError::missing("host category", host_category));
    }
    let row = host_category_url::ActiveModel {
        host_category_id: Set(host_category.0),
        url: Set(url.clone()),
        private: Set(visibility == Visibility::Private),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "URL", &url))?;
    tx.changed(Change::all(Subject::HostCategory, host_category.0));
    tx.commit().await?;
    Ok(row)
}

/// All URLs, or those of one host's copy of a category, oldest first.
pub async fn list(
    store: &Store,
    host_category: Option<HostCategoryId>,
) -> Result<Vec<host_category_url::Model>> {
    let mut query = host_category_url::Entity::find().order_by_asc(host_category_url::Column::Id);
    if let Some(id) = host_category {
        query = query.filter(host_category_url::Column::HostCategoryId.eq(id.0));
    }
    Ok(query.all(store.read()).await?)
}
