//! Countries: the list that forms offer, continents of their own, and what hosts say about countries.

use entities::{country, country_continent_redirect, host_country, host_country_allowed};
use model::ids::HostId;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::{hosts, validate};

/// Adds a country to the list.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(store: &Store, code: &str) -> Result<country::Model> {
    let code = validate::country(code)?;
    let mut tx = store.begin_write().await?;
    let row = country::ActiveModel { code: Set(code.clone()), ..Default::default() };
    let row = row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "country", &code))?;
    tx.changed(Change::all(Subject::Reference, 0));
    tx.commit().await?;
    Ok(row)
}

/// All countries by code.
pub async fn list(store: &Store) -> Result<Vec<country::Model>> {
    let mut rows = country::Entity::find().all(store.read()).await?;
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(rows)
}

/// A country by its exact code.
pub async fn by_code(db: &impl ConnectionTrait, code: &str) -> Result<Option<country::Model>> {
    Ok(country::Entity::find().filter(country::Column::Code.eq(code)).one(db).await?)
}

/// Counts a country to another continent than the tables do.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn redirect(
    store: &Store,
    country: &str,
    continent: &str,
) -> Result<country_continent_redirect::Model> {
    let country = validate::country(country)?;
    let mut tx = store.begin_write().await?;
    let row = country_continent_redirect::ActiveModel {
        country: Set(country.clone()),
        continent: Set(validate::continent(continent)?),
        ..Default::default()
    };
    let row = row
        .insert(tx.db())
        .await
        .map_err(|e| StoreError::from_insert(e, "continent of the country", &country))?;
    tx.changed(Change::all(Subject::Reference, 0));
    tx.commit().await?;
    Ok(row)
}

/// All countries with a continent of their own, oldest first.
pub async fn redirects(store: &Store) -> Result<Vec<country_continent_redirect::Model>> {
    Ok(country_continent_redirect::Entity::find()
        .order_by_asc(country_continent_redirect::Column::Id)
        .all(store.read())
        .await?)
}

/// Lets a host serve only clients of this country and the others added so. One country can be given to
/// one host only: a key of upstream's schema that is kept (decision 4).
///
/// # Errors
/// [`StoreError::Missing`] without the host, [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn allow(store: &Store, host: HostId, country: &str) -> Result<host_country_allowed::Model> {
    let country = validate::country(country)?;
    let mut tx = store.begin_write().await?;
    hosts::must_exist(tx.db(), host).await?;
    let row = host_country_allowed::ActiveModel {
        country: Set(country.clone()),
        host_id: Set(Some(host.0)),
        ..Default::default()
    };
    let row = row
        .insert(tx.db())
        .await
        .map_err(|e| StoreError::from_insert(e, "host limited to country", &country))?;
    tx.changed(Change::all(Subject::Host, host.0));
    tx.commit().await?;
    Ok(row)
}

/// The countries that hosts limit themselves to, oldest first.
pub async fn allowed(store: &Store, host: Option<HostId>) -> Result<Vec<host_country_allowed::Model>> {
    let mut query = host_country_allowed::Entity::find().order_by_asc(host_country_allowed::Column::Id);
    if let Some(host) = host {
        query = query.filter(host_country_allowed::Column::HostId.eq(host.0));
    }
    Ok(query.all(store.read()).await?)
}

/// Gives a host a further country, for the filter of the public list.
///
/// # Errors
/// [`StoreError::Missing`] without the host or the country, [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add_to_host(store: &Store, host: HostId, country: &str) -> Result<host_country::Model> {
    let code = validate::country(country)?;
    let mut tx = store.begin_write().await?;
    hosts::must_exist(tx.db(), host).await?;
    let country = by_code(tx.db(), &code).await?.ok_or_else(|| StoreError::missing("country", &code))?;
    let row =
        host_country::ActiveModel { country_id: Set(country.id), host_id: Set(host.0), ..Default::default() };
    let row =
        row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "country of the host", &code))?;
    tx.changed(Change::all(Subject::Host, host.0));
    tx.commit().await?;
    Ok(row)
}
