//! The query of a request, all the way to the answer.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use answer::{Answer, Data, Distance, Explain, Kind, Policy, Request, decide_only};
use chrono::DateTime;
use geo::{Asns, Continents, Countries, EmptyIpv4};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use snapshot::Snapshot;
use testkit::random::{Deployment, Question, Repeats};
use testkit::rng::Rng;
use testkit::xml;

use crate::texts;

fn deployment() -> Deployment {
    Deployment::random(&mut Rng::new(1, "fuzz"), Repeats::Some)
}

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let deployment = deployment();
        let extras = deployment.extras(&mut Rng::new(1, "extras"));
        Data::new(
            Arc::new(Snapshot::with_extras(&deployment.cache, &extras).unwrap()),
            Arc::new(Countries::none()),
            Arc::new(Asns::from_bytes(deployment.netblocks.as_bytes(), EmptyIpv4::Accept).unwrap()),
            Arc::new(Continents::from_bytes(deployment.continents.as_bytes()).unwrap()),
        )
    })
}

/// Ours with everything that can be switched on, and the old server's.
fn policies() -> [Policy; 2] {
    let all = Policy {
        explain: Explain::Everybody,
        redirect_prefixes: vec!["/pub".into()],
        distance: Distance::Continent,
        max_first_share: 0.4,
        alternates: Some(1),
        metalink_connections: 4,
        ..Policy::default()
    };
    [all, Policy::upstream()]
}

/// Path, query, `Accept` and up to three `X-Forwarded-For`, a line each, to a small deployment. There is an answer
/// in its form, whatever they are.
pub(crate) fn ask(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(lines.next().unwrap_or_default());
    let (Ok(path), Ok(query), Ok(accept)) = (text(), text(), text()) else { return };
    let forwarded_for: Vec<&[u8]> = lines.take(3).collect();
    let request = Request {
        path,
        query,
        accept,
        forwarded_for: &forwarded_for,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        now: DateTime::UNIX_EPOCH,
    };
    for (policy, native) in policies().iter().zip([true, false]) {
        let rng = || StdRng::seed_from_u64(1);
        let answer = answer::answer(data(), policy, &request, &mut rng());
        let decided = decide_only(data(), policy, &request, &mut rng(), |_, _| ());
        assert!(decided.is_ok() || matches!(answer.kind, Kind::Error(_)), "{answer:?}");
        check(&answer, native);
    }
}

fn check(answer: &Answer, native: bool) {
    assert!([200, 302, 400, 403, 404, 500].contains(&answer.status), "{answer:?}");
    assert_eq!(answer.status == 302, answer.location.is_some(), "{answer:?}");
    let values = answer.headers.iter().map(|(_, value)| value).chain(&answer.location);
    for value in values {
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{value:?}");
    }
    let body = String::from_utf8(answer.body.to_vec()).unwrap();
    match answer.content_type {
        // The old server escapes nothing.
        Some(kind) if kind.ends_with("xml") && native => drop(xml::read(&body).unwrap()),
        Some("application/json") => {
            assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{body}")
        }
        _ if answer.kind == Kind::Mirrorlist && native => {
            let ours = |line: &str| line.starts_with("# ") || line.contains(".example");
            assert!(body.lines().all(ours), "{body}");
        }
        _ => {}
    }
    if let Some(record) = &answer.access {
        let line = record.line();
        assert_eq!((line.matches('\n').count(), line.ends_with('\n')), (1, true), "{line:?}");
        let fields: Vec<&str> = line.split_whitespace().collect();
        for (place, name) in [(0, "IP:"), (2, "DATE:"), (4, "COUNTRY:"), (6, "REPO:"), (8, "ARCH:")] {
            assert_eq!(fields.get(place), Some(&name), "{line:?}");
        }
    }
}

/// Questions that hit and miss, in every form.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut rng = Rng::new(2, "fuzz");
    let deployment = deployment();
    let question = |_| {
        let question = Question::random(&deployment, &mut rng).with_wish(&mut rng);
        let lines = [question.path, question.query, String::new()].into_iter().chain(question.forwarded_for);
        lines.collect::<Vec<_>>().join("\n").into_bytes()
    };
    let in_the_tree = texts(&[
        "/pub/linux/images/CHECKSUM\n\napplication/metalink4+xml",
        "/pub/linux/images/a%20b%26c%3cd%3e.iso\nip=198.51.100.7\napplication/metalink+xml, */*;q=0.1",
        "/pub/linux//images/\nprotocol=https&limit=1\ntext/html",
    ]);
    (0..100).map(question).chain(in_the_tree).collect()
}
