//! `product add|list`

use serde::Serialize;
use store::products;

use super::Context;
use crate::arguments::Product;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::table;

#[derive(Serialize)]
struct Row {
    id: i32,
    name: String,
}

/// Runs one of them.
pub async fn run(arguments: Product, context: &Context) -> Outcome {
    let store = context.store().await?;
    match arguments {
        Product::Add { name } => {
            let row = products::add(&store, &name).await?;
            context.added("product", row.id, &row.name)?;
        }
        Product::List => {
            let rows = products::list(&store).await?;
            let rows: Vec<Row> = rows.into_iter().map(|row| Row { id: row.id, name: row.name }).collect();
            context.out.data(&rows, |rows| {
                let cells: Vec<_> =
                    rows.iter().map(|row| vec![row.id.to_string(), row.name.clone()]).collect();
                table::render(&["ID", "NAME"], &cells)
            })?;
        }
    }
    Ok(Exit::Success)
}
