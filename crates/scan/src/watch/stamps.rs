//! Files that tell about a tree: stamps, which are new when it is, and busy markers, which are there while it is
//! being changed. Both may be files of this machine or of a web server.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use model::excludes::Excludes;
use probe::{Counters, Fetch, Http, Limits, Redirects, Target, TargetError, Validators};
use settings::Scan;
use settings::scan::{ScanSource, SourceType, is_web};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::choice::Choice;
use crate::source::SourceError;
use crate::source::fetched::Fetched;
use crate::source::list_file::first_list;

/// The largest stamp on a web server that names no versions, bytes.
const MAX_STAMP_BYTES: u64 = 1 << 20;

/// Which version of a stamp was seen; `None`: there is no list, which is not a mistake.
type Version = Option<String>;

/// The stamps and markers of a source.
pub(super) struct Stamps {
    stamps: Vec<Stamp>,
    busy: Vec<Place>,
    http: Http,
}

/// The versions of all stamps of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen(Vec<Version>);

impl Seen {
    /// Whether there is one at all, so that a change of the tree is announced by it.
    pub(super) fn is_any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }
}

enum Stamp {
    /// A file or URL that was named.
    Named(Place),
    /// The list in a folder, if there is one.
    ListIn(PathBuf),
    /// A list on a web server, which is kept for the scan.
    Listing(Box<Fetched>),
}

enum Place {
    File(PathBuf),
    Web(Target),
}

impl Place {
    fn parse(text: &str) -> Result<Self, SourceError> {
        if !is_web(text) {
            return Ok(Self::File(PathBuf::from(text)));
        }
        let fail = |e: TargetError| SourceError::Listing { listing: text.to_owned(), reason: e.to_string() };
        Target::parse(text).map(Self::Web).map_err(fail)
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Web(target) => target.as_str().to_owned(),
        }
    }
}

/// Off the async threads: a disk behind a network may not answer for long.
async fn apart<T: Send + 'static>(look: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(look).await.unwrap_or_else(|e| Err(io::Error::other(e)))
}

impl Stamps {
    /// Those of a source whose top directory is at `root`, if it is a directory.
    pub(super) fn new(
        settings: &Scan,
        source: &ScanSource,
        topdir: &str,
        root: &Path,
    ) -> Result<Self, SourceError> {
        let mut stamps = Vec::new();
        for text in &source.stamps {
            stamps.push(Stamp::Named(Place::parse(text)?));
        }
        let url = source.url.as_deref().unwrap_or_default();
        let fail = |reason: String| SourceError::Listing {
            listing: format!("source of category {}", source.category),
            reason,
        };
        let none = Excludes::compile::<&str>(&[], settings.policy).map_err(|e| fail(e.to_string()))?;
        let handle = Handle::current();
        let choice = Choice { settings, source, topdir, excludes: &none, handle: &handle };
        match source.source_type() {
            Some(SourceType::Directory) if !settings.skip_fullfiletimelist => {
                let folder = choice.list_folder(root)?;
                stamps.extend(folder.map(|(folder, _)| Stamp::ListIn(folder)));
            }
            Some(SourceType::File) if is_web(url) => {
                stamps.push(Stamp::Listing(Box::new(choice.fetched(url)?)))
            }
            Some(SourceType::File) => stamps.push(Stamp::Named(Place::File(PathBuf::from(url)))),
            _ => {}
        }
        let busy = source.busy.iter().map(|text| Place::parse(text)).collect::<Result<_, _>>()?;
        let http = choice.http(Limits::default())?;
        Ok(Self { stamps, busy, http })
    }

    /// Those of another source of the category, too.
    pub(super) fn extend(&mut self, other: Self) {
        self.stamps.extend(other.stamps);
        self.busy.extend(other.busy);
    }

    /// Looks at all stamps.
    ///
    /// # Errors
    /// The first one that is not there or can not be asked about, and why: then nothing is known.
    pub(super) async fn look(&self) -> Result<Seen, String> {
        let mut seen = Vec::with_capacity(self.stamps.len());
        for stamp in &self.stamps {
            let (name, version) = match stamp {
                Stamp::Named(place @ Place::File(path)) => {
                    let path = path.clone();
                    (place.name(), apart(move || file_version(&path).map(Some)).await)
                }
                Stamp::Named(place @ Place::Web(target)) => {
                    (place.name(), self.web_version(target).await.map(Some))
                }
                Stamp::ListIn(folder) => {
                    let (name, folder) = (folder.display().to_string(), folder.clone());
                    let list = move || first_list(&folder)?.as_deref().map(file_version).transpose();
                    (name, apart(list).await)
                }
                Stamp::Listing(fetched) => {
                    let again = fetched.again();
                    let fetch = move || Ok(Some(version(&again.open()?.metadata()?)));
                    (fetched.url().to_owned(), apart(fetch).await)
                }
            };
            seen.push(version.map_err(|e| format!("stamp {name}: {e}"))?);
        }
        Ok(Seen(seen))
    }

    /// The marker that says that the tree is being changed.
    ///
    /// # Errors
    /// One that can not be asked about, and why: then nobody knows.
    pub(super) async fn busy(&self) -> Result<Option<String>, String> {
        for place in &self.busy {
            let name = place.name();
            let is_there = match place {
                Place::File(path) => {
                    let path = path.clone();
                    apart(move || path.try_exists()).await.map_err(|e| e.to_string())
                }
                Place::Web(target) => {
                    match self.http.head(target, Redirects::Follow, &Counters::default()).await {
                        Ok(head) if (200..300).contains(&head.status) => Ok(true),
                        Ok(head) if matches!(head.status, 404 | 410) => Ok(false),
                        Ok(head) => Err(format!("the server answered with status {}", head.status)),
                        Err(e) => Err(e.to_string()),
                    }
                }
            };
            if is_there.map_err(|e| format!("busy marker {name}: {e}"))? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// What names the version of a small file, or else its content.
    async fn web_version(&self, target: &Target) -> io::Result<String> {
        let mut hash = Sha256::new();
        let mut take = |piece: &[u8]| {
            hash.update(piece);
            Ok(())
        };
        let fetch = self.http.fetch(target, &Validators::default(), MAX_STAMP_BYTES, &mut take).await;
        match fetch.map_err(io::Error::other)? {
            Fetch::Whole(Validators { etag: None, last_modified: None }) | Fetch::Unchanged => {
                Ok(HEXLOWER.encode(&hash.finalize()))
            }
            Fetch::Whole(Validators { etag, last_modified }) => Ok(format!("{etag:?} {last_modified:?}")),
        }
    }
}

fn file_version(path: &Path) -> io::Result<String> {
    Ok(version(&fs::metadata(path)?))
}

fn version(file: &fs::Metadata) -> String {
    format!("{}:{} {} {}.{}", file.dev(), file.ino(), file.size(), file.ctime(), file.ctime_nsec())
}
