//! A site that pulls from another one. Kept for old data; no program reads it.

use sea_orm::entity::prelude::*;

use crate::secret::Secret;

/// A row of `site_to_site`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "site_to_site")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Account name.
    #[sea_orm(column_type = "Text", nullable)]
    pub username: Option<String>,
    /// Secret.
    #[sea_orm(column_type = "Text", nullable)]
    pub password: Option<Secret>,
    /// The site pulled from.
    pub upstream_site_id: i32,
    /// The site that pulls.
    pub downstream_site_id: i32,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
