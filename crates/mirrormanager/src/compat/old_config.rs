//! The configuration file of the `mm2_` programs: ours if its name ends in `.toml`, else the keys of
//! `mirrormanager2.cfg` that scanner and crawler know.

use std::path::{Path, PathBuf};

use settings::crawl::{RepositoryTop, UnreachableCategory};
use settings::scan::{ScanSource, SourceType};
use settings::{DatabaseUrl, Settings, Sources};

use super::python_literal::{self, Value};

/// Where the old programs look.
const DEFAULT: &str = "/etc/mirrormanager/mirrormanager2.cfg";

/// The largest file that is read, bytes.
const LIMIT: u64 = 4 * 1024 * 1024;

/// What an old configuration file says.
#[derive(Debug, Clone, PartialEq)]
pub struct OldConfig {
    /// What scanner and crawler need, upstream's defaults for the rest.
    pub settings: Settings,
    /// Upstream scans what `UMDL_MASTER_DIRECTORIES` lists and nothing else: no entry, no scan.
    pub scans_nothing: bool,
    /// `UMDL_PREFIX`, with which every path must begin.
    prefix: Option<PathBuf>,
}

impl OldConfig {
    /// Compares the paths of the entries with `UMDL_PREFIX` and the top directories of their categories, which stand in
    /// the database (`spec/umdl.md` 5.2 rule 5). Only the scanner needs that.
    ///
    /// # Errors
    /// The first entry whose path is not the prefix and the top directory.
    pub fn check_paths(&self, topdir: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        let Some(prefix) = &self.prefix else { return Ok(()) };
        for source in &self.settings.scan.sources {
            let Some(path) = &source.path else { continue };
            let wrong = |what: &str, other: &Path| {
                let (category, path, other) = (&source.category, path.display(), other.display());
                Err(format!("UMDL_MASTER_DIRECTORIES, {category}: path {path} {what}, {other}"))
            };
            if !path.starts_with(prefix) {
                return wrong("does not begin with UMDL_PREFIX", prefix);
            }
            // Of a category that is not there the scan tells.
            let Some(topdir) = topdir(&source.category) else { continue };
            let expected = prefix.join(topdir.trim_matches('/'));
            if *path != expected {
                return wrong("is not UMDL_PREFIX and the category's top directory", &expected);
            }
        }
        Ok(())
    }
}

/// The file that is meant: the flag, else the variable `MM2_CONFIG`, else the usual place.
pub fn path(flag: Option<&str>) -> PathBuf {
    let variable = || std::env::var_os("MM2_CONFIG").filter(|value| !value.is_empty());
    match flag {
        Some(flag) => PathBuf::from(flag),
        None => variable().map_or_else(|| PathBuf::from(DEFAULT), PathBuf::from),
    }
}

