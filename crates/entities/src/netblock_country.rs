//! Counts a client network to another country than GeoIP says.

use sea_orm::entity::prelude::*;

/// A row of `netblock_country`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "netblock_country")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// CIDR.
    #[sea_orm(column_type = "Text")]
    pub netblock: String,
    /// Two letters.
    #[sea_orm(column_type = "Text")]
    pub country: String,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
