//! Another name for a repository prefix. Neither side need exist as a repository.

use sea_orm::entity::prelude::*;

/// A row of `repository_redirect`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "repository_redirect")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The prefix served; NULL: the row is ignored.
    #[sea_orm(column_type = "Text", nullable)]
    pub to_repo: Option<String>,
    /// The prefix asked for.
    #[sea_orm(column_type = "Text")]
    pub from_repo: String,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
