//! `category add|list`

use std::collections::HashMap;

use serde::Serialize;
use store::{Store, categories, products};

use super::Context;
use crate::arguments::Category;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::table;

#[derive(Serialize)]
struct Row {
    id: i32,
    name: String,
    product: Option<String>,
    topdir: Option<String>,
}

/// Runs one of them.
pub async fn run(arguments: Category, context: &Context) -> Outcome {
    let store = context.store().await?;
    match arguments {
        Category::Add { name, product, topdir } => {
            let row = categories::add(&store, &name, &product, &topdir).await?;
            context.added("category", row.id, &row.name)?;
        }
        Category::List => {
            context.out.data(&rows(&store).await?, |rows| {
                let none = || "-".to_owned();
                let cells: Vec<_> = rows
                    .iter()
                    .map(|row| {
                        vec![
                            row.id.to_string(),
                            row.name.clone(),
                            row.product.clone().unwrap_or_else(none),
                            row.topdir.clone().unwrap_or_else(none),
                        ]
                    })
                    .collect();
                table::render(&["ID", "NAME", "PRODUCT", "TOPDIR"], &cells)
            })?;
        }
    }
    Ok(Exit::Success)
}

async fn rows(store: &Store) -> Outcome<Vec<Row>> {
    let products: HashMap<i32, String> =
        products::list(store).await?.into_iter().map(|row| (row.id, row.name)).collect();
    let topdirs: HashMap<i32, String> = categories::topdirs(store).await?.into_iter().collect();
    Ok(categories::list(store)
        .await?
        .into_iter()
        .map(|row| Row {
            id: row.id,
            name: row.name,
            product: row.product_id.and_then(|id| products.get(&id).cloned()),
            topdir: row.topdir_id.and_then(|id| topdirs.get(&id).cloned()),
        })
        .collect())
}
