//! Countries, the hosts in each, and the hosts that serve only some of them.

use frozen::{Column, Damaged, Names, NamesBuilder, Parts, PartsWriter};
use zerocopy::little_endian::U32;

use crate::hosts::{HostBits, HostNo, HostSet};
use crate::sets::{Sets, SetsBuilder};
use crate::view::CountryNo;

/// The most countries, whose sets are kept for each. There are fewer than 700 codes of two letters.
const MAX_COUNTRIES: u32 = 4096;

/// All countries that hosts are in or are listed for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Countries {
    pub(crate) codes: Names,
    /// By country: the set of the hosts that are in it.
    hosts: Column<U32>,
}

impl Countries {
    /// The set of the hosts that are in a country.
    #[inline]
    pub(crate) fn hosts(&self, country: CountryNo) -> Option<u32> {
        self.hosts.get(country.0 as usize).map(|set| set.get())
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        self.codes.write(to);
        to.column(&self.hosts);
    }

    /// Takes the countries; their sets are below `sets`.
    pub(crate) fn read(parts: &mut Parts, sets: usize) -> Result<Self, Damaged> {
        let countries = Self { codes: Names::read(parts)?, hosts: parts.column()? };
        let right = countries.hosts.len() == countries.codes.len() && all_below(&countries.hosts, sets);
        Damaged::unless(right, parts.table(), "a country without a set of hosts")?;
        Ok(countries)
    }
}

/// The hosts that serve only clients of some countries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    countries: Names,
    /// The set of all such hosts, then by country the set of such hosts that do not serve it.
    refused: Column<U32>,
}

impl Allowed {
    /// The hosts that do not serve clients of this country.
    #[inline]
    pub(crate) fn refused<'a>(&self, sets: &'a Sets, country: &str) -> HostSet<'a> {
        let place = self.countries.find(country).map_or(0, |number| number as usize + 1);
        self.refused.get(place).map(|set| sets.get(set.get())).unwrap_or_default()
    }

    /// All hosts that serve only some countries, with these.
    pub(crate) fn iter<'a>(&'a self, sets: &'a Sets) -> impl Iterator<Item = (HostNo, Vec<&'a str>)> {
        let restricted = self.refused.get(0).map(|set| sets.get(set.get())).unwrap_or_default();
        restricted.iter().map(move |host| {
            let serves = |country: &&str| !self.refused(sets, country).contains(host);
            (host, self.countries.iter().filter(serves).collect())
        })
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        self.countries.write(to);
        to.column(&self.refused);
    }

    pub(crate) fn read(parts: &mut Parts, sets: usize) -> Result<Self, Damaged> {
        let allowed = Self { countries: Names::read(parts)?, refused: parts.column()? };
        // A view without any host has no set either.
        let complete = allowed.refused.len() == allowed.countries.len() + 1;
        let empty = allowed.refused.is_empty() && allowed.countries.is_empty();
        let right = (complete || empty) && all_below(&allowed.refused, sets);
        Damaged::unless(right, parts.table(), "a country whose refusing hosts are not there")?;
        Ok(allowed)
    }
}

fn all_below(numbers: &Column<U32>, limit: usize) -> bool {
    numbers.as_slice().iter().all(|number| (number.get() as usize) < limit)
}

/// Countries while hosts are added.
#[derive(Debug, Default)]
pub(crate) struct CountriesBuilder {
    codes: NamesBuilder,
    /// By country.
    hosts: Vec<HostBits>,
    /// Hosts that have a country.
    placed: HostBits,
}

impl CountriesBuilder {
    /// The number of a country, a new one if it is not there yet. `None` when there are too many.
    pub(crate) fn country(&mut self, code: &str) -> Option<CountryNo> {
        let number = self.codes.intern(code).filter(|number| *number < MAX_COUNTRIES)?;
        if number as usize == self.hosts.len() {
            self.hosts.push(HostBits::default());
        }
        Some(CountryNo(number))
    }

    /// Puts a host into a country, unless it is in one.
    pub(crate) fn place(&mut self, host: HostNo, country: CountryNo) -> bool {
        let new = self.placed.insert(host);
        if let Some(hosts) = self.hosts.get_mut(country.0 as usize).filter(|_| new) {
            hosts.insert(host);
        }
        new
    }

    /// Hosts that have a country.
    pub(crate) fn placed(&self) -> HostSet<'_> {
        self.placed.as_set()
    }

    /// The hosts in a country so far.
    pub(crate) fn hosts(&self, country: CountryNo) -> Option<HostSet<'_>> {
        self.hosts.get(country.0 as usize).map(HostBits::as_set)
    }

    pub(crate) fn freeze(self, sets: &mut SetsBuilder) -> Option<Countries> {
        let mut hosts = Vec::with_capacity(self.hosts.len());
        for set in &self.hosts {
            hosts.push(U32::new(sets.intern(set)?));
        }
        Some(Countries { codes: self.codes.freeze(), hosts: hosts.into() })
    }
}

/// Allowed countries while hosts are added.
#[derive(Debug, Default)]
pub(crate) struct AllowedBuilder {
    countries: NamesBuilder,
    restricted: HostBits,
    /// By country: hosts that serve it.
    serving: Vec<HostBits>,
}

impl AllowedBuilder {
    /// A host serves only these countries; what was said first of a host counts. `None` when there are too
    /// many countries.
    pub(crate) fn add(&mut self, host: HostNo, countries: &[String]) -> Option<()> {
        if !self.restricted.insert(host) {
            return Some(());
        }
        for country in countries {
            let number = self.countries.intern(country).filter(|number| *number < MAX_COUNTRIES)? as usize;
            if number == self.serving.len() {
                self.serving.push(HostBits::default());
            }
            self.serving.get_mut(number)?.insert(host);
        }
        Some(())
    }

    pub(crate) fn freeze(self, sets: &mut SetsBuilder) -> Option<Allowed> {
        let mut refused = vec![U32::new(sets.intern(&self.restricted)?)];
        for serving in &self.serving {
            let mut refusing = self.restricted.clone();
            refusing.remove(serving.as_set());
            refused.push(sets.intern(&refusing)?.into());
        }
        Some(Allowed { countries: self.countries.freeze(), refused: refused.into() })
    }
}
