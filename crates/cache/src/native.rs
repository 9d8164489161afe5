//! The cache as a native snapshot: the same directories, with sets of hosts instead of lists.

use snapshot::proto::{DecodeError, MirrorList};
use snapshot::{
    Builder, Detail, Digest as Wanted, DirectoryParts, Extras, HostBits, HostNo, PaletteNo, Snapshot,
};
use store::export::{self, Digest, DigestKind, Export};

use crate::carriers::Carrier;
use crate::files;
use crate::listing::Listing;
use crate::progress::{Progress, Steps};

/// Builds the snapshot.
///
/// # Errors
/// There is more of something than a snapshot has numbers for.
pub(crate) fn build(
    reads: &Export,
    head: &MirrorList,
    extras: &Extras,
    listing: &Listing<'_>,
    progress: &dyn Progress,
) -> Result<Snapshot, DecodeError> {
    let mut builder = Builder::new(head, extras)?;
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
        categories.push(Category::new(carriers, &mut builder)?);
    }
    let mut carried = HostBits::with_room(head.host_bandwidth_cache.len());
    let mut global = carried.clone();
    let mut steps = Steps::new(progress, reads.directories.len());
    let mut entries = listing.entries();
    while let Some(entry) = entries.next() {
        let Some(category) = categories.get(entry.category) else { continue };
        carried.clear();
        global.clear();
        for host in entry.members.iter().filter_map(|number| category.hosts.get(number)) {
            if host.listed {
                carried.insert(host.number);
            }
            if host.public {
                global.insert(host.number);
            }
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
    builder.finish()
}

/// The carriers of a category as hosts of the snapshot.
struct Category {
    palette: PaletteNo,
    hosts: Vec<Member>,
}

struct Member {
    number: HostNo,
    /// It has a URL.
    listed: bool,
    public: bool,
}

impl Category {
    fn new(carriers: &[Carrier<'_>], builder: &mut Builder) -> Result<Self, DecodeError> {
        let member = |carrier: &Carrier<'_>| {
            Ok(Member {
                number: builder.host(carrier.host)?,
                listed: !carrier.urls.is_empty(),
                public: !carrier.private,
            })
        };
        let hosts = carriers.iter().map(member).collect::<Result<Vec<_>, DecodeError>>()?;
        let lists = hosts.iter().zip(carriers).filter(|(host, _)| host.listed);
        let palette = builder.palette(lists.map(|(host, carrier)| (host.number, carrier.urls.as_slice())))?;
        Ok(Self { palette, hosts })
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
