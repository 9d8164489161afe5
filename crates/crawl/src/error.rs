//! Why a crawl can not begin. What happens to single hosts is in the report, not here.

/// A crawl that could not begin.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// A category that was asked for does not exist.
    #[error("category {name:?} does not exist; available categories: {}", known.join(", "))]
    UnknownCategory {
        /// As asked for.
        name: String,
        /// All there are.
        known: Vec<String>,
    },
    /// A setting that can not be used.
    #[error("setting crawl.{key}: {value:?} is not usable: {reason}")]
    Setting {
        /// Its key within the group.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The list of current releases.
    #[error("cannot get the list of current releases from {url}: {reason}; or set crawl.releases")]
    Releases {
        /// Where it should come from.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The HTTP client.
    #[error(transparent)]
    Http(#[from] probe::http::SetUpError),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::StoreError),
}
