//! An architecture. `source` is special: it is the one of directories with `SRPMS` in their path.

use sea_orm::entity::prelude::*;

/// A row of `arch`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "arch")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Shown in the public index.
    pub publiclist: bool,
    /// Unused but by a retired tool.
    pub primary_arch: bool,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
