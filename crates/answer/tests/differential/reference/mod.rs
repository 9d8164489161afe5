//! The rules of the specification (mirrorlist C.2 to C.7 and the decisions named there), written down once more:
//! plainly and slowly, by looking through lists, without a single function of the crate. What it does not say
//! is the order inside of a tier, which is by chance.

mod client;
mod escape;
mod network;
mod question;
mod render;
mod select;
mod target;

use std::net::IpAddr;

use answer::{Compatibility, Policy, Tier};
use geo::Countries;
use snapshot::proto::MirrorList;

pub(crate) use question::Question;
pub(crate) use render::{Listing, Rendered};

/// What a server knows: its files as texts, and its settings.
pub(crate) struct World<'a> {
    pub(crate) cache: &'a MirrorList,
    pub(crate) netblocks: &'a str,
    pub(crate) continents: &'a str,
    pub(crate) countries: &'a Countries,
    pub(crate) policy: &'a Policy,
}

/// A request.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) forwarded_for: &'a [&'a str],
    pub(crate) peer: IpAddr,
    /// The time of the answer as metalinks write it.
    pub(crate) date: &'a str,
    /// The day as the access log writes it.
    pub(crate) day: &'a str,
}

/// What must be answered.
pub(crate) enum Expected {
    /// Exactly this.
    Error(Rendered),
    /// These hosts in any order that keeps the tiers apart.
    List(Box<Listing>),
}

impl World<'_> {
    fn native(&self) -> bool {
        self.policy.compatibility == Compatibility::Native
    }

    /// What must be answered, and the line of the access log.
    pub(crate) fn answer(&self, asked: Asked<'_>) -> (Expected, Option<String>) {
        let error = |rendered| (Expected::Error(rendered), None);
        let Some(question) = Question::parse(self, asked) else {
            return error(render::plain_error(404, "We don't serve their kind here!"));
        };
        let mut header = String::new();
        let target = match target::find(self, &question, &mut header) {
            Ok(target) => target,
            Err(failure) => return error(render::error(self, asked, &question, failure, &header)),
        };
        let address = client::address(self, asked, &question);
        let Some(address) = address else {
            return error(render::error(self, asked, &question, target::Failure::Address, ""));
        };
        let country = client::country(self, address);
        let log = client::log_line(self, asked, &question, &target, address, &country);
        if question.metalink && target.details(self).is_none() {
            let name = format!("{}/{}", target.directory.directory, target.file.as_deref().unwrap_or(""));
            let failure = target::Failure::File;
            return (Expected::Error(render::error(self, asked, &question, failure, &name)), log);
        }
        let groups = select::groups(self, &question, &target, address, &country, &mut header);
        let listing = Listing::new(self, asked, question, target, header, groups);
        (Expected::List(Box::new(listing)), log)
    }
}

/// The hosts of one tier, or of one length of network, none of which is in a group before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) tier: Tier,
    pub(crate) hosts: Vec<i64>,
}
