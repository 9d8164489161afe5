//! Leftover: a directory reserved for a host. Nothing reads it.

use sea_orm::entity::prelude::*;

/// A row of `directory_exclusive_host`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory_exclusive_host")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The directory.
    pub directory_id: i32,
    /// The host.
    pub host_id: i32,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
