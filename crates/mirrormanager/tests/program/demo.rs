//! The demo, as a person starts it and step by step.

use std::sync::Arc;

use mirrormanager::demo::stage::Stage;
use mirrormanager::demo::verdicts::{self, Verdict};
use mirrormanager::demo::world::Character;
use mirrormanager::printer::{Form, Printer};
use model::clock::SystemClock;
use settings::Settings;

use crate::program::{bare, ran};

#[test]
fn once_it_shows_the_verdicts_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let demo = ran(bare().args(["demo", "--once", "--dir"]).arg(folder.path()).output().unwrap());
    assert_eq!(demo.status, 0, "{demo:?}");
    for character in Character::ALL {
        let lines: Vec<&str> =
            demo.stdout.lines().filter(|line| line.starts_with(character.host())).collect();
        assert_eq!(lines.len(), 2, "one line per category of {}: {}", character.host(), demo.stdout);
    }
    assert!(demo.stdout.contains("in-sync.example    has everything    Fedora Linux  current "));
    assert!(demo.stdout.contains("connection refused"), "{}", demo.stdout);
    let line = demo.stdout.lines().find_map(|line| line.strip_prefix("serving after ")).unwrap();
    let (seconds, url) = line.split_once(" s on ").unwrap();
    assert!(seconds.parse::<f64>().unwrap() > 0.0, "{line}");
    assert!(url.starts_with("http://127.0.0.1:"), "{line}");

    // The ordinary commands work on what it left behind.
    let config = folder.path().join("mirrormanager.toml");
    let hosts = ran(bare().arg("--config").arg(config).args(["host", "list"]).output().unwrap());
    assert_eq!(hosts.status, 0, "{hosts:?}");
    assert!(hosts.stdout.contains("flapping.example"), "{hosts:?}");
}

#[test]
fn it_does_not_touch_a_folder_that_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "x").unwrap();
    let demo = ran(bare().args(["demo", "--once", "--dir"]).arg(folder.path()).output().unwrap());
    assert_eq!((demo.status, demo.stdout.as_str()), (2, ""));
    assert!(demo.stderr.contains("is not empty; name a new folder for the demo"), "{}", demo.stderr);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn verdict<'a>(verdicts: &'a [Verdict], character: Character, category: &str) -> &'a Verdict {
    verdicts.iter().find(|v| v.mirror == character.host() && v.category == category).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_on_a_mirror_changes_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let out = Printer::new(Form::Text);
    let stage = Stage::set_up(folder.path(), &Settings::default(), Arc::new(SystemClock), out).await.unwrap();
    stage.scan().await.unwrap();
    let before = verdicts::of(&stage.crawl().await.unwrap(), &stage.world);
    for (character, status) in [
        (Character::InSync, "current"),
        (Character::Stale, "stale"),
        (Character::Partial, "stale"),
        (Character::Truncated, "stale"),
        (Character::Dead, "unreachable"),
    ] {
        let verdict = verdict(&before, character, "Fedora Linux");
        assert_eq!(verdict.status, status, "{verdict:?}");
        assert_eq!(verdict.reason.is_empty(), status == "current", "{verdict:?}");
    }
    assert_eq!(verdict(&before, Character::Partial, "Fedora EPEL").status, "current");
    assert_ne!(verdict(&before, Character::Flapping, "Fedora Linux").current, 0);

    let repository = stage.world.tree.repositories.iter().find(|r| r.path.starts_with("pub/epel/9")).unwrap();
    let name = format!("{}/repodata/repomd.xml", repository.path);
    let file = stage.world.mirror(Character::InSync).unwrap().folder.join(&name);
    let content = std::fs::read_to_string(&file).unwrap();
    // Replaced, not overwritten: the files of all mirrors are links to the master's.
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, content.replacen("revision", "REVISION", 1)).unwrap();

    let after = verdicts::of(&stage.crawl().await.unwrap(), &stage.world);
    assert_eq!(
        verdict(&after, Character::InSync, "Fedora Linux"),
        verdict(&before, Character::InSync, "Fedora Linux")
    );
    let changed = verdict(&after, Character::InSync, "Fedora EPEL");
    assert_eq!(changed.status, "stale", "{changed:?}");
    assert!(changed.reason.contains(&name), "{changed:?}");
    assert_ne!(verdicts::render(&before), verdicts::render(&after));
}
