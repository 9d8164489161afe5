//! A country code (ISO 3166-1 alpha-2) that forms offer.

use sea_orm::entity::prelude::*;

/// A row of `country`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "country")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Two letters.
    #[sea_orm(column_type = "Text")]
    pub code: String,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
