//! A login session of a local account.

use sea_orm::entity::prelude::*;

use crate::secret::Secret;

/// A row of `mm_user_visit`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mm_user_visit")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The account.
    pub user_id: i32,
    /// The cookie.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub visit_key: Secret,
    /// Address of the client.
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub user_ip: String,
    /// When it was made, UTC.
    pub created: DateTime,
    /// UTC.
    pub expiry: Option<DateTime>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
