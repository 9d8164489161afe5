//! A base URL of a host's copy of a category. Its id leaves the database in the mirrorlist cache.

use sea_orm::entity::prelude::*;

/// A row of `host_category_url`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "host_category_url")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The host's copy of the category.
    pub host_category_id: i32,
    /// Globally unique; no slash at its end.
    #[sea_orm(column_type = "Text")]
    pub url: String,
    /// Kept out of public lists.
    pub private: bool,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `host_category_id`.
    #[sea_orm(
        belongs_to = "super::host_category::Entity",
        from = "Column::HostCategoryId",
        to = "super::host_category::Column::Id"
    )]
    HostCategory,
}

impl Related<super::host_category::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::HostCategory.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
