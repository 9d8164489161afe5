//! What clients ask for, (prefix, architecture), and the directory where it is.

use sea_orm::entity::prelude::*;

/// A row of `repository`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "repository")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The directory name at its creation; unique.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// What clients send as `repo=`; NULL: not served.
    #[sea_orm(column_type = "Text", nullable)]
    pub prefix: Option<String>,
    /// The category.
    pub category_id: Option<i32>,
    /// The version.
    pub version_id: Option<i32>,
    /// The architecture.
    pub arch_id: Option<i32>,
    /// The directory.
    pub directory_id: Option<i32>,
    /// Answered with "repo disabled".
    pub disabled: bool,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `arch_id`.
    #[sea_orm(belongs_to = "super::arch::Entity", from = "Column::ArchId", to = "super::arch::Column::Id")]
    Arch,
    /// By `category_id`.
    #[sea_orm(
        belongs_to = "super::category::Entity",
        from = "Column::CategoryId",
        to = "super::category::Column::Id"
    )]
    Category,
    /// By `directory_id`.
    #[sea_orm(
        belongs_to = "super::directory::Entity",
        from = "Column::DirectoryId",
        to = "super::directory::Column::Id"
    )]
    Directory,
    /// By `version_id`.
    #[sea_orm(
        belongs_to = "super::version::Entity",
        from = "Column::VersionId",
        to = "super::version::Column::Id"
    )]
    Version,
}

impl Related<super::arch::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Arch.def()
    }
}

impl Related<super::category::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Category.def()
    }
}

impl Related<super::directory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Directory.def()
    }
}

impl Related<super::version::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Version.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
