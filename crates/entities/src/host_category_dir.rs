//! The state of one directory in a host's copy of a category. The biggest table.

use sea_orm::entity::prelude::*;

/// A row of `host_category_dir`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "host_category_dir")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The host's copy of the category.
    pub host_category_id: i32,
    /// Path below the top directory, with or without a slash in front.
    #[sea_orm(column_type = "Text", nullable)]
    pub path: Option<String>,
    /// What makes the mirror appear for the directory.
    pub up2date: bool,
    /// The directory.
    pub directory_id: Option<i32>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `directory_id`.
    #[sea_orm(
        belongs_to = "super::directory::Entity",
        from = "Column::DirectoryId",
        to = "super::directory::Column::Id"
    )]
    Directory,
    /// By `host_category_id`.
    #[sea_orm(
        belongs_to = "super::host_category::Entity",
        from = "Column::HostCategoryId",
        to = "super::host_category::Column::Id"
    )]
    HostCategory,
}

impl Related<super::directory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Directory.def()
    }
}

impl Related<super::host_category::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::HostCategory.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
