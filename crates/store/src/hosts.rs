//! Hosts: mirror servers of sites.

use entities::host;
use model::ids::{HostId, SiteId};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::{cascade, sites, validate};

/// A host to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHost {
    /// Name of the site it belongs to.
    pub site: String,
    /// Its name, unique within the site.
    pub name: String,
    /// Two letters.
    pub country: String,
    /// Mbit/s.
    pub bandwidth: i32,
    /// Its own AS number.
    pub asn: Option<u32>,
    /// Prefer it for clients of its AS.
    pub asn_clients: bool,
    /// Neither crawled nor listed in public; may check in.
    pub private: bool,
    /// Member of Internet2.
    pub internet2: bool,
    /// Serves Internet2 clients even when private.
    pub internet2_clients: bool,
    /// Free text.
    pub comment: Option<String>,
}

impl NewHost {
    /// A public host with the usual values.
    pub fn new(site: &str, name: &str, country: &str) -> Self {
        Self {
            site: site.to_owned(),
            name: name.to_owned(),
            country: country.to_owned(),
            bandwidth: 100,
            asn: None,
            asn_clients: true,
            private: false,
            internet2: false,
            internet2_clients: false,
            comment: None,
        }
    }
}

/// Adds a host, switched on.
///
/// # Errors
/// [`StoreError::Missing`] without the site, [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(store: &Store, new: &NewHost) -> Result<host::Model> {
    let name = validate::name("host", &new.name)?;
    let country = validate::country(&new.country)?;
    let asn = new.asn.map(validate::asn).transpose()?;
    if new.bandwidth < 1 {
        return Err(StoreError::Invalid {
            what: "bandwidth",
            value: new.bandwidth.to_string(),
            reason: "expected Mbit/s, 1 or more".to_owned(),
        });
    }
    let mut tx = store.begin_write().await?;
    let site =
        sites::by_name(tx.db(), &new.site).await?.ok_or_else(|| StoreError::missing("site", &new.site))?;
    let row = host::ActiveModel {
        name: Set(name.to_owned()),
        site_id: Set(Some(site.id)),
        admin_active: Set(true),
        user_active: Set(true),
        country: Set(country),
        bandwidth_int: Set(Some(new.bandwidth)),
        comment: Set(new.comment.clone()),
        private: Set(new.private),
        internet2: Set(new.internet2),
        internet2_clients: Set(new.internet2_clients),
        asn: Set(asn),
        asn_clients: Set(new.asn_clients),
        max_connections: Set(1),
        last_crawl_duration: Set(Some(0)),
        crawl_failures: Set(Some(0)),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "host", name))?;
    tx.changed(Change::all(Subject::Host, row.id));
    tx.commit().await?;
    Ok(row)
}

/// All hosts, or those of one site, oldest first.
pub async fn list(store: &Store, site: Option<SiteId>) -> Result<Vec<host::Model>> {
    let mut query = host::Entity::find().order_by_asc(host::Column::Id);
    if let Some(site) = site {
        query = query.filter(host::Column::SiteId.eq(site.0));
    }
    Ok(query.all(store.read()).await?)
}

/// A host by its id.
pub async fn by_id(db: &impl ConnectionTrait, id: HostId) -> Result<Option<host::Model>> {
    Ok(host::Entity::find_by_id(id.0).one(db).await?)
}

/// The one host of this exact name, of the named site if there are several.
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::Ambiguous`].
pub async fn named(db: &impl ConnectionTrait, name: &str, site: Option<&str>) -> Result<host::Model> {
    let mut query = host::Entity::find().filter(host::Column::Name.eq(name)).order_by_asc(host::Column::Id);
    if let Some(site) = site {
        let site = sites::by_name(db, site).await?.ok_or_else(|| StoreError::missing("site", site))?;
        query = query.filter(host::Column::SiteId.eq(site.id));
    }
    let mut rows = query.all(db).await?.into_iter();
    match (rows.next(), rows.next()) {
        (None, _) => Err(StoreError::missing("host", name)),
        (Some(row), None) => Ok(row),
        (Some(_), Some(_)) => Err(StoreError::Ambiguous {
            what: "host",
            name: name.to_owned(),
            hint: "say which site it belongs to".to_owned(),
        }),
    }
}

/// Deletes a host with all that belongs to it.
///
/// # Errors
/// [`StoreError::Missing`].
pub async fn delete(store: &Store, id: HostId) -> Result<()> {
    let mut tx = store.begin_write().await?;
    cascade::host(&tx, id.0).await?;
    tx.changed(Change::all(Subject::Host, id.0));
    tx.commit().await
}

/// Refuses an id that no host has, before rows are hung on it.
pub(crate) async fn must_exist(db: &impl ConnectionTrait, id: HostId) -> Result<()> {
    by_id(db, id).await?.map(drop).ok_or_else(|| StoreError::missing("host", id))
}
