//! Takes in directories: shares their host sets, URL lists and countries.

use super::{Builder, TOO_MUCH};
use crate::directory::{DirectoryRow, NONE, Subpath};
use crate::entry::Entry;
use crate::hosts::HostBits;
use crate::proto::DecodeError;
use crate::view::CountryNo;

impl Builder {
    /// Takes in one directory, after everything else.
    pub(super) fn directory(&mut self, directory: &Entry<'_>) -> Result<(), DecodeError> {
        let name = self.directory_name(directory.directory).ok_or(TOO_MUCH)?;
        // The first entry of a directory counts.
        if self.snapshot.directories.row_of.get(name as usize) != Some(&NONE) {
            return Ok(());
        }
        let mut carried = HostBits::default();
        let mut offers = Vec::with_capacity(directory.by_host().len());
        for (id, urls) in directory.by_host() {
            let host = self.host(id)?;
            if carried.insert(host) {
                let offer = self.snapshot.offers.intern(&mut self.offer_index, urls).ok_or(TOO_MUCH)?;
                offers.push((host, offer));
            }
        }
        let palette = self.snapshot.palettes.join(&offers).ok_or(TOO_MUCH)?;
        let mut global = HostBits::default();
        for id in &directory.global {
            global.insert(self.host(*id)?);
        }
        let listed = self.listed(directory, &global)?;
        let subpath = directory.subpath;
        let subpath = match directory.directory.ends_with(subpath) {
            true => Subpath::End(u32::try_from(subpath.len()).map_err(|_| TOO_MUCH)?),
            false => Subpath::Other(self.snapshot.directories.subpaths.intern(subpath).ok_or(TOO_MUCH)?),
        };
        let row = DirectoryRow {
            name,
            subpath,
            global: self.set(&global)?,
            carried: self.set(&carried)?,
            palette,
            listed,
        };
        let directories = &mut self.snapshot.directories;
        let number = u32::try_from(directories.rows.len()).map_err(|_| TOO_MUCH)?;
        directories.rows.push(row);
        if let Some(place) = directories.row_of.get_mut(name as usize) {
            *place = number;
        }
        Ok(())
    }

    fn set(&mut self, hosts: &HostBits) -> Result<u32, DecodeError> {
        self.snapshot.sets.intern(&mut self.set_index, hosts).ok_or(TOO_MUCH)
    }

    /// The countries of a directory as a list of their own, or [`NONE`] when they are exactly what follows
    /// from its public hosts and their countries.
    fn listed(&mut self, directory: &Entry<'_>, global: &HostBits) -> Result<u32, DecodeError> {
        let mut listed: Vec<(CountryNo, HostBits)> = Vec::with_capacity(directory.by_country().len());
        for (code, ids) in directory.by_country() {
            let country = self.country(code)?;
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
        expected.keep(self.with_country.as_set());
        let follows = listed.iter().all(|(country, hosts)| {
            let mut of_country = expected.clone();
            match self.snapshot.country_hosts.get(country.0 as usize) {
                Some(hosts) => of_country.keep(hosts.as_set()),
                None => return false,
            }
            !of_country.is_empty() && of_country.iter().eq(hosts.iter())
        });
        if follows && listed.iter().map(|(_, hosts)| hosts.len()).sum::<usize>() == expected.len() {
            return Ok(NONE);
        }
        let mut own = Vec::with_capacity(listed.len());
        for (country, hosts) in listed {
            own.push((country, self.set(&hosts)?));
        }
        let number = u32::try_from(self.snapshot.directories.listed.len()).map_err(|_| TOO_MUCH)?;
        self.snapshot.directories.listed.push(own.into());
        Ok(number)
    }
}
