//! `netblock add|list`

use serde::Serialize;
use store::netblocks;

use super::Context;
use crate::arguments::Netblock;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::table;

#[derive(Serialize)]
struct Row {
    id: i32,
    netblock: String,
    country: String,
}

/// Runs one of them.
pub async fn run(arguments: Netblock, context: &Context) -> Outcome {
    match arguments {
        Netblock::Add { netblock, country } => {
            let store = context.store().await?;
            let row = netblocks::add_country(&store, &netblock, &country).await?;
            context.added("netblock", row.id, &row.netblock)?;
        }
        Netblock::List => {
            let rows: Vec<Row> = netblocks::list_countries(&context.store().await?)
                .await?
                .into_iter()
                .map(|row| Row { id: row.id, netblock: row.netblock, country: row.country })
                .collect();
            context.out.data(&rows, |rows| {
                let cells: Vec<_> = rows
                    .iter()
                    .map(|row| vec![row.id.to_string(), row.netblock.clone(), row.country.clone()])
                    .collect();
                table::render(&["ID", "NETBLOCK", "COUNTRY"], &cells)
            })?;
        }
    }
    Ok(Exit::Success)
}
