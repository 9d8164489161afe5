//! Directories: which there are, who carries them, and under which URLs.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use snapshot::{Directory, HostNo, Offer};

use super::{Difference, Pair, files, id_of, numbers};

/// Directories of which the same hosts have come and gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MirrorsChange {
    /// Hosts that carry them now.
    pub gained: Vec<String>,
    /// Hosts that no longer do.
    pub lost: Vec<String>,
    /// The directories.
    pub directories: Vec<String>,
}

/// A host with other URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UrlsChange {
    /// The host.
    pub host: String,
    /// Its URLs in the first cache, in order.
    pub before: Vec<String>,
    /// Its URLs in the second one.
    pub after: Vec<String>,
    /// How many directories that is for.
    pub directories: usize,
    /// One of them.
    pub example: String,
}

pub(super) fn compare(pair: &Pair<'_>, difference: &mut Difference) {
    let mut mirrors: BTreeMap<(Vec<i64>, Vec<i64>), Vec<String>> = BTreeMap::new();
    let mut urls = Urls::default();
    let same_numbers = pair.first.host_count() == pair.second.host_count()
        && numbers(pair.first).all(|number| id_of(pair.first, number) == id_of(pair.second, number));
    let by_id: HashMap<i64, HostNo> =
        numbers(pair.second).map(|number| (id_of(pair.second, number), number)).collect();
    for before in pair.first.all_directories() {
        let Some(after) = pair.second.directory(before.name()) else {
            difference.directories_removed.push(before.name().to_owned());
            continue;
        };
        if !(same_numbers && before.carried().words().eq(after.carried().words())) {
            let (gained, lost) = members(pair, before, after);
            if !(gained.is_empty() && lost.is_empty()) {
                mirrors.entry((gained, lost)).or_default().push(before.name().to_owned());
            }
        }
        for host in before.carried().iter() {
            let id = id_of(pair.first, host);
            let other = if same_numbers { Some(host) } else { by_id.get(&id).copied() };
            let offers = (before.offer(host), other.and_then(|other| after.offer(other)));
            if let (Some(old), Some(new)) = offers {
                urls.compare(id, old, new, before.name());
            }
        }
        files::compare(before, after, &mut difference.files);
    }
    for after in pair.second.all_directories() {
        if pair.first.directory(after.name()).is_none() {
            difference.directories_added.push(after.name().to_owned());
        }
    }
    difference.mirrors = mirrors
        .into_iter()
        .map(|((gained, lost), directories)| MirrorsChange {
            gained: pair.hosts(&gained),
            lost: pair.hosts(&lost),
            directories,
        })
        .collect();
    difference.mirrors.sort_by_key(|change| std::cmp::Reverse(change.directories.len()));
    difference.urls = urls.changes(pair);
}

/// Ids of the hosts that have come, and of those that have gone.
fn members(pair: &Pair<'_>, before: Directory<'_>, after: Directory<'_>) -> (Vec<i64>, Vec<i64>) {
    let ids = |directory: Directory<'_>, snapshot| {
        let mut ids: Vec<i64> = directory.carried().iter().map(|host| id_of(snapshot, host)).collect();
        ids.sort_unstable();
        ids
    };
    let (before, after) = (ids(before, pair.first), ids(after, pair.second));
    let without = |all: &[i64], others: &[i64]| {
        all.iter().copied().filter(|id| others.binary_search(id).is_err()).collect()
    };
    (without(&after, &before), without(&before, &after))
}

/// The URLs of a host: before and after.
type Lists<'a> = (Vec<&'a str>, Vec<&'a str>);

/// The URLs of all hosts. A host has the same lists in many directories, so each pair is compared once.
#[derive(Default)]
struct Urls<'a> {
    /// By host: the pairs that were seen, and the number of the change that they are, if any.
    seen: HashMap<i64, Vec<(Lists<'a>, Option<usize>)>>,
    changes: Vec<(i64, Lists<'a>, usize, &'a str)>,
}

impl<'a> Urls<'a> {
    fn compare(&mut self, host: i64, before: Offer<'a>, after: Offer<'a>, directory: &'a str) {
        let seen = self.seen.entry(host).or_default();
        let known = seen.iter().find(|((old, new), _)| is(old, before) && is(new, after));
        let change = match known {
            Some((_, change)) => *change,
            None => {
                let texts = |offer: Offer<'a>| offer.urls().map(|url| url.text()).collect::<Vec<_>>();
                let lists = (texts(before), texts(after));
                let differs = lists.0 != lists.1;
                let change = differs.then_some(self.changes.len());
                if differs {
                    self.changes.push((host, lists.clone(), 0, directory));
                }
                seen.push((lists, change));
                change
            }
        };
        if let Some(change) = change.and_then(|number| self.changes.get_mut(number)) {
            change.2 += 1;
        }
    }

    fn changes(self, pair: &Pair<'_>) -> Vec<UrlsChange> {
        let owned = |urls: Vec<&str>| urls.into_iter().map(str::to_owned).collect();
        let change =
            |(host, (before, after), directories, example): (i64, Lists<'a>, usize, &str)| UrlsChange {
                host: pair.host(host),
                before: owned(before),
                after: owned(after),
                directories,
                example: example.to_owned(),
            };
        self.changes.into_iter().map(change).collect()
    }
}

/// Whether these are the texts of an offer. Each text lies in a snapshot once.
fn is(texts: &[&str], offer: Offer<'_>) -> bool {
    let mut urls = offer.urls();
    texts.len() == urls.len()
        && texts.iter().all(|text| urls.next().is_some_and(|url| std::ptr::eq(*text, url.text())))
}
