//! From findings to the evidence that is kept for the next crawl.

use model::evidence::{BackOff, Evidence, Method, Record, Standing};

use crate::belief::Belief;
use crate::job::Mode;
use crate::master::{Directory, Tree};
use crate::sweep::Findings;
use crate::verdict::Known;

/// What is known after a sweep that came to its end at `now`, seconds since 1970. `before` is what an earlier one left,
/// whether it was believed or not: it tells how long a directory has not been current.
pub fn evidence(
    tree: &Tree,
    belief: &Belief,
    before: Option<&Evidence>,
    findings: &Findings,
    (method, mode): (Method, Mode),
    now: i64,
) -> Evidence {
    let kept = |at: usize| belief.record(at).filter(|_| !findings.lost_belief).copied().map(passed_by);
    let one = |(at, directory): (usize, &Directory)| match findings.results.get(at).and_then(Option::as_ref) {
        None => kept(at),
        Some(known) => {
            let tries = before.and_then(|before| before.of(directory.id));
            let tries = tries.filter(|record| record.fingerprint == directory.against);
            Some(Record {
                directory: directory.id,
                fingerprint: directory.against,
                checked_at: now,
                method: if directory.has_files() { method } else { Method::Nothing },
                standing: standing(known, tries.and_then(|record| record.standing.back_off())),
            })
        }
    };
    let records = tree.directories.iter().enumerate().filter_map(one).collect();
    let swept_at = if mode.is_complete() { now } else { belief.swept_at.unwrap_or(now) };
    Evidence::new(swept_at, records)
}

fn standing(known: &Known, before: Option<BackOff>) -> Standing {
    let back_off = before.map_or(BackOff::FIRST, BackOff::again);
    match known {
        Known::Current => Standing::Current,
        Known::Stale(_) => Standing::Stale(back_off),
        Known::Unknown(_) => Standing::Unknown(back_off),
    }
}

fn passed_by(record: Record) -> Record {
    let standing = match record.standing {
        Standing::Current => Standing::Current,
        Standing::Stale(back_off) => Standing::Stale(back_off.passed_by()),
        Standing::Unknown(back_off) => Standing::Unknown(back_off.passed_by()),
    };
    Record { standing, ..record }
}
