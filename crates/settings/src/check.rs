//! What a type can not say: values that parse as TOML and still make no sense.
//!
//! Run on every load, so that `config check` and the commands can not disagree, and a mistake in any
//! group is found before anything begins, not when its part first needs the value.

use ipnet::IpNet;
use model::excludes::Excludes;
use model::prefix_rules::{CategoryTable, PrefixRules};

use crate::answer::Answer;
use crate::cache::Cache;
use crate::crawl::Crawl;
use crate::database::Database;
use crate::root::Settings;
use crate::scan::Scan;
use crate::serve::{AccessLogAddresses, Serve};

/// The shortest secret that makes guessing it harder than guessing an address.
const LEAST_KEY_BYTES: usize = 16;

/// A value that can not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {key}: {reason}")]
pub struct Mistake {
    /// Dotted path; `[n]` behind a list counts from 0.
    pub key: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

type Checked = Result<(), Mistake>;

/// Checks all groups.
///
/// # Errors
/// The first mistake.
pub fn check(settings: &Settings) -> Result<(), Mistake> {
    database(&settings.database)?;
    scan(&settings.scan)?;
    crawl(&settings.crawl)?;
    cache(&settings.cache)?;
    serve(&settings.serve)?;
    answer(&settings.answer)
}

/// A network such as `10.0.0.0/8`, or a single address.
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

fn database(database: &Database) -> Checked {
    within("database.max_connections", u64::from(database.max_connections), 1, 10_000)?;
    at_least("database.acquire_timeout_seconds", database.acquire_timeout_seconds, 1)
}

fn scan(scan: &Scan) -> Checked {
    within("scan.threads", scan.threads as u64, 1, 1_000)?;
    within("scan.max_delete_percent", u64::from(scan.max_delete_percent), 0, 100)?;
    patterns("scan.excludes", &scan.excludes, scan)?;
    if scan.metrics_file.as_ref().is_some_and(|file| file.extension().is_none_or(|end| end != "prom")) {
        return Err(mistake(
            "scan.metrics_file",
            "the node exporter only reads files whose names end in .prom",
        ));
    }
    for (number, source) in scan.sources.iter().enumerate() {
        let key = |field: &str| format!("scan.sources[{number}].{field}");
        if source.category.is_empty() {
            return Err(mistake(key("category"), "it is empty: name a category"));
        }
        patterns(&key("excludes"), &source.excludes, scan)?;
        if let Some((field, reason)) = source.mistake() {
            return Err(mistake(key(field), reason));
        }
    }
    at_least("scan.watch.poll_seconds", scan.watch.poll_seconds, 1)?;
    at_least("scan.watch.interval_seconds", scan.watch.interval_seconds, 1)?;
    at_least("scan.watch.full_seconds", scan.watch.full_seconds, 1)?;
    within("scan.watch.settle_ms", scan.watch.settle_ms, 1, 600_000)?;
    if scan.watch.token.as_ref().is_some_and(|token| token.expose().trim().is_empty()) {
        return Err(mistake("scan.watch.token", "it is empty: give a long random text, or none"));
    }
    file("scan.rsync_program", &scan.rsync_program)?;
    at_least("scan.listing_silence_seconds", scan.listing_silence_seconds, 1)?;
    at_least("scan.listing_timeout_seconds", scan.listing_timeout_seconds, 1)?;
    at_least("scan.listing_max_bytes", scan.listing_max_bytes, 1)?;
    at_least("scan.listing_max_lines", scan.listing_max_lines, 1)?;
    for (key, list) in [
        ("skip_paths_for_version", &scan.skip_paths_for_version),
        ("skip_repository_paths", &scan.skip_repository_paths),
        ("test_paths", &scan.test_paths),
        ("do_not_display_paths", &scan.do_not_display_paths),
    ] {
        if list.iter().flatten().any(String::is_empty) {
            return Err(mistake(format!("scan.{key}"), "an empty text is part of every path: remove it"));
        }
    }
    PrefixRules::compile(&scan.repository_mapping, &scan.repository_aliases, CategoryTable::None)
        .map(drop)
        .map_err(|error| mistake("scan.repository_mapping", error))
}

/// Expressions for directories to leave out. An empty one would leave out everything.
fn patterns(key: &str, list: &[String], scan: &Scan) -> Checked {
    if list.iter().any(String::is_empty) {
        return Err(mistake(key, "an empty expression matches every directory: remove it"));
    }
    Excludes::compile(list, scan.policy).map(drop).map_err(|error| mistake(key, error))
}

fn crawl(crawl: &Crawl) -> Checked {
    within("crawl.hosts_in_parallel", crawl.hosts_in_parallel as u64, 1, 10_000)?;
    within("crawl.requests_per_mirror", crawl.requests_per_mirror as u64, 1, 16)?;
    within("crawl.reverify_days", u64::from(crawl.reverify_days), 1, 366)?;
    within("crawl.reverify_repodata_days", u64::from(crawl.reverify_repodata_days), 1, 366)?;
    within("crawl.attempts", u64::from(crawl.attempts), 1, 100)?;
    within("crawl.mass_failure_percent", u64::from(crawl.mass_failure_percent), 0, 100)?;
    for (key, value) in [
        ("crawl.connect_timeout_ms", crawl.connect_timeout_ms),
        ("crawl.first_byte_timeout_ms", crawl.first_byte_timeout_ms),
        ("crawl.head_timeout_ms", crawl.head_timeout_ms),
        ("crawl.get_timeout_ms", crawl.get_timeout_ms),
        ("crawl.max_body_bytes", crawl.max_body_bytes),
    ] {
        at_least(key, value, 1)?;
    }
    within("crawl.max_headers", crawl.max_headers as u64, 1, 10_000)?;
    within("crawl.max_header_bytes", crawl.max_header_bytes as u64, 8_192, 16 << 20)?;
    within("crawl.max_redirects", u64::from(crawl.max_redirects), 0, 20)?;
    networks("crawl.allowed_networks", &crawl.allowed_networks)?;
    networks("crawl.denied_networks", &crawl.denied_networks)?;
    let is_plain = |url: &String| !url.is_empty() && url.bytes().all(|byte| byte.is_ascii_graphic());
    if !crawl.project_url.as_ref().is_none_or(is_plain) {
        return Err(mistake("crawl.project_url", "expected a URL in ASCII without blanks"));
    }
    Ok(())
}

fn networks(key: &str, list: &[String]) -> Checked {
    each(key, list, |text| network(text).is_some(), "network such as 10.0.0.0/8 or an address")
}

fn cache(cache: &Cache) -> Checked {
    file("cache.file", &cache.file)?;
    file("cache.snapshot", &cache.snapshot)?;
    within("cache.keep", cache.keep as u64, 0, 100)?;
    if cache.reader.is_empty() {
        return Err(mistake("cache.reader", "it is empty: any name will do"));
    }
    at_least("cache.poll_seconds", cache.poll_seconds, 1)?;
    at_least("cache.rewrite_seconds", cache.rewrite_seconds, 1)?;
    at_least("cache.reread_seconds", cache.reread_seconds, 1)?;
    at_least("cache.resolve_timeout_seconds", cache.resolve_timeout_seconds, 1)?;
    within("cache.resolve_parallel", cache.resolve_parallel as u64, 1, 10_000)
}

fn serve(serve: &Serve) -> Checked {
    file("serve.cache", &serve.cache)?;
    at_least("serve.access_log_queue", serve.access_log_queue as u64, 1)?;
    let hashed = serve.access_log_addresses == AccessLogAddresses::Hashed;
    let key_bytes = serve.access_log_key.as_ref().map_or(0, |key| key.expose().len());
    if hashed && key_bytes < LEAST_KEY_BYTES {
        let reason = format!("hashed needs serve.access_log_key, of at least {LEAST_KEY_BYTES} bytes");
        return Err(mistake("serve.access_log_addresses", reason));
    }
    let mode = u32::from_str_radix(&serve.unix_socket_mode, 8);
    if !mode.is_ok_and(|mode| mode <= 0o777) {
        let reason = format!("expected octal digits such as 0660, not {:?}", serve.unix_socket_mode);
        return Err(mistake("serve.unix_socket_mode", reason));
    }
    for (part, url, has_file) in [
        ("cache", &serve.cache_url, true),
        ("netblocks", &serve.netblocks_url, serve.netblocks.is_some()),
        ("continents", &serve.continents_url, serve.continents.is_some()),
        ("countries", &serve.countries_url, serve.countries.is_some()),
    ] {
        let Some(url) = url else { continue };
        let known = ["https://", "http://", "s3://", "gs://", "az://"];
        if !known.iter().any(|scheme| url.expose().starts_with(scheme)) {
            return Err(mistake(
                format!("serve.{part}_url"),
                format!("expected one of {}", known.join(", ")),
            ));
        }
        if !has_file {
            let reason = format!("serve.{part} must name the file that it is written to");
            return Err(mistake(format!("serve.{part}_url"), reason));
        }
    }
    at_least("serve.pull_seconds", serve.pull_seconds, 1)?;
    at_least("serve.pull_timeout_seconds", serve.pull_timeout_seconds, 1)?;
    at_least("serve.pull_max_bytes", serve.pull_max_bytes, 1)?;
    within("serve.max_fall_percent", serve.max_fall_percent.into(), 0, 100)?;
    within("serve.threads", serve.threads as u64, 0, 1_000)?;
    at_least("serve.max_connections", serve.max_connections as u64, 1)?;
    at_least("serve.max_header_bytes", serve.max_header_bytes as u64, 8_192)?;
    at_least("serve.header_timeout_seconds", serve.header_timeout_seconds, 1)?;
    at_least("serve.body_timeout_seconds", serve.body_timeout_seconds, 1)?;
    at_least("serve.answer_timeout_seconds", serve.answer_timeout_seconds, 1)?;
    at_least("serve.idle_timeout_seconds", serve.idle_timeout_seconds, 1)
}

fn answer(answer: &Answer) -> Checked {
    at_least("answer.metalink_connections", u64::from(answer.metalink_connections), 1)?;
    let is_prefix = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"%?#\\".contains(&byte);
        let mut parts = text.trim_end_matches('/').split('/').skip(1).peekable();
        text.starts_with('/')
            && text.bytes().all(plain)
            && parts.peek().is_some()
            && parts.all(|part| !matches!(part, "" | "." | ".."))
    };
    each("answer.redirect_prefixes", &answer.redirect_prefixes, is_prefix, "path such as /pub")?;
    at_least("answer.stable_mirrors", answer.stable_mirrors as u64, 1)?;
    within("answer.stable_prefix_v4", answer.stable_prefix_v4.into(), 0, 32)?;
    within("answer.stable_prefix_v6", answer.stable_prefix_v6.into(), 0, 128)?;
    if !(answer.max_first_share > 0.0 && answer.max_first_share <= 1.0) {
        let reason = format!("expected a share above 0.0 up to 1.0, not {}", answer.max_first_share);
        return Err(mistake("answer.max_first_share", reason));
    }
    within("answer.link_mirrors", answer.link_mirrors as u64, 0, 100)?;
    let is_network = |text: &str| text.parse::<IpNet>().is_ok();
    for (key, list) in [
        ("answer.trusted_proxies", &answer.trusted_proxies),
        ("answer.explain_networks", &answer.explain_networks),
    ] {
        each(key, list, is_network, "network such as 192.0.2.0/24")?;
    }
    Ok(())
}

fn each(key: &str, list: &[String], is_right: impl Fn(&str) -> bool, expected: &str) -> Checked {
    match list.iter().enumerate().find(|(_, text)| !is_right(text)) {
        Some((number, text)) => {
            Err(mistake(format!("{key}[{number}]"), format!("expected a {expected}, not {text:?}")))
        }
        None => Ok(()),
    }
}

fn file(key: &str, path: &std::path::Path) -> Checked {
    if path.as_os_str().is_empty() { Err(mistake(key, "it is empty: name a file")) } else { Ok(()) }
}

fn at_least(key: &str, value: u64, least: u64) -> Checked {
    if value < least { Err(mistake(key, format!("expected {least} or more, not {value}"))) } else { Ok(()) }
}

fn within(key: &str, value: u64, least: u64, most: u64) -> Checked {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(mistake(key, format!("expected {least} to {most}, not {value}")))
    }
}

fn mistake(key: impl Into<String>, reason: impl std::fmt::Display) -> Mistake {
    Mistake { key: key.into(), reason: reason.to_string() }
}
