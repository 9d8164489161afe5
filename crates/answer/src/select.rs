//! Which hosts come into an answer, and through which tier (spec C.4, R1–R10).

use snapshot::{Directory, HostBits, HostNo, HostSet};

use crate::data::Data;
use crate::escape;
use crate::place::Place;
use crate::policy::{CountryAllowed, Policy};
use crate::question::Question;
use crate::urls;

/// The hosts of each tier. A host may be in several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Groups {
    /// With the length of the network's prefix, the longest first.
    pub(crate) netblock: Vec<(u8, HostNo)>,
    /// Not limited to hosts that carry the directory.
    pub(crate) asn: Vec<HostNo>,
    pub(crate) country: HostBits,
    pub(crate) geoip: HostBits,
    pub(crate) continent: HostBits,
    pub(crate) global: HostBits,
    /// Hosts left out of a tier since they do not serve the client's country.
    pub(crate) refused: HostBits,
    /// Hosts found before the global tier was considered, up to the minimum.
    pub(crate) found: usize,
}

/// Everything a selection looks at.
pub(crate) struct Selection<'a> {
    pub(crate) data: &'a Data,
    pub(crate) policy: &'a Policy,
    pub(crate) question: &'a Question<'a>,
    pub(crate) directory: Directory<'a>,
    pub(crate) place: &'a Place<'a>,
    /// Hosts are not preferred by networks with a longer prefix.
    pub(crate) longest_network: u8,
    /// The distinct values of `protocol=`.
    pub(crate) protocols: Option<&'a [&'a str]>,
    /// Hosts that the client does not want. They are in no tier.
    pub(crate) excluded: Option<HostSet<'a>>,
}

