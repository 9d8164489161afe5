//! Leftover: a file in a file group.

use sea_orm::entity::prelude::*;

/// A row of `file_detail_file_group`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "file_detail_file_group")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The file.
    pub file_detail_id: i32,
    /// The file group.
    pub file_group_id: i32,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
