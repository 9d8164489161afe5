//! A tree that can be mirrored as a whole: a name, a product, a top directory.

use sea_orm::entity::prelude::*;

/// A row of `category`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "category")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Unique, such as `Fedora Linux`.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Informational.
    #[sea_orm(column_type = "Text", nullable)]
    pub canonicalhost: Option<String>,
    /// Unused.
    pub publiclist: bool,
    /// Unused.
    #[sea_orm(column_type = "Text", nullable)]
    pub geo_dns_domain: Option<String>,
    /// Only administrators may give it to a host; NULL means false.
    pub admin_only: Option<bool>,
    /// The product.
    pub product_id: Option<i32>,
    /// Top directory.
    pub topdir_id: Option<i32>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `product_id`.
    #[sea_orm(
        belongs_to = "super::product::Entity",
        from = "Column::ProductId",
        to = "super::product::Column::Id"
    )]
    Product,
    /// By `topdir_id`.
    #[sea_orm(
        belongs_to = "super::directory::Entity",
        from = "Column::TopdirId",
        to = "super::directory::Column::Id"
    )]
    Topdir,
}

impl Related<super::product::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Product.def()
    }
}

impl Related<super::directory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Topdir.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
