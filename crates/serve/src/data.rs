//! The data that answers are made from: which files, what is in memory, and loading one from the other.

mod files;
mod verify;

use std::path::Path;
use std::sync::Arc;

use geo::{Asns, Continents, Countries, EmptyIpv4};
use settings::serve::{Compression, Serve};
use snapshot::Snapshot;

use crate::encoding::Prepared;
use crate::error::DataError;
use files::EachPart;
use verify::Rules;

pub(crate) use files::{Files, Part, Signatures};
pub(crate) use verify::Acceptance;

/// Where data comes from, and what it must fulfil.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    files: Files,
    rules: Rules,
    /// Whether pieces of answers are compressed in advance.
    compress: bool,
}

impl Sources {
    /// What the settings say.
    ///
    /// # Errors
    /// A key can not be read.
    pub(crate) fn of(settings: &Serve) -> Result<Self, DataError> {
        Ok(Self {
            files: Files::of(settings),
            rules: Rules::of(settings)?,
            compress: settings.compression != Compression::Off,
        })
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// The same but for one file.
    pub(crate) fn with(&self, part: Part, file: &Path) -> Self {
        Self { files: self.files.with(part, file), ..self.clone() }
    }
}

/// Where a part was taken from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere.
    #[default]
    None,
    /// Its own file.
    File,
    /// The cache file.
    Cache,
    /// The program.
    BuiltIn,
}

impl Origin {
    /// A short name, for metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::File => "file",
            Self::Cache => "cache",
            Self::BuiltIn => "built_in",
        }
    }
}

/// Where a part was taken from, and when it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    pub(crate) origin: Origin,
    /// Seconds since 1970, where that is known.
    pub(crate) made_at_seconds: Option<u64>,
}

/// Data in memory, and the files it was made from.
pub(crate) struct Loaded {
    data: answer::Data,
    prepared: Prepared,
    signatures: Signatures,
    provenances: EachPart<Provenance>,
}

impl Loaded {
    /// What the answer engine works on.
    pub(crate) fn data(&self) -> &answer::Data {
        &self.data
    }

    /// Pieces of answers in compressed form.
    pub(crate) fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.data.snapshot
    }

    pub(crate) fn signatures(&self) -> &Signatures {
        &self.signatures
    }

    pub(crate) fn provenance(&self, part: Part) -> Provenance {
        *self.provenances.get(part)
    }
}

/// Loads the files in the order of the old server. A part whose file looks as it did for `reuse` is taken
/// from there. Where the cache brings a routing table or a country database and there is a file too, the
/// newer one is taken.
///
/// # Errors
/// The first file that can not be used; or one that was changed in the meantime.
pub(crate) fn load(sources: &Sources, reuse: Option<&Loaded>) -> Result<Loaded, DataError> {
    let files = &sources.files;
    let signatures = files.signatures();
    let same = |part: Part| reuse.filter(|loaded| loaded.signatures.get(part) == signatures.get(part));
    // From the same file as before, and from nowhere else.
    let same_file = |part: Part| same(part).filter(|loaded| loaded.provenance(part).origin == Origin::File);

    let snapshot = match same(Part::Cache) {
        Some(loaded) => Arc::clone(&loaded.data.snapshot),
        None => Arc::new(sources.rules.read(files.get(Part::Cache).unwrap_or(Path::new("")))?),
    };
    let mut provenances = EachPart::default();
    let cache = Provenance { origin: Origin::File, made_at_seconds: Some(snapshot.created()) };
    provenances.set(Part::Cache, cache);

    let file = match (same_file(Part::Countries), files.get(Part::Countries)) {
        (_, None) => None,
        (Some(loaded), Some(_)) => Some(Arc::clone(&loaded.data.countries)),
        (None, Some(file)) => Some(Arc::new(countries(file)?)),
    };
    let file = file.map(|countries| (countries.made_at_seconds().unwrap_or(0), countries));
    let brought = snapshot
        .country_database()
        .map(|database| (database.countries.made_at_seconds().unwrap_or(0), Arc::clone(&database.countries)));
    let (countries, provenance) = newer(file, brought, Countries::none);
    provenances.set(Part::Countries, provenance);

    let file = files.get(Part::Netblocks).map(|file| {
        (signatures.get(Part::Netblocks).map_or(0, |signature| signature.modified_seconds()), file)
    });
    let brought = snapshot.routing().map(|routing| (routing.made_at_seconds, Arc::clone(&routing.asns)));
    // Large: read only if it is the newer one.
    let file = match (file, &brought) {
        (Some((made, _)), Some((brought, _))) if made < *brought => None,
        (Some((made, file)), _) => Some((
            made,
            match same_file(Part::Netblocks) {
                Some(loaded) => Arc::clone(&loaded.data.asns),
                None => Arc::new(asns(file)?),
            },
        )),
        (None, _) => None,
    };
    let (asns, provenance) = newer(file, brought, Asns::none);
    provenances.set(Part::Netblocks, provenance);

    let (continents, provenance) = match files.get(Part::Continents) {
        None => (Arc::new(Continents::built_in()), Origin::BuiltIn),
        Some(file) => {
            let continents = match same_file(Part::Continents) {
                Some(loaded) => Arc::clone(&loaded.data.continents),
                None => Arc::new(continents(file)?),
            };
            (continents, Origin::File)
        }
    };
    let made = signatures.get(Part::Continents).map(|signature| signature.modified_seconds());
    provenances.set(Part::Continents, Provenance { origin: provenance, made_at_seconds: made });

    let after = files.signatures();
    if let Some(file) = files.changed(&signatures, &after) {
        return Err(DataError::Moving { file: file.to_owned() });
    }
    let data = answer::Data::new(snapshot, countries, asns, continents);
    let prepared = if sources.compress { Prepared::of(&data) } else { Prepared::default() };
    Ok(Loaded { data, prepared, signatures, provenances })
}

