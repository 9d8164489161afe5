//! Index files that were rewritten in place: their directory's time is the same, their own is not.
//!
//! A source that tells the size and time of every file without being asked makes it cheap to compare them with what is
//! recorded; only where they differ anything is read (`spec/umdl.md` 5.2.10).

use crate::compare::{Recorded, RecordedDirectory};
use crate::source::{Inside, Listing};
use model::files::{self, Files};

/// The rows of the directories whose recorded files are needed for [`settle`].
pub(crate) fn rows<'a>(
    listing: &'a Listing,
    recorded: &'a Recorded,
) -> impl Iterator<Item = &'a RecordedDirectory> {
    listing.unproven.iter().filter_map(|(name, _)| recorded.row(name))
}

/// Makes changed directories of those whose index is not the recorded one.
pub(crate) fn settle(listing: &mut Listing, recorded: &Recorded) {
    for (name, files) in std::mem::take(&mut listing.unproven) {
        let stored = recorded.row(&name).and_then(|row| recorded.files.get(&row.id)?.as_deref());
        let stored = stored.and_then(|stored| files::decode(stored).ok()).unwrap_or_default();
        if is_same(&files, &stored) {
            continue;
        }
        let at = listing.directories.binary_search_by(|found| found.name.as_str().cmp(&name));
        if let Some(found) = at.ok().and_then(|at| listing.directories.get_mut(at)) {
            found.inside = Inside::Files(files);
        }
    }
}

fn is_same(files: &Files, stored: &Files) -> bool {
    [&b"repomd.xml"[..], b"summary"].iter().all(|name| files.get(name) == stored.get(name))
}