impl Selection<'_> {
    /// Selects, and says in the header what was selected.
    pub(crate) fn run(&self, header: &mut String) -> Groups {
        let mut groups = Groups::default();
        let countries = countries(self.question.country.as_deref().unwrap_or_default());
        if countries.is_empty() && self.networks_wanted() {
            self.netblock(&mut groups, header);
            self.asn(&mut groups, header);
        }
        let only = !countries.is_empty() && self.asked(&countries, &mut groups, header);
        if only {
            return groups;
        }
        self.geoip(&mut groups, header);
        self.neighbours(&self.place.upper, &mut groups.continent, header);
        self.exclude(&mut groups.geoip);
        self.exclude(&mut groups.continent);
        if self.policy.country_allowed == CountryAllowed::Strict {
            self.turn_away(&mut groups.geoip, &mut groups.refused);
            self.turn_away(&mut groups.continent, &mut groups.refused);
        }
        groups.found = self.found(&groups);
        if groups.found < self.policy.minimum {
            groups.global.add(self.directory.global());
            self.exclude(&mut groups.global);
            self.turn_away(&mut groups.global, &mut groups.refused);
            header.push_str("country = global ");
        }
        groups
    }

    /// R2: whether networks and ASNs are looked at.
    fn networks_wanted(&self) -> bool {
        self.question.netblock.as_deref().is_none_or(|wanted| wanted == "1")
    }

    /// R2a.
    fn netblock(&self, groups: &mut Groups, header: &mut String) {
        let carried = self.directory.carried();
        let wanted = |host: &HostNo| carried.contains(*host) && !self.is_excluded(*host);
        for (length, hosts) in self.data.snapshot.host_networks(self.place.address) {
            if length <= self.longest_network {
                groups.netblock.extend(hosts.iter().filter(wanted).map(|host| (length, host)));
            }
        }
        if !groups.netblock.is_empty() {
            header.push_str("Using preferred netblock ");
        }
    }

    /// R2b.
    fn asn(&self, groups: &mut Groups, header: &mut String) {
        let Some(asn) = self.place.asn else { return };
        let hosts = self.data.snapshot.asn_hosts(asn.number).iter();
        groups.asn.extend(hosts.filter(|host| !self.is_excluded(*host)));
        if !groups.asn.is_empty() {
            header.push_str("Using ASN ");
            escape::push_line(asn.text, header);
            header.push(' ');
        }
    }

    /// R5. Whether the answer is to be made of these hosts only.
    fn asked(&self, countries: &[&str], groups: &mut Groups, header: &mut String) -> bool {
        for asked in countries {
            if asked.eq_ignore_ascii_case("global") {
                groups.country.add(self.directory.global());
                self.turn_away(&mut groups.country, &mut groups.refused);
                header.push_str("country = global ");
            }
            let number = self.data.snapshot.country(&asked.to_uppercase());
            if let Some(hosts) = number.and_then(|number| self.directory.country(number)) {
                groups.country.add(hosts);
                push_country(asked, header);
            }
        }
        self.exclude(&mut groups.country);
        if groups.country.is_empty() {
            for asked in countries.iter().map(|asked| asked.to_uppercase()) {
                self.neighbours(&asked, &mut groups.continent, header);
            }
            self.exclude(&mut groups.continent);
        }
        if groups.country.is_empty() && groups.continent.is_empty() {
            return false;
        }
        self.turn_away(&mut groups.country, &mut groups.refused);
        self.turn_away(&mut groups.continent, &mut groups.refused);
        true
    }

    /// R6.
    fn geoip(&self, groups: &mut Groups, header: &mut String) {
        let number = self.data.snapshot.country(&self.place.upper);
        if let Some(hosts) = number.and_then(|number| self.directory.country(number)) {
            groups.geoip.add(hosts);
            push_country(self.place.country, header);
        }
    }

    /// R7.
    fn neighbours(&self, country: &str, group: &mut HostBits, header: &mut String) {
        for neighbour in self.data.neighbours(country) {
            if let Some(hosts) = self.directory.country(neighbour) {
                group.add(hosts);
                header.push_str(self.data.label(neighbour));
            }
        }
    }

    fn is_excluded(&self, host: HostNo) -> bool {
        self.excluded.is_some_and(|excluded| excluded.contains(host))
    }

    /// Takes the hosts out of a group that the client does not want.
    fn exclude(&self, group: &mut HostBits) {
        if let Some(excluded) = self.excluded {
            group.remove(excluded);
        }
    }

    /// Takes the hosts out of a group that do not serve the client's country.
    fn turn_away(&self, group: &mut HostBits, refused: &mut HostBits) {
        // The old server compares exactly, so that an override in lower case is no country at all.
        let country: &str = if self.policy.is_native() { &self.place.upper } else { self.place.country };
        let unwilling = self.data.snapshot.refused(country);
        if unwilling.iter().any(|host| group.contains(host)) {
            let mut gone = group.clone();
            gone.keep(unwilling);
            refused.add(gone.as_set());
            group.remove(unwilling);
        }
    }

    /// R8, counted up to the minimum.
    fn found(&self, groups: &Groups) -> usize {
        let mut all = groups.geoip.clone();
        all.add(groups.country.as_set());
        all.add(groups.continent.as_set());
        for host in groups.netblock.iter().map(|(_, host)| host).chain(&groups.asn) {
            all.insert(*host);
        }
        all.keep(self.directory.carried());
        match self.protocols {
            None => all.len(),
            Some(protocols) => {
                let reachable = |host: &HostNo| {
                    self.directory
                        .offer(*host)
                        .is_some_and(|offer| offer.urls().any(|url| urls::is_listed(url.text(), protocols)))
                };
                all.iter().filter(reachable).take(self.policy.minimum).count()
            }
        }
    }
}

/// `country = XX `
pub(crate) fn push_country(country: &str, header: &mut String) {
    header.push_str("country = ");
    escape::push_line(country, header);
    header.push(' ');
}

/// R1: the distinct values of a list, sorted; none for an empty text.
pub(crate) fn countries(list: &str) -> Vec<&str> {
    if list.is_empty() { Vec::new() } else { distinct(list) }
}

/// The distinct values between commas, sorted by bytes.
pub(crate) fn distinct(list: &str) -> Vec<&str> {
    let mut values: Vec<&str> = list.split(',').collect();
    values.sort_unstable();
    values.dedup();
    values
}
