//! Leftover. The programs use a setting instead.

use sea_orm::entity::prelude::*;

/// A row of `embargoed_country`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "embargoed_country")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Two letters.
    #[sea_orm(column_type = "Text")]
    pub country_code: String,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
