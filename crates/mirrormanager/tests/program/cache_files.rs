//! What an operator does with cache files.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::program::Deployment;

/// A database with one host, both files, signed, and a pair of keys.
fn deployment() -> Deployment {
    let deployment = Deployment::sqlite();
    let toml = std::fs::read_to_string(deployment.path("mm.toml")).unwrap();
    let cache = "[cache]\nformat = \"both\"\nfile = \"c.proto\"\nsnapshot = \"c.snapshot\"\nsigning_key = \"key\"\n\
                 names = \"skip\"\n";
    std::fs::write(deployment.path("mm.toml"), format!("{toml}\n{cache}")).unwrap();
    deployment.ok(&["cache", "keygen", "key"]);
    deployment.ok(&["db", "migrate"]);
    deployment.ok(&["product", "add", "p"]);
    deployment.ok(&["category", "add", "c", "--product", "p", "--topdir", "pub"]);
    deployment.ok(&["site", "add", "s"]);
    add_host(&deployment, "h1");
    deployment.ok(&["cache", "build"]);
    deployment
}

fn add_host(deployment: &Deployment, name: &str) {
    deployment.ok(&["host", "add", name, "--site", "s", "--country", "DE"]);
    deployment.ok(&["host", "category", "add", name, "c", "--always-up2date"]);
    deployment.ok(&["host", "url", "add", name, "c", &format!("https://{name}.example/")]);
}

fn json(deployment: &Deployment, arguments: &[&str]) -> Value {
    serde_json::from_str(&deployment.ok(&[arguments, &["--json"]].concat())).unwrap()
}

#[test]
fn keys_are_made_once_and_kept_secret() {
    let deployment = deployment();
    let mode = |name| deployment.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("key"), mode("key.pub") & 0o600), (0o600, 0o600));
    let line = deployment.refused(&["cache", "keygen", "key"]);
    assert_eq!(line, "error: key exists; a key is never overwritten");
    let made = json(&deployment, &["cache", "keygen", "other"]);
    assert_eq!(made["public"], "other.pub");
    let inspected = json(&deployment, &["cache", "inspect", "c.snapshot"]);
    assert_eq!(inspected["signer"].as_str().unwrap().len(), 64);
    assert_ne!(inspected["signer"], made["key"]);
}

#[test]
fn a_file_is_verified_and_signed_by_another() {
    let deployment = deployment();
    let verify = |file: &str, key: &str| deployment.run(&["cache", "verify", file, "--key", key]);
    let whole = verify("c.snapshot", "key.pub");
    assert!(whole.status == 0 && whole.stdout.trim_end().ends_with("it is whole"), "{whole:?}");
    deployment.ok(&["cache", "keygen", "other"]);
    let wrong = verify("c.snapshot", "other.pub");
    assert!(wrong.status == 1 && wrong.stderr.contains("none of the given keys"), "{wrong:?}");
    deployment.ok(&["cache", "sign", "c.snapshot", "--key", "other"]);
    assert_eq!(verify("c.snapshot", "other.pub").status, 0);
    assert_eq!((verify("c.proto", "key.pub").status, verify("gone", "key.pub").status), (1, 2));
    assert!(deployment.refused(&["cache", "sign", "c.proto"]).contains("no native file"));
    assert!(deployment.refused(&["cache", "verify", "--key", "key"]).contains("BEGIN PUBLIC KEY"));
    let mut bytes = std::fs::read(deployment.path("c.snapshot")).unwrap();
    bytes[100] ^= 1;
    std::fs::write(deployment.path("c.snapshot"), bytes).unwrap();
    let damaged = deployment.run(&["cache", "verify", "c.snapshot"]);
    assert!(damaged.status == 1 && damaged.stderr.contains("damaged"), "{damaged:?}");
}

#[test]
fn files_are_converted_compared_and_gone_back_to() {
    let deployment = deployment();
    let same = deployment.ok(&["cache", "diff", "c.proto", "c.proto"]);
    assert_eq!(same, "no difference that a client would notice\n");
    add_host(&deployment, "h2");
    let built = json(&deployment, &["cache", "build"]);
    assert_eq!(
        (built["files"][0]["file"].as_str(), built["files"][1]["format"].as_str()),
        (Some("c.proto"), Some("snapshot"))
    );
    assert!(built["files"][1]["serial"].as_u64() > Some(1_700_000_000_000), "{built}");
    for file in ["c.proto", "c.snapshot"] {
        let before = format!("{file}.1");
        let differs = deployment.run(&["cache", "diff", &before, file]);
        assert_eq!((differs.status, differs.stderr.as_str()), (1, ""));
        assert!(
            differs.stdout.contains("mirrors of directories: 1\n  1 directories, for example pub: +h"),
            "{differs:?}"
        );
        assert_eq!(deployment.run(&["cache", "diff", file, "gone"]).status, 2);
        let back = json(&deployment, &["cache", "rollback", file]);
        assert_eq!(back["from"].as_str().map(|from| from.ends_with(&before)), Some(true), "{back}");
        assert_eq!(json(&deployment, &["cache", "inspect", file])["hosts"], 1);
        deployment.ok(&["cache", "rollback", file, "--to", "1"]);
        assert_eq!(json(&deployment, &["cache", "inspect", file])["hosts"], 2);
        assert!(deployment.refused(&["cache", "rollback", file, "--to", "9"]).contains(&format!("{file}.9")));
    }
    assert_eq!(
        deployment.run(&["cache", "verify", "c.snapshot", "--key", "key.pub"]).status,
        0,
        "signed again"
    );
    let converted = deployment.run(&["cache", "convert", "c.snapshot", "again.proto"]);
    assert!(converted.status == 0 && converted.stderr.contains("lost"), "{converted:?}");
    let there = deployment.run(&["cache", "convert", "again.proto", "again.snapshot"]);
    assert_eq!((there.status, there.stderr.as_str()), (0, ""), "{there:?}");
    let again = deployment.run(&["cache", "diff", "c.proto", "again.snapshot"]);
    assert_eq!(again.status, 0, "{again:?}");
}

#[test]
fn one_file_or_the_other() {
    let deployment = deployment();
    deployment.ok(&["cache", "build", "--format", "snapshot", "-o", "only.snapshot"]);
    assert!(deployment.ok(&["cache", "inspect", "only.snapshot"]).contains("only.snapshot: snapshot, "));
    let line = deployment.refused(&["cache", "build", "-o", "x"]);
    assert!(line.contains("two are to be written"), "{line}");
    let line = deployment.refused(&["cache", "build", "--set", "cache.signing_key=gone"]);
    assert!(line.contains("read key gone"), "{line}");
}

#[test]
fn exclusive_networks_come_and_go() {
    let deployment = deployment();
    deployment.ok(&["netblock", "exclusive", "add", "192.0.2.1/24", "h1", "--no-hashes", "--comment", "lab"]);
    let list = deployment.ok(&["netblock", "exclusive", "list"]);
    assert_eq!(list, "ID  NETBLOCK      HOST  HASHES  COMMENT\n1   192.0.2.0/24  h1    no      lab\n");
    let again = deployment.refused(&["netblock", "exclusive", "add", "192.0.2.0/24", "h1"]);
    assert!(again.contains("exists already"), "{again}");
    deployment.ok(&["netblock", "exclusive", "remove", "192.0.2.0/24"]);
    assert_eq!(json(&deployment, &["netblock", "exclusive", "list"]), serde_json::json!([]));
}
