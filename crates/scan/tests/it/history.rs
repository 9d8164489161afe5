//! What is recorded in the end depends on what happened before in these cases only; of everything else
//! [`crate::incremental`] shows that it does not.
//!
//! | rule | test |
//! |---|---|
//! | a walk does not notice an index that was rewritten in place (policy `umdl`) | `faults::reading_all_finds_what_was_rewritten_in_place`; who notices: `spm::row_13_…`, `sources::clocks::an_index_that_was_rewritten_in_place_is_seen`, `watching::what_changes_is_read_at_once_…` |
//! | a repository keeps its version and prefix | [`a_known_repository_keeps_its_version_and_prefix`] |
//! | of two directories for one repository the one that was there first keeps it | [`who_has_a_prefix_keeps_it`] |
//! | earlier states of a file stay until they are too old | [`earlier_states_of_a_file_stay`] |
//! | what a checksum file said once stays so, too | [`what_a_checksum_file_no_longer_says_stays`] |

use std::sync::Arc;

use model::clock::FixedClock;
use scan::{Quiet, ScanOptions, Verdict};
use store::Store;
use testkit::stores::each;

use crate::memory::{MemoryDisk, ROOT};
use crate::setup::*;

const TOP: &str = "pub/epel";

async fn scan_disk(store: &Store, disk: &MemoryDisk, now: i64) {
    let (settings, options) = (settings(ROOT.as_ref()), ScanOptions::default());
    let clock = FixedClock::at(now);
    let scanned = scan::run_on(disk.clone(), store, &settings, &options, &clock, Arc::new(Quiet));
    assert_eq!(scanned.await.unwrap().verdict(), Verdict::Fine);
}

#[tokio::test]
async fn a_known_repository_keeps_its_version_and_prefix() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let disk = MemoryDisk::default();
        let place = format!("{TOP}/9/Everything/x86_64");
        disk.at(1_000);
        disk.file(&format!("{place}/repodata/repomd.xml"), repomd(&[5]));
        scan_disk(&store, &disk, 1_100).await;
        assert_eq!(repositories(&store).await, [format!("{place} epel-9 x86_64 9 {place}")]);
        execute(&store, "UPDATE repository SET prefix = 'own'").await;
        execute(&store, "UPDATE version SET name = '9.1'").await;
        disk.at(1_200);
        disk.file(&format!("{place}/repodata/repomd.xml"), repomd(&[6]));
        disk.file(&format!("{place}/new"), "1");
        scan_disk(&store, &disk, 1_300).await;
        assert_eq!(repositories(&store).await, [format!("{place} own x86_64 9.1 {place}")]);
    })
    .await;
}

#[tokio::test]
async fn who_has_a_prefix_keeps_it() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let disk = MemoryDisk::default();
        let (first, second) = ("next/9/Everything/x86_64", "9/Everything/x86_64");
        disk.at(1_000);
        disk.file(&format!("{TOP}/{first}/repodata/repomd.xml"), repomd(&[5]));
        scan_disk(&store, &disk, 1_100).await;
        let before = repositories(&store).await;
        assert!(before.len() == 1 && before[0].starts_with("pub/epel/next/9/"), "{before:?}");
        disk.at(1_200);
        // A fresh scan would give it to this one, which comes first by name.
        disk.file(&format!("{TOP}/{second}/repodata/repomd.xml"), repomd(&[5]));
        scan_disk(&store, &disk, 1_300).await;
        assert_eq!(repositories(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn earlier_states_of_a_file_stay() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let disk = MemoryDisk::default();
        let index = format!("{TOP}/9/Everything/x86_64/repodata/repomd.xml");
        for (now, timestamp) in [(1_000, 900), (2_000, 950)] {
            disk.at(now);
            disk.file(&index, repomd(&[timestamp]));
            scan_disk(&store, &disk, now + 100).await;
        }
        assert_eq!(details(&store).await, [format!("{index} 900"), format!("{index} 950")]);
    })
    .await;
}

#[tokio::test]
async fn what_a_checksum_file_no_longer_says_stays() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let disk = MemoryDisk::default();
        disk.at(1_000);
        disk.file(&format!("{TOP}/a/f.iso"), "1");
        disk.file(&format!("{TOP}/a/CHECKSUM"), format!("{:064x}  f.iso\n", 1));
        scan_disk(&store, &disk, 1_100).await;
        let before = details(&store).await;
        assert_eq!(before, ["pub/epel/a/f.iso 1000"]);
        disk.at(1_200);
        disk.file(&format!("{TOP}/a/CHECKSUM"), "");
        scan_disk(&store, &disk, 1_300).await;
        assert_eq!(details(&store).await, before);
    })
    .await;
}
