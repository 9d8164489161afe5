//! A product, such as Fedora or EPEL.

use sea_orm::entity::prelude::*;

/// A row of `product`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Shown in the public index.
    pub publiclist: bool,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
