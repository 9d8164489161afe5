//! Counts a country to another continent than the tables say.

use sea_orm::entity::prelude::*;

/// A row of `country_continent_redirect`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "country_continent_redirect")]
pub struct Model {
    /// Row id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Two letters.
    #[sea_orm(column_type = "Text")]
    pub country: String,
    /// AF, AN, AS, EU, NA, OC or SA.
    #[sea_orm(column_type = "Text")]
    pub continent: String,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
