//! Size, time and digests of one content of a file. Several rows of a file are its history.

use sea_orm::entity::prelude::*;

/// A row of `file_detail`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "file_detail")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Base name.
    #[sea_orm(column_type = "Text")]
    pub filename: String,
    /// Unix seconds; NULL means 0.
    pub timestamp: Option<i64>,
    /// Bytes.
    pub size: Option<i64>,
    /// Lower-case hex.
    #[sea_orm(column_type = "Text", nullable)]
    pub sha1: Option<String>,
    /// Lower-case hex.
    #[sea_orm(column_type = "Text", nullable)]
    pub md5: Option<String>,
    /// Lower-case hex.
    #[sea_orm(column_type = "Text", nullable)]
    pub sha256: Option<String>,
    /// Lower-case hex.
    #[sea_orm(column_type = "Text", nullable)]
    pub sha512: Option<String>,
    /// The directory.
    pub directory_id: i32,
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
}

impl Related<super::directory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Directory.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
