//! A local account in a group.

use sea_orm::entity::prelude::*;

/// A row of `mm_user_group`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mm_user_group")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i32,
    /// The group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_id: i32,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
