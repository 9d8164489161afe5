//! The configuration of `scan-primary-mirror`: TOML, every key of which may be overridden by a variable
//! `UMDL__KEY`, with `__` between levels (spec scan-primary-mirror 2).

use std::path::{Path, PathBuf};

use model::excludes::Excludes;
use model::policy::Policy;
use model::prefix_rules::{CategoryTable, PrefixRules};
use model::rule_table::{AliasRule, MappingRule};
use serde::Deserialize;
use settings::Scan;
use settings::scan::{ScanSource, SourceType};

/// The largest file that is read, bytes.
const LIMIT: u64 = 4 * 1024 * 1024;

/// What the file and the variables say.
#[derive(Debug, Clone, Deserialize)]
pub struct SpmConfig {
    /// Where the database is.
    pub database: Database,
    common_rsync_options: Option<String>,
    #[serde(default = "two")]
    max_propagation_days: u32,
    #[serde(default = "three")]
    max_stale_days: u32,
    #[serde(default)]
    excludes: Vec<String>,
    #[serde(default)]
    skip_paths_for_version: Vec<String>,
    #[serde(default)]
    test_paths: Vec<String>,
    #[serde(default)]
    skip_repository_paths: Vec<String>,
    #[serde(default)]
    do_not_display_paths: Vec<String>,
    /// What can be scanned.
    #[serde(default)]
    pub category: Vec<Category>,
    #[serde(default)]
    repository_mapping: Vec<Mapping>,
    #[serde(default)]
    repository_aliases: Vec<Alias>,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
pub struct Database {
    /// A URL.
    pub url: String,
}

/// `[[category]]`
#[derive(Debug, Clone, Deserialize)]
pub struct Category {
    /// Its name in the database.
    pub name: String,
    /// `directory` or `rsync`; anything else is refused when it is asked for.
    #[serde(rename = "type")]
    pub kind: String,
    /// A path, or what rsync takes for a source.
    pub url: String,
    options: Option<String>,
    checksum_base: Option<String>,
    #[serde(default)]
    excludes: Vec<String>,
    max_propagation_days: Option<u32>,
    max_stale_days: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
struct Mapping {
    regex: String,
    prefix: Option<String>,
    name: Option<String>,
    version_prefix: Option<String>,
    category: Option<String>,
    arch: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Alias {
    from: String,
    to: String,
}

fn two() -> u32 {
    2
}

fn three() -> u32 {
    3
}

/// Keys whose values are texts even when they look like something else.
const TEXTS: [&str; 2] = ["database.url", "common_rsync_options"];

/// Reads the file, whose name may lack `.toml`, and lays the variables over it.
///
/// # Errors
/// One line that says what is wrong.
pub fn read(name: &Path, variables: impl IntoIterator<Item = (String, String)>) -> Result<SpmConfig, String> {
    let path = find(name)?;
    let fail = |reason: String| format!("configuration file {:?}: {reason}", path.display().to_string());
    let size = std::fs::metadata(&path).map_err(|e| fail(e.to_string()))?.len();
    if size > LIMIT {
        return Err(fail(format!("larger than {LIMIT} bytes")));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| fail(e.to_string()))?;
    parse(&text, variables).map_err(|reason| match reason {
        Wrong::Syntax(reason) => fail(reason),
        Wrong::Value(reason) => reason,
    })
}

/// Any other extension, or none on a file that is there, is refused as upstream does.
fn find(name: &Path) -> Result<PathBuf, String> {
    let shown = name.display().to_string();
    if name.extension().is_some_and(|extension| extension == "toml") {
        return Ok(name.to_path_buf());
    }
    if name.is_file() {
        return Err(format!("configuration file {shown:?} is not of a supported file format"));
    }
    let mut with_extension = name.as_os_str().to_owned();
    with_extension.push(".toml");
    let with_extension = PathBuf::from(with_extension);
    if with_extension.is_file() {
        return Ok(with_extension);
    }
    Err(format!("configuration file {shown:?} not found"))
}

enum Wrong {
    Syntax(String),
    Value(String),
}

fn parse(text: &str, variables: impl IntoIterator<Item = (String, String)>) -> Result<SpmConfig, Wrong> {
    let one_line = |e: &toml::de::Error| e.message().replace('\n', ", ");
    let mut table: toml::Table = toml::from_str(text).map_err(|e| {
        let line = e.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().lines().count());
        Wrong::Syntax(format!("line {}: {}", line.max(1), one_line(&e)))
    })?;
    for (name, value) in variables {
        let Some(key) = name.strip_prefix("UMDL__") else { continue };
        let key = key.to_ascii_lowercase().replace("__", ".");
        set(&mut table, &key, value_of(&key, value));
    }
    SpmConfig::deserialize(table).map_err(|e| {
        let message = one_line(&e);
        let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        Wrong::Value(match missing {
            Some(field) => format!("missing configuration field {field:?}"),
            None => message,
        })
    })
}

/// A variable's value: TOML where it is some, else text.
fn value_of(key: &str, text: String) -> toml::Value {
    if TEXTS.contains(&key) {
        return toml::Value::String(text);
    }
    let one = toml::from_str::<toml::Table>(&format!("value = {text}")).ok().filter(|table| table.len() == 1);
    one.and_then(|mut table| table.remove("value")).unwrap_or(toml::Value::String(text))
}

fn set(table: &mut toml::Table, key: &str, value: toml::Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| toml::Table::new().into());
            if !inner.is_table() {
                *inner = toml::Table::new().into();
            }
            if let Some(inner) = inner.as_table_mut() {
                set(inner, rest, value);
            }
        }
    }
}

