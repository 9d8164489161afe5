//! The cache as a native snapshot: the same directories, with sets of hosts instead of lists.

use snapshot::proto::DecodeError;
use snapshot::{Builder, Detail, Digest as Wanted, DirectoryParts, HostBits, HostNo, PaletteNo};
use store::export::{self, Digest, DigestKind, Export};

use crate::carriers::Carrier;
use crate::files;
use crate::listing::Listing;
use crate::progress::{Progress, Steps};

/// Adds everything that is per directory.
///
/// # Errors
/// There is more of something than a snapshot has numbers for.
pub(crate) fn fill(
    builder: &mut Builder,
    reads: &Export,
    listing: &Listing<'_>,
    progress: &dyn Progress,
) -> Result<(), DecodeError> {
    // Before the directories: a directory that is known already has its files.
    for (position, id) in reads.directories.ids().iter().enumerate() {
        let details = files::served(reads, *id);
        let name = reads.directories.name(position).unwrap_or_default();
        let names = files::names(details.clone());
        if !names.is_empty() {
            let file = |name| (name, files::of(name, details.clone()).map(detail));
            builder.files(name, names.into_iter().map(file))?;
        }
    }
    let mut categories = Vec::with_capacity(listing.categories.len());
    for carriers in &listing.categories {
        categories.push(Category::new(carriers, builder)?);
    }
    let numbers = categories.iter().map(|category| category.carriers.clone());
    let mut entries = listing.entries_by(numbers);
    let (mut carried, mut global) = (HostBits::default(), HostBits::default());
    let mut steps = Steps::new(progress, reads.directories.len());
    while let Some(entry) = entries.next() {
        let Some(category) = categories.get(entry.category) else { continue };
        carried.clear();
        global.clear();
        let words = entry.members.words().zip(category.listed.iter().zip(&category.public));
        for (place, (word, (listed, public))) in words.enumerate() {
            carried.add_word(place, word & listed);
            global.add_word(place, word & public);
        }
        builder.directory(&DirectoryParts {
            name: entry.name,
            subpath: entry.subpath,
            palette: category.palette,
            carried: &carried,
            global: &global,
        })?;
        steps.at(entries.position());
    }
    steps.finish();
    Ok(())
}

/// The carriers of a category as hosts of the snapshot.
struct Category {
    palette: PaletteNo,
    /// By number of the host.
    carriers: Vec<Option<usize>>,
    /// Hosts with a URL, as bits.
    listed: Vec<u64>,
    /// Public hosts.
    public: Vec<u64>,
}

impl Category {
    fn new(carriers: &[Carrier<'_>], builder: &mut Builder) -> Result<Self, DecodeError> {
        let numbers = carriers.iter().map(|carrier| builder.host(carrier.host));
        let numbers = numbers.collect::<Result<Vec<HostNo>, _>>()?;
        let room = numbers.iter().map(|number| number.0 as usize + 1).max().unwrap_or(0);
        let mut by_number = vec![None; room];
        let (mut listed, mut public) = (vec![0; room.div_ceil(64)], vec![0; room.div_ceil(64)]);
        let mark = |words: &mut Vec<u64>, number: usize| {
            if let Some(word) = words.get_mut(number / 64) {
                *word |= 1 << (number % 64);
            }
        };
        for (place, (number, carrier)) in numbers.iter().zip(carriers).enumerate() {
            let number = number.0 as usize;
            if let Some(slot) = by_number.get_mut(number) {
                *slot = Some(place);
            }
            if !carrier.urls.is_empty() {
                mark(&mut listed, number);
            }
            if !carrier.private {
                mark(&mut public, number);
            }
        }
        let lists = numbers.into_iter().zip(carriers.iter().map(|carrier| carrier.urls.as_slice()));
        let palette = builder.palette(lists.filter(|(_, urls)| !urls.is_empty()))?;
        Ok(Self { palette, carriers: by_number, listed, public })
    }
}

fn detail(detail: export::Detail<'_>) -> Detail<'_> {
    let digest = |kind| match detail.digest(kind) {
        None => Wanted::Absent,
        Some(Digest::Hex(bytes)) => Wanted::Bytes(bytes),
        Some(Digest::Text(text)) => Wanted::Text(text),
    };
    Detail {
        timestamp: files::number(detail.timestamp()),
        size: files::number(detail.size()),
        digests: [DigestKind::Md5, DigestKind::Sha1, DigestKind::Sha256, DigestKind::Sha512].map(digest),
    }
}
