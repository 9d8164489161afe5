//! The demo's rows in the database: what an operator would type as `mirrormanager … add`.

use chrono::{DateTime, Utc};
use model::ids::{CategoryId, HostCategoryId, HostId};
use store::host_categories::{self, Upkeep};
use store::hosts::{self, NewHost};
use store::sites::{self, NewSite};
use store::urls::{self, Visibility};
use store::{Store, categories, netblocks, products};
use testkit::tree::CATEGORIES;

use super::world::{Character, World};
use crate::failure::Outcome;

/// How many of the tree's categories the small tree has.
const SMALL: usize = 2;

/// The site that all demo mirrors belong to.
const SITE: &str = "Demo";

/// Products, categories, the site and its hosts.
pub(super) async fn enter(store: &Store, world: &World, now: DateTime<Utc>) -> Outcome<()> {
    let mut carried = Vec::new();
    for category in CATEGORIES.iter().take(SMALL) {
        products::add(store, category.product).await?;
        let row = categories::add(store, category.name, category.product, category.topdir).await?;
        carried.push((CategoryId(row.id), category.topdir));
    }
    let site = NewSite { name: SITE.into(), created_by: "demo".into(), ..NewSite::default() };
    sites::add(store, &site, now).await?;
    for mirror in &world.mirrors {
        let new = NewHost::new(SITE, mirror.character.host(), mirror.character.country());
        let host = HostId(hosts::add(store, &new).await?.id);
        for (category, topdir) in &carried {
            let row = host_categories::add(store, host, *category, Upkeep::Crawled).await?;
            let url = format!("{}/{topdir}", mirror.url);
            urls::add(store, HostCategoryId(row.id), &url, Visibility::Public).await?;
        }
        if mirror.character == Character::InSync {
            // So that the list begins with it for whoever asks from this machine.
            netblocks::add(store, host, "127.0.0.0/8", Some("this machine")).await?;
        }
    }
    netblocks::add_country(store, "127.0.0.0/8", Character::InSync.country()).await?;
    Ok(())
}
