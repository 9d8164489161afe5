//! `exclude=`: hosts and countries that a client does not want.

use snapshot::{Directory, HostBits};

use crate::data::Data;
use crate::names;

/// The hosts of the directory that a list of countries, host names and host ids excludes. Two letters are a country,
/// digits an id, the rest a name: the host's own, or one in its URLs.
pub(crate) fn hosts(data: &Data, directory: Directory<'_>, list: &str) -> HostBits {
    let mut wanted: Vec<String> = list.split(',').map(|word| word.trim().to_lowercase()).collect();
    wanted.retain(|word| !word.is_empty());
    wanted.sort_unstable();
    let is_listed = |word: &str| wanted.binary_search_by(|listed| listed.as_str().cmp(word)).is_ok();
    let mut excluded = HostBits::with_room(data.snapshot.host_count());
    if wanted.is_empty() {
        return excluded;
    }
    for host in directory.carried().iter() {
        let Some(known) = data.snapshot.host(host) else { continue };
        let country = known.country.map(|country| data.snapshot.country_code(country).to_lowercase());
        let urls = directory.offer(host).into_iter().flat_map(|offer| offer.urls());
        let mut in_urls = urls.filter_map(|url| names::of_url(url.text()));
        if country.is_some_and(|country| country.len() == 2 && is_listed(&country))
            || is_listed(&known.id.to_string())
            || data.snapshot.host_name(host).is_some_and(|name| is_listed(&name.to_lowercase()))
            || in_urls.any(|name| is_listed(&name.to_lowercase()))
        {
            excluded.insert(host);
        }
    }
    excluded
}
