//! What the callers of `scan-primary-mirror` rely on.

use std::os::unix::process::CommandExt as _;

use crate::master::{epel, on_both, publish, repomd};
use crate::program::{Deployment, Ran, bare, ran};

const NAME: &str = "scan-primary-mirror";
const PLACE: &str = "pub/epel/9/Everything/x86_64";

/// Writes a configuration with these lines before the categories.
fn configure(deployment: &Deployment, url: &str, lines: &str) {
    let master = deployment.path("master").display().to_string();
    let text = format!(
        "{lines}\n[database]\nurl = {url:?}\n\
         [[category]]\nname = \"Fedora EPEL\"\ntype = \"directory\"\nurl = \"{master}/pub/epel/\"\n\
         [[category]]\nname = \"Other\"\ntype = \"ftp\"\nurl = \"x\"\n\
         [[repository_mapping]]\nregex = '^pub/epel/\\d+/Everything/'\nprefix = \"epel\"\n\
         [[repository_mapping]]\nregex = '('\nprefix = \"bad\"\n",
    );
    std::fs::write(deployment.path("spm.toml"), text).unwrap();
}

fn scan(deployment: &Deployment, more: &[&str]) -> Ran {
    deployment.run(&[&[NAME, "-c", "spm", "--category", "Fedora EPEL"], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_says_what_it_does_line_by_line() {
    on_both(|deployment, url| {
        epel(deployment);
        configure(deployment, url, "excludes = ['/private', '[']\nskip_repository_paths = ['Server']");
        publish(deployment, &format!("{PLACE}/repodata/repomd.xml"), repomd(&[5]));
        publish(deployment, "pub/epel/9/Everything/aarch64/repodata/repomd.xml", "<repomd>");
        publish(deployment, "pub/epel/9/Everything/x86_64/copy/repodata/f", "x");
        publish(deployment, "pub/epel/9/Everything/vax/repodata/repomd.xml", repomd(&[6]));
        publish(deployment, "pub/epel/9/Server/x86_64/repodata/f", "x");
        publish(deployment, "pub/epel/8/x86_64/repodata/f", "x");
        publish(deployment, "pub/epel/odd/x86_64/repodata/f", "x");
        publish(deployment, "pub/epel/private/f", "x");
        publish(deployment, "pub/epel/isos/x-CHECKSUM", "");
        let first = scan(deployment, &[]);
        assert_eq!(first.status, 0, "{first:?}");
        let lines: Vec<&str> = first.stdout.lines().collect();
        let created: Vec<&&str> = lines.iter().filter(|line| line.starts_with("Created ")).collect();
        assert_eq!(created.len(), 2, "{lines:#?}");
        let digits = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "#");
        assert_eq!(
            digits(created[0]).replace("##", "#"),
            "Created Repository(prefix=epel-#, version=#, arch=#, category=#) -> Directory #"
        );
        let others: Vec<&&str> = lines.iter().filter(|line| !line.starts_with("Created ")).collect();
        assert_eq!(
            others,
            [
                &"Cannot handle exclude regex [. Skipping",
                &"Cannot handle regex (. Skipping",
                &"pub/epel/private is excluded because of /private",
                &"Found CHECKSUM pub/epel/isos/x-CHECKSUM",
                &"Getting file details for pub/epel/9/Everything/aarch64/repodata/repomd.xml via directory failed: \
                  the document is cut off. Skipping.",
                &"Repository creation failed for epel-9: it is pub/epel/9/Everything/x86_64, not \
                  pub/epel/9/Everything/x86_64/copy. Skipping.",
                &"Not able to figure out architecture from pub/epel/9/Everything/vax",
                &"Not able to guess version for pub/epel/odd/x86_64",
                &"Not creating repository in database",
                &"Not able to determine prefix for pub/epel/8/x86_64",
            ],
        );
        assert_eq!(scan(deployment, &["--strict"]).status, 1);

        publish(deployment, "pub/epel/9/Everything/aarch64/repodata/repomd.xml", repomd(&[7]));
        std::fs::remove_dir_all(deployment.path("master/pub/epel/private")).unwrap();
        configure(deployment, url, "");
        let text = std::fs::read_to_string(deployment.path("spm.toml")).unwrap();
        let text = text.replace("[[repository_mapping]]\nregex = '('\nprefix = \"bad\"\n", "");
        std::fs::write(deployment.path("spm.toml"), text).unwrap();
        assert_eq!(scan(deployment, &["--full"]).status, 0);
        let unchanged = scan(deployment, &[]);
        assert_eq!((unchanged.status, unchanged.stdout.as_str(), unchanged.stderr.as_str()), (0, "", ""));

        std::fs::rename(deployment.path("master/pub/epel"), deployment.path("away")).unwrap();
        std::fs::create_dir(deployment.path("master/pub/epel")).unwrap();
        let empty = scan(deployment, &[]);
        assert_eq!(empty.status, 1, "{empty:?}");
        assert!(empty.stdout.starts_with("Scanning DIR/master/pub/epel/ failed with "), "{empty:?}");
        assert_eq!(scan(deployment, &["--delete-directories"]).status, 3);
        std::fs::remove_dir(deployment.path("master/pub/epel")).unwrap();
        std::fs::rename(deployment.path("away"), deployment.path("master/pub/epel")).unwrap();
        let unchanged = scan(deployment, &["--delete-directories"]);
        assert_eq!((unchanged.status, unchanged.stdout.as_str()), (0, ""), "nothing was deleted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_refuses_and_how() {
    on_both(|deployment, url| {
        epel(deployment);
        deployment.ok(&["category", "add", "Other", "--product", "EPEL", "--topdir", "pub/other"]);
        deployment.ok(&["category", "add", "Third", "--product", "EPEL", "--topdir", "pub/third"]);
        configure(deployment, url, "");
        let table = " Category Name | Category top directory \n---------------+------------------------\n \
                     Fedora EPEL   | pub/epel               \n Other         | pub/other              \n \
                     Third         | pub/third              \n";
        let run = |more: &[&str]| {
            let ran = deployment.run(&[&[NAME, "-c", "spm.toml"], more].concat());
            (ran.status, ran.stdout)
        };
        assert_eq!(run(&["--list-categories"]), (0, table.to_owned()));
        assert_eq!(run(&[]), (1, format!("Please specify a category using '--category'\n\n{table}")));
        let unknown = format!("Category X not found. Please use one of the following:\n\n{table}");
        assert_eq!(run(&["--category", "Third", "--category", "X"]), (1, unknown), "the last one counts");
        let third = "Category 'Third' not found in configuration file\n";
        assert_eq!(run(&["--category", "Third"]), (1, third.to_owned()));
        let other = "Cannot handle type 'ftp' of category 'Other'\n";
        assert_eq!(run(&["--category", "Other"]), (1, other.to_owned()));
        std::fs::write(deployment.path("few.toml"), format!("[database]\nurl = {url:?}\n")).unwrap();
        let few = deployment.run(&[NAME, "-c", "few", "--category", "Other"]);
        assert_eq!((few.status, few.stdout.as_str()), (1, "No categories found in the configuration file\n"));
    })
    .await;
}

#[test]
fn configuration_and_command_line() {
    let deployment = Deployment::sqlite();
    let failed = |arguments: &[&str], line: &str| {
        let ran = deployment.run(&[&[NAME], arguments].concat());
        assert_eq!((ran.status, ran.stdout.lines().count()), (1, 1), "{ran:?}");
        assert!(ran.stdout.starts_with(line), "{ran:?}");
    };
    let parsing = "Configuration file parsing failed: ";
    failed(&["-c", "gone"], &format!("{parsing}configuration file \"gone\" not found"));
    std::fs::write(deployment.path("a.toml"), "max_stale_days = 3\n").unwrap();
    failed(&["-c", "a"], &format!("{parsing}missing configuration field \"database\""));
    std::fs::write(deployment.path("b.yaml"), "").unwrap();
    failed(
        &["-c", "b.yaml"],
        &format!("{parsing}configuration file \"b.yaml\" is not of a supported file format"),
    );
    std::fs::write(
        deployment.path("c.toml"),
        "[database]\nurl = \"postgresql://mm:hunter2@127.0.0.1:1/x\"\n",
    )
    .unwrap();
    failed(&["-c", "c"], "Connection to the database failed: cannot open database postgresql://mm:***@127");

    deployment.ok(&["db", "migrate"]);
    let mut command = deployment.command(&[NAME, "-c", "c", "--list-categories"]);
    command.env("UMDL__DATABASE__URL", format!("sqlite:{}", deployment.path("mm.db").display()));
    let listed = ran(command.output().unwrap());
    assert_eq!(listed.status, 0, "{listed:?}");
    assert!(listed.stdout.starts_with(" Category Name | Category top directory \n"), "{listed:?}");

    let unknown = deployment.run(&[NAME, "--frob"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""), "{unknown:?}");
    assert!(
        unknown.stderr.contains("unknown option --frob")
            && unknown.stderr.contains("Usage: scan-primary-mirror")
    );
    let mut command = bare();
    command.arg0("/usr/bin/scan-primary-mirror").arg("--version");
    let version = ran(command.output().unwrap());
    assert_eq!(version.status, 0);
    assert!(version.stdout.starts_with("scan-primary-mirror ("), "{version:?}");
}

/// Rows 1, 3 and 5 of the quirk table, where the tree is listed by rsync.
#[tokio::test(flavor = "multi_thread")]
async fn an_rsync_source_that_fails_costs_nothing_and_is_tried_again() {
    on_both(|deployment, url| {
        epel(deployment);
        publish(deployment, &format!("{PLACE}/repodata/repomd.xml"), repomd(&[5]));
        publish(deployment, "pub/epel/read me/two  blanks.txt", "x");
        let master = deployment.path("master").display().to_string();
        let configure = |source: &str, base: &str| {
            let text = format!(
                "[database]\nurl = {url:?}\n[[category]]\nname = \"Fedora EPEL\"\ntype = \"rsync\"\n\
                 url = \"{source}\"\nchecksum_base = \"{base}\"\n\
                 [[repository_mapping]]\nregex = '^pub/epel/\\d+/Everything/'\nprefix = \"epel\"\n",
            );
            std::fs::write(deployment.path("spm.toml"), text).unwrap();
        };
        configure(&format!("{master}/gone/"), &format!("{master}/"));
        assert_eq!(scan(deployment, &["--delete-directories"]).status, 3, "the guard");
        let gone = scan(deployment, &[]);
        assert_eq!(gone.status, 1, "{gone:?}");
        assert!(gone.stdout.starts_with("Scanning DIR/master/gone/ failed with "), "{gone:?}");

        configure(&format!("{master}/pub/epel/"), &format!("{master}/elsewhere/"));
        let first = scan(deployment, &[]);
        assert_eq!(first.status, 0, "{first:?}");
        let index = format!("{PLACE}/repodata/repomd.xml");
        let complaint = format!("Getting file details for {index} via rsync failed: ");
        assert!(first.stdout.contains(&complaint), "{first:?}");
        assert!(first.stdout.contains("Created Repository(prefix=epel-9, "), "{first:?}");

        configure(&format!("{master}/pub/epel/"), &format!("{master}/"));
        let second = scan(deployment, &["--dry-run"]);
        assert!(second.stdout.contains(&index), "the tree is the same, the detail is missing: {second:?}");
        assert_eq!(scan(deployment, &[]).status, 0);
        let third = scan(deployment, &[]);
        assert_eq!((third.status, third.stdout.as_str()), (0, ""), "{third:?}");
    })
    .await;
}

/// Row 5 of the quirk table: an rsync that could not read everything is a failure, but for files that have vanished.
#[tokio::test(flavor = "multi_thread")]
async fn an_rsync_that_could_not_read_everything_ends_with_1() {
    on_both(|deployment, url| {
        epel(deployment);
        let text = format!(
            "[database]\nurl = {url:?}\n[[category]]\nname = \"Fedora EPEL\"\ntype = \"rsync\"\n\
             url = \"rsync://master.example/epel/\"\n",
        );
        std::fs::write(deployment.path("spm.toml"), text).unwrap();
        let programs = deployment.path("bin");
        std::fs::create_dir(&programs).unwrap();
        let scan = |status: u8| {
            let listing = "drwxr-xr-x 1 2026/11/21 05:55:23 .\ndrwxr-xr-x 1 2026/11/21 05:55:23 a\n\
                           -rw-r--r-- 1 2026/11/21 05:55:23 a/f\n";
            let text = format!("#!/bin/sh\ncat <<'EOF'\n{listing}EOF\nexit {status}\n");
            std::fs::write(programs.join("rsync"), text).unwrap();
            let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(programs.join("rsync"), readable).unwrap();
            let mut command = deployment.command(&[NAME, "-c", "spm", "--category", "Fedora EPEL"]);
            let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
            ran(command.env("PATH", path).output().unwrap())
        };
        let partial = scan(23);
        assert_eq!(partial.status, 1, "{partial:?}");
        let line = "Scanning rsync://master.example/epel/ failed with rsync could not read everything";
        assert!(partial.stdout.contains(line), "{partial:?}");
        assert_eq!(scan(24).status, 0);
        assert_eq!(scan(0).status, 0);
    })
    .await;
}
