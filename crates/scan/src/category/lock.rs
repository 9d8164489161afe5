//! One scan of a category at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::clock::Clock;
use store::StoreError;
use store::master::{Lock, Locked, Master};

use super::Job;
use crate::owner;
use crate::progress::Progress;

/// How often it is looked whether another scan of the category has ended.
const LOCK_INTERVAL: Duration = Duration::from_millis(500);

/// Takes the lock, after some time if it has to be.
pub(super) async fn lock(
    master: &Master,
    job: &Job,
    clock: &dyn Clock,
    progress: &Arc<dyn Progress>,
) -> Result<std::result::Result<Lock, Locked>, StoreError> {
    let (begun, owner) = (Instant::now(), owner::name());
    let mut told = false;
    loop {
        let locked = match master.lock(job.category, &owner, clock.now(), owner::state).await? {
            Ok(lock) => return Ok(Ok(lock)),
            Err(locked) => locked,
        };
        let left = job.options.wait.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(Err(locked));
        }
        if !told {
            tracing::info!(category = job.name, "waiting: {locked}");
            progress.waiting(&locked.to_string());
            told = true;
        }
        tokio::time::sleep(left.min(LOCK_INTERVAL)).await;
    }
}
