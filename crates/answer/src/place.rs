//! Where a client is (spec C.4, R2b and R3).

use std::borrow::Cow;
use std::net::IpAddr;

use geo::Asn;
use serde::Serialize;

use crate::data::Data;
use crate::policy::{Compatibility, Policy};

/// Where a client is.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// Its address.
    pub address: IpAddr,
    /// Its country as it is shown, `N/A` when unknown.
    pub country: &'a str,
    /// Who says so.
    pub source: CountrySource,
    /// Its autonomous system.
    pub asn: Option<Asn<'a>>,
    /// Its country in upper case.
    pub(crate) upper: Cow<'a, str>,
}

/// Who says in which country a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CountrySource {
    /// It was set by hand for a network.
    Network,
    /// The country database.
    Database,
    /// Nobody.
    Unknown,
}

impl<'a> Place<'a> {
    /// Where the address is. Its country is the one set by hand, else the one of the database (R3).
    pub(crate) fn of(data: &'a Data, policy: &Policy, address: IpAddr) -> Self {
        let by_hand = match policy.compatibility {
            Compatibility::Upstream => data.snapshot.first_country_network(address),
            Compatibility::Native => data.snapshot.smallest_country_network(address),
        };
        let (country, source) = match by_hand {
            Some(country) => (country, CountrySource::Network),
            None => match data.countries.of(address) {
                Some(country) => (country, CountrySource::Database),
                None => ("N/A", CountrySource::Unknown),
            },
        };
        let is_upper = country.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase());
        let upper = if is_upper { country.into() } else { country.to_uppercase().into() };
        Self { address, country, source, asn: data.asns.of(address), upper }
    }
}
