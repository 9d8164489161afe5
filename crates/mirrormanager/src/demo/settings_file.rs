//! The demo's settings as a file, so that the ordinary commands work on it too.

use std::path::Path;

use settings::Settings;

/// The text of a settings file with what the demo sets.
pub(super) fn text(settings: &Settings) -> String {
    let quoted = |path: &Path| toml_text(&path.to_string_lossy());
    let networks: Vec<String> = settings.crawl.allowed_networks.iter().map(|n| toml_text(n)).collect();
    format!(
        "[database]\nurl = {}\n\n[scan]\ncontent_root = {}\n\n[crawl]\nallowed_networks = [{}]\n\
         retry_wait_ms = {}\nretry_wait_max_ms = {}\nrecheck_after_seconds = {}\nrequests_per_second = {}\n\n\
         [cache]\nformat = \"both\"\nfile = {}\nsnapshot = {}\nnames = \"skip\"\n\n[serve]\ncache = {}\nlisten = \"127.0.0.1:0\"\n",
        toml_text(settings.database.url.expose()),
        quoted(&settings.scan.content_root),
        networks.join(", "),
        settings.crawl.retry_wait_ms,
        settings.crawl.retry_wait_max_ms,
        settings.crawl.recheck_after_seconds,
        settings.crawl.requests_per_second,
        quoted(&settings.cache.file),
        quoted(&settings.cache.snapshot),
        quoted(&settings.serve.cache),
    )
}

/// A TOML string. JSON's escapes are a subset of TOML's.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
