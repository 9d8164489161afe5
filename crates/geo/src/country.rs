//! The country of an address, and where in it, from a MaxMind database.
//!
//! Any edition is read that has `country.iso_code` (GeoLite2, GeoIP2, DB-IP) or a top-level `country_code`
//! (the free databases of other makers). Only the City editions know coordinates.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use bytes::Bytes;
use maxminddb::{PathElement, Reader};

use crate::coordinates::Coordinates;
use crate::error::{LoadError, from_file};

/// The largest country database that is read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

const NESTED: [PathElement<'static>; 2] = [PathElement::Key("country"), PathElement::Key("iso_code")];
const FLAT: [PathElement<'static>; 1] = [PathElement::Key("country_code")];
const LATITUDE: [PathElement<'static>; 2] = [PathElement::Key("location"), PathElement::Key("latitude")];
const LONGITUDE: [PathElement<'static>; 2] = [PathElement::Key("location"), PathElement::Key("longitude")];

/// A country database, fully in memory.
#[derive(Default)]
pub struct Countries {
    reader: Option<Reader<Bytes>>,
}

impl Countries {
    /// A database that knows no address.
    pub fn none() -> Self {
        Self::default()
    }

    /// Loads a database from its bytes.
    ///
    /// # Errors
    /// The bytes are not a MaxMind database.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Result<Self, LoadError> {
        Ok(Self { reader: Some(Reader::from_source(bytes.into())?) })
    }

    /// Loads a database from a file.
    ///
    /// # Errors
    /// With the path: the file cannot be read, is larger than 1 GiB, or is not a MaxMind database.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        from_file(path, MAX_BYTES, Self::from_bytes)
    }

    /// The two-letter code of the address's country, as the database has it. `None` when the database does
    /// not say, for whatever reason (spec mirrorlist A.4).
    ///
    /// A v4 address inside of a v6 one (`::ffff:192.0.2.1`) is looked up as v6; give the canonical form
    /// ([`IpAddr::to_canonical`]) to have it looked up as v4.
    pub fn of(&self, address: IpAddr) -> Option<&str> {
        let found = self.reader.as_ref()?.lookup(address).ok()?;
        let code = match found.decode_path::<&str>(&NESTED) {
            Ok(Some(code)) => code,
            _ => found.decode_path::<&str>(&FLAT).ok()??,
        };
        (!code.is_empty()).then_some(code)
    }

    /// Where the address is, roughly. `None` when the database does not say; look it up as in [`of`](Self::of).
    pub fn coordinates(&self, address: IpAddr) -> Option<Coordinates> {
        let found = self.reader.as_ref()?.lookup(address).ok()?;
        let degrees = |path: &[PathElement<'_>]| found.decode_path::<f64>(path).ok()?;
        Coordinates::new(degrees(&LATITUDE)?, degrees(&LONGITUDE)?)
    }

    /// When the database was made, in seconds since 1970; `None` for a database that knows no address.
    pub fn made_at_seconds(&self) -> Option<u64> {
        self.reader.as_ref().map(|reader| reader.metadata().build_epoch)
    }
}

impl fmt::Debug for Countries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Countries").field("made_at_seconds", &self.made_at_seconds()).finish()
    }
}
