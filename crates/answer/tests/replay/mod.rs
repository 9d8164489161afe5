//! Recorded questions put to the engine as a server would put them.

#![allow(dead_code, reason = "every test uses a part")]

use std::path::PathBuf;
use std::sync::Arc;

use answer::{Data, Policy, Request};
use chrono::{DateTime, Utc};
use geo::{Asns, Continents, Countries, EmptyIpv4};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use snapshot::Snapshot;
use testkit::mirrorlist_vectors::{self, Case, Observed};

/// Where the recorded data is.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/mirrorlist")
}

/// All recorded cases.
pub(crate) fn cases() -> Vec<Case> {
    mirrorlist_vectors::load(&folder())
}

/// The data the cases were recorded with.
pub(crate) fn data() -> Data {
    let inputs = folder().join("inputs");
    Data::new(
        Arc::new(Snapshot::read(&inputs.join("cache.proto")).unwrap()),
        Arc::new(Countries::read(&inputs.join("country.mmdb")).unwrap()),
        Arc::new(Asns::read(&inputs.join("global_netblocks.txt"), EmptyIpv4::Refuse).unwrap()),
        Arc::new(Continents::read(&inputs.join("country_continent.csv")).unwrap()),
    )
}

/// The answer to a case. What the HTTP layer refuses by itself is refused here likewise.
pub(crate) fn ask(data: &Data, policy: &Policy, case: &Case, seed: u64) -> Observed {
    let Ok(target) = case.target.parse::<hyper::Uri>() else {
        return Observed { status: Some(400), ..Observed::default() };
    };
    let forwarded_for: Vec<&[u8]> = case
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-for"))
        .map(|(_, value)| value.as_slice())
        .collect();
    let request = Request {
        path: target.path(),
        query: target.query().unwrap_or_default(),
        accept: "",
        forwarded_for: &forwarded_for,
        peer: case.source,
        now: now(),
    };
    let answer = answer::answer(data, policy, &request, &mut StdRng::seed_from_u64(seed));
    Observed {
        status: Some(answer.status),
        content_type: answer.content_type.map(str::to_owned),
        location: answer.location.clone(),
        body: String::from_utf8(answer.body.to_vec()).unwrap(),
        log: answer.access.iter().map(|record| record.line().trim_end_matches('\n').to_owned()).collect(),
    }
}

/// The time of all answers.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-21T06:04:36Z".parse().unwrap()
}
