//! What answers are made from, with what follows from all parts together.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use foldhash::fast::FixedState;
use geo::{Asns, Continents, Countries};
use snapshot::{CountryNo, Repeated, Snapshot};

use crate::{escape, select};

/// What answers are made from. Built anew whenever one part is swapped; that is cheap.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Data {
    /// The cache.
    pub snapshot: Arc<Snapshot>,
    /// Country of an address.
    pub countries: Arc<Countries>,
    /// ASN of an address.
    pub asns: Arc<Asns>,
    /// Continent of a country.
    pub continents: Arc<Continents>,
    regions: Arc<Regions>,
}

/// The continents, with the countries set by hand, and the snapshot's countries in each.
#[derive(Debug, Default)]
struct Regions {
    continent_of: HashMap<Box<str>, usize, FixedState>,
    /// By continent: its countries that the snapshot knows, by code.
    members: Vec<Vec<CountryNo>>,
    /// By country: what the first line of a list says of it, and its code as it may stand in XML.
    shown: Vec<(Box<str>, Box<str>)>,
    /// The list of error E4 as it may stand in an XML comment.
    commented_list: Bytes,
}

impl Data {
    /// Joins the parts.
    pub fn new(
        snapshot: Arc<Snapshot>,
        countries: Arc<Countries>,
        asns: Arc<Asns>,
        continents: Arc<Continents>,
    ) -> Self {
        let regions = Arc::new(Regions::new(&snapshot, &continents));
        Self { snapshot, countries, asns, continents, regions }
    }

    /// The pieces that bodies share ([`Body::shared`](crate::Body::shared)): the list of error E4, as it is and
    /// as it may stand in an XML comment. Often they are one.
    pub fn shared_pieces(&self) -> [&Bytes; 2] {
        [self.snapshot.repository_list(), self.commented_list()]
    }

    /// The other countries of the country's continent that hosts are in, by code; none when the continent
    /// is not known.
    pub(crate) fn neighbours(&self, country: &str) -> impl Iterator<Item = CountryNo> {
        let continent = self.regions.continent_of.get(country).copied();
        let members = continent.and_then(|number| self.regions.members.get(number));
        let own = self.snapshot.country(country);
        members.into_iter().flatten().copied().filter(move |member| Some(*member) != own)
    }

    /// `country = XX `, for the first line of a list.
    pub(crate) fn label(&self, country: CountryNo) -> &str {
        self.regions.shown.get(country.0 as usize).map(|(label, _)| label.as_ref()).unwrap_or_default()
    }

    /// The code of a country as it may stand in XML.
    pub(crate) fn country_in_xml(&self, country: CountryNo) -> &str {
        self.regions.shown.get(country.0 as usize).map(|(_, code)| code.as_ref()).unwrap_or_default()
    }

    /// The list of error E4 as it may stand in an XML comment.
    pub(crate) fn commented_list(&self) -> &Bytes {
        &self.regions.commented_list
    }
}

impl Regions {
    fn new(snapshot: &Snapshot, continents: &Continents) -> Self {
        let show = |(_, code): (CountryNo, &str)| {
            let (mut label, mut in_xml) = (String::new(), String::new());
            select::push_country(code, &mut label);
            escape::push_xml(code, &mut in_xml);
            (label.into(), in_xml.into())
        };
        let mut regions = Self { shown: snapshot.countries().map(show).collect(), ..Self::default() };
        let mut numbers: HashMap<&str, usize, FixedState> = HashMap::default();
        // By country, so the members of each continent come by code.
        for (country, continent) in continents.iter() {
            let continent = snapshot.continent_redirect(country, Repeated::First).unwrap_or(continent);
            let number = *numbers.entry(continent).or_insert_with(|| {
                regions.members.push(Vec::new());
                regions.members.len() - 1
            });
            regions.continent_of.insert(country.into(), number);
            if let (Some(country), Some(members)) =
                (snapshot.country(country), regions.members.get_mut(number))
            {
                members.push(country);
            }
        }
        let list = snapshot.repository_list();
        let text = std::str::from_utf8(list).unwrap_or_default();
        let mut commented = String::with_capacity(text.len());
        escape::push_comment(text, &mut commented);
        // Nearly always there is nothing to escape and one copy is enough.
        regions.commented_list = if commented == text { list.clone() } else { commented.into() };
        regions
    }
}
