//! What new data must fulfil before it is used, and which of two sources of a part is used.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serve::{DataError, Server, StartError};
use snapshot::proto::IntRepeatedIntMap;
use snapshot::{Builder, DirectoryParts, Extras, HostBits, Routing, SigningKey, Snapshot};

use crate::support::{Deployment, LIST, TIME, cache, clock, get, listed, metric};

const HOSTS: [&str; 10] = [
    "a.example",
    "b.example",
    "c.example",
    "d.example",
    "e.example",
    "f.example",
    "g.example",
    "h.example",
    "i.example",
    "j.example",
];

#[tokio::test]
async fn a_cache_with_far_less_in_it_is_refused_until_somebody_says_that_it_is_meant_so() {
    let mut deployment = Deployment::new();
    deployment.replace(&cache(TIME, &HOSTS));
    deployment.options.serve.max_fall_percent = 20;
    let server = deployment.start().await;

    deployment.replace(&cache(TIME + 1, &HOSTS[..8]));
    server.reload_now().await.unwrap();
    deployment.replace(&cache(TIME + 2, &HOSTS[..6]));
    let refusal = server.reload_now().await.unwrap_err();
    assert!(matches!(refusal, DataError::Fallen { what: "hosts", count: 6, in_use: 8, .. }), "{refusal}");
    assert!(refusal.to_string().contains("SIGUSR1"), "{refusal}");
    assert!(listed(&server).await.contains("h.example"));
    assert!(metric(&server, "mirrormanager_serve_data_refusals_total{reason=\"fallen\"} 1").await);

    server.accept_now().await.unwrap();
    assert!(!listed(&server).await.contains("h.example"));
    assert!(metric(&server, "mirrormanager_serve_reload_failed 0").await);
    assert!(metric(&server, "mirrormanager_serve_snapshot_hosts 6").await);

    let mut fewer = cache(TIME + 3, &HOSTS[..6]);
    fewer.mirror_list_cache.pop();
    deployment.replace(&fewer);
    let refusal = server.reload_now().await.unwrap_err();
    assert!(matches!(refusal, DataError::Fallen { what: "directories", .. }), "{refusal}");
    let mut fewer = cache(TIME + 3, &HOSTS[..6]);
    fewer.repo_arch_to_directory_name.clear();
    deployment.replace(&fewer);
    let refusal = server.reload_now().await.unwrap_err();
    assert!(matches!(refusal, DataError::Fallen { what: "repositories", .. }), "{refusal}");
}

#[tokio::test]
async fn a_cache_without_directories_does_not_replace_one_with_whatever_the_settings_say() {
    let mut deployment = Deployment::new();
    deployment.options.serve.max_fall_percent = 100;
    let server = deployment.start().await;
    let mut emptied = cache(TIME + 1, &["first.example"]);
    emptied.mirror_list_cache.clear();
    deployment.replace(&emptied);
    let refusal = server.reload_now().await.unwrap_err();
    assert!(matches!(refusal, DataError::Fallen { count: 0, in_use: 2, .. }), "{refusal}");
    assert!(listed(&server).await.contains("first.example"));
}

fn native(time: u64, host: &str) -> Snapshot {
    Snapshot::from_proto(&cache(time, &[host])).unwrap()
}

#[tokio::test]
async fn old_content_under_a_new_serial_is_a_roll_back() {
    for map_cache in [false, true] {
        let mut deployment = Deployment::new();
        deployment.options.serve.map_cache = map_cache;
        native(TIME, "first.example").write(deployment.cache_file(), 7, None).unwrap();
        let server = deployment.start().await;
        assert!(metric(&server, "mirrormanager_serve_snapshot_serial 7").await);
        native(TIME - 1000, "older.example").write(deployment.cache_file(), 6, None).unwrap();
        let refusal = server.reload_now().await.unwrap_err();
        assert!(matches!(refusal, DataError::Older { serial: 6, in_use: 7, .. }), "{refusal}");
        assert!(listed(&server).await.contains("first.example"));
        native(TIME - 1000, "older.example").write(deployment.cache_file(), 8, None).unwrap();
        server.reload_now().await.unwrap();
        assert!(listed(&server).await.contains("older.example"));
    }
}

