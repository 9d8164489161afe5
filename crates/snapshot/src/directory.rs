//! One directory: who carries it, where, and what its files must look like.

use frozen::{Column, Damaged, Names, NamesBuilder, Parts, PartsWriter};
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::files::{File, FileRange, Files};
use crate::hosts::{HostNo, HostSet};
use crate::palette::Palette;
use crate::urls::{Offer, Offers};
use crate::view::{CountryNo, Snapshot};

/// No row.
pub(crate) const NONE: u32 = u32::MAX;

/// All directories of a snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directories {
    /// All directories with mirrors or with files.
    pub(crate) names: Names,
    /// By name: row, or [`NONE`].
    row_of: Column<U32>,
    /// By name: its files.
    pub(crate) files_of: Column<FileRange>,
    rows: Column<DirectoryRow>,
    /// Paths below the category that do not end the directory's name.
    subpaths: Names,
    /// Countries of directories where they do not follow from the hosts, one list behind the other.
    listed: Column<ListedRow>,
    /// Where each list ends.
    listed_ends: Column<U32>,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct DirectoryRow {
    pub(crate) name: U32,
    /// This many last bytes of the name; with [`OWN_SUBPATH`] a text of its own.
    pub(crate) subpath: U32,
    /// Set of public hosts.
    pub(crate) global: U32,
    /// Set of hosts with a URL list.
    pub(crate) carried: U32,
    pub(crate) palette: U32,
    /// Number of a list of countries with the public hosts of each, or [`NONE`].
    pub(crate) listed: U32,
}

/// The path below the category is a text of its own, with this number.
pub(crate) const OWN_SUBPATH: u32 = 1 << 31;

/// The public hosts of a country.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct ListedRow {
    pub(crate) country: U32,
    /// Number of a set.
    pub(crate) hosts: U32,
}

/// How many there are of what directories refer to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) sets: usize,
    pub(crate) palettes: usize,
    pub(crate) countries: usize,
    pub(crate) files: &'a Files,
}

impl Directories {
    /// How many directories hosts may carry.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All directories with files, and which.
    pub(crate) fn with_files(&self) -> impl Iterator<Item = (&str, FileRange)> {
        self.names.iter().zip(self.files_of.as_slice()).map(|(name, range)| (name, *range))
    }

    /// The countries of a list with the sets of their hosts, by country.
    fn listed(&self, number: u32) -> Option<&[ListedRow]> {
        let ends = self.listed_ends.as_slice();
        let end = ends.get(number as usize)?.get();
        let begin =
            number.checked_sub(1).and_then(|before| ends.get(before as usize)).map_or(0, |end| end.get());
        Some(self.listed.range(begin, end))
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        self.names.write(to);
        to.column(&self.row_of);
        to.column(&self.files_of);
        to.column(&self.rows);
        self.subpaths.write(to);
        to.column(&self.listed);
        to.column(&self.listed_ends);
    }

    pub(crate) fn read(parts: &mut Parts, known: Known<'_>) -> Result<Self, Damaged> {
        let directories = Self {
            names: Names::read(parts)?,
            row_of: parts.column()?,
            files_of: parts.column()?,
            rows: parts.column()?,
            subpaths: Names::read(parts)?,
            listed: parts.column()?,
            listed_ends: parts.column()?,
        };
        directories.check(known).map_err(|what| parts.damaged(what))?;
        Ok(directories)
    }

