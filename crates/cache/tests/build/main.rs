//! Rules of the build on stores made up in memory: names, NULLs, bad rows, and properties of any store.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failed test")]

mod oracle;
mod random;
mod tables;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use cache::Compatibility::{Native, Upstream};
use cache::{Additions, Build, BuildReport, Compatibility, NoResolver, ResolveError, Resolver};
use chrono::DateTime;
use futures_util::future::BoxFuture;
use proptest::prelude::*;
use snapshot::proto::{self, MirrorList};
use snapshot::{HostNo, Snapshot};
use store::export::{
    Arch, Category, CategoryDirectory, Directory, FileDetail, Head, Host, HostCategory, HostCategoryUrl,
    HostNetblock, NetblockCountry, Repository,
};

use random::any_store;
use tables::Tables;

fn host(id: i32) -> Host {
    Host {
        id,
        name: format!("h{id}"),
        user_active: true,
        admin_active: true,
        bandwidth_int: Some(100),
        country: Some("de".into()),
        asn_clients: true,
        asn: None,
        max_connections: 1,
        private: false,
        internet2: false,
        internet2_clients: false,
        site_user_active: true,
        site_admin_active: true,
        site_private: false,
    }
}

fn directory(id: i32, name: &str) -> Directory {
    Directory { id, name: name.into() }
}

fn netblock(id: i32, host: i32, text: &str) -> HostNetblock {
    HostNetblock { id, host_id: Some(host), netblock: Some(text.into()) }
}

fn build_with(tables: &Tables, names: &dyn Resolver, mode: Compatibility) -> (MirrorList, BuildReport) {
    let (bytes, report) = encoded(tables, names, mode);
    (proto::decode(&bytes).unwrap(), report)
}

fn encoded(tables: &Tables, names: &dyn Resolver, mode: Compatibility) -> (Vec<u8>, BuildReport) {
    let reads = tables.export();
    let build = Build::prepare(&reads, names, DateTime::UNIX_EPOCH, mode, &());
    let build = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(build);
    let mut bytes = Vec::new();
    assert_eq!(build.encode_proto(&mut bytes, &()).unwrap(), bytes.len() as u64);
    native_is_the_same(&build, &bytes);
    (bytes, build.into_report())
}

/// The native form says what the interchange format says.
fn native_is_the_same(build: &Build<'_>, bytes: &[u8]) {
    let native = build.snapshot(&Additions::default(), &()).unwrap();
    let converted = Snapshot::with_extras(&proto::decode(bytes).unwrap(), build.extras()).unwrap();
    assert_eq!(native.proto_head(), converted.proto_head());
    assert!(native.proto_directories().eq(converted.proto_directories()));
    let files = |snapshot: &Snapshot| {
        let mut all: Vec<_> = snapshot.proto_files().collect();
        all.sort_by(|a, b| a.directory.cmp(&b.directory));
        all.iter_mut().for_each(|of| of.file_details_cache_files.sort_by(|a, b| a.filename.cmp(&b.filename)));
        all
    };
    assert_eq!(files(&native), files(&converted));
    for (number, facts) in (0..).map(HostNo).zip(&build.extras().hosts) {
        assert_eq!(native.host(number).map(|host| host.id), Some(facts.id));
        assert_eq!(native.host_name(number), Some(facts.name.as_str()));
    }
}

fn build(reads: &Tables) -> (MirrorList, BuildReport) {
    build_with(reads, &NoResolver, Native)
}

/// A name server with two names, which counts how many questions are open at once.
#[derive(Default)]
struct Names {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Resolver for Names {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async move {
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(open, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.open.fetch_sub(1, Ordering::SeqCst);
            match name {
                "both.example" => Ok(["2001:db8::5", "192.0.2.5", "192.0.2.4", "192.0.2.5"]
                    .map(|text| text.parse().unwrap())
                    .to_vec()),
                "none.example" => Ok(Vec::new()),
                other => Err(ResolveError(format!("{other} is unknown"))),
            }
        })
    }
}

fn keys(cache: &MirrorList) -> Vec<(String, Vec<i64>)> {
    cache.host_netblock_cache.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
}