impl SpmConfig {
    /// The category of this name; of several the last counts.
    pub fn category(&self, name: &str) -> Option<&Category> {
        self.category.iter().rev().find(|category| category.name == name)
    }

    /// The settings of a scan of one category, and lines about patterns that can not be used.
    ///
    /// # Errors
    /// Why the category can not be scanned.
    pub fn settings(&self, category: &Category) -> Result<(Scan, Vec<String>), String> {
        let mut complaints = Vec::new();
        let excludes = usable(&self.excludes, &mut complaints);
        let mut source = category.source()?;
        source.excludes = usable(&category.excludes, &mut complaints);
        if let Some((field, reason)) = source.mistake() {
            return Err(format!("Scanning {} failed with {field}: {reason}", category.url));
        }
        let mut repository_mapping = Vec::new();
        for mapping in &self.repository_mapping {
            let rule = MappingRule {
                regex: mapping.regex.clone(),
                prefix: mapping.prefix.clone(),
                name: mapping.name.clone(),
                version_prefix: mapping.version_prefix.clone(),
                category: mapping.category.clone(),
                arch: mapping.arch.clone(),
            };
            match PrefixRules::compile(std::slice::from_ref(&rule), &[], CategoryTable::None) {
                Ok(_) => repository_mapping.push(rule),
                Err(_) => complaints.push(format!("Cannot handle regex {}. Skipping", rule.regex)),
            }
        }
        let alias = |alias: &Alias| AliasRule { from: alias.from.clone(), to: alias.to.clone() };
        let settings = Scan {
            policy: Policy::Spm,
            sources: vec![source],
            rsync_options: words(self.common_rsync_options.as_deref()),
            excludes,
            skip_paths_for_version: Some(self.skip_paths_for_version.clone()),
            skip_repository_paths: Some(self.skip_repository_paths.clone()),
            test_paths: Some(self.test_paths.clone()),
            do_not_display_paths: Some(self.do_not_display_paths.clone()),
            repository_mapping,
            repository_aliases: self.repository_aliases.iter().map(alias).collect(),
            builtin_prefix_rules: false,
            max_stale_days: Some(category.max_stale_days.unwrap_or(self.max_stale_days)),
            max_propagation_days: Some(category.max_propagation_days.unwrap_or(self.max_propagation_days)),
            ..Scan::default()
        };
        Ok((settings, complaints))
    }
}

impl Category {
    /// Where the category's tree comes from.
    fn source(&self) -> Result<ScanSource, String> {
        match self.kind.as_str() {
            "directory" => Ok(ScanSource {
                category: self.name.clone(),
                kind: Some(SourceType::Directory),
                path: Some(PathBuf::from(&self.url)),
                ..ScanSource::default()
            }),
            "rsync" => Ok(ScanSource {
                category: self.name.clone(),
                kind: Some(SourceType::Rsync),
                url: Some(self.url.clone()),
                options: words(self.options.as_deref()),
                checksum_base: self.checksum_base.clone(),
                ..ScanSource::default()
            }),
            _ => Err(format!("Cannot handle type '{}' of category '{}'", self.kind, self.name)),
        }
    }
}

