//! A group of local accounts.

use sea_orm::entity::prelude::*;

/// A row of `mm_group`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mm_group")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// At most 16 characters.
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub group_name: String,
    /// Shown name.
    #[sea_orm(column_type = "String(StringLen::N(255))", nullable)]
    pub display_name: Option<String>,
    /// When it was made, UTC.
    pub created: DateTime,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
