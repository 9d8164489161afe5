//! The data that answers are made from: which files, what is in memory, and loading one from the other.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use geo::{Asns, Continents, Countries, EmptyIpv4};
use settings::serve::Serve;
use snapshot::Snapshot;

use crate::error::DataError;

/// The input files.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    cache: PathBuf,
    countries: Option<PathBuf>,
    netblocks: Option<PathBuf>,
    continents: Option<PathBuf>,
    accept_older: bool,
}

impl Sources {
    pub(crate) fn of(settings: &Serve) -> Self {
        Self {
            cache: settings.cache.clone(),
            countries: settings.countries.clone(),
            netblocks: settings.netblocks.clone(),
            continents: settings.continents.clone(),
            accept_older: settings.accept_older,
        }
    }

    /// How the files look now.
    pub(crate) fn signatures(&self) -> Signatures {
        let optional = |path: &Option<PathBuf>| path.as_deref().and_then(Signature::of);
        Signatures {
            cache: Signature::of(&self.cache),
            countries: optional(&self.countries),
            netblocks: optional(&self.netblocks),
            continents: optional(&self.continents),
        }
    }
}

/// How a file looks from outside. A replaced, appended or rewritten file looks different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signature {
    device: u64,
    inode: u64,
    bytes: u64,
    modified_seconds: i64,
    modified_nanos: i64,
}

impl Signature {
    /// `None` for a file that is not there or can not be looked at.
    fn of(path: &Path) -> Option<Self> {
        let meta = fs::metadata(path).ok()?;
        Some(Self {
            device: meta.dev(),
            inode: meta.ino(),
            bytes: meta.size(),
            modified_seconds: meta.mtime(),
            modified_nanos: meta.mtime_nsec(),
        })
    }
}

/// How all input files look; `None` for one that is not configured or not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signatures {
    cache: Option<Signature>,
    countries: Option<Signature>,
    netblocks: Option<Signature>,
    continents: Option<Signature>,
}

/// Data in memory, and the files it was made from.
pub(crate) struct Loaded {
    data: answer::Data,
    signatures: Signatures,
}

impl Loaded {
    /// What the answer engine works on.
    pub(crate) fn data(&self) -> &answer::Data {
        &self.data
    }

    pub(crate) fn signatures(&self) -> &Signatures {
        &self.signatures
    }

    /// When the cache was made, seconds since 1970.
    pub(crate) fn made_at_seconds(&self) -> u64 {
        self.data.snapshot.created()
    }

    /// Directories in the cache.
    pub(crate) fn directories(&self) -> usize {
        self.data.snapshot.directories()
    }
}

/// Loads the files in the order of the old server. A part whose file looks as it did for `reuse` is taken
/// from there.
///
/// # Errors
/// The first file that can not be used; or one that was changed in the meantime.
pub(crate) fn load(sources: &Sources, reuse: Option<&Loaded>) -> Result<Loaded, DataError> {
    let signatures = sources.signatures();
    let old = |same: fn(&Signatures) -> Option<Signature>| {
        reuse.filter(|loaded| same(&loaded.signatures) == same(&signatures)).map(Loaded::data)
    };
    let snapshot = match old(|s| s.cache) {
        Some(data) => Arc::clone(&data.snapshot),
        None => Arc::new(Snapshot::read(&sources.cache)?),
    };
    let countries = match old(|s| s.countries) {
        Some(data) => Arc::clone(&data.countries),
        None => Arc::new(countries(sources.countries.as_deref())?),
    };
    let asns = match old(|s| s.netblocks) {
        Some(data) => Arc::clone(&data.asns),
        None => Arc::new(asns(sources.netblocks.as_deref())?),
    };
    let continents = match old(|s| s.continents) {
        Some(data) => Arc::clone(&data.continents),
        None => Arc::new(continents(sources.continents.as_deref())?),
    };
    let after = sources.signatures();
    if after != signatures {
        return Err(DataError::Moving { file: moved(sources, &signatures, &after) });
    }
    Ok(Loaded { data: answer::Data::new(snapshot, countries, asns, continents), signatures })
}

/// Reads the files that the settings name, for whoever wants answers without a server.
///
/// # Errors
/// The first file that can not be used; or one that was changed in the meantime.
pub fn read_data(settings: &Serve) -> Result<answer::Data, DataError> {
    Ok(load(&Sources::of(settings), None)?.data)
}

/// Refuses data that is most likely an accident.
///
/// # Errors
/// The new cache has no directories although the one in use has some, or is older than it.
pub(crate) fn verify(sources: &Sources, new: &Loaded, in_use: Option<&Loaded>) -> Result<(), DataError> {
    let Some(in_use) = in_use else { return Ok(()) };
    if new.directories() == 0 && in_use.directories() > 0 {
        return Err(DataError::Emptied { file: sources.cache.clone(), in_use: in_use.directories() });
    }
    if new.made_at_seconds() < in_use.made_at_seconds() && !sources.accept_older {
        return Err(DataError::Older {
            file: sources.cache.clone(),
            made_at_seconds: new.made_at_seconds(),
            in_use_seconds: in_use.made_at_seconds(),
        });
    }
    Ok(())
}

fn countries(file: Option<&Path>) -> Result<Countries, DataError> {
    let Some(file) = file else { return Ok(Countries::none()) };
    Countries::read(file).map_err(|source| DataError::Countries { file: file.to_owned(), source })
}

fn asns(file: Option<&Path>) -> Result<Asns, DataError> {
    let Some(file) = file else { return Ok(Asns::none()) };
    let asns = Asns::read(file, EmptyIpv4::Refuse)
        .map_err(|source| DataError::Netblocks { file: file.to_owned(), source })?;
    if asns.skipped() > 0 {
        tracing::warn!(file = %file.display(), lines = asns.skipped(), "lines that are no `NETWORK/LENGTH ASN` skipped");
    }
    Ok(asns)
}

fn continents(file: Option<&Path>) -> Result<Continents, DataError> {
    let Some(file) = file else { return Ok(Continents::built_in()) };
    Continents::read(file).map_err(|source| DataError::Continents { file: file.to_owned(), source })
}

/// The first file that looks different.
fn moved(sources: &Sources, before: &Signatures, after: &Signatures) -> PathBuf {
    let path = if before.countries != after.countries {
        sources.countries.as_ref()
    } else if before.netblocks != after.netblocks {
        sources.netblocks.as_ref()
    } else if before.continents != after.continents {
        sources.continents.as_ref()
    } else {
        None
    };
    path.unwrap_or(&sources.cache).clone()
}
