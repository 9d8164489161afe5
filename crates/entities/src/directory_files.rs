//! The file list of a directory: the same table as [`crate::directory`], but only the big column.

use sea_orm::entity::prelude::*;

/// A row of `directory`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// JSON (spec database.md 2.3), a pickle on old rows, or NULL: never stored.
    #[sea_orm(column_type = "Blob", nullable)]
    pub files: Option<Vec<u8>>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
