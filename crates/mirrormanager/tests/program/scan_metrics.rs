//! Figures of scans for Prometheus' node exporter.

use std::os::unix::fs::PermissionsExt as _;

use crate::master::fedora_linux;
use crate::program::Deployment;

#[test]
fn a_scan_leaves_its_figures_and_a_failed_one_the_time_of_the_last_good_one() {
    let deployment = Deployment::sqlite();
    let (master, file) = (deployment.path("master"), deployment.path("scan.prom"));
    fedora_linux(&deployment);
    let (root, metrics) =
        (format!("scan.content_root={}", master.display()), format!("scan.metrics_file={}", file.display()));
    let scan = ["scan", "--set", &root, "--set", &metrics];
    deployment.ok(&["scan", "--dry-run", "--set", &root, "--set", &metrics]);
    assert!(!file.exists(), "nothing was scanned");

    deployment.ok(&scan);
    let value = |name: &str| -> Option<String> {
        let text = std::fs::read_to_string(&file).unwrap();
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.rsplit_once(' ').unwrap().1.to_owned())
    };
    let good = r#"mirrormanager_scan_last_good_timestamp_seconds{category="Fedora Linux"}"#;
    let done = r#"mirrormanager_scan_outcome{category="Fedora Linux",outcome="done"}"#;
    let time = value(good).unwrap();
    assert!(time.parse::<i64>().unwrap() > 1_700_000_000, "{time}");
    assert_eq!(value(done).unwrap(), "1");
    let new = value(r#"mirrormanager_scan_changes{category="Fedora Linux",kind="new"}"#).unwrap();
    assert!(new.parse::<u32>().unwrap() > 100, "{new}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644, "others collect it");

    std::fs::rename(&master, deployment.path("elsewhere")).unwrap();
    assert_eq!(deployment.run(&scan).status, 1);
    assert_eq!(value(done).unwrap(), "0");
    assert_eq!(value(good).unwrap(), time);
}
