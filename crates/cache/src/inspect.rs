//! What is in a cache file of either format, as data for people: `mirrormanager cache inspect`.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use snapshot::{HostBits, PublicKey, ReadError, Snapshot, proto};

use crate::output::Format;

/// One part of the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name in the interchange format.
    pub name: &'static str,
    /// How many elements it has.
    pub elements: usize,
}

/// One section of a native file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// A set of hosts that several directories share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MirrorSet {
    /// How many directories have exactly these hosts.
    pub directories: usize,
    /// How many hosts.
    pub hosts: usize,
    /// The first of those directories.
    pub example: String,
}

/// What is in a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Its format.
    pub format: Format,
    /// Size of the file.
    pub bytes: u64,
    /// When it was built; `None` when the number is no date.
    pub built: Option<DateTime<Utc>>,
    /// Seconds since then; negative when it is from the future.
    pub age_seconds: Option<i64>,
    /// The serial of a native file.
    pub serial: Option<u64>,
    /// Whose signature a native file has, in hexadecimal digits.
    pub signer: Option<String>,
    /// The parts that answers are made from.
    pub parts: Vec<Part>,
    /// The sections of a native file.
    pub sections: Vec<Section>,
    /// Known versions of files.
    pub file_details: usize,
    /// Hosts that are listed anywhere.
    pub hosts: usize,
    /// Directories that no host is listed for.
    pub directories_without_hosts: usize,
    /// How many different sets of hosts there are.
    pub mirror_sets: usize,
    /// The most frequent ones, first the one that most directories share.
    pub top_mirror_sets: Vec<MirrorSet>,
}

/// Reads a cache file and sums it up, with the `top` most frequent sets of hosts.
///
/// # Errors
/// When the file can not be read or is no cache.
pub fn inspect(path: &Path, now: DateTime<Utc>, top: usize) -> Result<Summary, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    let snapshot = Snapshot::map(path)?;
    let (format, sections) = if is_native(path)? {
        let wrong = |source: snapshot::FormatError| ReadError::Decode {
            path: path.to_owned(),
            source: source.into(),
        };
        let sections = snapshot::sections(&proto::read_bytes(path)?).map_err(wrong)?;
        let section = |size: snapshot::SectionSize| Section { name: size.name, bytes: size.bytes };
        (Format::Snapshot, sections.into_iter().map(section).collect())
    } else {
        (Format::Proto, Vec::new())
    };
    let built = built(&snapshot);
    let mut sets: HashMap<Vec<u64>, MirrorSet> = HashMap::new();
    let mut listed = HostBits::default();
    for directory in snapshot.all_directories() {
        let carried = directory.carried();
        listed.add(carried);
        // Sets end where their last member is.
        let mut words: Vec<u64> = carried.words().collect();
        words.truncate(words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1));
        let new = || MirrorSet { directories: 0, hosts: carried.len(), example: directory.name().to_owned() };
        sets.entry(words).or_insert_with(new).directories += 1;
    }
    let mirror_sets = sets.len();
    let without = sets.get(&Vec::new()).map_or(0, |set| set.directories);
    let mut top_mirror_sets: Vec<MirrorSet> = sets.into_values().collect();
    top_mirror_sets.sort_by(|a, b| b.directories.cmp(&a.directories).then_with(|| a.example.cmp(&b.example)));
    top_mirror_sets.truncate(top);
    Ok(Summary {
        format,
        bytes,
        built,
        age_seconds: built.map(|built| (now - built).num_seconds()),
        serial: (format == Format::Snapshot).then(|| snapshot.serial()),
        signer: snapshot.signer().map(PublicKey::to_string),
        parts: parts(&snapshot),
        sections,
        file_details: snapshot.counts().file_details,
        hosts: listed.len(),
        directories_without_hosts: without,
        mirror_sets,
        top_mirror_sets,
    })
}

/// When the generation of a cache began.
pub(crate) fn built(snapshot: &Snapshot) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(snapshot.created()).ok()?, 0)
}

/// Whether a file is in the native format.
pub(crate) fn is_native(path: &Path) -> Result<bool, ReadError> {
    use std::io::Read as _;
    let mut begin = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(8).read_to_end(&mut begin));
    read.map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    Ok(snapshot::is_native(&begin))
}

fn parts(snapshot: &Snapshot) -> Vec<Part> {
    let head = snapshot.proto_head();
    [
        ("NetblockCountryCache", head.netblock_country_cache.len()),
        ("HCUrlCache", head.hc_url_cache.len()),
        ("FileDetailsCache", snapshot.proto_files().count()),
        ("DisabledRepositoryCache", head.disabled_repository_cache.len()),
        ("CountryContinentRedirectCache", head.country_continent_redirect_cache.len()),
        ("RepositoryRedirectCache", head.repository_redirect_cache.len()),
        ("RepoArchToDirectoryName", head.repo_arch_to_directory_name.len()),
        ("HostAsnCache", head.host_asn_cache.len()),
        ("HostCountryCache", head.host_country_cache.len()),
        ("HostBandwidthCache", head.host_bandwidth_cache.len()),
        ("HostCountryAllowedCache", head.host_country_allowed_cache.len()),
        ("HostNetblockCache", head.host_netblock_cache.len()),
        ("MirrorListCache", snapshot.directories()),
    ]
    .into_iter()
    .map(|(name, elements)| Part { name, elements })
    .collect()
}