/// Reads it.
///
/// # Errors
/// One line that names the file and what is wrong.
pub fn read(path: &Path) -> Result<OldConfig, String> {
    if path.extension().is_some_and(|extension| extension == "toml") {
        let sources = Sources { file: Some(path.to_path_buf()), ..Sources::default() };
        let (settings, _) = settings::load(&sources).map_err(|e| e.to_string())?;
        return Ok(OldConfig { settings, scans_nothing: false, prefix: None });
    }
    let fail = |reason: String| format!("cannot read configuration {}: {reason}", path.display());
    let size = std::fs::metadata(path).map_err(|e| fail(e.to_string()))?.len();
    if size > LIMIT {
        return Err(fail(format!("larger than {LIMIT} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
    of_python(&text).map_err(|reason| format!("configuration {}: {reason}", path.display()))
}

fn of_python(text: &str) -> Result<OldConfig, String> {
    let names = python_literal::parse(text);
    let mut settings = Settings::default();
    // With the old file come the old rules; ours are for those who have written a file of ours.
    settings.crawl.unreachable_category = UnreachableCategory::Keep;
    settings.crawl.repository_top = RepositoryTop::Files;
    let (mut sources, mut prefix) = (Vec::new(), None);
    for (name, value) in &names {
        let wrong = |expected: &str| match value {
            Value::Unsupported(line) => {
                format!("{name} in line {line} is not a plain {expected}; write it out, no code is run")
            }
            _ => format!("{name} is no {expected}"),
        };
        let text = || value.text().ok_or_else(|| wrong("text"));
        let number = || match value {
            Value::Integer(number) => u32::try_from(*number).map_err(|_| wrong("number from 0 on")),
            _ => Err(wrong("number")),
        };
        match name.as_str() {
            "SQLALCHEMY_DATABASE_URI" => settings.database.url = DatabaseUrl::new(database_url(text()?)),
            "UMDL_PREFIX" => {
                settings.scan.content_root = PathBuf::from(text()?);
                prefix = Some(settings.scan.content_root.clone());
            }
            "UMDL_MASTER_DIRECTORIES" => {
                for entry in value.list().ok_or_else(|| wrong("list"))? {
                    sources.push(source(entry)?);
                }
            }
            "SKIP_PATHS_FOR_VERSION" => {
                settings.scan.skip_paths_for_version =
                    Some(texts(value).ok_or_else(|| wrong("list of texts"))?);
            }
            "MAX_STALE_DAYS" => {
                settings.scan.max_stale_days = Some(number()?);
                settings.crawl.max_stale_days = number()?;
            }
            "BODHI_URL" => settings.crawl.releases_url = text()?.to_owned(),
            "MAX_PROPAGATION_DAYS" => settings.scan.max_propagation_days = Some(number()?),
            "CRAWLER_AUTO_DISABLE" => settings.crawl.auto_disable_failures = number()?,
            "MM_LOG_DIR" => {
                let folder = match value {
                    Value::None => "-",
                    _ => text()?,
                };
                settings.crawl.log_folder = (folder != "-").then(|| Path::new(folder).join("crawler"));
            }
            _ => {}
        }
    }
    let scans_nothing = sources.is_empty();
    settings.scan.sources = sources;
    Ok(OldConfig { settings, scans_nothing, prefix })
}

/// One entry of `UMDL_MASTER_DIRECTORIES` (`spec/umdl.md` 3.1).
fn source(entry: &Value) -> Result<ScanSource, String> {
    let text = |key: &str| entry.get(key).and_then(Value::text);
    let category = text("category")
        .ok_or("UMDL_MASTER_DIRECTORIES has an entry without a category, or one that is no dictionary")?;
    let wrong = |reason: String| format!("UMDL_MASTER_DIRECTORIES, {category}: {reason}");
    let kind = match text("type") {
        None => None,
        Some("directory") => Some(SourceType::Directory),
        Some("rsync") => Some(SourceType::Rsync),
        Some("file") => Some(SourceType::File),
        Some(other) => return Err(wrong(format!("unknown type {other:?}; use directory, rsync or file"))),
    };
    let excludes = match entry.get("excludes") {
        None => Vec::new(),
        Some(list) => texts(list).ok_or_else(|| wrong("excludes is no list of texts".to_owned()))?,
    };
    let mut source = ScanSource {
        category: category.to_owned(),
        kind,
        path: text("path").map(PathBuf::from),
        url: text("url").map(str::to_owned),
        checksum_base: text("checksum_base").map(str::to_owned),
        excludes,
        ..ScanSource::default()
    };
    match source.source_type() {
        // The old program reads of an entry what its type needs and no more.
        Some(SourceType::Directory) if source.path.is_none() => {
            return Err(wrong("an entry of type directory needs a path".to_owned()));
        }
        Some(SourceType::Directory) => source.url = None,
        Some(SourceType::Rsync) => {
            source.path = None;
            let options = text("options").unwrap_or_default();
            source.options = shlex::split(options)
                .ok_or_else(|| wrong(format!("options {options:?} has a quotation mark without its mate")))?;
        }
        Some(SourceType::File) => source.path = None,
        None => {}
    }
    match source.mistake() {
        Some((field, reason)) => Err(wrong(format!("{field}: {reason}"))),
        None => Ok(source),
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.list()?.iter().map(|item| item.text().map(str::to_owned)).collect()
}

/// An SQLAlchemy URL as one of ours: without the driver, and with SQLite's paths in our form.
fn database_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let scheme = scheme.split('+').next().unwrap_or(scheme);
    if scheme == "sqlite" {
        return format!("sqlite:{}", rest.strip_prefix('/').unwrap_or(rest));
    }
    format!("{scheme}://{rest}")
}

/// Entry for fuzzing: any bytes as the text of an old configuration file.
pub fn fuzz(bytes: &[u8]) {
    let _ = of_python(&String::from_utf8_lossy(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_deployment() {
        let old = of_python(
            "import os\nSQLALCHEMY_DATABASE_URI = 'postgresql+psycopg2://mm:x@db/mm'\nUMDL_PREFIX = '/srv/'\n\
             UMDL_MASTER_DIRECTORIES = [\n {'type': 'directory', 'path': '/srv/pub/epel/', 'category': 'Fedora EPEL',\n\
             'excludes': ['.*/x']},\n {'path': '/srv/pub/fedora', 'category': 'Fedora Linux'},\n\
             {'type': 'rsync', 'url': 'rsync://h/m', 'category': 'Ubuntu', 'options': '-z --exclude=\\'a b\\''},\n\
             {'url': 'h::m', 'category': 'Guessed'},\n]\nCRAWLER_AUTO_DISABLE = 6\n\
             MM_LOG_DIR = '/var/log/mirrormanager'\nSECRET_KEY = os.urandom(9)\n",
        )
        .unwrap();
        assert_eq!(old.settings.database.url.expose(), "postgresql://mm:x@db/mm");
        assert_eq!(old.settings.scan.content_root, Path::new("/srv/"));
        let names: Vec<&str> = old.settings.scan.sources.iter().map(|s| s.category.as_str()).collect();
        assert_eq!(names, ["Fedora EPEL", "Fedora Linux", "Ubuntu", "Guessed"]);
        assert_eq!(old.settings.scan.sources[0].excludes, [".*/x"]);
        assert_eq!(old.settings.scan.sources[2].options, ["-z", "--exclude=a b"]);
        assert_eq!(old.settings.scan.sources[3].source_type(), Some(SourceType::Rsync));
        assert_eq!(old.settings.crawl.auto_disable_failures, 6);
        assert_eq!(old.settings.crawl.unreachable_category, UnreachableCategory::Keep);
        assert_eq!(
            old.settings.crawl.log_folder.as_deref(),
            Some(Path::new("/var/log/mirrormanager/crawler"))
        );
    }

    #[test]
    fn paths_of_sqlite() {
        assert_eq!(database_url("sqlite:////var/lib/mm.sqlite"), "sqlite:/var/lib/mm.sqlite");
        assert_eq!(database_url("sqlite:///mm.sqlite"), "sqlite:mm.sqlite");
        assert_eq!(database_url("sqlite:mm.sqlite"), "sqlite:mm.sqlite");
    }

    #[test]
    fn what_is_needed_must_be_plain() {
        let error = of_python("A = 1\nUMDL_PREFIX = os.environ['X']\n").unwrap_err();
        assert_eq!(error, "UMDL_PREFIX in line 2 is not a plain text; write it out, no code is run");
        let error = of_python("UMDL_MASTER_DIRECTORIES = [{'path': '/x'}]\n").unwrap_err();
        assert!(error.contains("without a category"), "{error}");
        let error = of_python("UMDL_MASTER_DIRECTORIES = [{'type': 'ftp', 'category': 'X'}]\n").unwrap_err();
        assert_eq!(error, "UMDL_MASTER_DIRECTORIES, X: unknown type \"ftp\"; use directory, rsync or file");
    }

    #[test]
    fn a_path_is_the_prefix_and_the_top_directory() {
        let of = |path: &str| {
            of_python(&format!(
                "UMDL_PREFIX = '/srv/'\nUMDL_MASTER_DIRECTORIES = [{{'type': 'directory', 'path': '{path}', 'category': 'X'}}]\n"
            ))
        };
        let topdir = |_: &str| Some("pub/x".to_owned());
        for path in ["/srv/pub/x", "/srv/pub/x/", "/srv//pub/x"] {
            assert_eq!(of(path).unwrap().check_paths(topdir), Ok(()), "{path}");
        }
        let error = of("/srv2/pub/x").unwrap().check_paths(topdir).unwrap_err();
        assert_eq!(
            error,
            "UMDL_MASTER_DIRECTORIES, X: path /srv2/pub/x does not begin with UMDL_PREFIX, /srv/"
        );
        let error = of("/srv/pub/y").unwrap().check_paths(topdir).unwrap_err();
        assert!(
            error
                .ends_with("path /srv/pub/y is not UMDL_PREFIX and the category's top directory, /srv/pub/x")
        );
        assert_eq!(
            of("/srv/pub/y").unwrap().check_paths(|_| None),
            Ok(()),
            "the scan says that it is not there"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            fuzz(&bytes);
        }
    }
}
