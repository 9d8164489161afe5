//! The throw-away stores themselves.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use store::Engine;
use testkit::stores;
use testkit::upstream::Variant;

#[tokio::test]
async fn each_engine_gives_a_migrated_store_of_its_own() {
    stores::each(|store| async move {
        assert!(store.has_own_tables());
        store::products::add(&store, "Fedora").await.unwrap();
        assert_eq!(store::products::list(&store).await.unwrap().len(), 1);
    })
    .await;
    let (a, b) = (stores::postgres().await, stores::postgres().await);
    assert_ne!(a.url(), b.url());
    assert!(store::products::list(&b).await.unwrap().is_empty());
}

#[tokio::test]
async fn variants_are_what_they_say() {
    let engines = std::sync::Mutex::new(Vec::new());
    stores::each_variant(|store| {
        engines.lock().unwrap().push(store.engine());
        async move { assert!(store.has_own_tables()) }
    })
    .await;
    let expected = [Engine::Sqlite, Engine::Postgres, Engine::Postgres, Engine::Postgres];
    assert_eq!(*engines.lock().unwrap(), expected);
    assert!(!stores::upstream(Variant::Fresh, 6).await.has_own_tables());
}

#[tokio::test]
async fn the_url_opens_the_same_database_again() {
    stores::each(|store| async move {
        store::products::add(&store, "Fedora").await.unwrap();
        let again = store::Store::connect(store.url(), &store::ConnectOptions::default()).await.unwrap();
        assert_eq!(store::products::list(&again).await.unwrap().len(), 1);
        again.close().await;
    })
    .await;
}

/// Runs one test of this program in another process.
fn this_program(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("MM_TEST_CHILD", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn nothing_survives_a_killed_test() {
    if std::env::var_os("MM_TEST_CHILD").is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        println!("\nurl {}", runtime.block_on(testkit::postgres::empty_database()));
        std::io::stdin().lines().next();
        return;
    }
    let mut child = this_program("nothing_survives_a_killed_test").spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.map_while(Result::ok).find_map(|l| l.strip_prefix("url ").map(str::to_owned)).unwrap();
    let folder = url.split_once("host=").unwrap().1.split('&').next().map(PathBuf::from).unwrap();
    let pid = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    let server = Path::new("/proc").join(pid.lines().next().unwrap());
    assert!(server.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the server's files are still there", || !folder.exists());
    wait_until("the server still runs", || !server.exists());
}

#[tokio::test]
async fn a_missing_server_is_told_in_one_line() {
    if std::env::var_os("MM_TEST_CHILD").is_some() {
        testkit::postgres::empty_database().await;
        return;
    }
    let child =
        this_program("a_missing_server_is_told_in_one_line").env("MM_TEST_PG_BIN", "/nonexistent").output();
    let child = child.unwrap();
    assert!(!child.status.success());
    let text = String::from_utf8_lossy(&child.stderr).into_owned() + &String::from_utf8_lossy(&child.stdout);
    let line = text.lines().find(|l| l.contains("MM_TEST_PG_BIN=/nonexistent")).unwrap_or(&text);
    assert!(line.contains("install the Debian package postgresql"), "{line}");
}
