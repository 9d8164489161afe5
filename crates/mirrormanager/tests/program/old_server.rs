//! `mirrorlist-server`: every row of spec mirrorlist C.1 that is about the command line and the start.

use std::net::TcpListener;
use std::path::Path;

use crate::program::{Deployment, Ran, ran, run};
use crate::server::Server;

const INPUTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../answer/tests/data/mirrorlist/inputs");

/// The flags that name files, in the order in which the server reads them, with a good file each.
fn files(deployment: &Deployment) -> [(&'static str, String); 5] {
    let input = |name: &str| format!("{INPUTS}/{name}");
    [
        ("-l", deployment.path("access.log").display().to_string()),
        ("-c", input("cache.proto")),
        ("--geoip", input("country.mmdb")),
        ("-g", input("global_netblocks.txt")),
        ("--cccsv", input("country_continent.csv")),
    ]
}

fn arguments(deployment: &Deployment, more: &[&str]) -> Vec<String> {
    let files = files(deployment).into_iter().flat_map(|(flag, file)| [flag.to_owned(), file]);
    ["mirrorlist-server".to_owned()]
        .into_iter()
        .chain(files)
        .chain(more.iter().map(|&a| a.to_owned()))
        .collect()
}

fn command(deployment: &Deployment, more: &[&str]) -> std::process::Command {
    let arguments = arguments(deployment, more);
    deployment.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn started(deployment: &Deployment, more: &[&str]) -> Server {
    Server::start(command(deployment, more), "Listening on http://")
}

fn refused(deployment: &Deployment, more: &[&str]) -> String {
    let Ran { status, stdout, stderr } = ran(command(deployment, more).output().unwrap());
    assert_eq!((status, stdout.as_str(), stderr.lines().count()), (1, "", 1), "{more:?}: {stderr}");
    stderr.trim_end().to_owned()
}

#[test]
fn help_is_on_standard_output_and_a_mistake_on_standard_error() {
    let usage = run(&["mirrorlist-server", "--help"]);
    assert_eq!((usage.status, usage.stderr.as_str()), (0, ""));
    for flag in [
        "listen",
        "port",
        "minimum",
        "cache",
        "internet2_netblocks",
        "global_netblocks",
        "log",
        "cccsv",
        "geoip",
    ] {
        assert!(usage.stdout.contains(&format!("--{flag} ")), "{flag}: {}", usage.stdout);
        let missing = run(&["mirrorlist-server", &format!("--{flag}")]);
        assert_eq!((missing.status, missing.stdout.as_str()), (2, ""), "{flag}");
        assert!(
            missing.stderr.starts_with(&format!("error: option --{flag} needs a value\nUsage: ")),
            "{missing:?}"
        );
    }
    // However much else is right, and wherever it stands.
    assert_eq!(run(&["mirrorlist-server", "-c", "gone", "-h"]), usage);
    for unknown in ["-x", "--verbose", "--mini", "-mx9 -q"] {
        let mistake = run(&[&["mirrorlist-server"], &unknown.split(' ').collect::<Vec<_>>()[..]].concat());
        assert_eq!((mistake.status, mistake.stdout.as_str()), (2, ""), "{unknown}");
        assert!(mistake.stderr.starts_with("error: unknown option -"), "{mistake:?}");
    }
}

/// Everything is wrong at first, and is put right from the front.
#[test]
fn files_are_read_in_the_old_order_and_failures_have_the_old_texts() {
    let deployment = Deployment::sqlite();
    let broken = |name: &str, content: &str| {
        std::fs::write(deployment.path(name), content).unwrap();
        deployment.path(name).display().to_string()
    };
    let (text, empty) = (broken("text", "no such thing\n"), broken("empty", ""));
    let wrong = [
        ("-l", "gone/log".to_owned(), "Opening log file gone/log failed. Exiting!".to_owned()),
        (
            "-c",
            empty.clone(),
            format!("Parsing {empty} failed: Message `MirrorList` is missing required fields"),
        ),
        ("--geoip", text.clone(), format!("Reading GeoIP2 database {text} failed")),
        ("-g", broken("v6", "2001:db8::/32 1\n"), "Creating ASN cache failed. Exiting!".to_owned()),
        ("--cccsv", empty, "Parsing country continent data failed. Exiting!".to_owned()),
    ];
    for right in 0..wrong.len() {
        let mut flags = Vec::new();
        for (flag, file, _) in &wrong[right..] {
            flags.extend([*flag, file.as_str()]);
        }
        assert_eq!(refused(&deployment, &[&["--port", "0"], &flags[..]].concat()), wrong[right].2);
    }
    // At last the address.
    assert!(refused(&deployment, &["--listen", "localhost"]).starts_with("cannot listen on \"localhost\": "));
    assert!(refused(&deployment, &["--port", "65536"]).starts_with("port 65536 is out of range"));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let line = refused(&deployment, &["--port", &port]);
    assert!(line.contains(&format!("127.0.0.1:{port}")) && line.contains("in use"), "{line}");
    for missing in ["-c", "--geoip", "-g", "--cccsv"] {
        let line = refused(&deployment, &["--port", "0", missing, "gone"]);
        assert!(line.contains("failed"), "{missing}: {line}");
    }
}

#[test]
fn a_cut_off_cache_has_the_old_text() {
    let deployment = Deployment::sqlite();
    let whole = std::fs::read(Path::new(INPUTS).join("cache.proto")).unwrap();
    std::fs::write(deployment.path("cut"), &whole[..whole.len() - 3]).unwrap();
    let line = refused(&deployment, &["--port", "0", "-c", "cut"]);
    assert_eq!(line, "Parsing cut failed: Unexpected end of file");
}

#[test]
fn flags_may_repeat_in_any_spelling_and_stray_arguments_are_ignored() {
    let deployment = Deployment::sqlite();
    let server = started(
        &deployment,
        &[
            "stray",
            "--port=1",
            "--listen=localhost",
            "--listen",
            "127.0.0.1",
            "--port",
            "0",
            "-m",
            "x",
            "-m1",
            "-i=gone",
        ],
    );
    let list = server.ask("/mirrorlist?repo=fedora-40&arch=x86_64&ip=203.0.113.5");
    assert!(list.contains("country = DE") && !list.contains("global"), "one mirror is enough: {list}");
    assert_eq!(server.stop(), 0);
    let server = started(&deployment, &["--port", "0", "--minimum", "1000"]);
    let list = server.ask("/mirrorlist?repo=fedora-40&arch=x86_64&ip=203.0.113.5");
    assert!(list.contains("country = global"), "{list}");
    assert_eq!(server.stop(), 0);
}

/// The variable of the old server's logger, in whose syntax not all is a filter to ours.
#[test]
fn rust_log_sets_the_level_and_whatever_it_is_the_server_starts() {
    let deployment = Deployment::sqlite();
    for (value, talks) in [
        (None, false),
        (Some(""), false),
        (Some("error"), false),
        (Some("off"), false),
        (Some("info"), true),
        (Some("hyper=warn,info"), true),
        (Some("info/regular expression"), true),
        (Some("=,==,a=b=c"), false),
    ] {
        let mut command = command(&deployment, &["--port", "0"]);
        if let Some(value) = value {
            command.env("RUST_LOG", value);
        }
        let said = Server::start(command, "Listening on http://").stop_and_read();
        assert_eq!(!said.is_empty(), talks, "{value:?}: {said}");
    }
}

#[test]
fn ipv6_stands_in_brackets() {
    let deployment = Deployment::sqlite();
    if TcpListener::bind("[::1]:0").is_err() {
        // A machine without IPv6 has nothing to listen on.
        return;
    }
    let server = started(&deployment, &["--listen", "[::1]", "--port", "0"]);
    assert!(server.address().starts_with("[::1]:"), "{}", server.address());
    assert_eq!(server.stop(), 0);
}

#[test]
fn it_says_where_it_listens_and_writes_the_old_log() {
    let deployment = Deployment::sqlite();
    let server = started(&deployment, &["--port=0", "-i", "gone"]);
    let list = server.ask("/mirrorlist?repo=fedora-40&arch=x86_64&country=global");
    assert!(list.starts_with("# repo = fedora-40 arch = x86_64 country = global"), "{list}");
    assert_eq!(server.stop(), 0);
    let log = std::fs::read_to_string(deployment.path("access.log")).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.starts_with("IP: 127.0.0.1; DATE: "), "{log}");
    assert!(log.trim_end().ends_with("REPO: fedora-40; ARCH: x86_64"), "{log}");
}

#[test]
fn numbers_that_are_none_fall_back_and_say_so() {
    let deployment = Deployment::sqlite();
    let ran = deployment.run(&["mirrorlist-server", "-m", "many", "--port", "http", "-l", "gone/log"]);
    assert_eq!(ran.status, 1);
    assert_eq!(
        ran.stdout,
        "Error parsing minimum number of mirrors. Defaulting to 5\nError parsing port. Defaulting to 3000\n"
    );
}
