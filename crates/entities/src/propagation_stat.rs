//! How many mirrors had which age of a repository at one time.

use sea_orm::entity::prelude::*;

/// A row of `propagation_stat`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "propagation_stat")]
pub struct Model {
    /// The repository.
    #[sea_orm(primary_key, auto_increment = false)]
    pub repository_id: i32,
    /// When, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub datetime: DateTime,
    /// Mirrors with the newest content.
    pub same_day: Option<i32>,
    /// With the one before.
    pub one_day: Option<i32>,
    /// With the second before.
    pub two_day: Option<i32>,
    /// With older content.
    pub older: Option<i32>,
    /// Without an answer.
    pub no_info: Option<i32>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `repository_id`.
    #[sea_orm(
        belongs_to = "super::repository::Entity",
        from = "Column::RepositoryId",
        to = "super::repository::Column::Id"
    )]
    Repository,
}

impl Related<super::repository::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Repository.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
