//! Leftover of the first MirrorManager. Its `data` (a pickle) is not in this struct.

use sea_orm::entity::prelude::*;

/// A row of `host_stats`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "host_stats")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// When, UTC.
    pub timestamp: DateTime,
    /// Kind.
    #[sea_orm(column_type = "Text", nullable)]
    pub r#type: Option<String>,
    /// The host.
    pub host_id: Option<i32>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
