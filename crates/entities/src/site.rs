//! An organisation that runs mirrors. The name is not unique: the first row (lowest id) counts.

use sea_orm::entity::prelude::*;

use crate::secret::Secret;

/// A row of `site`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "site")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// For check-ins. Never shown or logged.
    #[sea_orm(column_type = "Text", nullable)]
    pub password: Option<Secret>,
    /// Home page.
    #[sea_orm(column_type = "Text", nullable)]
    pub org_url: Option<String>,
    /// Hides all hosts from public lists.
    pub private: bool,
    /// The administrators' switch.
    pub admin_active: bool,
    /// The owner's switch.
    pub user_active: bool,
    /// When it was made, UTC.
    pub created_at: DateTime,
    /// Account that made it.
    #[sea_orm(column_type = "Text")]
    pub created_by: String,
    /// Shown only.
    pub all_sites_can_pull_from_me: bool,
    /// Shown only.
    #[sea_orm(column_type = "Text", nullable)]
    pub downstream_comments: Option<String>,
    /// Unused.
    pub email_on_drop: bool,
    /// Unused.
    pub email_on_add: bool,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
