//! `netblock add|list`, `netblock exclusive add|list|remove`

use std::collections::HashMap;

use serde::Serialize;
use store::exclusive_netblocks::{self, Hashes};
use store::{hosts, netblocks};

use super::{Context, named};
use crate::arguments::{Netblock, NetblockExclusive};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::table;

#[derive(Serialize)]
struct Row {
    id: i32,
    netblock: String,
    country: String,
}

#[derive(Serialize)]
struct ExclusiveRow {
    id: i32,
    netblock: String,
    host: String,
    hashes: bool,
    comment: Option<String>,
}

#[derive(Serialize)]
struct Removed<'a> {
    netblock: &'a str,
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
        Netblock::Exclusive(arguments) => exclusive(arguments, context).await?,
    }
    Ok(Exit::Success)
}

async fn exclusive(arguments: NetblockExclusive, context: &Context) -> Outcome<()> {
    let store = context.store().await?;
    match arguments {
        NetblockExclusive::Add { netblock, which, no_hashes, comment } => {
            let host = named::host(&store, &which).await?;
            let hashes = if no_hashes { Hashes::Without } else { Hashes::With };
            let row = exclusive_netblocks::add(&store, &netblock, host.id.into(), hashes, comment.as_deref())
                .await?;
            context.added("exclusive netblock", row.id, &row.netblock)
        }
        NetblockExclusive::List => {
            let names: HashMap<i32, String> =
                hosts::list(&store, None).await?.into_iter().map(|host| (host.id, host.name)).collect();
            let rows: Vec<ExclusiveRow> = exclusive_netblocks::list(&store)
                .await?
                .into_iter()
                .map(|row| ExclusiveRow {
                    id: row.id,
                    netblock: row.netblock,
                    host: names.get(&row.host.0).cloned().unwrap_or_else(|| row.host.to_string()),
                    hashes: row.hashes,
                    comment: row.comment,
                })
                .collect();
            context.out.data(&rows, |rows| {
                let cells: Vec<_> = rows.iter().map(exclusive_cells).collect();
                table::render(&["ID", "NETBLOCK", "HOST", "HASHES", "COMMENT"], &cells)
            })
        }
        NetblockExclusive::Remove { netblock } => {
            exclusive_netblocks::remove(&store, &netblock).await?;
            context.out.data(&Removed { netblock: &netblock }, |_| {
                format!("removed exclusive netblock {netblock:?}")
            })
        }
    }
}

fn exclusive_cells(row: &ExclusiveRow) -> Vec<String> {
    vec![
        row.id.to_string(),
        row.netblock.clone(),
        row.host.clone(),
        if row.hashes { "yes" } else { "no" }.to_owned(),
        row.comment.clone().unwrap_or_default(),
    ]
}
