//! Which of a directory's files are recorded: all, or in package directories only the newest.
//!
//! The crawler compares exactly the recorded files, so the rule must be upstream's: `spec/umdl.md` 7.1
//! and, for the second scanner, `spec/scan-primary-mirror.md` 5. A database may hold lists of both.

use std::cmp::Reverse;

use crate::file_name::FileName;
use crate::files::{FileEntry, Files};
use crate::policy::Policy;

/// More files than this of one counted kind make a directory's list short.
const MANY: usize = 10;

/// Shorter lists are not pruned.
const PRUNED_FROM: usize = 64;

/// The counted suffixes, and how many files a short list has.
fn shortened(policy: Policy) -> (&'static [&'static [u8]], usize) {
    match policy {
        Policy::Umdl => (&[b".html", b".rpm", b".hdr", b".drpm"], 3),
        Policy::Spm => (&[b".rpm", b".html"], 10),
    }
}

/// The recorded part of a directory's files.
///
/// * [`Policy::Umdl`]: with more than 10 of one of `.html .rpm .hdr .drpm` the 3 newest of all files, by
///   (time, name, size).
/// * [`Policy::Spm`]: with more than 10 of one of `.rpm .html` the 10 newest of all files; of files with
///   equal time those with the smaller name.
pub fn short_filelist(files: Files, policy: Policy) -> Files {
    let (suffixes, keep) = shortened(policy);
    if !suffixes.iter().any(|suffix| count(&files, suffix) > MANY) {
        return files;
    }
    let mut entries = files.into_entries();
    match policy {
        Policy::Umdl => {
            entries.sort_by(|a, b| {
                (a.timestamp, &a.name, a.size).cmp(&(b.timestamp, &b.name, b.size)).reverse()
            });
        }
        Policy::Spm => entries.sort_by_key(|entry| Reverse(entry.timestamp)),
    }
    entries.truncate(keep);
    entries.into_iter().collect()
}

/// What is left of a long list when only what its short list is made from is kept, and what `wanted` names.
///
/// [`short_filelist`] gives the same of it. So whoever lists a large tree need not keep every package in mind.
pub fn prune(files: Files, policy: Policy, wanted: impl Fn(&FileName) -> bool) -> Files {
    if files.len() <= PRUNED_FROM {
        return files;
    }
    let short = short_filelist(files.clone(), policy);
    if short.len() == files.len() {
        return files;
    }
    let (suffixes, _) = shortened(policy);
    let mut witnesses = vec![0_usize; suffixes.len()];
    let mut needed = |name: &FileName| {
        let mut counts = suffixes.iter().zip(&mut witnesses).filter(|(s, _)| name.as_bytes().ends_with(s));
        counts.any(|(_, seen)| {
            *seen += 1;
            *seen <= MANY + 1
        })
    };
    let kept = |entry: &FileEntry| -> bool {
        needed(&entry.name) || wanted(&entry.name) || short.get(entry.name.as_bytes()).is_some()
    };
    files.into_entries().into_iter().filter(kept).collect()
}

fn count(files: &Files, suffix: &[u8]) -> usize {
    files
        .iter()
        .filter(|FileEntry { name, .. }: &&FileEntry| FileName::as_bytes(name).ends_with(suffix))
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbered(count: usize, suffix: &str, time: impl Fn(usize) -> i64) -> Vec<FileEntry> {
        (0..count).map(|i| FileEntry::new(&*format!("f{i:02}{suffix}"), 1, time(i))).collect()
    }

    fn names(files: &Files) -> Vec<String> {
        files.iter().map(|entry| entry.name.to_string()).collect()
    }

    #[test]
    fn umdl_examples() {
        let ten = Files::from_iter(numbered(10, ".rpm", |_| 0));
        assert_eq!(short_filelist(ten.clone(), Policy::Umdl), ten);
        let times = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2];
        let eleven = Files::from_iter(numbered(11, ".rpm", |i| times[i]));
        assert_eq!(names(&short_filelist(eleven, Policy::Umdl)), ["f08.rpm", "f09.rpm", "f10.rpm"]);
        let mixed =
            Files::from_iter(numbered(6, ".rpm", |_| 0).into_iter().chain(numbered(6, ".drpm", |_| 0)));
        assert_eq!(short_filelist(mixed, Policy::Umdl).len(), 12);
        assert_eq!(short_filelist(numbered(11, ".html", |_| 0).into_iter().collect(), Policy::Umdl).len(), 3);
        assert_eq!(short_filelist(numbered(50, ".iso", |_| 0).into_iter().collect(), Policy::Umdl).len(), 50);
    }

    #[test]
    fn all_files_compete_and_nothing_is_protected() {
        let mut entries: Vec<_> = (0..12).map(|i| FileEntry::new(&*format!("p{:02}.rpm", i), 1, 5)).collect();
        entries.push(FileEntry::new("zzz.txt", 1, 5));
        entries.push(FileEntry::new("repomd.xml", 1, 4));
        assert_eq!(
            names(&short_filelist(entries.into_iter().collect(), Policy::Umdl)),
            ["p10.rpm", "p11.rpm", "zzz.txt"]
        );
    }

    #[test]
    fn counted_suffixes_differ_between_the_policies() {
        for (suffix, umdl, spm) in
            [(".rpm", 3, 10), (".html", 3, 10), (".hdr", 3, 11), (".drpm", 3, 11), (".RPM", 11, 11)]
        {
            let files = Files::from_iter(numbered(11, suffix, |i| i as i64));
            assert_eq!(short_filelist(files.clone(), Policy::Umdl).len(), umdl, "{suffix}");
            assert_eq!(short_filelist(files, Policy::Spm).len(), spm, "{suffix}");
        }
    }

    #[test]
    fn spm_keeps_the_ten_newest() {
        let files = Files::from_iter(numbered(12, ".rpm", |i| i as i64));
        let kept = names(&short_filelist(files, Policy::Spm));
        assert_eq!(kept.first().unwrap(), "f02.rpm");
        assert_eq!(kept.last().unwrap(), "f11.rpm");
    }

    proptest! {
        #[test]
        fn a_pruned_list_has_the_same_short_list(
            names in proptest::collection::vec(("[a-c]{1,3}", prop_oneof![
                Just(".rpm"), Just(".drpm"), Just(".html"), Just(".iso"), Just("")
            ], 0..4_i64), 0..200),
            spm: bool,
        ) {
            let policy = if spm { Policy::Spm } else { Policy::Umdl };
            let files: Files =
                names.iter().map(|(name, suffix, time)| FileEntry::new(&*format!("{name}{suffix}"), 1, *time)).collect();
            let wanted = |name: &FileName| name.as_bytes() == b"aaa.iso";
            let pruned = prune(files.clone(), policy, wanted);
            prop_assert_eq!(pruned.get(b"aaa.iso"), files.get(b"aaa.iso"));
            let short = short_filelist(files.clone(), policy);
            prop_assert!(pruned.len() <= 64 || pruned.len() <= 4 * 11 + 10 + 1 || short.len() == files.len());
            prop_assert_eq!(short_filelist(pruned, policy), short);
        }
    }
}
