//! Which URL list a host has in a directory, without a list per directory.
//!
//! All directories of a category agree on each host's URLs and differ only in which hosts carry them. So a
//! directory keeps a set of hosts and the number of a palette, which says the URL list of each host; a
//! directory joins the first palette it does not contradict.

use frozen::{Column, Damaged, Parts, PartsWriter};
use zerocopy::little_endian::U32;

use crate::hosts::HostNo;

/// No URL list.
const NONE: u32 = u32::MAX;

/// How many palettes are tried before a new one is begun. Fedora needs about as many as it has categories.
const TRIED: usize = 64;

/// The most places of all palettes together (1 GiB). Only a file made for it has more.
const MAX_PLACES: usize = 1 << 28;

/// All palettes of a snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Palettes {
    /// URL list by host, one palette behind the other.
    offers: Column<U32>,
    /// Where each palette ends.
    ends: Column<U32>,
}

impl Palettes {
    /// A palette, empty for one that is not there.
    #[inline]
    pub(crate) fn get(&self, palette: u32) -> Palette<'_> {
        let end = |number: u32| self.ends.get(number as usize).map(|end| end.get());
        let begin = palette.checked_sub(1).map_or(Some(0), end);
        Palette(begin.zip(end(palette)).map_or(&[], |(begin, end)| self.offers.range(begin, end)))
    }

    /// How many palettes there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        to.column(&self.offers);
        to.column(&self.ends);
    }

    /// Takes the palettes; their URL lists are below `offers`.
    pub(crate) fn read(parts: &mut Parts, offers: usize) -> Result<Self, Damaged> {
        let palettes = Self { offers: parts.column()?, ends: parts.column()? };
        let ends = palettes.ends.as_slice();
        let ordered = ends.is_sorted_by_key(|end| end.get())
            && ends.last().map_or(0, |end| end.get()) as usize == palettes.offers.len();
        Damaged::unless(ordered, parts.table(), "a palette that ends nowhere")?;
        let known = |offer: &U32| offer.get() == NONE || (offer.get() as usize) < offers;
        let right = palettes.offers.as_slice().iter().all(known);
        Damaged::unless(right, parts.table(), "a palette with a list that is not there")?;
        Ok(palettes)
    }
}

/// The URL list of each host, or [`NONE`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette<'a>(&'a [U32]);

impl Palette<'_> {
    /// The URL list of a host.
    #[inline]
    pub(crate) fn list(self, host: HostNo) -> Option<u32> {
        let list = self.0.get(host.0 as usize)?.get();
        (list != NONE).then_some(list)
    }
}

/// Palettes while directories join them.
#[derive(Debug, Default)]
pub(crate) struct PalettesBuilder {
    /// Places in all palettes.
    places: usize,
    /// For each palette: URL list by host.
    offers: Vec<Vec<U32>>,
    /// The palettes used last, the last one at the end.
    recent: Vec<u32>,
}

impl PalettesBuilder {
    /// The palette that gives each of these hosts this list. `None` when there is no room for it.
    pub(crate) fn join(&mut self, wanted: &[(HostNo, u32)]) -> Option<u32> {
        let fits = |palette: &u32| {
            let offers = self.offers.get(*palette as usize).map(Vec::as_slice).unwrap_or_default();
            wanted.iter().all(|(host, offer)| match offers.get(host.0 as usize).map(|own| own.get()) {
                None | Some(NONE) => true,
                Some(known) => known == *offer,
            })
        };
        let number = match self.recent.iter().rposition(fits) {
            Some(place) => self.recent.remove(place),
            None => {
                if self.recent.len() == TRIED {
                    self.recent.remove(0);
                }
                self.begin()?
            }
        };
        self.recent.push(number);
        self.fill(number, wanted)?;
        Some(number)
    }

    /// A palette of its own. `None` when there is no room for it.
    pub(crate) fn add(&mut self, wanted: &[(HostNo, u32)]) -> Option<u32> {
        let number = self.begin()?;
        self.fill(number, wanted)?;
        Some(number)
    }

    fn begin(&mut self) -> Option<u32> {
        self.offers.push(Vec::new());
        u32::try_from(self.offers.len()).ok()?.checked_sub(1)
    }

    fn fill(&mut self, number: u32, wanted: &[(HostNo, u32)]) -> Option<()> {
        let offers = self.offers.get_mut(number as usize)?;
        for (host, offer) in wanted {
            let place = host.0 as usize;
            if place >= offers.len() {
                self.places = self.places.saturating_add(place + 1 - offers.len());
                if self.places > MAX_PLACES {
                    return None;
                }
                offers.resize(place + 1, U32::new(NONE));
            }
            if let Some(own) = offers.get_mut(place) {
                own.set(*offer);
            }
        }
        Some(())
    }

    pub(crate) fn freeze(self) -> Palettes {
        let mut end = 0;
        let ends = self.offers.iter().map(|offers| {
            end += offers.len() as u32;
            U32::new(end)
        });
        let ends = ends.collect();
        Palettes { ends, offers: self.offers.into_iter().flatten().collect() }
    }
}
