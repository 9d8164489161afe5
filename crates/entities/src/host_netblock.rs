//! A client network that prefers a host: CIDR, address, address with dotted mask, or a DNS name.

use sea_orm::entity::prelude::*;

/// A row of `host_netblock`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "host_netblock")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Stored as typed.
    #[sea_orm(column_type = "Text", nullable)]
    pub netblock: Option<String>,
    /// Free text.
    #[sea_orm(column_type = "Text", nullable)]
    pub name: Option<String>,
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
