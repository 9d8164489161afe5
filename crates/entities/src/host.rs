//! One mirror server of a site.
//!
//! Not in this struct, so that no ordinary query loads or shows them: `config` and `last_crawls` (pickled
//! leftovers, up to megabytes) and `push_ssh_private_key` (a secret that nothing uses).

use sea_orm::entity::prelude::*;

/// A row of `host`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "host")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Unique within a site only.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// NULL on broken rows, which are not served.
    pub site_id: Option<i32>,
    /// Shown only.
    #[sea_orm(column_type = "Text", nullable)]
    pub robot_email: Option<String>,
    /// The administrators' switch.
    pub admin_active: bool,
    /// The owner's switch; the crawler clears it when it gives up on a host.
    pub user_active: bool,
    /// Two letters in any case.
    #[sea_orm(column_type = "Text")]
    pub country: String,
    /// Mbit/s.
    pub bandwidth_int: Option<i32>,
    /// Free text.
    #[sea_orm(column_type = "Text", nullable)]
    pub comment: Option<String>,
    /// UTC.
    pub last_checked_in: Option<DateTime>,
    /// UTC.
    pub last_crawled: Option<DateTime>,
    /// Neither crawled nor listed in public; may check in.
    pub private: bool,
    /// Member of Internet2.
    pub internet2: bool,
    /// Serves Internet2 clients even when private.
    pub internet2_clients: bool,
    /// The host's own AS number.
    pub asn: Option<i32>,
    /// Prefer it for clients of its AS.
    pub asn_clients: bool,
    /// Connections that clients may open.
    pub max_connections: i32,
    /// Seconds.
    pub last_crawl_duration: Option<i64>,
    /// Failed crawls in a row; NULL on migrated databases means 0.
    pub crawl_failures: Option<i32>,
    /// Why it was switched off.
    #[sea_orm(column_type = "Text", nullable)]
    pub disable_reason: Option<String>,
    /// Unused.
    #[sea_orm(column_type = "Text", nullable)]
    pub push_ssh_host: Option<String>,
    /// Unused.
    #[sea_orm(column_type = "Text", nullable)]
    pub push_ssh_command: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `site_id`.
    #[sea_orm(belongs_to = "super::site::Entity", from = "Column::SiteId", to = "super::site::Column::Id")]
    Site,
}

impl Related<super::site::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Site.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
