//! What is kept of a crawl in the host's own row: time, duration, failures, auto-disable
//! (`spec/crawler.md` 7, decision 35).

use chrono::{DateTime, Utc};
use model::ids::HostId;

use super::CrawlHost;
use crate::changes::{Change, Directories, Subject};
use crate::connect::Store;
use crate::error::Result;
use crate::evidence;
use crate::outbox;
use crate::sql::Sql;
use crate::tx::WriteTx;

/// What a crawl means for the host's switches and counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// At least one category is fine: failures are forgotten.
    Good,
    /// A failure that counts towards auto-disable.
    Failed,
    /// To be switched off, with this reason.
    Disable(String),
    /// Nothing is said about the host.
    Open,
}

/// What happens to the host's directory rows, in all its categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// They stay as they are.
    Keep,
    /// All of them become not up to date.
    AllFalse,
}

/// The end of one host's crawl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// What it means for the host.
    pub outcome: Outcome,
    /// What it means for its rows.
    pub rows: Rows,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How many seconds it took; `None`: not to be stored (canary, repodata, unfinished).
    pub duration_seconds: Option<i64>,
    /// Failures in a row that switch a host off; 0: never.
    pub auto_disable: u32,
    /// Whether an event tells that a host has been switched off.
    pub announce: bool,
}

/// What closing the books did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Booked {
    /// Failures in a row, counted with this one.
    pub failures: i32,
    /// The reason, if the host has just been switched off.
    pub disabled: Option<String>,
    /// Whether a host that a crawl had switched off has been switched on again.
    pub enabled: bool,
    /// Rows that became not up to date because of [`Rows::AllFalse`].
    pub rows_cleared: u64,
}

/// The reasons that a crawl writes begin with one of these; any other was written by people.
const OUR_REASONS: [&str; 2] = ["Host has been disabled (user_active) after ", "Embargoed country: "];

fn is_ours(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| OUR_REASONS.iter().any(|ours| reason.starts_with(ours)))
}

/// The reason of an auto-disable, word for word upstream's.
fn auto_disable_reason(limit: u32) -> String {
    format!("{}{limit} consecutive crawl failures", OUR_REASONS[0])
}

const CRAWLED: Sql = Sql::same(
    "UPDATE host SET last_crawled = $2, last_crawl_duration = COALESCE($3, last_crawl_duration) WHERE id = $1",
);
const CRAWLED_WELL: Sql = Sql::same(
    "UPDATE host SET last_crawled = $2, last_crawl_duration = COALESCE($3, last_crawl_duration), \
     crawl_failures = 0 WHERE id = $1",
);
const FAILED: Sql = Sql::same(
    "UPDATE host SET crawl_failures = COALESCE(crawl_failures, 0) + 1 WHERE id = $1 RETURNING crawl_failures",
);
const CLEAR_REASON: Sql = Sql::same(
    "UPDATE host SET user_active = TRUE, disable_reason = NULL \
     WHERE id = $1 AND user_active = $2 AND disable_reason = $3",
);
const DISABLE: Sql = Sql::same(
    "UPDATE host SET user_active = FALSE, disable_reason = $2 WHERE id = $1 AND user_active = TRUE",
);
const TRUE_CATEGORIES: Sql = Sql::same(
    "SELECT hc.id FROM host_category hc WHERE hc.host_id = $1 AND EXISTS \
     (SELECT 1 FROM host_category_dir r WHERE r.host_category_id = hc.id AND r.up2date = TRUE) ORDER BY hc.id",
);
const ALL_FALSE: Sql = Sql::same(
    "UPDATE host_category_dir SET up2date = FALSE WHERE up2date = TRUE AND host_category_id IN \
     (SELECT id FROM host_category WHERE host_id = $1)",
);

/// Stores the end of a host's crawl in one transaction. `host` is the host as its crawl found it.
///
/// A host is switched on again only if the reason for its being off was written by a crawl and has
/// not changed since this one began (fix C3).
pub async fn close(store: &Store, host: &CrawlHost, books: &Books) -> Result<Booked> {
    let mut tx = store.begin_write().await?;
    let mut booked = Booked::default();
    let crawled = if books.outcome == Outcome::Good { CRAWLED_WELL } else { CRAWLED };
    let duration = books.duration_seconds;
    tx.execute(crawled, [host.id.0.into(), books.finished_at.naive_utc().into(), duration.into()]).await?;
    if books.rows == Rows::AllFalse {
        booked.rows_cleared = all_false(&mut tx, host.id).await?;
    }
    match &books.outcome {
        Outcome::Good => {
            if let Some(reason) = host.disable_reason.as_deref().filter(|reason| is_ours(Some(reason))) {
                let values = [host.id.0.into(), host.user_active.into(), reason.into()];
                let cleared = tx.execute(CLEAR_REASON, values).await?.rows_affected() > 0;
                booked.enabled = cleared && !host.user_active;
            }
        }
        Outcome::Failed => {
            let rows = tx.query(FAILED, [host.id.0.into()]).await?;
            booked.failures = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
            let reached = u32::try_from(booked.failures).is_ok_and(|failures| failures >= books.auto_disable);
            if books.auto_disable > 0 && reached {
                booked.disabled = disable(&tx, host.id, auto_disable_reason(books.auto_disable)).await?;
            }
        }
        Outcome::Disable(reason) => booked.disabled = disable(&tx, host.id, reason.clone()).await?,
        Outcome::Open => {}
    }
    if let Some(reason) = &booked.disabled {
        if store.has_own_tables() {
            evidence::forget_host(&tx, host.id).await?;
        }
        if books.announce && store.has_outbox() {
            outbox::host_disabled(&tx, host.id, books.finished_at, reason).await?;
        }
    }
    if booked.enabled || booked.disabled.is_some() {
        tx.changed(Change { subject: Subject::Host, id: host.id.0, directories: Directories::All });
    }
    tx.commit().await?;
    Ok(booked)
}

/// Switches a host off unless it is off already; the reason, if it did.
async fn disable(tx: &WriteTx, host: HostId, reason: String) -> Result<Option<String>> {
    let done = tx.execute(DISABLE, [host.0.into(), reason.clone().into()]).await?;
    Ok((done.rows_affected() > 0).then_some(reason))
}

/// Takes a host off every directory it was listed for. The number of rows changed.
async fn all_false(tx: &mut WriteTx, host: HostId) -> Result<u64> {
    let categories = tx.query(TRUE_CATEGORIES, [host.0.into()]).await?;
    if categories.is_empty() {
        return Ok(0);
    }
    let done = tx.execute(ALL_FALSE, [host.0.into()]).await?;
    for row in &categories {
        let id = row.try_get_by_index(0)?;
        tx.changed(Change { subject: Subject::HostCategory, id, directories: Directories::All });
    }
    Ok(done.rows_affected())
}
