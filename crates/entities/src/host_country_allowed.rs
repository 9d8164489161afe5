//! A country to which a host restricts itself. With no row it serves everybody.

use sea_orm::entity::prelude::*;

/// A row of `host_country_allowed`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "host_country_allowed")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Two letters; unique in the whole table.
    #[sea_orm(column_type = "Text")]
    pub country: String,
    /// The host.
    pub host_id: Option<i32>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `host_id`.
    #[sea_orm(belongs_to = "super::host::Entity", from = "Column::HostId", to = "super::host::Column::Id")]
    Host,
}

impl Related<super::host::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Host.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
