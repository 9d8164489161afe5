//! Requests of one day. The names are what clients sent: not to be trusted.

use sea_orm::entity::prelude::*;

/// A row of `access_stat`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "access_stat")]
pub struct Model {
    /// What is counted by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub category_id: i32,
    /// Day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub date: Date,
    /// What was counted.
    #[sea_orm(primary_key, auto_increment = false, column_type = "String(StringLen::N(255))")]
    pub name: String,
    /// Share, 0 to 100.
    pub percent: Option<f64>,
    /// How many.
    pub requests: Option<i32>,
}

/// Rows that this one refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
