//! `[[scan.sources]]`: where a category's tree comes from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One category of the master tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScanSource {
    /// The category's name.
    pub category: String,
    /// How the tree is read: `directory`, `rsync` or `file`. Without it as `path` and `url` suggest.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<SourceType>,
    /// Of a `directory`: where the category's top directory is; by default below the content root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Of `rsync`: what is listed, a URL (`rsync://host/module/path`, `host::module`) or a path. Of a `file`: a
    /// listing (`fullfiletimelist-*`, or what rsync printed, in UTC), as it is or compressed (gzip, zstd, bzip2): a path,
    /// `-` for standard input, or an http or https URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// More arguments for rsync, e.g. `["--exclude=/private"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Where `repomd.xml` and checksum files are read from when the tree is only listed: an http or https URL, a
    /// `file:` URL or a path, in front of full names. Of a list fetched over HTTP by default its own folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_base: Option<String>,
    /// Full name of the directory that a list describes, when that is not the top directory but one above it, e.g.
    /// `pub/fedora`. Of the category `Fedora Linux` by default the one above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_root: Option<String>,
    /// Regular expressions for directories of this category to leave out, tested against full names.
    pub excludes: Vec<String>,
    /// Files or http and https URLs that are new when the tree is: it is only read after that. A list that the tree
    /// is read from is one by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stamps: Vec<String>,
    /// Files or http and https URLs that are there while the tree is being changed: it is not read meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub busy: Vec<String>,
    /// With `--watch`, seconds between scans, whatever else announces changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u64>,
}

/// How a tree is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceType {
    /// A walk over a directory, or the file list that lies in it.
    Directory,
    /// A listing by the rsync program.
    Rsync,
    /// A saved listing.
    File,
}

impl ScanSource {
    /// The type, guessed from the other fields if it is not given (`spec/umdl.md` 3.1). `None`: `url` is of no
    /// known kind.
    pub fn source_type(&self) -> Option<SourceType> {
        if self.kind.is_some() {
            return self.kind;
        }
        match (&self.path, self.url.as_deref()) {
            (Some(_), _) | (None, None) => Some(SourceType::Directory),
            (None, Some(url)) if url.starts_with("rsync://") || url.contains("::") => Some(SourceType::Rsync),
            (None, Some(url)) if is_web(url) => Some(SourceType::File),
            (None, Some(_)) => None,
        }
    }

    /// What is wrong with it: the field, and why.
    pub fn mistake(&self) -> Option<(&'static str, String)> {
        let Some(kind) = self.source_type() else {
            return Some(("type", "give a type: directory, rsync or file".to_owned()));
        };
        let url = self.url.as_deref();
        match (kind, url) {
            (SourceType::Directory, Some(_)) => {
                return Some(("url", "a directory has a path, no url".to_owned()));
            }
            (SourceType::Rsync | SourceType::File, None | Some("")) => {
                return Some(("url", "say what is to be listed".to_owned()));
            }
            (SourceType::Rsync, Some(url)) if url.starts_with('-') || url.contains('\0') => {
                return Some(("url", format!("{url:?} is no rsync source")));
            }
            _ => {}
        }
        if self.path.is_some() && kind != SourceType::Directory {
            return Some(("path", "only a directory has a path; give a url".to_owned()));
        }
        if kind != SourceType::Rsync && !self.options.is_empty() {
            return Some(("options", "they are for rsync only".to_owned()));
        }
        if self.options.iter().any(|option| option.contains('\0')) {
            return Some(("options", "an argument can not hold NUL".to_owned()));
        }
        let known = |base: &str| is_web(base) || base.starts_with("file:///") || base.starts_with('/');
        if let Some(base) = self.checksum_base.as_deref().filter(|base| !known(base)) {
            return Some((
                "checksum_base",
                format!("expected an http, https or file URL, or a whole path, not {base:?}"),
            ));
        }
        if self.list_root.as_deref().is_some_and(|root| root.split('/').any(|part| part == "..")) {
            return Some(("list_root", "expected the full name of a directory".to_owned()));
        }
        for (field, places) in [("stamps", &self.stamps), ("busy", &self.busy)] {
            if let Some(place) = places.iter().find(|place| !is_web(place) && !place.starts_with('/')) {
                return Some((
                    field,
                    format!("expected a whole path, or an http or https URL, not {place:?}"),
                ));
            }
        }
        if self.interval_seconds == Some(0) {
            return Some(("interval_seconds", "expected at least 1".to_owned()));
        }
        None
    }
}

/// Whether it is an http or https URL.
pub fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: Option<&str>, url: Option<&str>) -> ScanSource {
        ScanSource { path: path.map(PathBuf::from), url: url.map(str::to_owned), ..ScanSource::default() }
    }

    #[test]
    fn a_missing_type_is_guessed() {
        for (path, url, expected) in [
            (None, None, Some(SourceType::Directory)),
            (Some("/srv/pub/epel"), None, Some(SourceType::Directory)),
            (None, Some("rsync://h/m"), Some(SourceType::Rsync)),
            (None, Some("h::m/x"), Some(SourceType::Rsync)),
            (None, Some("https://h/fullfiletimelist-epel"), Some(SourceType::File)),
            (None, Some("/var/tmp/listing"), None),
        ] {
            assert_eq!(source(path, url).source_type(), expected, "{path:?} {url:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named_by_its_field() {
        let of = |kind, path, url| ScanSource { kind: Some(kind), ..source(path, url) };
        for (wrong, field) in [
            (source(None, Some("/var/tmp/listing")), "type"),
            (of(SourceType::Directory, Some("/a"), Some("h::m")), "url"),
            (of(SourceType::Rsync, None, None), "url"),
            (of(SourceType::File, None, Some("")), "url"),
            (of(SourceType::Rsync, None, Some("--rsh=sh")), "url"),
            (of(SourceType::Rsync, Some("/a"), Some("h::m")), "path"),
            (ScanSource { options: vec!["-z".into()], ..of(SourceType::File, None, Some("-")) }, "options"),
            (
                ScanSource { checksum_base: Some("ftp://h/".into()), ..source(None, Some("h::m")) },
                "checksum_base",
            ),
            (ScanSource { list_root: Some("pub/..".into()), ..source(None, None) }, "list_root"),
            (ScanSource { stamps: vec!["ftp://h/f".into()], ..source(None, None) }, "stamps"),
            (ScanSource { busy: vec!["sync".into()], ..source(None, None) }, "busy"),
            (ScanSource { interval_seconds: Some(0), ..source(None, None) }, "interval_seconds"),
        ] {
            assert_eq!(wrong.mistake().map(|(field, _)| field), Some(field), "{wrong:?}");
        }
        assert_eq!(of(SourceType::File, None, Some("-")).mistake(), None);
        assert_eq!(of(SourceType::Rsync, None, Some("/srv/pub")).mistake(), None, "rsync takes paths, too");
    }
}