#[test]
fn names_become_their_addresses_and_all_are_asked_at_once() {
    let reads = Tables::of(Head {
        hosts: vec![host(1), host(2), Host { user_active: false, ..host(3) }],
        netblocks: vec![
            netblock(1, 2, " both.example "),
            netblock(2, 1, "gone.example"),
            netblock(3, 1, "192.0.2.5"),
            netblock(4, 3, "off.example"),
            netblock(5, 2, "none.example"),
        ],
        ..Head::default()
    });
    let names = Names::default();
    let (cache, report) = build_with(&reads, &names, Native);
    assert_eq!(
        keys(&cache),
        [
            ("192.0.2.5/32".into(), vec![1, 2]),
            ("192.0.2.4/32".into(), vec![2]),
            ("2001:db8::5/128".into(), vec![2])
        ]
    );
    assert_eq!(names.most.load(Ordering::SeqCst), 3, "an inactive host's name is not asked for");
    let lines: Vec<String> = report.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("host_netblock 2 (host 1)") && lines[0].contains("gone.example is unknown"));
    assert!(lines[1].contains("none.example"));
}

#[test]
fn without_a_resolver_names_are_left_out_and_said_so() {
    let reads = Tables::of(Head {
        hosts: vec![host(1)],
        netblocks: vec![netblock(1, 1, "both.example"), netblock(2, 1, "10.0.0.0/8")],
        ..Head::default()
    });
    let (cache, report) = build(&reads);
    assert_eq!(keys(&cache), [("10.0.0.0/8".into(), vec![1])]);
    assert_eq!(report.skipped_total, 1);
}

#[test]
fn a_bad_network_of_an_active_host_does_not_stop_the_build() {
    let bad = ["10.0.0.0/33", "10.1.2.3/bad", "10.0.0.0/255.0.255.0", "", "a/b/c", "not a name", "::/129"];
    let mut netblocks: Vec<HostNetblock> = (1..).zip(bad).map(|(id, text)| netblock(id, 1, text)).collect();
    netblocks.push(netblock(90, 1, "192.0.2.77/24"));
    netblocks.push(HostNetblock { id: 91, host_id: None, netblock: Some("192.0.2.0/24".into()) });
    netblocks.push(HostNetblock { id: 92, host_id: Some(1), netblock: None });
    let reads = Tables::of(Head { hosts: vec![host(1)], netblocks, ..Head::default() });
    for (mode, key) in [(Native, "192.0.2.0/24"), (Upstream, "192.0.2.77/24")] {
        let (cache, report) = build_with(&reads, &NoResolver, mode);
        assert_eq!(keys(&cache), [(key.into(), vec![1])]);
        assert_eq!(report.skipped_total, bad.len() + 2);
    }
}

#[test]
fn countries_of_networks_are_canonical_and_bad_ones_hide_nothing() {
    let rows = [
        (" 10.1.2.3/16", "us "),
        ("10.0.0.0/33", "DE"),
        ("name.example", "DE"),
        ("10.2.0.0/16", "Germany"),
        ("10.1.0.0/16", "FR"),
        ("2001:DB8::/32", "de"),
        ("192.0.2.1", "fr"),
    ];
    let netblock_countries = (1..)
        .zip(rows)
        .map(|(id, (netblock, country))| NetblockCountry {
            id,
            netblock: netblock.into(),
            country: country.into(),
        })
        .collect();
    let reads = Tables::of(Head { netblock_countries, ..Head::default() });
    let (cache, report) = build(&reads);
    let found: Vec<(&str, &str)> =
        cache.netblock_country_cache.iter().map(|row| (row.key.as_str(), row.value.as_str())).collect();
    assert_eq!(found, [("10.1.0.0/16", "US"), ("2001:db8::/32", "DE"), ("192.0.2.1/32", "FR")]);
    assert_eq!(report.skipped_total, 4);
    let (cache, _) = build_with(&reads, &NoResolver, Upstream);
    assert_eq!(cache.netblock_country_cache[0].key, "10.1.2.3/16");
    assert_eq!(cache.netblock_country_cache[0].value, "us ");
}

#[test]
fn what_is_no_as_number_matches_nobody() {
    let asns = [Some(-1), Some(0), Some(64_512), None];
    let hosts = (1..).zip(asns).map(|(id, asn)| Host { asn, ..host(id) }).collect();
    let reads = Tables::of(Head { hosts, ..Head::default() });
    let listed = |mode| {
        let (cache, report) = build_with(&reads, &NoResolver, mode);
        let keys: Vec<i64> = cache.host_asn_cache.iter().map(|pair| pair.key).collect();
        (keys, report.skipped.len())
    };
    assert_eq!(listed(Native), (vec![64_512], 2));
    assert_eq!(listed(Upstream), (vec![-1, 0, 64_512], 0));
}

