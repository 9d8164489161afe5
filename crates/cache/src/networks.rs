//! Networks of hosts and of countries.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use futures_util::StreamExt as _;
use futures_util::stream;
use model::netblock::Netblock;
use snapshot::proto::{StringRepeatedIntMap, StringStringMap};
use store::export::{Head, HostNetblock};

use crate::compatibility::Compatibility;
use crate::hosts::{self, Grouped};
use crate::progress::{Progress, Stage};
use crate::report::BuildReport;
use crate::resolve::{ResolveError, Resolver};

/// The largest number of addresses of one name that are used.
const ADDRESSES: usize = 64;

/// Networks that prefer a host, in the order of the hosts' ids, then of the rows'.
pub(crate) async fn of_hosts(
    reads: &Head,
    names: &dyn Resolver,
    mode: Compatibility,
    progress: &dyn Progress,
    report: &mut BuildReport,
) -> Vec<StringRepeatedIntMap> {
    let rows = usable(reads, report);
    let parsed: Vec<_> =
        rows.into_iter().map(|(row, host, text)| (row, host, Netblock::parse(text))).collect();
    let wanted: BTreeSet<&str> = parsed
        .iter()
        .filter_map(|(_, _, form)| match form {
            Ok(Netblock::Name(name)) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let addresses = look_up(&wanted, names, progress).await;
    let mut out: Grouped<String, i64> = Grouped::default();
    for (row, host, form) in &parsed {
        let mut add = |network: &Netblock| {
            let list = out.list(written(network, mode));
            if mode == Compatibility::Upstream || !list.contains(&i64::from(*host)) {
                list.push(i64::from(*host));
            }
        };
        let skipped = match form {
            Ok(Netblock::Name(name)) => match addresses.get(name.as_str()) {
                Some(Ok(found)) if !found.is_empty() => {
                    found.iter().for_each(|address| add(&single(*address)));
                    continue;
                }
                Some(Err(error)) => format!("no address for the name {name:?}: {error}; left out"),
                _ => format!("no address for the name {name:?}; left out"),
            },
            Ok(network) => {
                add(network);
                continue;
            }
            Err(error) => format!("{error}; left out"),
        };
        report.skip("host_netblock", format_args!("{} (host {host})", row.id), skipped);
    }
    out.groups.into_iter().map(|(key, value)| StringRepeatedIntMap { key, value }).collect()
}

/// The rows of active hosts, in the order of the hosts' ids, then of the rows'.
fn usable<'a>(reads: &'a Head, report: &mut BuildReport) -> Vec<(&'a HostNetblock, i32, &'a str)> {
    let active: HashSet<i32> =
        reads.hosts.iter().filter(|host| hosts::active(host)).map(|host| host.id).collect();
    let mut rows = Vec::new();
    for row in &reads.netblocks {
        match (row.host_id, row.netblock.as_deref()) {
            (None, _) => report.skip("host_netblock", row.id, "no host; left out, delete the row"),
            (Some(host), None) => report.skip(
                "host_netblock",
                format_args!("{} (host {host})", row.id),
                "no network; left out, delete the row",
            ),
            (Some(host), Some(text)) if active.contains(&host) => rows.push((row, host, text)),
            (Some(_), Some(_)) => {}
        }
    }
    rows.sort_by_key(|(row, host, _)| (*host, row.id));
    rows
}

/// All names at the same time, as far as the resolver allows. Addresses are sorted, so that the order of a
/// name server's answer does not show.
async fn look_up<'a>(
    wanted: &BTreeSet<&'a str>,
    names: &dyn Resolver,
    progress: &dyn Progress,
) -> HashMap<&'a str, Result<Vec<IpAddr>, ResolveError>> {
    let mut asked = stream::iter(wanted.iter().copied())
        .map(|name| async move { (name, names.addresses(name).await) })
        .buffer_unordered(names.parallel().max(1));
    let mut out = HashMap::new();
    while let Some((name, answer)) = asked.next().await {
        let answer = answer.map(|mut found| {
            found.sort_unstable();
            found.dedup();
            found.truncate(ADDRESSES);
            found
        });
        out.insert(name, answer);
        progress.at(Stage::Names, out.len(), wanted.len());
    }
    out
}

/// The network of one address.
fn single(address: IpAddr) -> Netblock {
    Netblock::Network { address, length: if address.is_ipv4() { 32 } else { 128 } }
}

/// The key of a network: without host bits, but for the old program's readers with those that were typed.
fn written(network: &Netblock, mode: Compatibility) -> String {
    match (mode, network.masked()) {
        (Compatibility::Native, Some((address, length))) => format!("{address}/{length}"),
        _ => network.to_string(),
    }
}

/// Networks whose clients count as from a country. One that is no network would hide all later ones from
/// some readers, so in both modes it is left out and blanks around it are cut off.
pub(crate) fn countries(reads: &Head, mode: Compatibility, report: &mut BuildReport) -> Vec<StringStringMap> {
    let mut seen: HashMap<(IpAddr, u8), i32> = HashMap::new();
    let mut out = Vec::new();
    for row in &reads.netblock_countries {
        let mut skip = |reason: String| report.skip("netblock_country", row.id, reason);
        let network = match Netblock::parse(&row.netblock) {
            Ok(network) => network,
            Err(error) => {
                skip(format!("{error}; left out"));
                continue;
            }
        };
        let Some(masked) = network.masked() else {
            skip(format!("{network} is no network (address/length); left out, correct it"));
            continue;
        };
        let country = row.country.trim();
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            skip(format!("{country:?} is no country (two letters); left out, correct it"));
            continue;
        }
        if let Some(first) = seen.get(&masked) {
            skip(format!("the same network as row {first}; left out, delete one of them"));
            continue;
        }
        seen.insert(masked, row.id);
        out.push(match mode {
            Compatibility::Native => {
                StringStringMap { key: written(&network, mode), value: country.to_ascii_uppercase() }
            }
            Compatibility::Upstream => {
                StringStringMap { key: row.netblock.trim().to_owned(), value: row.country.clone() }
            }
        });
    }
    out
}
