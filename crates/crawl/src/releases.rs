//! Which releases' spreading is watched: from the settings, or from Bodhi's list of current ones (8.1).

use std::sync::Arc;
use std::time::Duration;

use model::propagation::{BodhiPage, Release, releases};
use probe::{AddressGuard, Http, Limits, Resolver, Target, Validators};
use settings::crawl::Crawl;

use crate::error::CrawlError;

/// Pages that are read at most.
const MAX_PAGES: u32 = 100;

/// Bytes of one page.
const MAX_PAGE: u64 = 4 << 20;

/// How long one page may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The releases of the settings, or else the current ones.
///
/// # Errors
/// A release in the settings that is none, or no list to be had.
pub async fn current(settings: &Crawl, resolver: Arc<dyn Resolver>) -> Result<Vec<Release>, CrawlError> {
    if !settings.releases.is_empty() {
        let parse = |text: &String| {
            let wrong = |reason| CrawlError::Setting { key: "releases", value: text.clone(), reason };
            text.parse::<Release>().map_err(wrong)
        };
        return settings.releases.iter().map(parse).collect();
    }
    let base = settings.releases_url.trim_end_matches('/');
    let fail = |reason: String| CrawlError::Releases { url: base.to_owned(), reason };
    // It is the operator who names this server, so its address is not suspect.
    let limits = Limits { get: PATIENCE, ..Limits::default() };
    let http = Http::new(AddressGuard::trusting(), resolver, limits, settings.project_url.as_deref())?;
    let mut pages = Vec::new();
    let mut number = 1;
    loop {
        let target = Target::parse(&format!("{base}/releases/?state=current&page={number}"))
            .map_err(|error| fail(error.to_string()))?;
        let mut body = Vec::new();
        let mut take = |piece: &[u8]| {
            body.extend_from_slice(piece);
            Ok(())
        };
        let fetched = http.fetch(&target, &Validators::default(), MAX_PAGE, &mut take).await;
        fetched.map_err(|error| fail(error.to_string()))?;
        let page = BodhiPage::parse(&body).map_err(|error| fail(format!("page {number}: {error}")))?;
        let last = page.pages;
        pages.push(page);
        if number >= last.min(MAX_PAGES) {
            return Ok(releases(&pages));
        }
        number += 1;
    }
}
