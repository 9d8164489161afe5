//! A view as the messages of the interchange format, one at a time.
//!
//! What that format has no field for is lost: names, places, address families, exclusive networks, the routing
//! table; of a key that was there twice only the first value is left. What it has and answers never use is not in a view: `max_connections`, the Internet2 lists. Ids of URLs
//! are new. The same questions get the same answers.

use crate::directory::Directory;
use crate::hosts::{HostList, HostNo};
use crate::proto::{
    FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntIntMap, IntRepeatedIntMap,
    IntRepeatedStringMap, IntStringMap, MirrorList, MirrorListCacheType, StringBoolMap, StringRepeatedIntMap,
    StringStringMap,
};
use crate::view::Snapshot;
use crate::{DigestKind, File, FileDetail};

fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<StringStringMap> {
    pairs.map(|(key, value)| StringStringMap { key: key.to_owned(), value: value.to_owned() }).collect()
}

impl Snapshot {
    /// Everything but directories and file details.
    pub fn proto_head(&self) -> MirrorList {
        let hosts = || (0..self.host_count() as u32).filter_map(|number| self.host(HostNo(number)));
        MirrorList {
            time: self.created_seconds,
            netblock_country_cache: self
                .country_networks
                .iter()
                .map(|(network, country)| StringStringMap { key: network.to_string(), value: country.into() })
                .collect(),
            hc_url_cache: (0i64..)
                .zip(self.offers.texts().iter())
                .map(|(key, url)| IntStringMap { key, value: url.to_owned() })
                .collect(),
            disabled_repository_cache: self
                .disabled_repositories()
                .map(|key| StringBoolMap { key: key.to_owned(), value: true })
                .collect(),
            country_continent_redirect_cache: pairs(self.continents.iter()),
            repository_redirect_cache: pairs(self.repository_redirects()),
            repo_arch_to_directory_name: pairs(self.repositories()),
            host_asn_cache: self
                .asn_hosts
                .iter()
                .map(|(key, hosts)| IntRepeatedIntMap { key, value: self.ids(hosts) })
                .collect(),
            host_country_cache: hosts()
                .filter_map(|host| {
                    let country = self.country_code(host.country?).to_owned();
                    Some(IntStringMap { key: host.id, value: country })
                })
                .collect(),
            host_bandwidth_cache: hosts()
                .map(|host| IntIntMap { key: host.id, value: host.weight.into() })
                .collect(),
            host_country_allowed_cache: self
                .allowed
                .iter(&self.sets)
                .map(|(host, countries)| IntRepeatedStringMap {
                    key: self.id(host),
                    value: countries.into_iter().map(str::to_owned).collect(),
                })
                .collect(),
            host_netblock_cache: self
                .host_networks
                .iter()
                .map(|(network, hosts)| StringRepeatedIntMap {
                    key: network.to_string(),
                    value: self.ids(hosts),
                })
                .collect(),
            ..MirrorList::default()
        }
    }

    /// The file details of all directories that have some.
    pub fn proto_files(&self) -> impl Iterator<Item = FileDetailsCacheDirectoryType> {
        self.directories.with_files().filter_map(|(directory, range)| {
            let files: Vec<_> = self.files.all(range).map(|(name, file)| file_message(name, file)).collect();
            (!files.is_empty()).then(|| FileDetailsCacheDirectoryType {
                directory: directory.to_owned(),
                file_details_cache_files: files,
            })
        })
    }

    /// The entries of all directories that hosts may carry.
    pub fn proto_directories(&self) -> impl Iterator<Item = MirrorListCacheType> {
        self.all_directories().map(|directory| self.directory_message(directory))
    }

    fn directory_message(&self, directory: Directory<'_>) -> MirrorListCacheType {
        let by_host = |host: HostNo| {
            let urls = directory.offer(host)?.numbers().map(i64::from).collect();
            Some(IntRepeatedIntMap { key: self.id(host), value: urls })
        };
        let by_country = |(country, code): (_, &str)| {
            let hosts = directory.country(country)?;
            let value = hosts.iter().map(|host| self.id(host)).collect();
            Some(StringRepeatedIntMap { key: code.to_owned(), value })
        };
        MirrorListCacheType {
            directory: directory.name().to_owned(),
            global: directory.global().iter().map(|host| self.id(host)).collect(),
            subpath: Some(directory.subpath().to_owned()),
            by_country: self.countries().filter_map(by_country).collect(),
            by_host_id: directory.carried().iter().filter_map(by_host).collect(),
            ..MirrorListCacheType::default()
        }
    }

    fn id(&self, host: HostNo) -> i64 {
        self.host(host).map_or(0, |host| host.id)
    }

    fn ids(&self, hosts: HostList<'_>) -> Vec<i64> {
        hosts.iter().map(|host| self.id(host)).collect()
    }
}

fn file_message(name: &str, file: File<'_>) -> FileDetailsCacheFilesType {
    FileDetailsCacheFilesType {
        filename: name.to_owned(),
        file_details: file.details().map(detail_message).collect(),
    }
}

fn detail_message(detail: FileDetail<'_>) -> FileDetailsType {
    let text = |kind| {
        detail.has(kind).then(|| {
            let mut text = String::new();
            detail.push_digest(kind, &mut text);
            text
        })
    };
    FileDetailsType {
        time_stamp: detail.timestamp(),
        size: detail.size(),
        sha1: text(DigestKind::Sha1),
        md5: text(DigestKind::Md5),
        sha256: text(DigestKind::Sha256),
        sha512: text(DigestKind::Sha512),
    }
}
