//! The recorded questions, asked over real connections in both modes: statuses, content types, bodies, redirects
//! and the lines of the access log.
//!
//! The recorded data is that of the crate `answer`, whose tests also keep it from being edited.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serve::Running;
use settings::answer::Compatibility;
use settings::serve::AccessLogFormat;
use testkit::mirrorlist_vectors::ours::{Ours, counted};
use testkit::mirrorlist_vectors::{Case, Observed, check, load};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use crate::support::{DEADLINE, Deployment};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../answer/tests/data/mirrorlist")
}

/// Recorded answers that are not wanted, with the reason.
const EXPECTED_FAILURES: &[(&str, &str)] = &[
    ("A123", "closed the connection at a byte in X-Forwarded-For that is not ASCII; ours is error E6"),
    ("A282", "closed the connection since one host has no weight; ours counts it as 1"),
    ("A283", "closed the connection since one host has no weight; ours counts it as 1"),
    ("A285", "closed the connection since one host has no weight; ours counts it as 1"),
];

/// Times that each question is asked, since the order of mirrors is by chance.
const RUNS: usize = 4;

#[tokio::test]
async fn upstream_compatibility_answers_as_recorded() {
    let cases = load(&folder());
    assert_eq!(cases.len(), 290);
    let mut servers = BTreeMap::new();
    for minimum in cases.iter().map(|case| case.minimum).collect::<BTreeSet<_>>() {
        servers.insert(minimum, Server::start(Deployment::upstream(), minimum).await);
    }
    let expected: BTreeMap<_, _> = EXPECTED_FAILURES.iter().copied().collect();
    let (mut right, mut wrong) = (0, Vec::new());
    for case in &cases {
        let server = servers.get_mut(&case.minimum).unwrap();
        let result = server.check(case, |observed| case.check(&observed)).await;
        match (result, expected.contains_key(case.id.as_str())) {
            (Ok(()), false) => right += 1,
            (Err(_), true) => {}
            (Ok(()), true) => wrong.push(format!("{} passes now: take it off the list", case.id)),
            (Err(why), false) => wrong.push(format!("{} {}: {why}", case.id, case.target)),
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(right, cases.len() - EXPECTED_FAILURES.len());
}

#[tokio::test]
async fn our_own_mode_answers_as_the_rules_derive_it() {
    let cases = load(&folder());
    let ours = Ours::of(&cases);
    let mut servers = BTreeMap::new();
    for minimum in cases.iter().map(|case| case.minimum).collect::<BTreeSet<_>>() {
        servers.insert(minimum, Server::start(Deployment::new(), minimum).await);
    }
    let (mut dropped, mut wrong) = (0, Vec::new());
    for case in &cases {
        let wanted = ours.wanted_over_http(case);
        dropped += usize::from(wanted.is_none());
        let server = servers.get_mut(&case.minimum).unwrap();
        let result = server.check(case, |mut observed| {
            observed.log.iter_mut().for_each(|line| *line = counted(line));
            match &wanted {
                Some(wanted) => check(wanted, &observed),
                None if observed.status == Some(200) => Ok(()),
                None => Err(format!("{observed:?}")),
            }
        });
        if let Err(why) = result.await {
            wrong.push(format!("{} {}: {why}", case.id, case.target));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(dropped, 3, "questions at which the old server dropped the connection");
}

struct Server {
    running: Running,
    log: PathBuf,
    /// Bytes of the log that were looked at.
    seen: usize,
    deployment: Deployment,
}

impl Server {
    async fn start(mut deployment: Deployment, minimum: usize) -> Self {
        let inputs = folder().join("inputs");
        deployment.options.answer.minimum = minimum;
        let serve = &mut deployment.options.serve;
        serve.cache = inputs.join("cache.proto");
        serve.countries = Some(inputs.join("country.mmdb"));
        serve.netblocks = Some(inputs.join("global_netblocks.txt"));
        serve.continents = Some(inputs.join("country_continent.csv"));
        serve.access_log = AccessLogFormat::Upstream;
        let log = serve.access_log_file.clone();
        Self { running: deployment.start().await, log, seen: 0, deployment }
    }

    /// Asks several times and compares each answer.
    async fn check(
        &mut self,
        case: &Case,
        compare: impl Fn(Observed) -> Result<(), String>,
    ) -> Result<(), String> {
        for _ in 0..RUNS {
            let mut observed = ask(self.running.address(), case).await;
            // As upstream the line is there when the answer is; our own are written soon, at the latest now.
            if self.deployment.options.answer.compatibility == Compatibility::Native {
                self.running.reopen_access_log().await.unwrap();
            }
            let log = fs::read(&self.log).unwrap();
            let new = String::from_utf8_lossy(log.get(self.seen..).unwrap()).into_owned();
            self.seen = log.len();
            observed.log = new.lines().map(str::to_owned).collect();
            compare(observed)?;
        }
        Ok(())
    }
}

/// Sends the recorded request byte for byte and reads until the connection ends.
async fn ask(address: SocketAddr, case: &Case) -> Observed {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(case.source, 0)).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let mut request =
        format!("{} {} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n", case.method, case.target).into_bytes();
    for (name, value) in &case.headers {
        request.extend_from_slice(name.as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(DEADLINE, stream.read_to_end(&mut bytes)).await.expect("an end").unwrap();
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Observed::default();
    };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap()).into_owned();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v.to_owned())
    };
    Observed {
        status: head.split(' ').nth(1).and_then(|status| status.parse().ok()),
        content_type: header("content-type"),
        location: header("location"),
        body: String::from_utf8_lossy(bytes.get(end + 4..).unwrap()).into_owned(),
        log: Vec::new(),
    }
}
