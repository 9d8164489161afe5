//! The recorded form of a cache, and the rules by which ours differs from it.

pub(crate) mod rules;

use serde_json::{Map, Value, json};
use snapshot::proto::{
    FileDetailsType, IntIntMap, IntRepeatedIntMap, IntRepeatedStringMap, IntStringMap, MirrorList,
    MirrorListCacheType, StringBoolMap, StringRepeatedIntMap, StringStringMap,
};

/// One `[key, value]` of a map.
trait Pair {
    fn pair(&self) -> Value;
}

macro_rules! pairs {
    ($($name:ident),*) => {$(
        impl Pair for $name {
            fn pair(&self) -> Value {
                json!([self.key, self.value])
            }
        }
    )*};
}
pairs!(
    StringStringMap,
    StringRepeatedIntMap,
    IntRepeatedStringMap,
    IntStringMap,
    IntIntMap,
    IntRepeatedIntMap
);

impl Pair for StringBoolMap {
    fn pair(&self) -> Value {
        json!([self.key, i32::from(self.value)])
    }
}

fn put<T: Pair>(out: &mut Map<String, Value>, name: &str, list: &[T]) {
    if !list.is_empty() {
        out.insert(name.into(), list.iter().map(Pair::pair).collect());
    }
}

/// The decoded cache in the form of `expected.json`: fields without elements are absent.
pub(crate) fn as_recorded(cache: &MirrorList) -> Value {
    let mut out = Map::new();
    out.insert("Time".into(), "{TIME}".into());
    put(&mut out, "NetblockCountryCache", &cache.netblock_country_cache);
    put(&mut out, "HCUrlCache", &cache.hc_url_cache);
    let files = |directory: &snapshot::proto::FileDetailsCacheDirectoryType| {
        let files: Vec<Value> = directory
            .file_details_cache_files
            .iter()
            .map(|file| {
                let details: Vec<Value> = file.file_details.iter().map(detail).collect();
                json!({"filename": file.filename, "FileDetails": details})
            })
            .collect();
        json!({"directory": directory.directory, "FileDetailsCacheFiles": files})
    };
    out.insert("FileDetailsCache".into(), cache.file_details_cache.iter().map(files).collect());
    put(&mut out, "DisabledRepositoryCache", &cache.disabled_repository_cache);
    put(&mut out, "CountryContinentRedirectCache", &cache.country_continent_redirect_cache);
    put(&mut out, "RepositoryRedirectCache", &cache.repository_redirect_cache);
    put(&mut out, "RepoArchToDirectoryName", &cache.repo_arch_to_directory_name);
    put(&mut out, "HostAsnCache", &cache.host_asn_cache);
    put(&mut out, "HostMaxConnectionCache", &cache.host_max_connection_cache);
    put(&mut out, "HostCountryCache", &cache.host_country_cache);
    put(&mut out, "HostBandwidthCache", &cache.host_bandwidth_cache);
    put(&mut out, "HostCountryAllowedCache", &cache.host_country_allowed_cache);
    put(&mut out, "HostNetblockCache", &cache.host_netblock_cache);
    out.insert("MirrorListCache".into(), cache.mirror_list_cache.iter().map(mirrors).collect());
    Value::Object(out)
}

fn detail(detail: &FileDetailsType) -> Value {
    let mut out = Map::new();
    out.insert("TimeStamp".into(), detail.time_stamp.into());
    out.insert("Size".into(), detail.size.into());
    for (name, digest) in
        [("SHA1", &detail.sha1), ("MD5", &detail.md5), ("SHA256", &detail.sha256), ("SHA512", &detail.sha512)]
    {
        if let Some(digest) = digest {
            out.insert(name.into(), digest.clone().into());
        }
    }
    Value::Object(out)
}

fn mirrors(entry: &MirrorListCacheType) -> Value {
    let mut out = Map::new();
    out.insert("directory".into(), entry.directory.clone().into());
    if !entry.global.is_empty() {
        out.insert("Global".into(), entry.global.clone().into());
    }
    if let Some(subpath) = &entry.subpath {
        out.insert("Subpath".into(), subpath.clone().into());
    }
    put(&mut out, "ByCountry", &entry.by_country);
    put(&mut out, "ByCountryInternet2", &entry.by_country_internet2);
    put(&mut out, "ByHostId", &entry.by_host_id);
    Value::Object(out)
}
