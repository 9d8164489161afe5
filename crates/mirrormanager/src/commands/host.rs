//! `host add|list`; what belongs to a host is in [`super::host_parts`].

use std::collections::HashMap;

use model::ids::SiteId;
use serde::Serialize;
use store::hosts::{self, NewHost};
use store::{Store, StoreError, sites};

use super::{Context, host_parts};
use crate::arguments::{Host, HostAdd};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::table;

#[derive(Serialize)]
struct Row {
    id: i32,
    name: String,
    site: Option<String>,
    country: String,
    bandwidth_mbits: Option<i32>,
    asn: Option<i32>,
    private: bool,
    active: bool,
}

/// Runs one of them.
pub async fn run(arguments: Host, context: &Context) -> Outcome {
    let store = context.store().await?;
    match arguments {
        Host::Add(new) => {
            let row = hosts::add(&store, &new_host(new)).await?;
            context.added("host", row.id, &row.name)?;
        }
        Host::List { site } => {
            let site = match site {
                Some(name) => Some(site_id(&store, &name).await?),
                None => None,
            };
            context.out.data(&rows(&store, site).await?, |rows| {
                let cells: Vec<_> = rows.iter().map(cells).collect();
                table::render(&["ID", "NAME", "SITE", "COUNTRY", "MBIT/S", "AS", "STATE"], &cells)
            })?;
        }
        Host::Category(part) => host_parts::category(part, &store, context).await?,
        Host::Url(part) => host_parts::url(part, &store, context).await?,
        Host::Netblock(part) => host_parts::netblock(part, &store, context).await?,
        Host::Asn(part) => host_parts::asn(part, &store, context).await?,
        Host::Country(part) => host_parts::country(part, &store, context).await?,
    }
    Ok(Exit::Success)
}

fn new_host(arguments: HostAdd) -> NewHost {
    NewHost {
        bandwidth: arguments.bandwidth,
        asn: arguments.asn,
        asn_clients: !arguments.no_asn_clients,
        private: arguments.private,
        internet2: arguments.internet2,
        internet2_clients: arguments.internet2_clients,
        comment: arguments.comment,
        ..NewHost::new(&arguments.site, &arguments.name, &arguments.country)
    }
}

async fn site_id(store: &Store, name: &str) -> Outcome<SiteId> {
    match sites::by_name(store.read(), name).await? {
        Some(row) => Ok(SiteId(row.id)),
        None => Err(Failure::from(StoreError::Missing {
            what: "site",
            name: name.to_owned(),
            hint: "; see `mirrormanager site list`".into(),
        })),
    }
}

async fn rows(store: &Store, site: Option<SiteId>) -> Outcome<Vec<Row>> {
    let sites: HashMap<i32, String> =
        sites::list(store).await?.into_iter().map(|row| (row.id, row.name)).collect();
    Ok(hosts::list(store, site)
        .await?
        .into_iter()
        .map(|row| Row {
            id: row.id,
            name: row.name,
            site: row.site_id.and_then(|id| sites.get(&id).cloned()),
            country: row.country,
            bandwidth_mbits: row.bandwidth_int,
            asn: row.asn,
            private: row.private,
            active: row.admin_active && row.user_active,
        })
        .collect())
}

fn cells(row: &Row) -> Vec<String> {
    let none = || "-".to_owned();
    let state = match (row.active, row.private) {
        (false, _) => "off",
        (true, true) => "private",
        (true, false) => "public",
    };
    vec![
        row.id.to_string(),
        row.name.clone(),
        row.site.clone().unwrap_or_else(none),
        row.country.clone(),
        row.bandwidth_mbits.map_or_else(none, |n| n.to_string()),
        row.asn.map_or_else(none, |n| n.to_string()),
        state.into(),
    ]
}
