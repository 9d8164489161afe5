//! The continent of a country (`country_continent.csv`, spec mirrorlist A.3).

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{LoadError, from_file};

/// The largest continent table that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Country to continent. Continents are opaque texts; `--` is one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Continents {
    table: BTreeMap<Box<str>, Box<str>>,
    skipped: usize,
}

impl Continents {
    /// The table that comes with the program.
    pub fn built_in() -> Self {
        model::continent::countries().map(|(country, continent)| (country, continent.as_str())).collect()
    }

    /// Loads `CC,CONTINENT` lines. Countries are compared exactly; the last line for one counts.
    ///
    /// Lines whose first field is not two bytes long (the header) or that have no second field are skipped
    /// and counted.
    ///
    /// # Errors
    /// There is no usable line.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let mut table = BTreeMap::new();
        let mut skipped = 0;
        for line in bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some((country, continent)) = parse(line) else {
                skipped += usize::from(!line.is_empty());
                continue;
            };
            table.insert(country.into(), continent.into());
        }
        match table.is_empty() {
            true => Err(LoadError::NoContinent { skipped }),
            false => Ok(Self { table, skipped }),
        }
    }

    /// Loads a continent table from a file.
    ///
    /// # Errors
    /// With the path: the file cannot be read, is larger than 1 MiB, or has no usable line.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        from_file(path, MAX_BYTES, |bytes| Self::from_bytes(&bytes))
    }

    /// The continent of a country.
    pub fn of(&self, country: &str) -> Option<&str> {
        self.table.get(country).map(AsRef::as_ref)
    }

    /// All pairs of country and continent, by country.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.table.iter().map(|(country, continent)| (country.as_ref(), continent.as_ref()))
    }

    /// How many lines, blank ones apart, were not understood; a header counts.
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}

impl FromIterator<(&'static str, &'static str)> for Continents {
    fn from_iter<T: IntoIterator<Item = (&'static str, &'static str)>>(pairs: T) -> Self {
        let table =
            pairs.into_iter().map(|(country, continent)| (country.into(), continent.into())).collect();
        Self { table, skipped: 0 }
    }
}

fn parse(line: &[u8]) -> Option<(&str, &str)> {
    let mut fields = std::str::from_utf8(line).ok()?.split(',');
    let country = fields.next().filter(|country| country.len() == 2)?;
    Some((country, fields.next()?))
}
