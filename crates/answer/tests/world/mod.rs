//! A small made-up world for single rules: hosts with all facts that a snapshot can have.

#![allow(dead_code, reason = "every test uses a part")]

pub(crate) mod mmdb;

use std::net::IpAddr;
use std::sync::Arc;

use answer::{Answer, Data, Policy, Request};
use chrono::{DateTime, Utc};
use geo::{Asns, Continents, Countries};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use snapshot::proto::{
    FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntIntMap, IntRepeatedIntMap,
    IntStringMap, MirrorList, MirrorListCacheType, StringRepeatedIntMap, StringStringMap,
};
use snapshot::{Coordinates, Exclusive, Extras, Families, HostFacts, Snapshot};

/// A URL and the address families that are known of it.
pub(crate) type Url = (String, Option<Families>);

/// A host of the world. All carry `pub/d` unless they say otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) country: &'static str,
    pub(crate) weight: i64,
    pub(crate) urls: Vec<Url>,
    pub(crate) private: bool,
    pub(crate) carries: bool,
    pub(crate) networks: Vec<&'static str>,
    pub(crate) place: Option<Coordinates>,
}

/// A public host named `hID.example` with one URL.
pub(crate) fn host(id: i64, country: &'static str) -> Host {
    Host {
        id,
        name: Some(format!("h{id}.example")),
        country,
        weight: 100,
        urls: vec![(format!("http://h{id}.example/d"), None)],
        private: false,
        carries: true,
        networks: Vec::new(),
        place: None,
    }
}

pub(crate) const V4_ONLY: Option<Families> = Some(Families { v4: true, v6: false });
pub(crate) const V6_ONLY: Option<Families> = Some(Families { v4: false, v6: true });

/// A good version of `pub/d/f`: time and a digit that its digests are made of.
pub(crate) fn detail(time_stamp: u64, digit: &str) -> FileDetailsType {
    FileDetailsType {
        time_stamp,
        size: 7,
        sha256: Some(digit.repeat(64)),
        sha512: Some(digit.repeat(128)),
        ..FileDetailsType::default()
    }
}

/// The directory `pub/d`, repository `r` for `a`, with these hosts. Clients in 10.CC.0.0/16 are in the
/// countries DE, FR, US, JP for CC = 1, 2, 3, 4.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) hosts: Vec<Host>,
    pub(crate) exclusive: Vec<Exclusive>,
    pub(crate) details: Vec<FileDetailsType>,
    /// What the country database says of every client's place.
    pub(crate) countries: Option<Arc<Countries>>,
}

impl World {
    pub(crate) fn of(hosts: Vec<Host>) -> Self {
        Self { hosts, details: vec![detail(1_700_000_000, "a")], ..Self::default() }
    }

    pub(crate) fn data(self) -> Data {
        let mut cache = MirrorList { time: 1_750_000_000, ..MirrorList::default() };
        let mut extras = Extras { exclusive: self.exclusive, ..Extras::default() };
        let mut directory = MirrorListCacheType {
            directory: "pub/d".into(),
            subpath: Some("d".into()),
            ..MirrorListCacheType::default()
        };
        for host in &self.hosts {
            let id = host.id;
            cache.host_bandwidth_cache.push(IntIntMap { key: id, value: host.weight });
            cache.host_country_cache.push(IntStringMap { key: id, value: host.country.into() });
            for network in &host.networks {
                cache
                    .host_netblock_cache
                    .push(StringRepeatedIntMap { key: (*network).into(), value: vec![id] });
            }
            let urls: Vec<i64> = (0..).take(host.urls.len()).map(|number| id * 100 + number).collect();
            for (key, (url, families)) in urls.iter().zip(&host.urls) {
                cache.hc_url_cache.push(IntStringMap { key: *key, value: url.clone() });
                extras.families.extend(families.map(|families| (*key, families)));
            }
            if host.name.is_some() || host.place.is_some() {
                let name = host.name.clone().unwrap_or_default();
                extras.hosts.push(HostFacts { id, name, coordinates: host.place });
            }
            if host.carries {
                directory.by_host_id.push(IntRepeatedIntMap { key: id, value: urls });
            }
            if host.carries && !host.private {
                directory.global.push(id);
                match directory.by_country.iter_mut().find(|pair| pair.key == host.country) {
                    Some(pair) => pair.value.push(id),
                    None => directory
                        .by_country
                        .push(StringRepeatedIntMap { key: host.country.into(), value: vec![id] }),
                }
            }
        }
        let everywhere = MirrorListCacheType {
            directory: "pub/other".into(),
            global: self.hosts.iter().filter(|host| !host.private).map(|host| host.id).collect(),
            ..MirrorListCacheType::default()
        };
        cache.mirror_list_cache = vec![directory, everywhere];
        cache.repo_arch_to_directory_name.push(StringStringMap { key: "r+a".into(), value: "pub/d".into() });
        for (number, country) in [(1, "DE"), (2, "FR"), (3, "US"), (4, "JP")] {
            for network in [format!("10.{number}.0.0/16"), format!("2001:db8:{number}::/48")] {
                cache.netblock_country_cache.push(StringStringMap { key: network, value: country.into() });
            }
        }
        cache.file_details_cache = vec![FileDetailsCacheDirectoryType {
            directory: "pub/d".into(),
            file_details_cache_files: vec![FileDetailsCacheFilesType {
                filename: "f".into(),
                file_details: self.details,
            }],
        }];
        Data::new(
            Arc::new(Snapshot::with_extras(&cache, &extras).unwrap()),
            self.countries.unwrap_or_default(),
            Arc::new(Asns::none()),
            Arc::new(Continents::built_in()),
        )
    }
}

/// The time of all answers.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-21T06:04:36Z".parse().unwrap()
}

pub(crate) fn request<'a>(path: &'a str, query: &'a str, peer: &str) -> Request<'a> {
    let peer: IpAddr = peer.parse().unwrap();
    Request { path, query, accept: "", forwarded_for: &[], peer, now: now() }
}

pub(crate) fn ask(data: &Data, policy: &Policy, target: &str, peer: &str, seed: u64) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    answer::answer(data, policy, &request(path, query, peer), &mut StdRng::seed_from_u64(seed))
}

pub(crate) fn body(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The URLs of a plain list.
pub(crate) fn urls(answer: &Answer) -> Vec<String> {
    body(answer).lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The ids of the hosts of a plain list, by the names in their URLs.
pub(crate) fn ids(answer: &Answer) -> Vec<i64> {
    let id = |url: &String| url.split("://h").nth(1).unwrap().split('.').next().unwrap().parse().unwrap();
    urls(answer).iter().map(id).collect()
}