#[test]
fn weights_are_between_1_and_10000_and_unknown_is_100() {
    let reads = Tables::of(Head {
        hosts: [None, Some(0), Some(-7), Some(20_000), Some(250)]
            .into_iter()
            .zip(1..)
            .map(|(bandwidth_int, id)| Host { bandwidth_int, ..host(id) })
            .collect(),
        ..Head::default()
    });
    let (cache, report) = build(&reads);
    let weights: Vec<i64> = cache.host_bandwidth_cache.iter().map(|row| row.value).collect();
    assert_eq!(weights, [100, 1, 1, 10_000, 250]);
    assert_eq!(report.skipped[0].to_string(), "host 1: no bandwidth; counted as 100 Mbit/s");
}

/// One category at `pub`, one below it at `pub/epel`, one without and one with an unknown top directory.
fn two_categories() -> Tables {
    let directories = vec![
        directory(1, "pub"),
        directory(2, "pub/epel"),
        directory(3, "pub/epel/9"),
        directory(4, "pubfoo"),
        directory(5, "pub/x"),
    ];
    let both = |id| [1, 2].map(|category_id| CategoryDirectory { directory_id: id, category_id });
    let mut category_directories: Vec<_> = [1, 2, 3, 4].into_iter().flat_map(both).collect();
    category_directories.extend([
        CategoryDirectory { directory_id: 5, category_id: 3 },
        CategoryDirectory { directory_id: 5, category_id: 4 },
    ]);
    Tables {
        head: Head {
            hosts: vec![host(1), host(2)],
            categories: vec![
                Category { id: 1, topdir_id: Some(1) },
                Category { id: 2, topdir_id: Some(2) },
                Category { id: 3, topdir_id: None },
                Category { id: 4, topdir_id: Some(99) },
            ],
            host_categories: vec![
                HostCategory { id: 10, host_id: Some(1), category_id: Some(1), always_up2date: false },
                HostCategory { id: 20, host_id: Some(2), category_id: Some(2), always_up2date: false },
                HostCategory { id: 30, host_id: Some(77), category_id: Some(2), always_up2date: true },
            ],
            urls: vec![
                HostCategoryUrl { id: 6, host_category_id: 20, url: "http://a/".into() },
                HostCategoryUrl { id: 7, host_category_id: 20, url: "https://a/".into() },
            ],
            ..Head::default()
        },
        directories,
        category_directories,
        held: vec![(10, 1), (10, 3), (20, 3), (30, 3)],
        ..Tables::default()
    }
}

#[test]
fn a_directory_in_two_categories_is_served_for_the_longest_top_directory() {
    let (cache, report) = build(&two_categories());
    let found: Vec<_> = cache
        .mirror_list_cache
        .iter()
        .map(|entry| (entry.directory.as_str(), entry.subpath.as_deref().unwrap(), entry.global.clone()))
        .collect();
    assert_eq!(found, [("pub", "", vec![1]), ("pub/epel", "", vec![]), ("pub/epel/9", "9", vec![2])]);
    assert_eq!(cache.mirror_list_cache[2].by_host_id[0].value, [6, 7], "lowest URL id first");
    assert!(cache.mirror_list_cache[0].by_host_id.is_empty(), "no URL, but listed");
    let tables: Vec<&str> = report.skipped.iter().map(|row| row.table).collect();
    assert_eq!(tables, ["category", "category", "host_category", "directory"]);
    assert!(report.skipped[3].row.contains("pubfoo"));
}

#[test]
fn equal_top_directories_go_to_the_lowest_category() {
    let mut reads = two_categories();
    reads.head.categories[1].topdir_id = Some(1);
    let (cache, _) = build(&reads);
    assert_eq!(cache.mirror_list_cache[2].global, [1]);
}

