//! `explain` tells what the server answers.

use std::collections::BTreeSet;

use crate::program::Deployment;
use crate::server::Server;

const INPUTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../answer/tests/data/mirrorlist/inputs");

/// A deployment whose server has the recorded inputs.
fn deployment() -> Deployment {
    let deployment = Deployment::sqlite();
    let toml = std::fs::read_to_string(deployment.path("mm.toml")).unwrap();
    let serve = format!(
        "{toml}\n[serve]\nlisten = \"127.0.0.1:0\"\ncache = \"{INPUTS}/cache.proto\"\n\
         countries = \"{INPUTS}/country.mmdb\"\nnetblocks = \"{INPUTS}/global_netblocks.txt\"\n\
         continents = \"{INPUTS}/country_continent.csv\"\n"
    );
    std::fs::write(deployment.path("mm.toml"), serve).unwrap();
    deployment
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// All but the order, which is by chance.
fn urls(explanation: &serde_json::Value) -> BTreeSet<String> {
    let mirrors = explanation["mirrors"].as_array().unwrap();
    let urls = mirrors.iter().flat_map(|mirror| mirror["urls"].as_array().unwrap());
    urls.map(|url| url.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_command_and_the_server_tell_the_same() {
    let deployment = deployment();
    let server = Server::start(deployment.command(&["serve"]), "answering on http://");
    let told = json(&deployment.ok(&[
        "explain",
        "--repo",
        "fedora-40",
        "--arch",
        "x86_64",
        "--ip",
        "198.51.100.20",
        "--json",
    ]));
    let query = "repo=fedora-40&arch=x86_64&ip=198.51.100.20";
    let served = json(&server.ask(&format!("/explain?{query}&format=json")));
    let list = server.ask(&format!("/mirrorlist?{query}"));
    let listed: BTreeSet<String> =
        list.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    assert_eq!(urls(&told), listed);
    assert_eq!(urls(&served), listed);
    for part in ["question", "client", "directory", "searched", "left_out"] {
        assert_eq!(told[part], served[part], "{part}");
    }
    assert_eq!(told["mirrors"][0]["tier"], "netblock");
    assert_eq!(server.stop(), 0);
}

#[test]
fn it_is_readable_and_names_its_mistakes() {
    let deployment = deployment();
    let path = "pub/fedora/linux/releases/40/Everything/x86_64/os/repodata/repomd.xml";
    let text =
        deployment.ok(&["explain", "--path", path, "--metalink", "--country", "SE", "--protocol", "http"]);
    assert!(text.starts_with("question   country=SE path=pub/fedora/linux/"), "{text}");
    assert!(text.contains("\nclient     127.0.0.1, country unknown\n"), "{text}");
    assert!(text.contains("\nmirrors    1\n   1  h14.example  country    SE  "), "{text}");
    let few = ["explain", "--path", "pub/small", "--exclude", "DE", "--limit", "1", "--stable"];
    let text = deployment.ok(&few);
    assert!(text.contains("\nstable     the same mirrors for all clients of 127.0.0.0/24\n"), "{text}");
    assert!(text.contains("\nmirrors    1\n"), "{text}");
    let refused = ["explain", "--repo", "fedora-40", "--arch", "absent", "--set", "log.level=error"];
    let line = deployment.refused(&refused);
    assert_eq!(line, "error: there is no such repository or architecture");
    let line = deployment.refused(&["explain", "--path", "pub", "--cache", "gone.proto"]);
    assert!(line.contains("gone.proto"), "{line}");
    for wrong in [&["explain"][..], &["explain", "--repo", "x"], &["explain", "--path", "x", "--ip", "y"]] {
        assert_eq!(deployment.run(wrong).status, 2, "{wrong:?}");
    }
}