/// Reads the files that the settings name, for whoever wants answers without a server.
///
/// # Errors
/// The first file that can not be used; or one that was changed in the meantime.
pub fn read_data(settings: &Serve) -> Result<answer::Data, DataError> {
    Ok(load(&Sources::of(settings)?, None)?.data)
}

/// Refuses data that is most likely an accident, unless an operator says that it is none.
///
/// # Errors
/// The new cache is older than the one in use, or has far less of something.
pub(crate) fn verify(
    sources: &Sources,
    new: &Loaded,
    in_use: Option<&Loaded>,
    acceptance: Acceptance,
) -> Result<(), DataError> {
    match (in_use, acceptance) {
        (None, _) | (_, Acceptance::Forced) => Ok(()),
        (Some(in_use), Acceptance::ByTheRules) => {
            let file = sources.files.get(Part::Cache).unwrap_or(Path::new(""));
            sources.rules.compare(file, new.snapshot(), in_use.snapshot())
        }
    }
}

/// The newer one of a part's own file and what the cache brought; of two equally old ones the file.
fn newer<T>(
    file: Option<(u64, Arc<T>)>,
    cache: Option<(u64, Arc<T>)>,
    none: impl FnOnce() -> T,
) -> (Arc<T>, Provenance) {
    let (origin, made, value) = match (file, cache) {
        (Some((made, value)), Some((brought, _))) if made >= brought => (Origin::File, made, value),
        (Some((made, value)), None) => (Origin::File, made, value),
        (_, Some((made, value))) => (Origin::Cache, made, value),
        (None, None) => return (Arc::new(none()), Provenance::default()),
    };
    (value, Provenance { origin, made_at_seconds: Some(made) })
}

fn countries(file: &Path) -> Result<Countries, DataError> {
    Countries::read(file).map_err(|source| DataError::Countries { file: file.to_owned(), source })
}

fn asns(file: &Path) -> Result<Asns, DataError> {
    let asns = Asns::read(file, EmptyIpv4::Refuse)
        .map_err(|source| DataError::Netblocks { file: file.to_owned(), source })?;
    if asns.skipped() > 0 {
        tracing::warn!(file = %file.display(), lines = asns.skipped(), "lines that are no `NETWORK/LENGTH ASN` skipped");
    }
    Ok(asns)
}

fn continents(file: &Path) -> Result<Continents, DataError> {
    Continents::read(file).map_err(|source| DataError::Continents { file: file.to_owned(), source })
}
