//! `cache build --watch`, until it is told to stop.

use crate::program::Deployment;
use crate::resident::Resident;

#[test]
fn every_change_gives_a_line_and_a_signal_ends_it() {
    let deployment = Deployment::sqlite();
    deployment.ok(&["db", "migrate"]);
    deployment.ok(&["site", "add", "s"]);
    let mut command = deployment.command(&["--json", "cache", "build", "-o", "c.proto", "--watch"]);
    command.args(["--set", "cache.settle_ms=0", "--set", "cache.names=skip"]);
    let mut watching = Resident::start(command);
    let first = watching.next();
    assert_eq!((first["read"].as_str(), first["counts"]["hosts"].as_u64()), (Some("whole"), Some(0)));
    deployment.ok(&["host", "add", "h", "--site", "s", "--country", "DE"]);
    let second = watching.next();
    assert_eq!((second["read"].as_str(), second["counts"]["hosts"].as_u64()), (Some("changed"), Some(1)));
    assert_eq!(second["file"], "c.proto");
    watching.signal("TERM");
    assert_eq!(watching.status(), Some(0));
    assert!(deployment.ok(&["cache", "verify", "c.proto"]).contains("it is whole"));
}

#[test]
fn a_database_that_does_not_answer_is_said_at_once() {
    let deployment = Deployment::on("postgresql://nobody@127.0.0.1:1/gone");
    let line = deployment.refused(&["cache", "build", "--watch", "-o", "c.proto"]);
    assert!(line.contains("cannot open database"), "{line}");
}
