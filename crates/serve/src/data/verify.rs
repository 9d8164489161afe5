//! What new data must fulfil before it is used (design 4): signed by somebody who is trusted; neither older
//! nor much smaller than what is in use, which is most likely an accident.

use std::fs;
use std::path::Path;

use settings::serve::Serve;
use snapshot::{PublicKey, Snapshot};

use crate::error::DataError;

/// The rules for new data.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    accept_older: bool,
    max_fall_percent: u8,
    map: bool,
    /// Empty: nobody has to sign.
    trusted: Vec<PublicKey>,
}

/// Whether an operator has said that the data on disk is to be used as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acceptance {
    /// Refuse what is older or much smaller.
    ByTheRules,
    /// Take it. A signature that is asked for is still asked for.
    Forced,
}

impl Rules {
    /// The rules that the settings ask for.
    ///
    /// # Errors
    /// A key can not be read.
    pub(crate) fn of(settings: &Serve) -> Result<Self, DataError> {
        Ok(Self {
            accept_older: settings.accept_older,
            max_fall_percent: settings.max_fall_percent,
            map: settings.map_cache,
            trusted: settings.trusted_keys.iter().map(|file| key(file)).collect::<Result<_, _>>()?,
        })
    }

    /// Reads a cache file. Whatever becomes a [`Snapshot`] in this server comes through here.
    ///
    /// # Errors
    /// It can not be read, or is not signed as it has to be.
    pub(crate) fn read(&self, file: &Path) -> Result<Snapshot, DataError> {
        let snapshot = if self.map { Snapshot::map(file)? } else { Snapshot::read(file)? };
        let trusted = |signer: &PublicKey| self.trusted.contains(signer);
        if self.trusted.is_empty() || snapshot.signer().is_some_and(trusted) {
            return Ok(snapshot);
        }
        let signer = snapshot.signer().map_or_else(|| "nobody".to_owned(), ToString::to_string);
        Err(DataError::Untrusted { file: file.to_owned(), signer })
    }

    /// Compares a new cache with the one in use.
    ///
    /// # Errors
    /// It is older, or has far less of something.
    pub(crate) fn compare(&self, file: &Path, new: &Snapshot, in_use: &Snapshot) -> Result<(), DataError> {
        if new.serial() < in_use.serial() && !self.accept_older {
            let (serial, in_use) = (new.serial(), in_use.serial());
            return Err(DataError::Older { file: file.to_owned(), serial, in_use });
        }
        let (counts, before) = (new.counts(), in_use.counts());
        for (what, count, before) in [
            ("directories", counts.directories, before.directories),
            ("repositories", counts.repositories, before.repositories),
            ("hosts", counts.hosts, before.hosts),
        ] {
            let least = before as u128 * u128::from(100 - self.max_fall_percent.min(100));
            if (count as u128) * 100 < least || (count == 0 && before > 0) {
                return Err(DataError::Fallen { file: file.to_owned(), what, count, in_use: before });
            }
        }
        Ok(())
    }
}

fn key(file: &Path) -> Result<PublicKey, DataError> {
    let failed = |reason: String| DataError::Key { file: file.to_owned(), reason };
    let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    PublicKey::from_pem(&text).map_err(|error| failed(error.to_string()))
}
