//! The address family of a client, and the URLs that it can reach (decision 22).

use std::net::IpAddr;

use snapshot::Url;

/// The family of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    pub(crate) fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// Whether a client of this family reaches the URL. One that nobody has looked at counts as reached.
    #[inline]
    pub(crate) fn reaches(self, url: Url<'_>) -> bool {
        url.families().is_none_or(|families| match self {
            Self::V4 => families.v4,
            Self::V6 => families.v6,
        })
    }
}
