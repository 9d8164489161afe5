//! What daily statistics count by: countries, architectures, repositories.

use sea_orm::entity::prelude::*;

/// A row of `access_stat_category`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_stat_category")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name.
    #[sea_orm(column_type = "String(StringLen::N(255))")]
    pub name: String,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
