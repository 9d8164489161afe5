//! A version of a product, such as `40` or `development`.

use sea_orm::entity::prelude::*;

/// A row of `version`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "version")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Name.
    #[sea_orm(column_type = "Text", nullable)]
    pub name: Option<String>,
    /// Unused.
    #[sea_orm(column_type = "Text", nullable)]
    pub codename: Option<String>,
    /// A test version.
    pub is_test: bool,
    /// Shown in the public index.
    pub display: bool,
    /// Shown instead of the name if not empty.
    #[sea_orm(column_type = "Text", nullable)]
    pub display_name: Option<String>,
    /// Unused.
    pub ordered_mirrorlist: bool,
    /// Unused.
    pub sortorder: i32,
    /// The product.
    pub product_id: Option<i32>,
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
}

impl Related<super::product::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Product.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
