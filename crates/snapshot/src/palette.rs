//! Which URL list a host has in a directory, without a list per directory.
//!
//! All directories of a category agree on each host's URLs and differ only in which hosts carry them. So a
//! directory keeps a set of hosts and the number of a palette, which says the URL list of each host; a
//! directory joins the first palette it does not contradict.

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
    /// Places in all palettes.
    places: usize,
    /// For each palette: URL list by host.
    offers: Vec<Vec<u32>>,
    /// The palettes used last, the last one at the end.
    recent: Vec<u32>,
}

impl Palettes {
    /// The palette that gives each of these hosts this list. `None` when there is no room for it.
    pub(crate) fn join(&mut self, wanted: &[(HostNo, u32)]) -> Option<u32> {
        let fits = |palette: &u32| {
            let offers = self.offers.get(*palette as usize).map(Vec::as_slice).unwrap_or_default();
            wanted.iter().all(|(host, offer)| match offers.get(host.0 as usize) {
                None | Some(&NONE) => true,
                Some(known) => known == offer,
            })
        };
        let number = match self.recent.iter().rposition(fits) {
            Some(place) => self.recent.remove(place),
            None => {
                self.offers.push(Vec::new());
                if self.recent.len() == TRIED {
                    self.recent.remove(0);
                }
                u32::try_from(self.offers.len()).ok()?.checked_sub(1)?
            }
        };
        self.recent.push(number);
        let offers = self.offers.get_mut(number as usize)?;
        for (host, offer) in wanted {
            let place = host.0 as usize;
            if place >= offers.len() {
                self.places = self.places.saturating_add(place + 1 - offers.len());
                if self.places > MAX_PLACES {
                    return None;
                }
                offers.resize(place + 1, NONE);
            }
            if let Some(own) = offers.get_mut(place) {
                *own = *offer;
            }
        }
        Some(number)
    }

    /// The URL list of a host in a palette.
    #[inline]
    pub(crate) fn get(&self, palette: u32, host: HostNo) -> Option<u32> {
        let offer = *self.offers.get(palette as usize)?.get(host.0 as usize)?;
        (offer != NONE).then_some(offer)
    }

    /// How many palettes there are.
    pub(crate) fn len(&self) -> usize {
        self.offers.len()
    }

    /// Gives back the room kept for more.
    pub(crate) fn freeze(&mut self) {
        self.recent = Vec::new();
        self.offers.iter_mut().for_each(Vec::shrink_to_fit);
    }
}
