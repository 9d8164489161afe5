//! One directory of the master tree.
//!
//! The list of its files is a column of its own entity, [`crate::directory_files`]: it is big, and only the
//! scanner and the crawler want it.

use sea_orm::entity::prelude::*;

/// A row of `directory`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Full path below the master root, without slashes at its ends.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Whether everybody may read it on the master.
    pub readable: bool,
    /// Change time on the master, Unix seconds; NULL means 0.
    pub ctime: Option<i64>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
