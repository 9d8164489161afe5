//! All mirrors that a client can be sent to: what a firewall in front of it must let through.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use rand::Rng;
use serde::Serialize;

use crate::client;
use crate::data::Data;
use crate::decide::Decision;
use crate::policy::Policy;
use crate::question::{Format, Question};
use crate::reply::Failure;
use crate::{answer, escape, names};

/// All mirrors that a client can be sent to for a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AllowList {
    /// What was looked for, as in the first line of a plain list.
    pub searched: String,
    /// The clients it is for: all of a network where they all get the same mirrors, else one.
    pub clients: IpNet,
    /// The mirrors, by name and URL.
    pub mirrors: BTreeSet<Allowed>,
}

/// A URL that a client can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Allowed {
    /// The host name or address in the URL.
    pub host: String,
    /// What all URLs of the mirror begin with.
    pub url: String,
}

/// Lists the mirrors that any form of the answer can name to the client, at any time until the next cache.
///
/// # Errors
/// Why there is no decision: E1 to E5.
pub fn allow_list(
    data: &Data,
    policy: &Policy,
    question: &Question<'_>,
    client: IpAddr,
    rng: &mut impl Rng,
) -> Result<AllowList, Failure> {
    let client = client::canonical(policy, client);
    let mut found: Result<AllowList, Failure> = Err(Failure::NoMirror);
    for format in [Format::Mirrorlist, Format::Redirect, Format::Json, Format::Metalink] {
        let question = Question { format, ..question.clone() };
        match (answer::decision(data, policy, &question, client, rng), &mut found) {
            (Ok(decision), Ok(list)) => list.mirrors.extend(allowed(&decision)),
            (Ok(decision), Err(_)) => {
                found = Ok(AllowList {
                    searched: decision.searched().to_owned(),
                    clients: decision.stable.unwrap_or(client.into()),
                    mirrors: allowed(&decision).collect(),
                });
            }
            // A repository without metadata has no metalink.
            (Err(_), Ok(_)) => {}
            (Err(failure), Err(_)) => return Err(failure),
        }
    }
    found
}

/// The URLs of a decision. Of an order by chance, a limit cuts off other hosts each time.
fn allowed(decision: &Decision<'_>) -> impl Iterator<Item = Allowed> {
    let beyond = decision.beyond.iter().filter(|_| decision.stable.is_none());
    let picks = decision.picks.iter().chain(beyond);
    let offers = picks.filter_map(|pick| decision.target.directory.offer(pick.host));
    let urls = offers.flat_map(|offer| decision.choice().kept(offer));
    urls.filter_map(|url| {
        let mut base = String::with_capacity(url.text().len() + 1);
        escape::push_header(url.trimmed(), &mut base);
        base.push('/');
        let mut host = String::new();
        escape::push_header(names::of_url(url.text())?, &mut host);
        Some(Allowed { host, url: base })
    })
}

impl fmt::Display for AllowList {
    /// Comments, then host and URL on one line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}", self.searched)?;
        match self.clients.prefix_len() == self.clients.max_prefix_len() {
            true => writeln!(f, "# mirrors that {} can be sent to", self.clients.addr())?,
            false => writeln!(f, "# mirrors that clients of {} can be sent to", self.clients)?,
        }
        self.mirrors.iter().try_for_each(|allowed| writeln!(f, "{} {}", allowed.host, allowed.url))
    }
}
