//! Asking one mirror, at one URL, about many directories: a few at a time, patiently, but not for ever
//! (`spec/crawler.md` 5.0, 11.4).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use probe::connector::Finding;
use probe::{Connector, DirectoryCheck, Wanted};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use settings::crawl::Crawl;
use tokio::sync::Semaphore;

use crate::master::{Expected, Tree};
use crate::plan::{Ask, Extent};
use crate::verdict::{Cause, Known};

/// So many directories in a row without anything but a busy signal make a busy mirror: the next ones are
/// asked about once only, until something else is heard. It saves the mirror and the host's time.
const BUSY: usize = 32;

/// How often something is tried, and how long between two tries.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    attempts: u32,
    first_wait: Duration,
    longest_wait: Duration,
    parallel: usize,
    seed: u64,
}

/// The URL is given up: the mirror was too slow too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GaveUp {
    /// The last straw.
    pub finding: Finding,
    /// How often it was tried.
    pub attempts: u32,
}

impl Patience {
    /// From the settings. `seed` is the beginning of all random waits.
    pub fn new(settings: &Crawl, seed: u64) -> Self {
        Self {
            attempts: settings.attempts.max(1),
            first_wait: Duration::from_millis(settings.retry_wait_ms),
            longest_wait: Duration::from_millis(settings.retry_wait_max_ms),
            parallel: settings.requests_per_mirror.clamp(1, 16),
            seed,
        }
    }

    /// How often one thing is tried.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Waits a random time, after `tries` tries, before the next one about the thing called `about`.
    pub async fn pause(&self, tries: u32, about: u64) {
        let doubled =
            self.first_wait.saturating_mul(1u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX));
        let most = doubled.min(self.longest_wait);
        if most.is_zero() {
            return;
        }
        let mut rng =
            StdRng::seed_from_u64(self.seed ^ about.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(tries));
        tokio::time::sleep(most.mul_f64(rng.random::<f64>())).await;
    }
}

/// Asks what `asks` says and gives each answer to `take`.
///
/// # Errors
/// When the URL is given up. What was not given to `take` until then was not decided.
pub async fn directories(
    connector: &(impl Connector + ?Sized),
    tree: &Tree,
    asks: &[Ask],
    patience: &Patience,
    take: &mut (dyn FnMut(&Ask, Known) + Send),
) -> Result<(), GaveUp> {
    let shared = Shared { gate: Semaphore::new(patience.parallel), busy: AtomicUsize::new(0) };
    let shared = &shared;
    let one = |ask: Ask| async move { (ask, directory(connector, tree, ask, patience, shared).await) };
    let mut answers =
        std::pin::pin!(stream::iter(asks.iter().copied()).map(one).buffer_unordered(patience.parallel));
    while let Some((ask, known)) = answers.next().await {
        take(&ask, known?);
    }
    Ok(())
}

/// What the directories of one mirror share while they are asked about.
struct Shared {
    gate: Semaphore,
    /// Directories in a row that ended without anything but a busy signal.
    busy: AtomicUsize,
}