#[tokio::test]
async fn only_a_cache_signed_by_a_trusted_key_is_used() {
    let key = || SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap();
    let (ours, another) = (key(), key());
    let mut deployment = Deployment::new();
    let file = deployment.path("key.pem");
    fs::write(&file, ours.public().to_pem()).unwrap();
    deployment.options.serve.trusted_keys = vec![file.clone()];
    let sign = |serial, host: &str, key: Option<&SigningKey>| {
        native(TIME, host).write(deployment.cache_file(), serial, key).unwrap();
    };
    let refused_at_start = async || match Server::start(&deployment.options, clock()).await {
        Ok(_) => panic!("started"),
        Err(error) => error,
    };
    // The protobuf file that is there has no signature.
    let error = refused_at_start().await;
    assert!(matches!(error, StartError::Data(DataError::Untrusted { .. })), "{error}");
    sign(1, "first.example", Some(&ours));
    let server = deployment.start().await;
    for (host, key) in [("none.example", None), ("another.example", Some(&another))] {
        sign(2, host, key);
        let refusal = server.accept_now().await.unwrap_err();
        assert!(matches!(refusal, DataError::Untrusted { .. }), "{refusal}");
    }
    assert!(metric(&server, "mirrormanager_serve_data_refusals_total{reason=\"untrusted\"} 2").await);
    sign(3, "second.example", Some(&ours));
    server.reload_now().await.unwrap();
    assert!(listed(&server).await.contains("second.example"));

    fs::write(&file, "no key").unwrap();
    let error = refused_at_start().await;
    assert!(error.to_string().contains("key.pem"), "{error}");
}

/// The first line of the list for this client.
async fn header(server: &serve::Running, client: &str) -> String {
    let body = get(server.address(), &format!("{LIST}&ip={client}")).await.body;
    body.lines().next().unwrap_or_default().to_owned()
}

fn set_time(file: &Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    File::options().append(true).open(file).unwrap().set_modified(time).unwrap();
}

/// A native cache of a German and a French host that brings a routing table and a country database made at
/// this time.
fn bringing(made_at_seconds: u64) -> Snapshot {
    let mut content = cache(TIME, &["german.example", "french.example"]);
    content.host_country_cache.last_mut().unwrap().value = "FR".into();
    let both = [64501, 64502].map(|key| IntRepeatedIntMap { key, value: vec![1] });
    content.host_asn_cache.extend(both);
    let mut builder = Builder::new(&content, &Extras::default()).unwrap();
    let hosts = [1, 2].map(|id| (builder.host(id).unwrap(), [id]));
    let palette = builder.palette(hosts.iter().map(|(host, urls)| (*host, urls.as_slice()))).unwrap();
    let mut all = HostBits::default();
    for (host, _) in hosts {
        all.insert(host);
    }
    for directory in &content.mirror_list_cache {
        let (name, subpath) = (directory.directory.as_str(), directory.subpath.as_deref().unwrap());
        builder.directory(&DirectoryParts { name, subpath, palette, carried: &all, global: &all }).unwrap();
    }
    let asns = geo::Asns::from_bytes(b"10.0.0.0/8 64501\n", geo::EmptyIpv4::Refuse).unwrap().into();
    builder.routing(Routing { asns, made_at_seconds });
    builder.country_database(mmdb::nested("DE", made_at_seconds).into()).unwrap();
    builder.finish().unwrap()
}

