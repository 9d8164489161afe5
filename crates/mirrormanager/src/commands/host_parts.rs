//! `host category|url|netblock|asn|country …`: what belongs to one host.

use std::collections::HashMap;

use model::ids::{CategoryId, HostCategoryId, HostId};
use serde::Serialize;
use store::host_categories::{self, Upkeep};
use store::urls::{self, Visibility};
use store::{Store, asns, categories, countries, netblocks};

use super::{Context, named};
use crate::arguments::{HostAsn, HostCategory, HostCountry, HostNetblock, HostUrl};
use crate::failure::Outcome;
use crate::table;

/// One row of any of these lists: what it is and a remark.
#[derive(Serialize)]
struct Row {
    id: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// `host category`
pub async fn category(part: HostCategory, store: &Store, context: &Context) -> Outcome<()> {
    match part {
        HostCategory::Add { which, category, always_up2date } => {
            let host = named::host(store, &which).await?;
            let category = named::category(store, &category).await?;
            let upkeep = if always_up2date { Upkeep::AlwaysCurrent } else { Upkeep::Crawled };
            let row = host_categories::add(store, HostId(host.id), CategoryId(category.id), upkeep).await?;
            context.added("category of the host", row.id, &category.name)
        }
        HostCategory::List { which } => {
            let host = named::host(store, &which).await?;
            let names = category_names(store).await?;
            let rows = host_categories::list(store, Some(HostId(host.id))).await?;
            let rows = rows.into_iter().map(|row| Row {
                id: row.id,
                category: None,
                value: row.category_id.and_then(|id| names.get(&id).cloned()).unwrap_or_default(),
                note: row.always_up2date.then(|| "always up to date".to_owned()),
            });
            print(context, "CATEGORY", rows.collect())
        }
    }
}

/// `host url`
pub async fn url(part: HostUrl, store: &Store, context: &Context) -> Outcome<()> {
    match part {
        HostUrl::Add { which, category, url, private } => {
            let carried = named::host_category(store, &which, &category).await?;
            let visibility = if private { Visibility::Private } else { Visibility::Public };
            let row = urls::add(store, HostCategoryId(carried.id), &url, visibility).await?;
            context.added("URL", row.id, &row.url)
        }
        HostUrl::List { which } => {
            let host = named::host(store, &which).await?;
            let names = category_names(store).await?;
            let mut rows = Vec::new();
            for carried in host_categories::list(store, Some(HostId(host.id))).await? {
                let category = carried.category_id.and_then(|id| names.get(&id).cloned());
                for row in urls::list(store, Some(HostCategoryId(carried.id))).await? {
                    let note = row.private.then(|| "private".to_owned());
                    rows.push(Row { id: row.id, category: category.clone(), value: row.url, note });
                }
            }
            print(context, "URL", rows)
        }
    }
}

/// `host netblock`
pub async fn netblock(part: HostNetblock, store: &Store, context: &Context) -> Outcome<()> {
    match part {
        HostNetblock::Add { which, netblock, name } => {
            let host = named::host(store, &which).await?;
            let row = netblocks::add(store, HostId(host.id), &netblock, name.as_deref()).await?;
            context.added("netblock", row.id, &row.netblock.unwrap_or_default())
        }
        HostNetblock::List { which } => {
            let host = named::host(store, &which).await?;
            let rows = netblocks::list(store, Some(HostId(host.id))).await?;
            let rows = rows.into_iter().map(|row| Row {
                id: row.id,
                category: None,
                value: row.netblock.unwrap_or_default(),
                note: row.name,
            });
            print(context, "NETBLOCK", rows.collect())
        }
    }
}

/// `host asn`
pub async fn asn(part: HostAsn, store: &Store, context: &Context) -> Outcome<()> {
    match part {
        HostAsn::Set { which, asn } => {
            let host = named::host(store, &which).await?;
            let row = asns::set(store, HostId(host.id), Some(asn)).await?;
            context.added("AS number of the host", row.id, &asn.to_string())
        }
        HostAsn::AddPeer { which, asn, name } => {
            let host = named::host(store, &which).await?;
            let row = asns::add_peer(store, HostId(host.id), asn, name.as_deref()).await?;
            context.added("peer AS number", row.id, &asn.to_string())
        }
        HostAsn::List { which } => {
            let host = named::host(store, &which).await?;
            let own = host.asn.map(|asn| Row {
                id: host.id,
                category: None,
                value: asn.to_string(),
                note: Some("its own".to_owned()),
            });
            let peers = asns::peers(store, Some(HostId(host.id))).await?;
            let peers = peers.into_iter().map(|row| Row {
                id: row.id,
                category: None,
                value: row.asn.to_string(),
                note: Some(row.name.map_or_else(|| "peer".to_owned(), |name| format!("peer, {name}"))),
            });
            print(context, "AS", own.into_iter().chain(peers).collect())
        }
    }
}

/// `host country`
pub async fn country(part: HostCountry, store: &Store, context: &Context) -> Outcome<()> {
    match part {
        HostCountry::Allow { which, country } => {
            let host = named::host(store, &which).await?;
            let row = countries::allow(store, HostId(host.id), &country).await?;
            context.added("country the host is limited to", row.id, &row.country)
        }
        HostCountry::Add { which, country } => {
            let host = named::host(store, &which).await?;
            let row = countries::add_to_host(store, HostId(host.id), &country).await?;
            context.added("further country of the host", row.id, &country)
        }
        HostCountry::List { which } => {
            let host = named::host(store, &which).await?;
            let rows = countries::allowed(store, Some(HostId(host.id))).await?;
            let rows = rows.into_iter().map(|row| Row {
                id: row.id,
                category: None,
                value: row.country,
                note: None,
            });
            print(context, "COUNTRY", rows.collect())
        }
    }
}

async fn category_names(store: &Store) -> Outcome<HashMap<i32, String>> {
    Ok(categories::list(store).await?.into_iter().map(|row| (row.id, row.name)).collect())
}

fn print(context: &Context, heading: &str, rows: Vec<Row>) -> Outcome<()> {
    context.out.data(&rows, |rows| {
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let middle = row.category.clone().into_iter();
                let note = row.note.clone().unwrap_or_default();
                std::iter::once(row.id.to_string()).chain(middle).chain([row.value.clone(), note]).collect()
            })
            .collect();
        let with_category = rows.iter().any(|row| row.category.is_some());
        let heading: Vec<&str> =
            if with_category { vec!["ID", "CATEGORY", heading, "NOTE"] } else { vec!["ID", heading, "NOTE"] };
        table::render(&heading, &cells)
    })
}
