//! Other names for repository prefixes.

use entities::repository_redirect;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::validate;

/// Answers requests for the prefix `from` with the repositories of `to`. Neither need exist.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(store: &Store, from: &str, to: &str) -> Result<repository_redirect::Model> {
    let from = validate::name("repository prefix", from)?;
    let to = validate::name("repository prefix", to)?;
    let mut tx = store.begin_write().await?;
    let row = repository_redirect::ActiveModel {
        from_repo: Set(from.to_owned()),
        to_repo: Set(Some(to.to_owned())),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "redirect of", from))?;
    tx.changed(Change::all(Subject::Repository, 0));
    tx.commit().await?;
    Ok(row)
}

/// All redirects, oldest first.
pub async fn list(store: &Store) -> Result<Vec<repository_redirect::Model>> {
    Ok(repository_redirect::Entity::find()
        .order_by_asc(repository_redirect::Column::Id)
        .all(store.read())
        .await?)
}
