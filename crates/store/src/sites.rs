//! Sites: organisations that run mirrors.

use chrono::{DateTime, Utc};
use entities::secret::Secret;
use entities::{site, site_admin};
use model::ids::SiteId;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::{cascade, validate};

/// A site to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewSite {
    /// Its name.
    pub name: String,
    /// The account that makes it; it may edit the site from then on.
    pub created_by: String,
    /// What its hosts check in with.
    pub password: Option<Secret>,
    /// Home page; one slash at its end is dropped.
    pub org_url: Option<String>,
    /// Hide all of its hosts from public lists.
    pub private: bool,
}

/// Adds a site, switched on. The table allows two sites of one name; this does not.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(store: &Store, new: &NewSite, now: DateTime<Utc>) -> Result<site::Model> {
    let name = validate::name("site", &new.name)?;
    let created_by = validate::name("account", &new.created_by)?;
    let mut tx = store.begin_write().await?;
    if by_name(tx.db(), name).await?.is_some() {
        return Err(StoreError::Exists { what: "site", name: name.to_owned() });
    }
    let org_url = new.org_url.as_deref().map(|url| url.strip_suffix('/').unwrap_or(url).to_owned());
    let row = site::ActiveModel {
        name: Set(name.to_owned()),
        password: Set(new.password.clone()),
        org_url: Set(org_url),
        private: Set(new.private),
        admin_active: Set(true),
        user_active: Set(true),
        created_at: Set(now.naive_utc()),
        created_by: Set(created_by.to_owned()),
        all_sites_can_pull_from_me: Set(false),
        email_on_drop: Set(false),
        email_on_add: Set(false),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await?;
    let admin = site_admin::ActiveModel {
        username: Set(Some(created_by.to_owned())),
        site_id: Set(row.id),
        ..Default::default()
    };
    admin.insert(tx.db()).await?;
    tx.changed(Change::all(Subject::Site, row.id));
    tx.commit().await?;
    Ok(row)
}

/// All sites, by name, then oldest first.
pub async fn list(store: &Store) -> Result<Vec<site::Model>> {
    let mut rows = site::Entity::find().all(store.read()).await?;
    rows.sort_by(|a, b| (&a.name, a.created_at, a.id).cmp(&(&b.name, b.created_at, b.id)));
    Ok(rows)
}

/// The first site of this exact name.
pub async fn by_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<site::Model>> {
    Ok(site::Entity::find()
        .filter(site::Column::Name.eq(name))
        .order_by_asc(site::Column::Id)
        .one(db)
        .await?)
}

/// Deletes a site with its hosts and all that belongs to them.
///
/// # Errors
/// [`StoreError::Missing`].
pub async fn delete(store: &Store, id: SiteId) -> Result<()> {
    let mut tx = store.begin_write().await?;
    cascade::site(&tx, id.0).await?;
    tx.changed(Change::all(Subject::Site, id.0));
    tx.commit().await
}
