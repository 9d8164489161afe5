//! Under which address families the base URLs of a host answer (decision 22): one connection for each machine
//! and family.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use model::url::{MirrorUrl, Scheme};
use probe::Families;
use store::crawl_hosts::CarriedCategory;
use store::url_families::{self, UrlFamilies};

use crate::error::CrawlError;
use crate::run::Run;

/// Host name or address, port, and what is spoken there.
type Machine = (String, u16, Scheme);

/// Looks at all URLs of what a host carries and keeps what is new.
pub async fn look(run: &Run, carried: &[&CarriedCategory]) -> Result<(), CrawlError> {
    let urls = carried.iter().flat_map(|carried| &carried.urls);
    let machines: BTreeSet<Machine> = urls.filter_map(|url| machine(&url.url)).collect();
    let connector = run.http.connector();
    let asked = machines.into_iter().map(|(host, port, scheme)| async move {
        let families = connector.families(&host, port, scheme).await;
        families.map(|families| ((host, port, scheme), families))
    });
    let known: BTreeMap<Machine, Families> = join_all(asked).await.into_iter().flatten().collect();
    for carried in carried {
        let news: Vec<UrlFamilies> = carried
            .urls
            .iter()
            .filter_map(|url| {
                let families = known.get(&machine(&url.url)?)?;
                let is_new = url.families != Some((families.v4, families.v6));
                is_new.then_some(UrlFamilies { url: url.id, v4: families.v4, v6: families.v6 })
            })
            .collect();
        url_families::write(&run.store, carried.id, &news, run.around.clock.now()).await?;
    }
    Ok(())
}

fn machine(url: &str) -> Option<Machine> {
    let url = MirrorUrl::parse(url).ok()?;
    Some((url.host().to_owned(), url.port(), url.scheme()))
}
