//! Takes in directories: shares their host sets, URL lists and countries.

use super::{Builder, TOO_MUCH};
use crate::directory::{DirectoryRow, ListedRow, NONE};
use crate::entry::Entry;
use crate::hosts::{HostBits, HostNo};
use crate::proto::DecodeError;

/// Which URL list each host of a category has, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaletteNo(u32);

/// A directory to be added, by what a database knows of it. The public hosts of each country follow from
/// `global` and the countries of the hosts.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryParts<'a> {
    /// Its full name.
    pub name: &'a str,
    /// Its path below the top directory of its category.
    pub subpath: &'a str,
    /// The URL lists of its category.
    pub palette: PaletteNo,
    /// The hosts that carry it and have a URL list in the palette.
    pub carried: &'a HostBits,
    /// The public hosts that carry it.
    pub global: &'a HostBits,
}

impl Builder {
    /// Adds the URL lists of a category: ids of URLs by host.
    ///
    /// # Errors
    /// There is more of something than the view has numbers for.
    pub fn palette<'a>(
        &mut self,
        lists: impl IntoIterator<Item = (HostNo, &'a [i64])>,
    ) -> Result<PaletteNo, DecodeError> {
        let mut offers = Vec::new();
        for (host, ids) in lists {
            offers.push((host, self.offers.intern(ids).ok_or(TOO_MUCH)?));
        }
        Ok(PaletteNo(self.palettes.add(&offers).ok_or(TOO_MUCH)?))
    }

    /// Adds a directory. What was said first of a directory counts.
    ///
    /// # Errors
    /// There is more of something than the view has numbers for.
    pub fn directory(&mut self, parts: &DirectoryParts<'_>) -> Result<(), DecodeError> {
        let name = self.directories.name(parts.name).ok_or(TOO_MUCH)?;
        if self.directories.has_row(name) {
            return Ok(());
        }
        let PaletteNo(palette) = parts.palette;
        self.row(name, (parts.name, parts.subpath), (parts.global, parts.carried), palette, NONE)
    }

    /// Takes in the entry of one directory.
    pub(super) fn entry(&mut self, entry: &Entry) -> Result<(), DecodeError> {
        let name = self.directories.name(entry.directory()).ok_or(TOO_MUCH)?;
        // The first entry of a directory counts.
        if self.directories.has_row(name) {
            return Ok(());
        }
        let mut carried = HostBits::default();
        let mut offers = Vec::with_capacity(entry.by_host().len());
        for (id, urls) in entry.by_host() {
            let host = self.host(id)?;
            if carried.insert(host) {
                offers.push((host, self.offers.intern(urls).ok_or(TOO_MUCH)?));
            }
        }
        let palette = self.palettes.join(&offers).ok_or(TOO_MUCH)?;
        let mut global = HostBits::default();
        for id in &entry.global {
            global.insert(self.host(*id)?);
        }
        let listed = self.listed(entry, &global)?;
        self.row(name, (entry.directory(), entry.subpath()), (&global, &carried), palette, listed)
    }

    fn row(
        &mut self,
        name: u32,
        (full, subpath): (&str, &str),
        (global, carried): (&HostBits, &HostBits),
        palette: u32,
        listed: u32,
    ) -> Result<(), DecodeError> {
        self.public.add(global.as_set());
        let row = DirectoryRow {
            name: name.into(),
            subpath: self.directories.subpath(full, subpath).ok_or(TOO_MUCH)?.into(),
            global: self.set(global)?.into(),
            carried: self.set(carried)?.into(),
            palette: palette.into(),
            listed: listed.into(),
        };
        self.directories.add_row(row).ok_or(TOO_MUCH)
    }

    fn set(&mut self, hosts: &HostBits) -> Result<u32, DecodeError> {
        self.sets.intern(hosts).ok_or(TOO_MUCH)
    }

    /// The countries of a directory as a list of their own, or [`NONE`] when they are exactly what follows
    /// from its public hosts and their countries.
    fn listed(&mut self, entry: &Entry, global: &HostBits) -> Result<u32, DecodeError> {
        let mut listed = Vec::with_capacity(entry.by_country().len());
        for (code, ids) in entry.by_country() {
            let country = self.countries.country(code).ok_or(TOO_MUCH)?;
            let mut hosts = HostBits::default();
            for id in ids {
                hosts.insert(self.host(*id)?);
            }
            listed.push((country, hosts));
        }
        // Stable: the first entry of a country counts.
        listed.sort_by_key(|(country, _)| *country);
        listed.dedup_by_key(|(country, _)| *country);
        let mut expected = global.clone();
        expected.keep(self.countries.placed());
        let follows = listed.iter().all(|(country, hosts)| {
            let mut of_country = expected.clone();
            match self.countries.hosts(*country) {
                Some(hosts) => of_country.keep(hosts),
                None => return false,
            }
            !of_country.is_empty() && of_country.iter().eq(hosts.iter())
        });
        if follows && listed.iter().map(|(_, hosts)| hosts.len()).sum::<usize>() == expected.len() {
            return Ok(NONE);
        }
        let mut own = Vec::with_capacity(listed.len());
        for (country, hosts) in listed {
            own.push(ListedRow { country: country.0.into(), hosts: self.set(&hosts)?.into() });
        }
        self.directories.add_listed(own).ok_or(TOO_MUCH)
    }
}
