//! C.4 and C.5: R1 to R10.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use answer::{CountryAllowed, Tier};
use snapshot::proto::MirrorListCacheType;

use super::target::Target;
use super::{Group, Question, World, client, escape, network, render};

/// The hosts that carry the directory, each in the first tier that has it.
pub(super) fn groups(
    world: &World<'_>,
    question: &Question,
    target: &Target<'_>,
    address: IpAddr,
    country: &str,
    header: &mut String,
) -> Vec<Group> {
    let selection = Selection { world, question, directory: target.directory, country };
    let lists = selection.run(address, header);
    let mut seen = BTreeSet::new();
    let mut groups = Vec::new();
    for (tier, list) in lists {
        let hosts = list.into_iter().filter(|host| selection.carries(*host));
        let hosts: Vec<i64> = hosts.filter(|host| seen.insert(*host)).collect();
        if !hosts.is_empty() {
            groups.push(Group { tier, hosts });
        }
    }
    groups
}

struct Selection<'a> {
    world: &'a World<'a>,
    question: &'a Question,
    directory: &'a MirrorListCacheType,
    country: &'a str,
}

type Lists = Vec<(Tier, Vec<i64>)>;

impl Selection<'_> {
    fn run(&self, address: IpAddr, header: &mut String) -> Lists {
        let mut lists = Lists::new();
        let asked = self.question.countries();
        if asked.is_empty() && self.question.netblock.as_deref().is_none_or(|netblock| netblock == "1") {
            self.networks(address, &mut lists, header);
            self.system(address, &mut lists, header);
        }
        if !asked.is_empty() {
            let (here, around) = self.countries(&asked, header);
            if !here.is_empty() || !around.is_empty() {
                return vec![(Tier::Country, self.willing(here)), (Tier::Continent, self.willing(around))];
            }
        }
        let strict = self.world.policy.country_allowed == CountryAllowed::Strict;
        let allow = |hosts| if strict { self.willing(hosts) } else { hosts };
        if let Some(hosts) = self.by_country(&self.country.to_uppercase()) {
            say_country(self.country, header);
            lists.push((Tier::Geoip, allow(hosts)));
        }
        let around = self.neighbours(&self.country.to_uppercase(), header);
        lists.push((Tier::Continent, allow(around)));
        if self.found(&lists) < self.world.policy.minimum {
            say_country("global", header);
            lists.push((Tier::Global, self.willing(self.directory.global.clone())));
        }
        lists
    }

    /// R2a.
    fn networks(&self, address: IpAddr, lists: &mut Lists, header: &mut String) {
        let mut by_length: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        for pair in &self.world.cache.host_netblock_cache {
            if let Some(length) = network::holds(&network::or_address(&pair.key), address) {
                let hosts = pair.value.iter().copied().filter(|host| self.carries(*host));
                by_length.entry(length).or_default().extend(hosts);
            }
        }
        if by_length.values().any(|hosts| !hosts.is_empty()) {
            header.push_str("Using preferred netblock ");
        }
        lists.extend(by_length.into_values().rev().map(|hosts| (Tier::Netblock, hosts)));
    }

    /// R2b.
    fn system(&self, address: IpAddr, lists: &mut Lists, header: &mut String) {
        let Some(system) = client::system(self.world, address) else { return };
        let number: i64 = system.parse().unwrap_or(-1);
        let entry = self.world.cache.host_asn_cache.iter().find(|pair| pair.key == number);
        let hosts = entry.map(|pair| pair.value.clone()).unwrap_or_default();
        if !hosts.is_empty() {
            header.push_str(&format!("Using ASN {system} "));
        }
        lists.push((Tier::Asn, hosts));
    }

    /// R5: the hosts of the countries that were asked for, and of their neighbours.
    fn countries(&self, asked: &[&str], header: &mut String) -> (Vec<i64>, Vec<i64>) {
        let mut here = Vec::new();
        for country in asked {
            if country.eq_ignore_ascii_case("global") {
                here.extend(&self.directory.global);
                here = self.willing(here);
                say_country("global", header);
            }
            if let Some(hosts) = self.by_country(&country.to_uppercase()) {
                here.extend(hosts);
                say_country(country, header);
            }
        }
        let mut around = Vec::new();
        if here.is_empty() {
            for country in asked {
                around.extend(self.neighbours(&country.to_uppercase(), header));
            }
        }
        (here, around)
    }

    /// R7: the hosts of the other countries of a country's continent.
    fn neighbours(&self, country: &str, header: &mut String) -> Vec<i64> {
        let continents = continents(self.world);
        let Some(continent) = continents.get(country) else { return Vec::new() };
        let mut hosts = Vec::new();
        for (other, _) in continents.iter().filter(|(other, of)| *of == continent && *other != country) {
            if let Some(found) = self.by_country(other) {
                say_country(other, header);
                hosts.extend(found);
            }
        }
        hosts
    }

    /// R8.
    fn found(&self, lists: &Lists) -> usize {
        let all: BTreeSet<i64> = lists.iter().flat_map(|(_, hosts)| hosts).copied().collect();
        let protocols = self.question.protocols();
        let reachable = |host: &i64| {
            let urls = render::urls_of(self.world, self.directory, *host);
            protocols.as_ref().is_none_or(|wanted| urls.iter().any(|url| render::is_of(url, wanted)))
        };
        all.into_iter().filter(|host| self.carries(*host)).filter(reachable).count()
    }

    fn by_country(&self, country: &str) -> Option<Vec<i64>> {
        let entry = self.directory.by_country.iter().find(|pair| pair.key == country)?;
        Some(entry.value.clone())
    }

    fn carries(&self, host: i64) -> bool {
        self.directory.by_host_id.iter().any(|pair| pair.key == host)
    }

    /// The hosts that serve the client's country, or say nothing about countries.
    fn willing(&self, hosts: Vec<i64>) -> Vec<i64> {
        // The old server compares a country set by hand as it was written.
        let country = if self.world.native() { self.country.to_uppercase() } else { self.country.to_owned() };
        let allowed = &self.world.cache.host_country_allowed_cache;
        let mut hosts = hosts;
        hosts.retain(|host| {
            allowed.iter().find(|pair| pair.key == *host).is_none_or(|pair| pair.value.contains(&country))
        });
        hosts
    }
}

fn say_country(country: &str, header: &mut String) {
    header.push_str(&format!("country = {} ", escape::line(country)));
}

/// A.3: country to continent, as the file says or as set by hand.
fn continents(world: &World<'_>) -> BTreeMap<String, String> {
    let mut continents = BTreeMap::new();
    for line in world.continents.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let fields: Vec<&str> = line.split(',').collect();
        if let [country, continent, ..] = fields.as_slice()
            && country.len() == 2
        {
            continents.insert((*country).to_owned(), (*continent).to_owned());
        }
    }
    for (country, continent) in &mut continents {
        let by_hand = &world.cache.country_continent_redirect_cache;
        if let Some(pair) = by_hand.iter().find(|pair| pair.key == *country) {
            continent.clone_from(&pair.value);
        }
    }
    continents
}
