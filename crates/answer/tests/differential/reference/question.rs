//! C.2, 1 to 3.

use super::{Asked, World, escape};

/// The parameters of a request.
pub(crate) struct Question {
    pub(crate) metalink: bool,
    pub(crate) path: Option<String>,
    pub(crate) repo: Option<String>,
    pub(crate) arch: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) netblock: Option<String>,
    pub(crate) redirect: bool,
    pub(crate) time: bool,
}

impl Question {
    pub(super) fn parse(world: &World<'_>, asked: Asked<'_>) -> Option<Self> {
        let metalink = asked.path.ends_with("/metalink");
        if !metalink && !asked.path.ends_with("/mirrorlist") {
            return None;
        }
        let value = |wanted: &str| {
            let parts = asked.query.split('&').map(|part| part.split('=').collect::<Vec<_>>());
            let last = parts.rev().find(|part| part[0] == wanted)?;
            let value = last.get(1).copied().unwrap_or("");
            Some(if world.native() { escape::decoded(value) } else { value.to_owned() })
        };
        Some(Self {
            metalink,
            path: value("path"),
            repo: value("repo"),
            arch: value("arch"),
            country: value("country"),
            protocol: value("protocol"),
            ip: value("ip"),
            netblock: value("netblock"),
            redirect: value("redirect").is_some() && !metalink,
            time: value("time").is_some(),
        })
    }

    /// The distinct protocols, if any were asked for.
    pub(super) fn protocols(&self) -> Option<Vec<&str>> {
        self.protocol.as_deref().map(distinct)
    }

    /// R1.
    pub(super) fn countries(&self) -> Vec<&str> {
        self.country.as_deref().filter(|list| !list.is_empty()).map(distinct).unwrap_or_default()
    }
}

fn distinct(list: &str) -> Vec<&str> {
    let mut values: Vec<&str> = list.split(',').collect();
    values.sort_unstable();
    values.dedup();
    values
}