#[tokio::test]
async fn of_two_sources_the_newer_one_is_used_and_a_metric_says_which() {
    let mut deployment = Deployment::new();
    let (netblocks, countries) = (deployment.path("netblocks.txt"), deployment.path("countries.mmdb"));
    let snapshot = bringing(TIME);
    snapshot.write(deployment.cache_file(), 1, None).unwrap();

    let server = deployment.start().await;
    assert!(header(&server, "10.0.0.1").await.contains("Using ASN 64501 country = DE"), "all by itself");
    assert!(metric(&server, "mirrormanager_serve_data_source{part=\"netblocks\",source=\"cache\"} 1").await);
    assert!(
        metric(&server, "mirrormanager_serve_data_source{part=\"continents\",source=\"built_in\"} 1").await
    );

    fs::write(&netblocks, "10.0.0.0/8 64502\n").unwrap();
    fs::write(&countries, mmdb::flat("FR", TIME - 1)).unwrap();
    set_time(&netblocks, TIME - 1);
    deployment.options.serve.netblocks = Some(netblocks.clone());
    deployment.options.serve.countries = Some(countries.clone());
    let server = deployment.start().await;
    let made = format!("mirrormanager_serve_data_made_timestamp_seconds{{part=\"netblocks\"}} {TIME}");
    for source in ["cache", "file"] {
        let (asn, country) = if source == "cache" { (64501, "DE") } else { (64502, "FR") };
        let expected = format!("Using ASN {asn} country = {country}");
        let header = header(&server, "10.0.0.1").await;
        assert!(header.contains(&expected), "{source}: {header:?}");
        for part in ["netblocks", "countries"] {
            let line = format!("mirrormanager_serve_data_source{{part=\"{part}\",source=\"{source}\"}} 1");
            assert!(metric(&server, &line).await, "{line}");
        }
        assert_eq!(metric(&server, &made).await, source == "cache");
        // Now the files become the newer ones.
        fs::write(&countries, mmdb::flat("FR", TIME + 1)).unwrap();
        set_time(&netblocks, TIME + 1);
        server.reload_now().await.unwrap();
    }
}

#[tokio::test]
async fn both_layouts_of_country_databases_are_read() {
    for (bytes, country) in [(mmdb::nested("DE", TIME), "DE"), (mmdb::flat("FR", TIME), "FR")] {
        let mut deployment = Deployment::new();
        bringing(TIME - 1).write(deployment.cache_file(), 1, None).unwrap();
        let file = deployment.path("countries.mmdb");
        fs::write(&file, bytes).unwrap();
        deployment.options.serve.countries = Some(file);
        let server = deployment.start().await;
        let header = header(&server, "10.0.0.1").await;
        assert!(header.contains(&format!("country = {country} ")), "{header:?}");
    }
}

/// Country databases of one country.
mod mmdb {
    fn text(text: &str) -> Vec<u8> {
        [&[0x40 | text.len() as u8], text.as_bytes()].concat()
    }

    fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let pair = |(key, value): &(&str, Vec<u8>)| [text(key), value.clone()].concat();
        [vec![0xe0 | pairs.len() as u8], pairs.iter().flat_map(pair).collect()].concat()
    }

    /// As `country.iso_code`.
    pub(super) fn nested(country: &str, made_at_seconds: u64) -> Vec<u8> {
        database(&map(&[("country", map(&[("iso_code", text(country))]))]), made_at_seconds)
    }

    /// As `country_code`.
    pub(super) fn flat(country: &str, made_at_seconds: u64) -> Vec<u8> {
        database(&map(&[("country_code", text(country))]), made_at_seconds)
    }

    /// Addresses below 128.0.0.0 have the record.
    fn database(record: &[u8], made_at_seconds: u64) -> Vec<u8> {
        let short = |number: u8| vec![0xa1, number];
        let made = [[0x08, 0x02].as_slice(), &made_at_seconds.to_be_bytes()].concat();
        // One node of two 24-bit numbers: the record at offset 0 of the data, and nothing.
        let mut bytes = vec![0, 0, 1 + 16, 0, 0, 1];
        bytes.extend([0; 16]);
        bytes.extend(record);
        bytes.extend(b"\xab\xcd\xefMaxMind.com");
        bytes.extend(map(&[
            ("binary_format_major_version", short(2)),
            ("binary_format_minor_version", short(0)),
            ("build_epoch", made),
            ("database_type", text("Test")),
            ("description", map(&[])),
            ("ip_version", short(4)),
            ("languages", vec![0x00, 0x04]),
            ("node_count", vec![0xc1, 1]),
            ("record_size", short(24)),
        ]));
        bytes
    }
}
