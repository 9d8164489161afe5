//! Which sources a category's tree is got from, in the order in which they are tried.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::directory_name::{parent, relative};
use model::excludes::Excludes;
use probe::{AddressGuard, Http, Limits, LineLimits, Rsync, RsyncLimits, SystemResolver, Target};
use settings::Scan;
use settings::scan::{ScanSource, SourceType, is_web};
use tokio::runtime::Handle;

use crate::source::contents::{Contents, Web};
use crate::source::disk::OsDisk;
use crate::source::fetched::Fetched;
use crate::source::list_file::{Input, ListFile};
use crate::source::listed::{Form, ListedTree, Scope};
use crate::source::local::LocalTree;
use crate::source::rsync::RsyncTree;
use crate::source::{SourceError, TreeSource};

/// The category whose list describes the directory above its top directory (`spec/umdl.md` 5.2).
const LISTED_ABOVE: &str = "Fedora Linux";
/// Time for one index or checksum file over HTTP.
const CONTENT_TIME: Duration = Duration::from_secs(300);
/// Time without a byte of one.
const CONTENT_SILENCE: Duration = Duration::from_secs(30);

/// Sources of one tree, in the order in which they are tried.
pub(crate) type Sources = Vec<Arc<dyn TreeSource>>;

/// What a category needs to be read.
pub(crate) struct Choice<'a> {
    pub(crate) settings: &'a Scan,
    pub(crate) source: &'a ScanSource,
    pub(crate) topdir: &'a str,
    pub(crate) excludes: &'a Excludes,
    pub(crate) handle: &'a Handle,
}

