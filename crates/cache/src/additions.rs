//! What a native snapshot can hold beside the database's content: a routing table and a country database.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use geo::{Asns, Countries, EmptyIpv4};
use snapshot::Routing;

/// Files that are put into a native snapshot.
#[derive(Debug, Default)]
pub struct Additions {
    netblocks: Option<Source<Routing>>,
    countries: Option<Source<Bytes>>,
}

/// Why a file can not be put into a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum AdditionError {
    /// It can not be read.
    #[error("read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{0}")]
    Content(#[from] geo::LoadError),
}

#[derive(Debug)]
struct Source<T> {
    path: PathBuf,
    /// As of this change of the file.
    read: Option<(SystemTime, T)>,
}

impl Additions {
    /// A routing table (`global_netblocks.txt`) and a country database (`.mmdb`). Nothing is read yet.
    pub fn new(netblocks: Option<PathBuf>, countries: Option<PathBuf>) -> Self {
        Self { netblocks: netblocks.map(Source::new), countries: countries.map(Source::new) }
    }

    /// Reads what has changed since it was read last.
    ///
    /// # Errors
    /// A file can not be read or is not what it should be.
    pub fn read(&mut self) -> Result<(), AdditionError> {
        if let Some(netblocks) = &mut self.netblocks {
            netblocks.read(|path, changed| {
                let asns = Arc::new(Asns::read(path, EmptyIpv4::Refuse)?);
                let since = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                Ok(Routing { asns, made_at_seconds: since.as_secs() })
            })?;
        }
        if let Some(countries) = &mut self.countries {
            countries.read(|path, _| {
                let failed = |source| AdditionError::Io { path: path.to_owned(), source };
                let bytes = Bytes::from(fs::read(path).map_err(failed)?);
                Countries::from_bytes(bytes.clone())?;
                Ok(bytes)
            })?;
        }
        Ok(())
    }

    pub(crate) fn routing(&self) -> Option<&Routing> {
        Some(&self.netblocks.as_ref()?.read.as_ref()?.1)
    }

    pub(crate) fn countries(&self) -> Option<&Bytes> {
        Some(&self.countries.as_ref()?.read.as_ref()?.1)
    }
}

impl<T> Source<T> {
    fn new(path: PathBuf) -> Self {
        Self { path, read: None }
    }

    fn read(
        &mut self,
        load: impl FnOnce(&Path, SystemTime) -> Result<T, AdditionError>,
    ) -> Result<(), AdditionError> {
        let failed = |source| AdditionError::Io { path: self.path.clone(), source };
        let changed = fs::metadata(&self.path).and_then(|data| data.modified()).map_err(failed)?;
        if self.read.as_ref().is_none_or(|(before, _)| *before != changed) {
            self.read = Some((changed, load(&self.path, changed)?));
        }
        Ok(())
    }
}
