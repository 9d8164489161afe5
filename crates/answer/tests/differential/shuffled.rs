//! A cache with its elements in another order, as far as order means nothing.

use snapshot::proto::{MirrorList, StringStringMap};
use testkit::rng::Rng;

fn shuffle_list<T>(list: &mut [T], rng: &mut Rng) {
    for last in (1..list.len()).rev() {
        list.swap(last, rng.below(last as u64 + 1) as usize);
    }
}

/// Shuffles everything but the URLs of a host, the versions of a file, and the networks with a country, of which
/// the old server takes the first.
pub(crate) fn shuffle(cache: &mut MirrorList, rng: &mut Rng) {
    let maps: [&mut Vec<StringStringMap>; 3] = [
        &mut cache.country_continent_redirect_cache,
        &mut cache.repository_redirect_cache,
        &mut cache.repo_arch_to_directory_name,
    ];
    maps.into_iter().for_each(|map| shuffle_list(map, rng));
    shuffle_list(&mut cache.hc_url_cache, rng);
    shuffle_list(&mut cache.disabled_repository_cache, rng);
    shuffle_list(&mut cache.host_asn_cache, rng);
    shuffle_list(&mut cache.host_country_cache, rng);
    shuffle_list(&mut cache.host_bandwidth_cache, rng);
    shuffle_list(&mut cache.host_country_allowed_cache, rng);
    shuffle_list(&mut cache.host_netblock_cache, rng);
    shuffle_list(&mut cache.file_details_cache, rng);
    shuffle_list(&mut cache.mirror_list_cache, rng);
    cache.host_asn_cache.iter_mut().for_each(|pair| shuffle_list(&mut pair.value, rng));
    cache.host_netblock_cache.iter_mut().for_each(|pair| shuffle_list(&mut pair.value, rng));
    cache.host_country_allowed_cache.iter_mut().for_each(|pair| shuffle_list(&mut pair.value, rng));
    for files in &mut cache.file_details_cache {
        shuffle_list(&mut files.file_details_cache_files, rng);
    }
    for directory in &mut cache.mirror_list_cache {
        shuffle_list(&mut directory.global, rng);
        shuffle_list(&mut directory.by_country, rng);
        shuffle_list(&mut directory.by_host_id, rng);
        directory.by_country.iter_mut().for_each(|pair| shuffle_list(&mut pair.value, rng));
    }
}
