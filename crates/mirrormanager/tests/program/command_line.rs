//! Settings, mistakes, output discipline.

use std::process::Stdio;

use crate::program::{Deployment, bare, ran, run};

#[test]
fn without_a_command_the_help_is_shown_and_the_status_is_2() {
    let ran = run(&[]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("Usage: mirrormanager"), "{}", ran.stderr);
    assert_eq!(run(&["scna"]).status, 2);
    assert_eq!(run(&["--version"]).status, 0);
}

#[test]
fn the_settings_file_is_checked() {
    let deployment = Deployment::sqlite();
    let toml = "[database]\nmax_conections = 3\n";
    std::fs::write(deployment.path("wrong.toml"), toml).unwrap();
    let line = deployment.refused(&["--config", "wrong.toml", "config", "check"]);
    assert_eq!(
        line,
        "error: wrong.toml:2: unknown setting database.max_conections; did you mean database.max_connections?"
    );
    let line = deployment.refused(&["config", "check", "--config", "gone.toml"]);
    assert!(line.starts_with("error: cannot read settings file gone.toml: "), "{line}");
    let line = deployment.refused(&["config", "check", "--set", "log.level=[1"]);
    assert!(line.starts_with("error: setting log.level: \"[1\" is no log filter"), "{line}");
    assert_eq!(deployment.ok(&["config", "check"]), "settings are right; 3 set, the others are defaults\n");
}

#[test]
fn the_dump_hides_secrets_and_names_origins() {
    let deployment = Deployment::on("postgresql://mm:hunter2@db.example/mm");
    let dump = deployment.ok(&["config", "dump", "--set", "crawl.attempts=7"]);
    assert!(!dump.contains("hunter2"), "{dump}");
    assert!(dump.contains("url = \"postgresql://mm:***@db.example/mm\"  # from DIR/mm.toml:2\n"), "{dump}");
    assert!(dump.contains("attempts = 7  # from --set\n"), "{dump}");
    let json: serde_json::Value =
        serde_json::from_str(&deployment.ok(&["config", "dump", "--json"])).unwrap();
    assert_eq!(json["settings"]["database"]["url"], "postgresql://mm:***@db.example/mm");
    assert_eq!(json["origins"]["database.url"], "DIR/mm.toml:2");
}

#[test]
fn the_default_file_is_a_settings_file() {
    let deployment = Deployment::sqlite();
    let text = deployment.ok(&["config", "default"]);
    std::fs::write(deployment.path("default.toml"), text).unwrap();
    let checked = deployment.ok(&["config", "check", "--config", "default.toml"]);
    assert_eq!(checked, "settings are right; 0 set, the others are defaults\n");
}

#[test]
fn a_database_that_is_not_there_is_one_line() {
    let deployment = Deployment::sqlite();
    for command in [["product", "list"], ["db", "check"], ["cache", "build"]] {
        let line = deployment.refused(&command);
        assert!(line.starts_with("error: cannot open database sqlite:DIR/mm.db: "), "{line}");
        assert!(!deployment.path("mm.db").exists(), "{command:?} created the database");
    }
    let line = deployment.refused(&["product", "list", "--set", "database.url=sqlite:/nonexistent/x.db"]);
    assert!(line.contains("/nonexistent") && line.contains("folder does not exist"), "{line}");
    let line = deployment.refused(&["product", "list", "--set", "database.url=mysql://mm:hunter2@h/x"]);
    assert!(line.contains("expected postgresql://") && !line.contains("hunter2"), "{line}");
    let url = "database.url=postgresql://mm:hunter2@127.0.0.1:1/x";
    let line =
        deployment.refused(&["product", "list", "--set", url, "--set", "database.acquire_timeout_seconds=2"]);
    assert!(line.starts_with("error: cannot open database postgresql://mm:***@127.0.0.1:1/x: "), "{line}");
}

#[test]
fn nobody_reading_is_no_failure() {
    let mut child =
        bare().args(["config", "default"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let ran = ran(output);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}
