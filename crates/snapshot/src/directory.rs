//! One directory: who carries it, where, and what its files must look like.

use crate::files::{File, FileRange};
use crate::hosts::{HostNo, HostSet};
use crate::names::Names;
use crate::urls::Offer;
use crate::view::{CountryNo, Snapshot};

/// No row.
pub(crate) const NONE: u32 = u32::MAX;

/// All directories of a snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directories {
    /// All directories with mirrors or with files.
    pub(crate) names: Names,
    /// By name: row, or [`NONE`].
    pub(crate) row_of: Vec<u32>,
    /// By name: its files.
    pub(crate) files_of: Vec<FileRange>,
    pub(crate) rows: Vec<DirectoryRow>,
    /// Paths below the category that do not end the directory's name.
    pub(crate) subpaths: Names,
    /// Countries of directories where they do not follow from the hosts.
    pub(crate) listed: Vec<Box<[(CountryNo, u32)]>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct DirectoryRow {
    pub(crate) name: u32,
    pub(crate) subpath: Subpath,
    /// Set of public hosts.
    pub(crate) global: u32,
    /// Set of hosts with a URL list.
    pub(crate) carried: u32,
    pub(crate) palette: u32,
    /// Number in [`Directories::listed`], or [`NONE`]: the public hosts of each country.
    pub(crate) listed: u32,
}

/// The path of a directory below its category.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subpath {
    /// This many last bytes of the name.
    End(u32),
    /// A text of its own.
    Other(u32),
}

impl Directories {
    /// How many directories hosts may carry.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Gives back the room kept for more.
    pub(crate) fn freeze(&mut self) {
        self.names.freeze();
        self.subpaths.freeze();
        self.row_of.shrink_to_fit();
        self.files_of.shrink_to_fit();
        self.rows.shrink_to_fit();
    }
}

/// A directory of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Directory<'a> {
    snapshot: &'a Snapshot,
    row: &'a DirectoryRow,
}

impl<'a> Directory<'a> {
    #[inline]
    pub(crate) fn find(snapshot: &'a Snapshot, name: &str) -> Option<Self> {
        let directories = &snapshot.directories;
        let number = directories.names.find(name)? as usize;
        let row = directories.rows.get(*directories.row_of.get(number)? as usize)?;
        Some(Self { snapshot, row })
    }

    /// Its full name.
    pub fn name(self) -> &'a str {
        self.snapshot.directories.names.text(self.row.name)
    }

    /// Its path below the top directory of its category; empty for the top directory.
    #[inline]
    pub fn subpath(self) -> &'a str {
        match self.row.subpath {
            Subpath::End(length) => {
                let name = self.name();
                name.get(name.len().saturating_sub(length as usize)..).unwrap_or_default()
            }
            Subpath::Other(number) => self.snapshot.directories.subpaths.text(number),
        }
    }

    /// The hosts that carry it and have a URL list for it, private ones included.
    #[inline]
    pub fn carried(self) -> HostSet<'a> {
        HostSet::new(self.snapshot.sets.slice(self.row.carried))
    }

    /// The public hosts that carry it.
    #[inline]
    pub fn global(self) -> HostSet<'a> {
        HostSet::new(self.snapshot.sets.slice(self.row.global))
    }

    /// The public hosts of a country that carry it; `None` when the country is not listed.
    #[inline]
    pub fn country(self, country: CountryNo) -> Option<HostSet<'a>> {
        let snapshot = self.snapshot;
        match snapshot.directories.listed.get(self.row.listed as usize) {
            Some(listed) => {
                let place = listed.binary_search_by_key(&country, |(country, _)| *country).ok()?;
                listed.get(place).map(|(_, set)| HostSet::new(snapshot.sets.slice(*set)))
            }
            None => {
                let hosts = snapshot.country_hosts.get(country.0 as usize)?.as_set();
                let hosts = hosts.within(snapshot.sets.slice(self.row.global));
                (!hosts.is_empty()).then_some(hosts)
            }
        }
    }

    /// The URL list of a host; `None` when the host does not carry the directory.
    #[inline]
    pub fn offer(self, host: HostNo) -> Option<Offer<'a>> {
        if !self.carried().contains(host) {
            return None;
        }
        self.snapshot.offers.get(self.snapshot.palettes.get(self.row.palette, host)?)
    }

    /// The good versions of a file of the directory, by base name.
    pub fn file(self, name: &str) -> Option<File<'a>> {
        let range = *self.snapshot.directories.files_of.get(self.row.name as usize)?;
        self.snapshot.files.find(range, name)
    }
}
