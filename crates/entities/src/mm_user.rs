//! A local account.

use sea_orm::entity::prelude::*;

use crate::secret::Secret;

/// A row of `mm_user`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mm_user")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// At most 16 characters.
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    pub user_name: String,
    /// Unique.
    #[sea_orm(column_type = "String(StringLen::N(255))")]
    pub email_address: String,
    /// Shown name.
    #[sea_orm(column_type = "String(StringLen::N(255))", nullable)]
    pub display_name: Option<String>,
    /// Digest. Never shown or logged.
    #[sea_orm(column_type = "Text", nullable)]
    pub password: Option<Secret>,
    /// Set while the account is unconfirmed or its password is being reset.
    #[sea_orm(column_type = "String(StringLen::N(50))", nullable)]
    pub token: Option<Secret>,
    /// When it was made, UTC.
    pub created: DateTime,
    /// Last change, UTC.
    pub updated_on: DateTime,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
