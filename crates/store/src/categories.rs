//! Categories: trees that can be mirrored as a whole.

use entities::category;
use model::ids::CategoryId;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::changes::{Change, Subject};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::tx::WriteTx;
use crate::{cascade, products, validate};

/// Where the master of a new category is said to be, unless given.
const CANONICAL_HOST: &str = "https://dl.fedoraproject.org";

const ADD_TOPDIR: Sql = Sql {
    postgres: "INSERT INTO directory (name, files, readable, ctime) VALUES ($1, '[]'::bytea, true, 0) \
               ON CONFLICT (name) DO NOTHING",
    sqlite: "INSERT INTO directory (name, files, readable, ctime) VALUES (?1, CAST('[]' AS BLOB), 1, 0) \
             ON CONFLICT (name) DO NOTHING",
};
const TOPDIR: Sql = Sql::same("SELECT id FROM directory WHERE name = $1");
const TOPDIRS: Sql =
    Sql::same("SELECT DISTINCT d.id, d.name FROM directory d JOIN category c ON c.topdir_id = d.id");
const ADD_TO_CATEGORY: Sql = Sql::same(
    "INSERT INTO category_directory (category_id, directory_id) VALUES ($1, $2) \
     ON CONFLICT (category_id, directory_id) DO NOTHING",
);

/// Adds a category of a product with its top directory (a path below the master root), which is made
/// if it is not there.
///
/// # Errors
/// [`StoreError::Missing`] without the product, [`StoreError::Exists`], [`StoreError::Invalid`].
pub async fn add(store: &Store, name: &str, product: &str, topdir: &str) -> Result<category::Model> {
    let name = validate::name("category", name)?;
    let topdir = validate::directory("top directory", topdir)?;
    let mut tx = store.begin_write().await?;
    let product = products::named(tx.db(), product).await?;
    let topdir = topdir_id(&tx, topdir).await?;
    let row = category::ActiveModel {
        name: Set(name.to_owned()),
        canonicalhost: Set(Some(CANONICAL_HOST.to_owned())),
        publiclist: Set(true),
        admin_only: Set(Some(false)),
        product_id: Set(Some(product.id)),
        topdir_id: Set(Some(topdir)),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await.map_err(|e| StoreError::from_insert(e, "category", name))?;
    tx.execute(ADD_TO_CATEGORY, [row.id.into(), topdir.into()]).await?;
    tx.changed(Change::all(Subject::Category, row.id));
    tx.commit().await?;
    Ok(row)
}

async fn topdir_id(tx: &WriteTx, name: &str) -> Result<i32> {
    tx.execute(ADD_TOPDIR, [name.into()]).await?;
    let rows = tx.query(TOPDIR, [name.into()]).await?;
    let row = rows.first().ok_or_else(|| StoreError::missing("directory", name))?;
    Ok(row.try_get_by_index(0)?)
}

/// All categories, oldest first.
pub async fn list(store: &Store) -> Result<Vec<category::Model>> {
    Ok(category::Entity::find().order_by_asc(category::Column::Id).all(store.read()).await?)
}

/// Id and name of every directory that is the top of a category.
pub async fn topdirs(store: &Store) -> Result<Vec<(i32, String)>> {
    let rows = store.read().query_all_raw(TOPDIRS.with(store.engine(), [])).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// A category by its exact name.
pub async fn by_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<category::Model>> {
    Ok(category::Entity::find().filter(category::Column::Name.eq(name)).one(db).await?)
}

/// A category by its exact name, which must be there. The error names those that are.
///
/// # Errors
/// [`StoreError::Missing`].
pub async fn named(db: &impl ConnectionTrait, name: &str) -> Result<category::Model> {
    if let Some(row) = by_name(db, name).await? {
        return Ok(row);
    }
    let mut names: Vec<String> =
        category::Entity::find().all(db).await?.into_iter().map(|c| format!("{:?}", c.name)).collect();
    names.sort();
    let hint = if names.is_empty() {
        "; there is no category yet: `mirrormanager category add`".to_owned()
    } else {
        format!("; there are {}", names.join(", "))
    };
    Err(StoreError::Missing { what: "category", name: name.to_owned(), hint })
}

/// Deletes a category: what hosts hold of it, its links to directories; its repositories lose it.
/// The directories stay.
///
/// # Errors
/// [`StoreError::Missing`].
pub async fn delete(store: &Store, id: CategoryId) -> Result<()> {
    let mut tx = store.begin_write().await?;
    cascade::category(&tx, id.0).await?;
    tx.changed(Change::all(Subject::Category, id.0));
    tx.commit().await
}