/// One directory, tried until something is known or patience ends.
///
/// After a timeout it is tried alone: what was only too much at once must not count. Files that were
/// proven are not asked again, and each of them renews the patience.
async fn directory(
    connector: &(impl Connector + ?Sized),
    tree: &Tree,
    ask: Ask,
    patience: &Patience,
    shared: &Shared,
) -> Result<Known, GaveUp> {
    let Some(directory) = tree.directories.get(ask.at) else {
        return Ok(Known::Unknown(Cause::List("no such directory".into())));
    };
    let files = match &directory.files {
        Expected::Files(files) => files,
        Expected::Unreadable(reason) => return Ok(Known::Unknown(Cause::List(reason.clone()))),
    };
    let files = match ask.extent {
        Extent::Whole => files.as_slice(),
        Extent::One(file) => files.get(file..=file).unwrap_or_default(),
    };
    let wanted = Wanted { path: tree.path(directory), files };
    let all = u32::try_from(patience.parallel).unwrap_or(1);
    let (mut from, mut tries, mut permits) = (0, 0, 1);
    loop {
        // The gate is never closed; should it be, the check goes on without it.
        let permit = shared.gate.acquire_many(permits).await.ok();
        let check = connector.check(wanted, from).await;
        drop(permit);
        let is_busy = matches!(&check, DirectoryCheck::Unknown(finding) if finding.reason.is_passing());
        if !is_busy {
            shared.busy.store(0, Ordering::Relaxed);
        }
        let (finding, slow) = match check {
            DirectoryCheck::Current => return Ok(Known::Current),
            DirectoryCheck::Stale(finding) => return Ok(Known::Stale(Cause::File(finding))),
            DirectoryCheck::Unknown(finding) if finding.reason.is_passing() => (finding, false),
            DirectoryCheck::Unknown(finding) => return Ok(Known::Unknown(Cause::File(finding))),
            DirectoryCheck::TryLater(finding) => (finding, true),
        };
        if finding.proven > from {
            (from, tries) = (finding.proven, 0);
        }
        tries += 1;
        let is_hopeless = is_busy && shared.busy.load(Ordering::Relaxed) >= BUSY;
        if tries >= patience.attempts || is_hopeless {
            if slow {
                return Err(GaveUp { finding, attempts: tries });
            }
            shared.busy.fetch_add(1, Ordering::Relaxed);
            return Ok(Known::Unknown(Cause::File(finding)));
        }
        if slow {
            permits = all;
        }
        tracing::debug!(path = wanted.path, tries, "trying again: {}", finding.reason);
        patience.pause(tries, ask.at as u64).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::BoxFuture;
    use model::ids::{CategoryId, DirectoryId};
    use probe::classify::Reason;
    use probe::http::{Failure, Phase};
    use store::crawl_master::{CategoryRow, DirectoryRow, MasterRows};

    use super::*;
    use crate::master::Master;
    use crate::plan::everything;
    use crate::verdict::Results;

    /// Answers from a list per path, the last one for ever; remembers what was asked.
    struct Script {
        answers: fn(&str, usize) -> DirectoryCheck,
        asked: Mutex<Vec<(String, usize)>>,
    }

    impl Connector for Script {
        fn check<'a>(&'a self, wanted: Wanted<'a>, from: usize) -> BoxFuture<'a, DirectoryCheck> {
            let mut asked = self.asked.lock().unwrap();
            let before = asked.iter().filter(|(path, _)| path == wanted.path).count();
            asked.push((wanted.path.to_owned(), from));
            let answer = (self.answers)(wanted.path, before);
            Box::pin(async move { answer })
        }
    }

    fn finding(proven: usize, reason: Reason) -> Finding {
        Finding { proven, file: "f".into(), reason }
    }

    fn slow() -> DirectoryCheck {
        DirectoryCheck::TryLater(finding(0, Reason::Failed(Failure::Timeout(Phase::FirstByte))))
    }

    async fn ask(
        answers: fn(&str, usize) -> DirectoryCheck,
    ) -> (Result<(), GaveUp>, Results, Vec<(String, usize)>) {
        ask_many(3, answers).await
    }

    async fn ask_many(
        all: i32,
        answers: fn(&str, usize) -> DirectoryCheck,
    ) -> (Result<(), GaveUp>, Results, Vec<(String, usize)>) {
        let row = |id: i32| DirectoryRow {
            id: DirectoryId(id),
            name: format!("t/d{id}"),
            files: Some(br#"[{"name":"f","size":1,"timestamp":1}]"#.to_vec()),
            ctime: None,
        };
        let id = CategoryId(1);
        let category = CategoryRow { id, name: "C".into(), topdir: Some("t".into()) };
        let rows =
            MasterRows { directories: vec![(id, (0..all).map(row).collect())], ..MasterRows::default() };
        let master = Master::new(&[category], rows);
        let tree = master.tree(id).unwrap();
        let settings = Crawl { attempts: 3, retry_wait_ms: 0, requests_per_mirror: 1, ..Crawl::default() };
        let script = Script { answers, asked: Mutex::default() };
        let mut results = vec![None; tree.directories.len()];
        let mut take = |ask: &Ask, known| results[ask.at] = Some(known);
        let end =
            directories(&script, tree, &everything(tree), &Patience::new(&settings, 1), &mut take).await;
        (end, results, script.asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn a_slow_answer_is_tried_three_times_then_the_url_is_given_up() {
        let (end, results, asked) =
            ask(|path, _| if path == "d1" { slow() } else { DirectoryCheck::Current }).await;
        assert_eq!(end.unwrap_err().attempts, 3);
        assert_eq!(results, [Some(Known::Current), None, None]);
        assert_eq!(asked.iter().filter(|(path, _)| path == "d1").count(), 3);
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_but_does_not_end_the_url() {
        let (end, results, asked) = ask(|path, before| match (path, before) {
            ("d0", 0) => slow(),
            ("d1", _) => DirectoryCheck::Unknown(finding(0, Reason::Status(503))),
            ("d2", _) => DirectoryCheck::Unknown(finding(0, Reason::Status(500))),
            _ => DirectoryCheck::Current,
        })
        .await;
        assert_eq!(end, Ok(()));
        assert_eq!(results[0], Some(Known::Current));
        assert!(
            matches!(results[1], Some(Known::Unknown(_))) && matches!(results[2], Some(Known::Unknown(_)))
        );
        let count = |name: &str| asked.iter().filter(|(path, _)| path == name).count();
        assert_eq!((count("d0"), count("d1"), count("d2")), (2, 3, 1));
    }

    #[tokio::test]
    async fn a_mirror_that_is_always_busy_is_not_pestered() {
        let (end, results, asked) =
            ask_many(200, |_, _| DirectoryCheck::Unknown(finding(0, Reason::Status(503)))).await;
        assert_eq!(end, Ok(()));
        assert!(results.iter().all(|known| matches!(known, Some(Known::Unknown(_)))));
        assert_eq!(asked.len(), BUSY * 3 + (200 - BUSY));
        // One other answer, and it is asked as patiently as before.
        let (_, _, asked) = ask_many(200, |path, _| match path {
            "d150" => DirectoryCheck::Current,
            _ => DirectoryCheck::Unknown(finding(0, Reason::Status(503))),
        })
        .await;
        assert!(asked.len() > BUSY * 6 && asked.len() < 350, "{}", asked.len());
    }

    #[tokio::test]
    async fn proven_files_are_not_asked_again_and_renew_the_patience() {
        let (end, results, asked) = ask(|_, before| match before {
            0 | 1 => slow(),
            2..=3 => DirectoryCheck::TryLater(finding(7, Reason::Failed(Failure::Timeout(Phase::Total)))),
            _ => DirectoryCheck::Current,
        })
        .await;
        assert_eq!(end, Ok(()));
        assert_eq!(results[0], Some(Known::Current));
        let froms: Vec<_> = asked.iter().filter(|(path, _)| path == "d0").map(|(_, from)| *from).collect();
        assert_eq!(froms, [0, 0, 0, 7, 7]);
    }
}
