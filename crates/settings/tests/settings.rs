//! Layers, mistakes and secrets, through the public entry.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::PathBuf;

use settings::{Origin, Settings, SettingsError, Sources, docs, dump, load};

struct Case {
    folder: tempfile::TempDir,
    sources: Sources,
}

impl Case {
    fn new(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mm.toml");
        std::fs::write(&file, toml).unwrap();
        Self { sources: Sources { file: Some(file), ..Sources::default() }, folder }
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.into(), value.into()));
        self
    }

    fn set(mut self, assignment: &str) -> Self {
        self.sources.assignments.push(assignment.into());
        self
    }

    fn error(&self) -> String {
        let error = load(&self.sources).unwrap_err().to_string();
        assert!(!error.contains('\n'), "one line: {error}");
        error.replace(&*self.folder.path().to_string_lossy(), "DIR")
    }
}

#[test]
fn nothing_set_is_the_defaults() {
    let (settings, origins) = load(&Sources::default()).unwrap();
    assert_eq!(settings, Settings::default());
    assert!(origins.is_empty());
}

#[test]
fn a_missing_default_file_is_fine_and_a_missing_named_one_is_not() {
    let gone = PathBuf::from("/nonexistent/mm.toml");
    let sources = Sources { default_file: Some(gone.clone()), ..Sources::default() };
    assert!(load(&sources).is_ok());
    let error = load(&Sources { file: Some(gone), ..Sources::default() }).unwrap_err();
    assert!(matches!(error, SettingsError::Read { .. }));
    assert!(error.to_string().contains("/nonexistent/mm.toml"), "{error}");
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let case = Case::new("[database]\nmax_connections = 3\nacquire_timeout_seconds = 5\nurl = 'sqlite:a'\n")
        .variable("MM_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "6")
        .variable("MM_DATABASE__URL", "sqlite:b")
        .variable("MM_CONFIG", "ignored here")
        .variable("HOME", "/root")
        .set("database.url=sqlite:c");
    let (settings, origins) = load(&case.sources).unwrap();
    assert_eq!(settings.database.max_connections, 3);
    assert_eq!(settings.database.acquire_timeout_seconds, 6);
    assert_eq!(settings.database.url.expose(), "sqlite:c");
    let file = case.sources.file.clone().unwrap();
    assert_eq!(origins.get("database.max_connections"), Some(&Origin::File { path: file, line: 2 }));
    assert_eq!(
        origins.get("database.acquire_timeout_seconds"),
        Some(&Origin::Environment("MM_DATABASE__ACQUIRE_TIMEOUT_SECONDS".into()))
    );
    assert_eq!(origins.get("database.url"), Some(&Origin::CommandLine));
    assert_eq!(origins.len(), 3);
}

#[test]
fn a_table_may_be_given_whole_and_a_key_of_it_wins() {
    let case = Case::new("")
        .variable("MM_LOG__LEVEL", "debug")
        .variable("MM_LOG", "{ level = 'trace', format = 'json' }");
    let (settings, origins) = load(&case.sources).unwrap();
    assert_eq!(settings.log.level, "debug");
    assert_eq!(origins.get("log.format"), Some(&Origin::Environment("MM_LOG".into())));
}

#[test]
fn text_that_looks_like_a_number_stays_text_where_text_is_wanted() {
    let (settings, _) = load(&Case::new("").set("log.level=5").sources).unwrap();
    assert_eq!(settings.log.level, "5");
}

#[test]
fn an_unknown_key_is_named_with_file_line_and_nearest_key() {
    assert_eq!(
        Case::new("# comment\n[database]\n\nmax_conections = 3\n").error(),
        "DIR/mm.toml:4: unknown setting database.max_conections; did you mean database.max_connections?"
    );
    assert_eq!(
        Case::new("[database]\nlevel = 'info'\n").error(),
        "DIR/mm.toml:2: unknown setting database.level; did you mean log.level?"
    );
    assert_eq!(Case::new("[cooking]\npot = 1\n").error(), "DIR/mm.toml:1: unknown setting cooking");
    assert_eq!(
        Case::new("").variable("MM_LOG__LEVL", "info").error(),
        "environment variable MM_LOG__LEVL: unknown setting log.levl; did you mean log.level?"
    );
    assert_eq!(
        Case::new("").set("log.levl=info").error(),
        "--set: unknown setting log.levl; did you mean log.level?"
    );
    assert_eq!(Case::new("").set("log.levl").error(), "--set log.levl: expected group.key=value");
    assert_eq!(Case::new("").set("=1").error(), "--set: unknown setting ");
}

#[test]
fn a_wrong_type_is_named_with_file_line_and_key() {
    let error = Case::new("[database]\nurl = 'x'\nmax_connections = 'many'\n").error();
    assert_eq!(
        error,
        "DIR/mm.toml:3: setting database.max_connections: invalid type: string \"many\", expected u32"
    );
    let error = Case::new("[log]\nformat = 'xml'\n").error();
    assert_eq!(
        error,
        "DIR/mm.toml:2: setting log.format: unknown variant `xml`, expected one of `auto`, `text`, `json`"
    );
    let error = Case::new("").variable("MM_DATABASE__MAX_CONNECTIONS", "-1").error();
    assert!(
        error.starts_with(
            "environment variable MM_DATABASE__MAX_CONNECTIONS: setting database.max_connections: "
        ) && error.contains("-1"),
        "{error}"
    );
    let error = Case::new("").set("database.max_connections=many").error();
    assert!(error.contains("string \"many\", expected u32"), "{error}");
}

#[test]
fn a_value_that_makes_no_sense_is_named_with_file_line_and_key() {
    for (group, line, key, reason) in [
        ("database", "max_connections = 0", "database.max_connections", "expected 1 to 10000, not 0"),
        ("scan", "threads = 0", "scan.threads", "expected 1 to 1000, not 0"),
        ("scan", "metrics_file = \"/tmp/scan.txt\"", "scan.metrics_file", "end in .prom"),
        ("scan", "excludes = [\"a(\"]", "scan.excludes", "pattern \"a(\" is not usable"),
        ("scan", "excludes = [\"\"]", "scan.excludes", "an empty expression matches every directory"),
        (
            "scan",
            "sources = [{ category = \"C\", excludes = [\"(?=x)\"] }]",
            "scan.sources[0].excludes",
            "look-around and back-references are not supported",
        ),
        ("scan", "sources = [{}]", "scan.sources[0].category", "it is empty"),
        (
            "scan",
            "repository_mapping = [{ regex = \"[\", prefix = \"x\" }]",
            "scan.repository_mapping",
            "repository mapping 1: pattern \"[\"",
        ),
        ("scan", "test_paths = [\"\"]", "scan.test_paths", "an empty text is part of every path"),
        ("crawl", "hosts_in_parallel = 0", "crawl.hosts_in_parallel", "expected 1 to 10000, not 0"),
        ("crawl", "requests_per_mirror = 17", "crawl.requests_per_mirror", "expected 1 to 16, not 17"),
        ("crawl", "reverify_days = 0", "crawl.reverify_days", "expected 1 to 366, not 0"),
        ("crawl", "attempts = 0", "crawl.attempts", "expected 1 to 100, not 0"),
        ("crawl", "head_timeout_ms = 0", "crawl.head_timeout_ms", "expected 1 or more, not 0"),
        ("crawl", "max_header_bytes = 100", "crawl.max_header_bytes", "expected 8192 to 16777216, not 100"),
        (
            "crawl",
            "allowed_networks = [\"127.0.0.0/8\", \"10/8\"]",
            "crawl.allowed_networks[1]",
            "expected a network such as 10.0.0.0/8 or an address, not \"10/8\"",
        ),
        ("crawl", "denied_networks = [\"x\"]", "crawl.denied_networks[0]", "expected a network"),
        ("crawl", "project_url = \"a b\"", "crawl.project_url", "expected a URL in ASCII"),
        ("cache", "file = \"\"", "cache.file", "it is empty: name a file"),
        ("cache", "resolve_parallel = 0", "cache.resolve_parallel", "expected 1 to 10000, not 0"),
        ("serve", "max_connections = 0", "serve.max_connections", "expected 1 or more, not 0"),
        ("serve", "unix_socket_mode = \"rw\"", "serve.unix_socket_mode", "expected octal digits"),
        ("serve", "cache_url = \"ftp://x/y\"", "serve.cache_url", "expected one of https://"),
        ("serve", "netblocks_url = \"https://x/y\"", "serve.netblocks_url", "serve.netblocks must name"),
        ("serve", "access_log_addresses = \"hashed\"", "serve.access_log_addresses", "at least 16 bytes"),
        ("answer", "explain_networks = [\"x\"]", "answer.explain_networks[0]", "192.0.2.0/24"),
        (
            "answer",
            "redirect_prefixes = [\"/pub\", \"/\"]",
            "answer.redirect_prefixes[1]",
            "path such as /pub",
        ),
        ("answer", "redirect_prefixes = [\"/a/../b\"]", "answer.redirect_prefixes[0]", "path such as /pub"),
        ("answer", "stable_prefix_v4 = 33", "answer.stable_prefix_v4", "expected 0 to 32, not 33"),
        ("answer", "stable_mirrors = 0", "answer.stable_mirrors", "expected 1 or more, not 0"),
        ("answer", "max_first_share = 0.0", "answer.max_first_share", "above 0.0 up to 1.0, not 0"),
        ("answer", "max_first_share = nan", "answer.max_first_share", "above 0.0 up to 1.0, not NaN"),
        ("answer", "link_mirrors = 101", "answer.link_mirrors", "expected 0 to 100, not 101"),
        ("answer", "trusted_proxies = [\"192.0.2.1\"]", "answer.trusted_proxies[0]", "192.0.2.0/24"),
    ] {
        let error = Case::new(&format!("[{group}]\n{line}\n")).error();
        let begin = format!("DIR/mm.toml:2: setting {key}: ");
        assert!(error.starts_with(&begin) && error.contains(reason), "{line}: {error}");
    }
    let error = Case::new("").variable("MM_CRAWL__HOSTS_IN_PARALLEL", "0").error();
    assert!(error.starts_with("environment variable MM_CRAWL__HOSTS_IN_PARALLEL: setting"), "{error}");
    assert_eq!(settings::check::check(&Settings::default()), Ok(()));
}

#[test]
fn a_syntax_mistake_has_its_line() {
    let error = Case::new("[database]\nurl = \n").error();
    assert!(error.starts_with("DIR/mm.toml:2: "), "{error}");
    let error = Case::new("[log]\nlevel = 'a'\nlevel = 'b'\n").error();
    assert!(error.starts_with("DIR/mm.toml:3: "), "{error}");
}

#[test]
fn a_secret_comes_from_its_file_without_the_line_break() {
    let case = Case::new("");
    let secret = case.folder.path().join("password");
    std::fs::write(&secret, "hunter2\n").unwrap();
    let url = format!("postgresql://mm:${{file:{}}}@db/m", secret.display());
    std::fs::write(case.sources.file.as_ref().unwrap(), format!("[database]\nurl = \"{url}\"\n")).unwrap();
    let (settings, origins) = load(&case.sources).unwrap();
    assert_eq!(settings.database.url.expose(), "postgresql://mm:hunter2@db/m");
    let shown = format!("{settings:?}{}", dump::dump(&settings, &origins));
    assert!(!shown.contains("hunter2"), "{shown}");

    std::fs::remove_file(&secret).unwrap();
    let error = case.error();
    assert!(
        error.starts_with("DIR/mm.toml:2: setting database.url: cannot read DIR/password: No such file"),
        "{error}"
    );
    assert_eq!(
        Case::new("[database]\nurl = 271828\n").error(),
        "DIR/mm.toml:2: setting database.url: expected a text in quotes",
        "the value is not repeated"
    );
    let case = Case::new("").set("database.url=${file:/x");
    assert!(case.error().contains("no closing brace"), "{}", case.error());
}

#[test]
fn the_dump_says_where_each_changed_key_comes_from_and_can_be_read_back() {
    let case = Case::new("[database]\nurl = 'sqlite:a'\n").set("log.level=debug");
    let (settings, origins) = load(&case.sources).unwrap();
    let text = dump::dump(&settings, &origins);
    let shown = text.replace(&*case.folder.path().to_string_lossy(), "DIR");
    assert!(shown.contains("url = \"sqlite:a\"  # from DIR/mm.toml:2\n"), "{shown}");
    assert!(shown.contains("level = \"debug\"  # from --set\n"), "{shown}");
    assert!(shown.contains("max_connections = 8\n"), "{shown}");
    assert_eq!(load(&Case::new(&text).sources).unwrap().0, settings);
}

#[test]
fn every_setting_has_its_comment() {
    for key in docs::keys() {
        assert!(docs::doc(&key).iter().any(|line| !line.is_empty()), "{key} has no doc comment");
        for group in key.match_indices('.').map(|(at, _)| key.get(..at).unwrap()) {
            assert!(!docs::doc(group).is_empty(), "group {group} has no doc comment");
        }
    }
}

#[test]
fn the_reference_knows_exactly_the_keys_that_the_defaults_have() {
    fn leaves(value: &toml::Value, path: &str, known: &[String], out: &mut Vec<String>) {
        match value.as_table() {
            Some(table) if !known.iter().any(|key| key == path) => {
                for (key, value) in table {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    leaves(value, &path, known, out);
                }
            }
            _ => out.push(path.to_owned()),
        }
    }
    let known = docs::keys();
    let mut serialised = Vec::new();
    leaves(&toml::Value::try_from(Settings::default()).unwrap(), "", &known, &mut serialised);
    for key in &serialised {
        assert!(known.contains(key), "{key} is a setting but not in the reference (docs::SOURCES)");
    }
}

#[test]
fn the_default_file_parses_back_to_the_defaults() {
    let text = docs::default_file();
    assert_eq!(load(&Case::new(&text).sources).unwrap().0, Settings::default());
    let active: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let (settings, origins) = load(&Case::new(&active).sources).unwrap();
    assert_eq!(settings, Settings::default());
    assert!(origins.contains_key("database.url"), "the keys were set, not only defaulted");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(\\[[a-z.]{1,9}\\]\n|[a-z_.\"]{1,12} ?= ?[-\"'{}a-z0-9$\\[\\],:.]{0,12}\n|\\PC{0,8}){0,8}") {
        settings::load::fuzz_file(text.as_bytes());
    }
}