    fn check(&self, known: Known<'_>) -> Result<(), &'static str> {
        let right = |right: bool, what| if right { Ok(()) } else { Err(what) };
        let names = self.names.len();
        right(self.row_of.len() == names && self.files_of.len() == names, "a directory without a row")?;
        let below = |number: U32, limit: usize| (number.get() as usize) < limit;
        let own = (0u32..).zip(self.row_of.as_slice()).filter(|(_, row)| row.get() != NONE);
        let mut rows = 0;
        for (name, row) in own {
            rows += 1;
            let same = self.rows.get(row.get() as usize).is_some_and(|row| row.name.get() == name);
            right(same, "a directory with the row of another")?;
        }
        right(rows == self.rows.len(), "a row of no directory")?;
        right(
            self.files_of.as_slice().iter().all(|range| known.files.has(*range)),
            "files that are not there",
        )?;
        let subpath = |row: &DirectoryRow| match row.subpath.get() & OWN_SUBPATH {
            0 => {
                let name = self.names.text(row.name.get());
                let at = name.len().checked_sub(row.subpath.get() as usize);
                at.is_some_and(|at| name.is_char_boundary(at))
            }
            _ => ((row.subpath.get() & !OWN_SUBPATH) as usize) < self.subpaths.len(),
        };
        let fits = |row: &DirectoryRow| {
            below(row.global, known.sets)
                && below(row.carried, known.sets)
                && below(row.palette, known.palettes)
                && (row.listed.get() == NONE || below(row.listed, self.listed_ends.len()))
                && subpath(row)
        };
        right(self.rows.as_slice().iter().all(fits), "a directory of something that is not there")?;
        let ends = self.listed_ends.as_slice();
        let ordered = ends.is_sorted_by_key(|end| end.get())
            && ends.last().map_or(0, |end| end.get()) as usize == self.listed.len();
        right(ordered, "a list of countries that ends nowhere")?;
        for number in 0..ends.len() as u32 {
            let rows = self.listed(number).unwrap_or_default();
            let fits = |row: &ListedRow| below(row.country, known.countries) && below(row.hosts, known.sets);
            let ordered = rows.is_sorted_by(|one, next| one.country.get() < next.country.get());
            right(ordered && rows.iter().all(fits), "a list of countries that are not there")?;
        }
        Ok(())
    }
}

/// Directories while they are added.
#[derive(Debug, Default)]
pub(crate) struct DirectoriesBuilder {
    names: NamesBuilder,
    row_of: Vec<U32>,
    files_of: Vec<FileRange>,
    /// By name: whether its files were said.
    has_files: Vec<bool>,
    rows: Vec<DirectoryRow>,
    subpaths: NamesBuilder,
    listed: Vec<ListedRow>,
    listed_ends: Vec<U32>,
}

impl DirectoriesBuilder {
    /// The number of a directory's name, a new one if it is not there yet. `None` when there is no room.
    pub(crate) fn name(&mut self, name: &str) -> Option<u32> {
        let number = self.names.intern(name)?;
        if number as usize == self.row_of.len() {
            self.row_of.push(U32::new(NONE));
            self.files_of.push(FileRange::default());
            self.has_files.push(false);
        }
        Some(number)
    }

    /// Whether hosts may carry the directory already.
    pub(crate) fn has_row(&self, name: u32) -> bool {
        self.row_of.get(name as usize).is_some_and(|row| row.get() != NONE)
    }

    /// Whether the files of the directory were said.
    pub(crate) fn has_files(&self, name: u32) -> bool {
        self.has_files.get(name as usize).is_some_and(|has| *has)
    }

    pub(crate) fn set_files(&mut self, name: u32, files: FileRange) {
        let place = name as usize;
        if let (Some(own), Some(has)) = (self.files_of.get_mut(place), self.has_files.get_mut(place)) {
            (*own, *has) = (files, true);
        }
    }

    /// The subpath as a row has it.
    pub(crate) fn subpath(&mut self, name: &str, subpath: &str) -> Option<u32> {
        if name.ends_with(subpath) {
            return u32::try_from(subpath.len()).ok().filter(|length| length & OWN_SUBPATH == 0);
        }
        let number = self.subpaths.intern(subpath)?;
        (number & OWN_SUBPATH == 0).then_some(number | OWN_SUBPATH)
    }

    pub(crate) fn add_row(&mut self, row: DirectoryRow) -> Option<()> {
        let number = u32::try_from(self.rows.len()).ok()?;
        self.row_of.get_mut(row.name.get() as usize)?.set(number);
        self.rows.push(row);
        Some(())
    }

    /// The number of a list of countries.
    pub(crate) fn add_listed(&mut self, rows: impl IntoIterator<Item = ListedRow>) -> Option<u32> {
        self.listed.extend(rows);
        let number = u32::try_from(self.listed_ends.len()).ok()?;
        self.listed_ends.push(u32::try_from(self.listed.len()).ok()?.into());
        Some(number)
    }