#[test]
fn bad_file_details_and_repositories_are_left_out() {
    let mut reads = two_categories();
    let detail = |id, timestamp, size| FileDetail {
        id,
        directory_id: 3,
        filename: "repomd.xml".into(),
        timestamp,
        size,
        sha1: None,
        md5: None,
        sha256: Some("ab".into()),
        sha512: None,
    };
    reads.file_details =
        vec![detail(3, Some(9), Some(-1)), detail(2, Some(5), None), detail(1, None, Some(4))];
    reads.head.arches = vec![Arch { id: 1, name: "x86_64".into() }];
    let repository = |id, prefix: &str, arch_id, directory_id, disabled| Repository {
        id,
        prefix: Some(prefix.into()),
        category_id: None,
        version_id: 1,
        arch_id,
        directory_id,
        disabled,
    };
    reads.head.repositories = vec![
        repository(1, "epel-9", 1, 3, false),
        repository(2, "epel-9", 1, 2, true),
        repository(3, "epel-9", 8, 3, true),
        repository(4, "gone", 1, 88, false),
    ];
    let (cache, report) = build(&reads);
    let details = &cache.file_details_cache[0].file_details_cache_files[0].file_details;
    let numbers: Vec<(u64, u64)> = details.iter().map(|detail| (detail.time_stamp, detail.size)).collect();
    assert_eq!(numbers, [(5, 0), (0, 4)]);
    assert_eq!(cache.repo_arch_to_directory_name.len(), 1, "a prefix and arch has one directory");
    assert_eq!(cache.disabled_repository_cache.len(), 1);
    let text: Vec<String> = report.skipped.iter().map(ToString::to_string).collect();
    let text = text.join("\n");
    for named in [
        "file_detail 3 (pub/epel/9/repomd.xml)",
        "repository 3: its arch 8",
        "repository 4: its directory 88",
    ] {
        assert!(text.contains(named), "{named} in {text}");
    }
    assert!(text.contains("repository 1: disabled too, because repository 2"), "{text}");
}

fn active(host: &Host) -> bool {
    host.user_active && host.admin_active && host.site_user_active && host.site_admin_active
}

proptest! {
    #[test]
    fn any_store_gives_a_cache_without_wrong_hosts(reads in any_store(), upstream in any::<bool>()) {
        let mode = if upstream { Upstream } else { Native };
        let (cache, report) = build_with(&reads, &NoResolver, mode);
        let hosts: HashMap<i64, &Host> = reads.head.hosts.iter().map(|host| (i64::from(host.id), host)).collect();
        let urls: HashMap<i64, i32> = reads.head.urls.iter().map(|url| (i64::from(url.id), url.host_category_id)).collect();
        let weights: HashSet<i64> =
            cache.host_bandwidth_cache.iter().filter(|row| row.value > 0).map(|row| row.key).collect();
        for entry in &cache.mirror_list_cache {
            let category = |host_category: i32| reads.head.host_categories.iter().find(|row| row.id == host_category).unwrap();
            for listed in &entry.by_host_id {
                let host = hosts.get(&listed.key);
                prop_assert!(host.is_some_and(|host| active(host)), "{} is not active", listed.key);
                prop_assert!(!listed.value.is_empty());
                for url in &listed.value {
                    prop_assert_eq!(category(urls[url]).host_id.map(i64::from), Some(listed.key));
                }
            }
            let public: HashSet<i64> = entry.global.iter().copied().collect();
            for id in &entry.global {
                let host = hosts.get(id);
                prop_assert!(host.is_some_and(|host| active(host) && !host.private && !host.site_private), "{id} is not public");
                prop_assert!(weights.contains(id), "{id} has no weight");
            }
            for country in &entry.by_country {
                prop_assert!(country.value.iter().all(|id| public.contains(id)));
                prop_assert_eq!(&country.key, &country.key.to_uppercase());
            }
            for country in &entry.by_country_internet2 {
                for id in &country.value {
                    let host = hosts[id];
                    prop_assert!(active(host) && host.internet2);
                    prop_assert!(public.contains(id) || host.internet2_clients);
                }
            }
            let subpath = entry.subpath.as_deref().unwrap();
            let tail = format!("/{subpath}");
            prop_assert!(subpath.is_empty() || entry.directory.ends_with(&tail));
        }
        for network in &cache.host_netblock_cache {
            prop_assert!(network.value.iter().all(|id| active(hosts[id])));
        }
        if mode == Native {
            for asn in &cache.host_asn_cache {
                prop_assert!(asn.value.iter().all(|id| active(hosts[id])));
            }
        }
        let (bytes, _) = encoded(&reads, &NoResolver, mode);
        prop_assert_eq!(proto::encode(&cache), bytes, "as the generated messages are encoded");
        prop_assert_eq!(&cache.mirror_list_cache, &oracle::mirror_list(&reads));
        prop_assert_eq!(&cache.file_details_cache, &oracle::file_details(&reads));
        prop_assert_eq!(report.skipped.len(), report.skipped_total);
        let listings: usize = cache.mirror_list_cache.iter().map(|entry| entry.by_host_id.len()).sum();
        let counts = report.counts;
        prop_assert_eq!((counts.directories, counts.listings), (cache.mirror_list_cache.len(), listings as u64));
        prop_assert_eq!(counts.directories_with_files, cache.file_details_cache.len());
    }
}
