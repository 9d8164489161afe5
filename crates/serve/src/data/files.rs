//! The input files, and how they look from outside.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use settings::serve::Serve;

/// A part of the data that has a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The cache: directories, hosts, repositories.
    Cache,
    /// Country of an address.
    Countries,
    /// Autonomous system of an address.
    Netblocks,
    /// Continent of a country.
    Continents,
}

impl Part {
    /// All parts.
    pub(crate) const ALL: [Self; 4] = [Self::Cache, Self::Countries, Self::Netblocks, Self::Continents];

    /// Its name, in metrics and as the setting that names the file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Countries => "countries",
            Self::Netblocks => "netblocks",
            Self::Continents => "continents",
        }
    }
}

/// Something for each part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct EachPart<T>([T; Part::ALL.len()]);

impl<T> EachPart<T> {
    pub(crate) fn of(each: impl FnMut(Part) -> T) -> Self {
        Self(Part::ALL.map(each))
    }

    pub(crate) fn get(&self, part: Part) -> &T {
        let [cache, countries, netblocks, continents] = &self.0;
        match part {
            Part::Cache => cache,
            Part::Countries => countries,
            Part::Netblocks => netblocks,
            Part::Continents => continents,
        }
    }

    pub(crate) fn set(&mut self, part: Part, value: T) {
        let [cache, countries, netblocks, continents] = &mut self.0;
        *match part {
            Part::Cache => cache,
            Part::Countries => countries,
            Part::Netblocks => netblocks,
            Part::Continents => continents,
        } = value;
    }
}

/// Where the files are; `None` for a part without one.
#[derive(Debug, Clone)]
pub(crate) struct Files(EachPart<Option<PathBuf>>);

impl Files {
    pub(crate) fn of(settings: &Serve) -> Self {
        Self(EachPart::of(|part| match part {
            Part::Cache => Some(settings.cache.clone()),
            Part::Countries => settings.countries.clone(),
            Part::Netblocks => settings.netblocks.clone(),
            Part::Continents => settings.continents.clone(),
        }))
    }

    pub(crate) fn get(&self, part: Part) -> Option<&Path> {
        self.0.get(part).as_deref()
    }

    /// The same but for one file.
    pub(crate) fn with(&self, part: Part, file: &Path) -> Self {
        let mut files = self.clone();
        files.0.set(part, Some(file.to_owned()));
        files
    }

    /// How the files look now.
    pub(crate) fn signatures(&self) -> Signatures {
        EachPart::of(|part| self.get(part).and_then(Signature::of))
    }

    /// The first file that looks different.
    pub(crate) fn changed(&self, before: &Signatures, after: &Signatures) -> Option<&Path> {
        let changed = |part: &Part| before.get(*part) != after.get(*part);
        Part::ALL.into_iter().find(changed).and_then(|part| self.get(part))
    }
}

/// How all input files look; `None` for one that is not configured or not there.
pub(crate) type Signatures = EachPart<Option<Signature>>;

/// How a file looks from outside. A replaced, appended or rewritten file looks different; one that was renamed
/// looks the same.
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

    /// When the file was changed, seconds since 1970.
    pub(crate) fn modified_seconds(&self) -> u64 {
        u64::try_from(self.modified_seconds).unwrap_or(0)
    }
}