    pub(crate) fn freeze(self) -> Directories {
        Directories {
            names: self.names.freeze(),
            row_of: self.row_of.into(),
            files_of: self.files_of.into(),
            rows: self.rows.into(),
            subpaths: self.subpaths.freeze(),
            listed: self.listed.into(),
            listed_ends: self.listed_ends.into(),
        }
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
        let row = directories.rows.get(directories.row_of.get(number)?.get() as usize)?;
        Some(Self { snapshot, row })
    }

    /// All directories that hosts may carry, in the order of the file.
    pub(crate) fn all(snapshot: &'a Snapshot) -> impl ExactSizeIterator<Item = Self> {
        snapshot.directories.rows.as_slice().iter().map(move |row| Self { snapshot, row })
    }

    /// Its full name.
    pub fn name(self) -> &'a str {
        self.snapshot.directories.names.text(self.row.name.get())
    }

    /// Its path below the top directory of its category; empty for the top directory.
    #[inline]
    pub fn subpath(self) -> &'a str {
        let subpath = self.row.subpath.get();
        if subpath & OWN_SUBPATH > 0 {
            return self.snapshot.directories.subpaths.text(subpath & !OWN_SUBPATH);
        }
        let name = self.name();
        name.get(name.len().saturating_sub(subpath as usize)..).unwrap_or_default()
    }

    /// The hosts that carry it and have a URL list for it, private ones included.
    #[inline]
    pub fn carried(self) -> HostSet<'a> {
        self.snapshot.sets.get(self.row.carried.get())
    }

    /// The public hosts that carry it.
    #[inline]
    pub fn global(self) -> HostSet<'a> {
        self.snapshot.sets.get(self.row.global.get())
    }

    /// The public hosts of a country that carry it; `None` when the country is not listed.
    #[inline]
    pub fn country(self, country: CountryNo) -> Option<HostSet<'a>> {
        let snapshot = self.snapshot;
        match snapshot.directories.listed(self.row.listed.get()) {
            Some(listed) => {
                let place = listed.binary_search_by_key(&country.0, |row| row.country.get()).ok()?;
                listed.get(place).map(|row| snapshot.sets.get(row.hosts.get()))
            }
            None => {
                let hosts = snapshot.countries.hosts(country)?;
                let hosts = snapshot.sets.get(hosts).within(snapshot.sets.words(self.row.global.get()));
                (!hosts.is_empty()).then_some(hosts)
            }
        }
    }

    /// The URL list of a host; `None` when the host does not carry the directory.
    #[inline]
    pub fn offer(self, host: HostNo) -> Option<Offer<'a>> {
        self.offers().of(host)
    }

    /// The URL lists of all hosts, for whoever looks at many.
    #[inline]
    pub fn offers(self) -> DirectoryOffers<'a> {
        DirectoryOffers {
            carried: self.carried(),
            palette: self.snapshot.palettes.get(self.row.palette.get()),
            pool: &self.snapshot.offers,
        }
    }

    /// The good versions of a file of the directory, by base name.
    pub fn file(self, name: &str) -> Option<File<'a>> {
        self.snapshot.files.find(self.file_range()?, name)
    }

    /// All files of the directory whose good versions are known, by base name, in no certain order.
    pub fn files(self) -> impl Iterator<Item = (&'a str, File<'a>)> {
        self.snapshot.files.all(self.file_range().unwrap_or_default())
    }

    fn file_range(self) -> Option<FileRange> {
        self.snapshot.directories.files_of.get(self.row.name.get() as usize).copied()
    }
}

/// The URL lists of a directory's hosts.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryOffers<'a> {
    carried: HostSet<'a>,
    palette: Palette<'a>,
    pool: &'a Offers,
}

impl<'a> DirectoryOffers<'a> {
    /// The URL list of a host; `None` when the host does not carry the directory.
    #[inline]
    pub fn of(self, host: HostNo) -> Option<Offer<'a>> {
        if self.carried.contains(host) { self.pool.get(self.palette.list(host)?) } else { None }
    }
}
