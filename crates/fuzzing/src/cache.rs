//! The mirrorlist cache: decoded, viewed, and asked.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use answer::{Data, Policy, Request};
use chrono::DateTime;
use geo::{Asns, Continents, Countries};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use snapshot::Snapshot;
use snapshot::proto::{self, MirrorList};
use testkit::random::{Deployment, Repeats};
use testkit::rng::Rng;

/// Directories and repositories that are asked for.
const ASKED: usize = 8;

/// Any bytes as a cache file. Both readers take the same files, and both views of one give the same answers.
pub(crate) fn file(bytes: &[u8]) {
    let view = match (proto::decode(bytes), Snapshot::from_bytes(bytes.to_vec())) {
        (Ok(decoded), Ok(view)) => Some((decoded, view)),
        (Err(_), Err(_)) => None,
        // A view has limits that the format has not.
        (Ok(_), Err(refusal)) => {
            assert!(refusal.to_string().contains("more elements"), "{refusal}");
            None
        }
        (Err(refusal), Ok(_)) => panic!("only the view takes it: {refusal}"),
    };
    let Some((decoded, view)) = view else { return };
    assert_eq!(proto::decode(&proto::encode(&decoded)).as_ref(), Ok(&decoded));
    let other = Snapshot::from_proto(&decoded).unwrap();
    let (view, other) = (data(view), data(other));
    for query in questions(&decoded) {
        for policy in [Policy::default(), Policy::upstream()] {
            for path in ["/mirrorlist", "/metalink"] {
                assert_eq!(ask(&view, &policy, path, &query), ask(&other, &policy, path, &query), "{query}");
            }
        }
    }
}

fn data(snapshot: Snapshot) -> Data {
    Data::new(
        Arc::new(snapshot),
        Arc::new(Countries::none()),
        Arc::new(Asns::none()),
        Arc::new(Continents::built_in()),
    )
}

/// The first directories, with their files, and repositories of the cache.
fn questions(cache: &MirrorList) -> Vec<String> {
    let mut queries = vec!["path=&ip=198.51.100.7".to_owned()];
    for directory in cache.mirror_list_cache.iter().take(ASKED) {
        queries.push(format!("path={}&country=DE&redirect", directory.directory));
        queries.push(format!("path={}/repomd.xml&ip=198.51.100.70", directory.directory));
        queries.push(format!("path={}&protocol=https,http&ip=2001:db8:30::1", directory.directory));
    }
    for pair in cache.repo_arch_to_directory_name.iter().take(ASKED) {
        if let Some((repo, arch)) = pair.key.split_once('+') {
            queries.push(format!("repo={repo}&arch={arch}"));
        }
    }
    queries
}

fn ask(data: &Data, policy: &Policy, path: &str, query: &str) -> (u16, Option<String>, Vec<u8>) {
    let request = Request {
        path,
        query,
        accept: "",
        forwarded_for: &[],
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        now: DateTime::UNIX_EPOCH,
    };
    let answer = answer::answer(data, policy, &request, &mut StdRng::seed_from_u64(1));
    (answer.status, answer.location, answer.body.to_vec())
}

/// The recorded cache, and random ones cut down to a few elements of each kind.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let recorded = include_bytes!("../../answer/tests/data/mirrorlist/inputs/cache.proto").to_vec();
    let small = |seed| {
        let mut cache = Deployment::random(&mut Rng::new(seed, "fuzz"), Repeats::Some).cache;
        cut_down(&mut cache, 1 + seed as usize);
        proto::encode(&cache)
    };
    (0..6).map(small).chain([recorded]).collect()
}

fn cut_down(cache: &mut MirrorList, most: usize) {
    macro_rules! cut {
        ($($list:ident),*) => { $(cache.$list.truncate(most);)* };
    }
    cut!(netblock_country_cache, hc_url_cache, file_details_cache, disabled_repository_cache);
    cut!(country_continent_redirect_cache, repository_redirect_cache, repo_arch_to_directory_name);
    cut!(host_asn_cache, host_country_cache, host_bandwidth_cache, host_country_allowed_cache);
    cut!(host_netblock_cache, mirror_list_cache);
    for directory in &mut cache.mirror_list_cache {
        directory.global.truncate(most);
        directory.by_country.truncate(most);
        directory.by_host_id.truncate(most);
    }
}
