//! Why a host is in an answer, or is not.

use serde::Serialize;
use snapshot::HostNo;

use crate::decide::{Decision, Pick};
use crate::reply::Tier;
use crate::urls::Choice;

/// Why a host is in an answer, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is listed.
    Listed {
        /// The nearest tier it is in.
        tier: Tier,
        /// Its place among the hosts, from 0.
        place: usize,
    },
    /// It is not.
    LeftOut(Reason),
}

/// Why a host is not in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// None of its URLs has a wanted protocol.
    NoUrl,
    /// It comes behind as many mirrors as are wanted.
    Beyond,
    /// The client does not want it, or its country.
    Excluded,
    /// The client's network has one mirror, and this is another.
    Exclusive,
    /// It does not serve clients of this country.
    CountryRefused,
    /// It is not near and there are enough that are, or only certain countries were asked for.
    NotNear,
    /// It is private and the client is in none of its networks.
    Private,
    /// It does not carry the directory, as far as is known.
    NotCarried,
}

impl Reason {
    /// In words, behind "it".
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoUrl => "has no URL of a wanted protocol",
            Self::Beyond => "comes behind as many mirrors as are wanted",
            Self::Excluded => "is excluded by the question",
            Self::Exclusive => "is not the one mirror of the client's network",
            Self::CountryRefused => "does not serve the client's country",
            Self::NotNear => "is not near, and there are enough that are, or only some countries are wanted",
            Self::Private => "is private, and the client is in none of its networks",
            Self::NotCarried => "does not carry the directory, as far as is known",
        }
    }
}

impl Decision<'_> {
    /// Why a host is in the answer, or is not.
    pub fn why(&self, host: HostNo) -> Why {
        match self.picks.iter().position(|pick| pick.host == host) {
            Some(place) if self.gives_url(self.choice(), host) => {
                let tier = self.picks.get(place).map_or(Tier::Global, |pick| pick.tier);
                Why::Listed { tier, place }
            }
            Some(_) => Why::LeftOut(Reason::NoUrl),
            None => Why::LeftOut(self.reason(host)),
        }
    }

    /// Whether the host has a URL that is given.
    pub(crate) fn gives_url(&self, choice: Choice<'_>, host: HostNo) -> bool {
        self.target.directory.offer(host).is_some_and(|offer| choice.kept(offer).next().is_some())
    }

    /// Why a host that was not picked was not.
    pub(crate) fn reason(&self, host: HostNo) -> Reason {
        let directory = self.target.directory;
        let is_it = |pick: &Pick| pick.host == host;
        if !directory.carried().contains(host) {
            Reason::NotCarried
        } else if self.exclusive.is_some_and(|exclusive| exclusive.serves) {
            Reason::Exclusive
        } else if self.excluded.as_ref().is_some_and(|excluded| excluded.contains(host)) {
            Reason::Excluded
        } else if self.beyond.iter().any(is_it) {
            Reason::Beyond
        } else if self.groups.refused.contains(host) {
            Reason::CountryRefused
        } else if !directory.global().contains(host) {
            Reason::Private
        } else {
            Reason::NotNear
        }
    }
}