impl Choice<'_> {
    /// The sources of a directory that lies at `root`: its list unless that is not wanted, then the walk.
    pub(crate) fn directory(&self, root: &Path, walk: Arc<dyn TreeSource>) -> Result<Sources, SourceError> {
        if self.settings.skip_fullfiletimelist {
            return Ok(vec![walk]);
        }
        let Some((folder, below)) = self.list_folder(root)? else { return Ok(vec![walk]) };
        let list = ListedTree::new(
            Arc::new(ListFile::In(folder)),
            Form::FullFileTimeList,
            self.scope(below),
            Some(root.to_path_buf()),
            Arc::new(Contents::Tree(Arc::clone(&walk))),
            self.line_limits(),
        );
        Ok(vec![Arc::new(list), walk])
    }

    /// The folder that may have a list of the directory at `root`, and the path of that below it.
    pub(crate) fn list_folder(&self, root: &Path) -> Result<Option<(PathBuf, String)>, SourceError> {
        let levels = self.below()?.split('/').filter(|part| !part.is_empty()).count();
        let mut folder = root.to_path_buf();
        let mut below = PathBuf::new();
        for _ in 0..levels {
            let Some(name) = folder.file_name().map(PathBuf::from) else { return Ok(None) };
            below = if below.as_os_str().is_empty() { name } else { name.join(&below) };
            folder.pop();
        }
        Ok(below.to_str().map(|below| (folder, below.to_owned())))
    }

    /// The list at a URL.
    pub(crate) fn fetched(&self, url: &str) -> Result<Fetched, SourceError> {
        let http = self.http(limits(self.total(), self.silence()))?;
        let folder = self.settings.list_folder.clone();
        let limit = self.settings.listing_max_bytes;
        Ok(Fetched::new(http, self.handle.clone(), self.target(url)?, folder, limit))
    }

    /// The sources of a tree that is elsewhere.
    pub(crate) fn elsewhere(&self, kind: SourceType) -> Result<Sources, SourceError> {
        let url = self.source.url.as_deref().unwrap_or_default();
        match kind {
            SourceType::Directory => Err(self.fail("a directory has a path, no url")),
            SourceType::Rsync => {
                let limits =
                    RsyncLimits { total: self.total(), silence: self.silence(), lines: self.line_limits() };
                let rsync = Rsync::new(&self.settings.rsync_program, limits);
                let options = [self.settings.rsync_options.clone(), self.source.options.clone()].concat();
                let below = match &self.source.list_root {
                    Some(_) => self.below()?,
                    None => String::new(),
                };
                let tree = RsyncTree::new(
                    rsync,
                    self.handle.clone(),
                    url,
                    options,
                    self.scope(below),
                    self.contents(None)?,
                );
                Ok(vec![Arc::new(tree)])
            }
            SourceType::File => {
                let (file, beside) = match url {
                    "-" => (ListFile::Input(Input::default()), None),
                    url if is_web(url) => {
                        let fetched = self.fetched(url)?;
                        let path = url.split(['?', '#']).next().unwrap_or(url);
                        (ListFile::Web(Box::new(fetched)), path.rsplit_once('/').map(|(folder, _)| folder))
                    }
                    path => (ListFile::Saved(PathBuf::from(path)), None),
                };
                let (file, contents) = (Arc::new(file), Arc::new(self.contents(beside)?));
                let below = self.below()?;
                let tree = |form| -> Arc<dyn TreeSource> {
                    let (file, contents) = (Arc::clone(&file), Arc::clone(&contents));
                    let scope = self.scope(below.clone());
                    Arc::new(ListedTree::new(file, form, scope, None, contents, self.line_limits()))
                };
                Ok(vec![tree(Form::FullFileTimeList), tree(Form::Rsync)])
            }
        }
    }

    /// The full name of the directory that a list describes.
    fn list_root(&self) -> &str {
        match &self.source.list_root {
            Some(root) => root.trim_matches('/'),
            None if self.source.category == LISTED_ABOVE => parent(self.topdir).unwrap_or_default(),
            None => self.topdir,
        }
    }

    /// The path of the top directory below that.
    fn below(&self) -> Result<String, SourceError> {
        let outside = || self.fail(&format!("list_root is not above the top directory {:?}", self.topdir));
        relative(self.list_root(), self.topdir).map(str::to_owned).ok_or_else(outside)
    }

    fn scope(&self, below: String) -> Scope {
        Scope { topdir: self.topdir.to_owned(), excludes: self.excludes.clone(), below }
    }

    /// Where files are read from; `beside`: the URL of the folder of a list, which has them, too.
    fn contents(&self, beside: Option<&str>) -> Result<Contents, SourceError> {
        let (base, at) = match (self.source.checksum_base.as_deref(), beside) {
            (Some(base), _) => (base, ""),
            (None, Some(folder)) => (folder, self.list_root()),
            (None, None) => return Ok(Contents::Nowhere),
        };
        if is_web(base) {
            let http = self.http(limits(CONTENT_TIME, CONTENT_SILENCE))?;
            let web = Web::new(http, self.handle.clone(), self.target(base)?, at, self.topdir);
            return Ok(Contents::Web(Box::new(web)));
        }
        let root =
            Path::new(base.strip_prefix("file://").unwrap_or(base)).join(self.topdir.trim_matches('/'));
        let tree = LocalTree::new(OsDisk, root, self.topdir, self.excludes.clone(), 1);
        Ok(Contents::Tree(Arc::new(tree)))
    }

    /// A client for servers that the operator names.
    pub(crate) fn http(&self, limits: Limits) -> Result<Http, SourceError> {
        // The operator names these servers; they may well be in the same house.
        Http::new(AddressGuard::trusting(), Arc::new(SystemResolver), limits, None)
            .and_then(|http| http.named("mirrormanager"))
            .map_err(|e| self.fail(&e.to_string()))
    }

    fn target(&self, url: &str) -> Result<Target, SourceError> {
        Target::parse(url).map_err(|e| self.fail(&format!("{url}: {e}")))
    }

    fn line_limits(&self) -> LineLimits {
        LineLimits {
            bytes: self.settings.listing_max_bytes,
            lines: self.settings.listing_max_lines,
            ..LineLimits::default()
        }
    }

    fn total(&self) -> Duration {
        Duration::from_secs(self.settings.listing_timeout_seconds)
    }

    fn silence(&self) -> Duration {
        Duration::from_secs(self.settings.listing_silence_seconds)
    }

    fn fail(&self, reason: &str) -> SourceError {
        SourceError::Listing {
            listing: format!("source of category {}", self.source.category),
            reason: reason.to_owned(),
        }
    }
}

fn limits(total: Duration, silence: Duration) -> Limits {
    Limits { get: total, first_byte: silence, ..Limits::default() }
}