/// Arguments of rsync, which the old program splits at every blank.
fn words(options: Option<&str>) -> Vec<String> {
    options.unwrap_or_default().split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn usable(patterns: &[String], complaints: &mut Vec<String>) -> Vec<String> {
    let (good, bad): (Vec<&String>, Vec<&String>) =
        patterns.iter().partition(|pattern| Excludes::compile(&[pattern], Policy::Spm).is_ok());
    complaints.extend(bad.iter().map(|pattern| format!("Cannot handle exclude regex {pattern}. Skipping")));
    good.into_iter().cloned().collect()
}

/// Entry for fuzzing: any bytes as the text of such a file.
pub fn fuzz(bytes: &[u8]) {
    if let Ok(config) = parse(&String::from_utf8_lossy(bytes), []) {
        for category in &config.category {
            let _ = config.settings(category);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "common_rsync_options = \"-4  --no-motd\"\nexcludes = ['\\.snapshot', '(']\nunknown = 1\n\
        [database]\nurl = 'postgresql://mm@db/mm'\n\
        [[category]]\nname = 'A'\ntype = 'directory'\nurl = '/old'\n\
        [[category]]\nname = 'A'\ntype = 'directory'\nurl = '/srv/pub/a/'\nexcludes = ['x', '[']\nmax_stale_days = 0\n\
        [[repository_mapping]]\nregex = '^pub/a/(\\w+)/'\nprefix = 'a-$1'\nversion_prefix = 'v'\n\
        [[repository_mapping]]\nregex = '('\nprefix = 'b'\n\
        [[repository_aliases]]\nfrom = 'a-'\nto = 'b-'\n";

    fn parsed(text: &str, variables: &[(&str, &str)]) -> Result<SpmConfig, String> {
        parse(text, variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))).map_err(|e| match e {
            Wrong::Syntax(text) | Wrong::Value(text) => text,
        })
    }

    #[test]
    fn a_whole_file() {
        let config = parsed(WHOLE, &[]).unwrap();
        let category = config.category("A").unwrap();
        assert_eq!(category.url, "/srv/pub/a/", "the last one counts");
        let (settings, complaints) = config.settings(category).unwrap();
        assert_eq!(
            complaints,
            [
                "Cannot handle exclude regex (. Skipping",
                "Cannot handle exclude regex [. Skipping",
                "Cannot handle regex (. Skipping"
            ]
        );
        assert_eq!(settings.sources[0].path.as_deref(), Some(Path::new("/srv/pub/a/")));
        assert_eq!(
            (&settings.excludes[..], &settings.sources[0].excludes[..]),
            (&[r"\.snapshot".to_owned()][..], &["x".to_owned()][..])
        );
        assert_eq!((settings.max_stale_days, settings.max_propagation_days), (Some(0), Some(2)));
        assert_eq!(settings.repository_mapping[0].version_prefix.as_deref(), Some("v"));
        assert_eq!(settings.skip_repository_paths, Some(Vec::new()), "nothing that is not in the file");
    }

    #[test]
    fn variables_win_and_are_texts_numbers_or_lists() {
        let config = parsed(
            WHOLE,
            &[
                ("UMDL__DATABASE__URL", "1234"),
                ("UMDL__MAX_STALE_DAYS", "7"),
                ("UMDL__SKIP_PATHS_FOR_VERSION", "[\"pub/alt\"]"),
                ("OTHER__DATABASE__URL", "x"),
            ],
        )
        .unwrap();
        assert_eq!((config.database.url.as_str(), config.max_stale_days), ("1234", 7));
        assert_eq!(config.skip_paths_for_version, ["pub/alt"]);
        let bare = parsed("", &[("UMDL__DATABASE__URL", "postgresql://x")]).unwrap();
        assert_eq!((bare.max_propagation_days, bare.max_stale_days), (2, 3));
    }

    #[test]
    fn mistakes_are_one_line() {
        assert_eq!(parsed("", &[]).unwrap_err(), "missing configuration field \"database\"");
        for (text, part) in [
            ("a = 1\nb = ", "line 2"),
            ("[database]\nurl = 5", "invalid type"),
            ("max_stale_days = -1\n[database]\nurl = ''", "invalid value"),
            ("[database]\nurl = ''\n[[category]]\nname = 'x'", "missing configuration field"),
        ] {
            let error = parsed(text, &[]).unwrap_err();
            assert!(error.contains(part) && !error.contains('\n'), "{error}");
        }
        let config =
            parsed("[database]\nurl = ''\n[[category]]\nname = 'x'\ntype = 'ftp'\nurl = ''", &[]).unwrap();
        let error = config.settings(config.category("x").unwrap()).unwrap_err();
        assert_eq!(error, "Cannot handle type 'ftp' of category 'x'");
    }

    #[test]
    fn names_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("noext.toml"), "").unwrap();
        std::fs::write(at("plain"), "").unwrap();
        std::fs::write(at("x.yaml"), "").unwrap();
        assert_eq!(find(&at("noext")).unwrap(), at("noext.toml"));
        assert_eq!(find(&at("gone.toml")).unwrap(), at("gone.toml"));
        for bad in ["plain", "x.yaml"] {
            assert!(find(&at(bad)).unwrap_err().ends_with("is not of a supported file format"), "{bad}");
        }
        assert!(find(&at("gone")).unwrap_err().ends_with("not found"));
    }

    #[test]
    fn an_rsync_source() {
        let text = "common_rsync_options = '-4  --no-motd'\n[database]\nurl = ''\n[[category]]\nname = 'x'\n\
                    type = 'rsync'\nurl = 'rsync://h/m'\noptions = '--exclude=/a'\nchecksum_base = 'http://h/'\n";
        let config = parsed(text, &[]).unwrap();
        let (settings, _) = config.settings(config.category("x").unwrap()).unwrap();
        assert_eq!(settings.rsync_options, ["-4", "--no-motd"], "two blanks are no argument");
        let source = &settings.sources[0];
        assert_eq!((source.kind, source.url.as_deref()), (Some(SourceType::Rsync), Some("rsync://h/m")));
        assert_eq!(
            (source.options.as_slice(), source.checksum_base.as_deref()),
            (&["--exclude=/a".to_owned()][..], Some("http://h/"))
        );
        let config = parsed(&text.replace("rsync://h/m", "--rsh=sh"), &[]).unwrap();
        let error = config.settings(config.category("x").unwrap()).unwrap_err();
        assert!(error.starts_with("Scanning --rsh=sh failed with url: "), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            fuzz(&bytes);
        }
    }
}
