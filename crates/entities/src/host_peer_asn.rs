//! An autonomous system that peers with a host's. Shown, but not used for selection.

use sea_orm::entity::prelude::*;

/// A row of `host_peer_asn`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "host_peer_asn")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// AS number.
    pub asn: i32,
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
