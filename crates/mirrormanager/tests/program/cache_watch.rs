//! `cache build --watch`, until it is told to stop.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::program::Deployment;

/// Ends with the test, whatever happens.
struct Watching(Child, BufReader<ChildStdout>);

impl Watching {
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_change_gives_a_line_and_a_signal_ends_it() {
    let deployment = Deployment::sqlite();
    deployment.ok(&["db", "migrate"]);
    deployment.ok(&["site", "add", "s"]);
    let mut command = deployment.command(&["--json", "cache", "build", "-o", "c.proto", "--watch"]);
    command.args(["--set", "cache.settle_ms=0", "--set", "cache.names=skip"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let mut watching = Watching(child, stdout);
    let first = watching.next();
    assert_eq!((first["read"].as_str(), first["counts"]["hosts"].as_u64()), (Some("whole"), Some(0)));
    deployment.ok(&["host", "add", "h", "--site", "s", "--country", "DE"]);
    let second = watching.next();
    assert_eq!((second["read"].as_str(), second["counts"]["hosts"].as_u64()), (Some("changed"), Some(1)));
    assert_eq!(second["file"], "c.proto");
    testkit::programs::signal("TERM", watching.0.id());
    assert_eq!(watching.0.wait().unwrap().code(), Some(0));
    assert!(deployment.ok(&["cache", "verify", "c.proto"]).contains("it is whole"));
}

#[test]
fn a_database_that_does_not_answer_is_said_at_once() {
    let deployment = Deployment::on("postgresql://nobody@127.0.0.1:1/gone");
    let line = deployment.refused(&["cache", "build", "--watch", "-o", "c.proto"]);
    assert!(line.contains("cannot open database"), "{line}");
}
