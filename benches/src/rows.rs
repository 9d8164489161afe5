//! The rows of the report, by name, and what they share.

use std::cell::OnceCell;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use crate::database::Database;
use crate::figure::Figure;
use crate::inputs::{self, Inputs};
use crate::questions::Kind;
use crate::{answering, generation, increment, latency, memory, scanning, start, swaps};

/// One or more promises that are measured together.
pub struct Row {
    /// The word that chooses it.
    pub name: &'static str,
    /// Measures it and reports its figures.
    pub run: fn(&Bench) -> io::Result<()>,
}

/// All rows, in the order in which they run.
pub const ROWS: [Row; 17] = [
    Row { name: "mirrorlist", run: |bench| answering::row(bench, Kind::Mirrorlist) },
    Row { name: "mirrorlist-log", run: answering::logging },
    Row { name: "metalink", run: |bench| answering::row(bench, Kind::Metalink) },
    Row { name: "metalink-path", run: |bench| answering::row(bench, Kind::MetalinkPath) },
    Row { name: "latency", run: latency::row },
    Row { name: "memory", run: memory::row },
    Row { name: "start", run: start::row },
    Row { name: "swaps", run: swaps::row },
    Row { name: "generation", run: generation::row },
    Row { name: "increment", run: increment::row },
    Row { name: "scan-first", run: scanning::first },
    Row { name: "scan-unchanged", run: scanning::unchanged },
    Row { name: "scan-changed", run: scanning::changed },
    Row { name: "scan-memory", run: scanning::memory },
    Row { name: "scan-many", run: scanning::many },
    Row { name: "scan-latency", run: scanning::latency },
    Row { name: "scan-list", run: scanning::list },
];

/// The rows with these names, separated by commas or spaces; all of them for none.
///
/// # Errors
/// There is no such row.
pub fn chosen(names: &str) -> io::Result<Vec<&'static Row>> {
    let names: Vec<&str> = names.split([',', ' ']).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = names.iter().find(|name| ROWS.iter().all(|row| row.name != **name)) {
        let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        return Err(io::Error::other(format!("no row {unknown:?}; there are {}", known.join(", "))));
    }
    Ok(ROWS.iter().filter(|row| names.is_empty() || names.contains(&row.name)).collect())
}

/// What rows share, made when the first one needs it.
pub struct Bench {
    scale: f64,
    folder: TempDir,
    inputs: OnceCell<Inputs>,
    database: OnceCell<Option<Database>>,
    scans: scanning::Surroundings,
}

impl Bench {
    /// At a scale; 1 is that of the promises.
    ///
    /// # Errors
    /// There is no room for files.
    pub fn new(scale: f64) -> io::Result<Self> {
        Ok(Self {
            scale,
            folder: tempfile::tempdir()?,
            inputs: OnceCell::new(),
            database: OnceCell::new(),
            scans: scanning::Surroundings::default(),
        })
    }

    /// The scale.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// A folder for files, which goes at the end.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The files that servers read.
    ///
    /// # Errors
    /// What the system says.
    pub fn inputs(&self) -> io::Result<&Inputs> {
        if self.inputs.get().is_none() {
            eprintln!("making inputs at scale {}", self.scale);
            let _ = self.inputs.set(inputs::write(self.folder(), self.scale)?);
        }
        self.inputs.get().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The database that caches are made from; `None` on a machine without PostgreSQL.
    ///
    /// # Errors
    /// What the system says.
    pub fn database(&self) -> io::Result<Option<&Database>> {
        if self.database.get().is_none() {
            let _ = self.database.set(Database::make(self.scale)?);
        }
        Ok(self.database.get().and_then(Option::as_ref))
    }

    /// What scans are measured on.
    pub fn scans(&self) -> &scanning::Surroundings {
        &self.scans
    }

    /// Prints a figure.
    pub fn report(&self, figure: &Figure) {
        println!("{figure}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_name_and_a_wrong_name_is_told() {
        let names = |text| chosen(text).map(|rows| rows.iter().map(|row| row.name).collect::<Vec<_>>());
        assert_eq!(names("start, mirrorlist").unwrap(), ["mirrorlist", "start"]);
        assert_eq!(names("").unwrap().len(), ROWS.len());
        let error = names("mirrorlist,strat").unwrap_err().to_string();
        assert!(error.starts_with("no row \"strat\"; there are mirrorlist, mirrorlist-log, "), "{error}");
    }
}
