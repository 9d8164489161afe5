//! What is known of a directory on one mirror, and what follows from it for others.

use probe::connector::Finding;
use settings::crawl::RepositoryTop;

use crate::job::Mode;
use crate::master::Tree;

/// What is known of one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The mirror holds it as the master does.
    Current,
    /// The mirror holds it not, or differently.
    Stale(Cause),
    /// It could not be told.
    Unknown(Cause),
}

/// Why a directory does not count as current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A file of its own.
    File(Finding),
    /// The repository below it, whose `repodata` is the directory with this index (decision 39).
    Repodata(usize),
    /// The master's list of its files can not be read.
    List(String),
    /// It was so at an earlier crawl, and was left alone this time.
    Earlier,
}

impl Cause {
    /// Whether a second look may bring something else.
    pub fn is_worth_a_second_look(&self) -> bool {
        match self {
            Self::File(finding) => !matches!(finding.reason, probe::classify::Reason::AnswersEverything),
            Self::Repodata(_) | Self::List(_) | Self::Earlier => false,
        }
    }
}

/// One result per directory of a tree; `None`: not asked, or not answered yet.
pub type Results = Vec<Option<Known>>;

/// Gives each repository's top directory the verdict of its `repodata` (decision 39).
///
/// In a crawl of `repodata` only, a top directory that has files of its own can become stale but not
/// current: those files were not looked at.
pub fn follow_repodata(tree: &Tree, results: &mut Results, rule: RepositoryTop, mode: Mode) {
    if rule == RepositoryTop::Files {
        return;
    }
    for &(top, repodata) in &tree.repositories {
        let Some(below) = results.get(repodata).cloned() else { continue };
        let has_no_files = tree.directories.get(top).is_some_and(|d| d.files.is_nothing());
        let Some(own) = results.get_mut(top) else { continue };
        if own.is_none() && mode == Mode::Repodata && has_no_files {
            *own = Some(Known::Current);
        }
        let because = Cause::Repodata(repodata);
        *own = match (own.take(), below) {
            (Some(Known::Stale(cause)), _) => Some(Known::Stale(cause)),
            (_, Some(Known::Stale(_))) => Some(Known::Stale(because)),
            (Some(Known::Unknown(cause)), _) => Some(Known::Unknown(cause)),
            (Some(Known::Current), Some(Known::Unknown(_))) => Some(Known::Unknown(because)),
            (own, Some(Known::Current)) => own,
            // Its repodata was not reached, so neither was the proof.
            (_, None | Some(Known::Unknown(_))) => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use model::files::FileEntry;
    use model::ids::DirectoryId;
    use store::crawl_master::{CategoryRow, DirectoryRow, MasterRows};

    use super::*;
    use crate::master::Master;

    fn tree(top_files: &str) -> std::sync::Arc<Tree> {
        let row = |id, name: &str, files: &str| DirectoryRow {
            id: DirectoryId(id),
            name: name.into(),
            files: Some(files.into()),
            ctime: None,
        };
        let list = vec![
            row(1, "t/r", top_files),
            row(2, "t/r/repodata", r#"[{"name":"repomd.xml","size":2,"timestamp":1}]"#),
        ];
        let id = model::ids::CategoryId(1);
        let category = CategoryRow { id, name: "C".into(), topdir: Some("t".into()) };
        let rows = MasterRows { directories: vec![(id, list)], ..MasterRows::default() };
        Master::new(&[category], rows).tree(id).unwrap().clone()
    }

    fn cause() -> Cause {
        let entry = FileEntry::new("f", 1, 1);
        Cause::File(Finding { proven: 0, file: entry.name, reason: probe::classify::Reason::Status(404) })
    }

    fn top(top_files: &str, own: Option<Known>, below: Option<Known>, mode: Mode) -> Option<Known> {
        let mut results = vec![own, below];
        follow_repodata(&tree(top_files), &mut results, RepositoryTop::Repodata, mode);
        results.remove(0)
    }

    #[test]
    fn a_repository_is_what_its_repodata_is() {
        use Known::{Current, Stale, Unknown};
        let files = r#"[{"name":"f","size":2,"timestamp":1}]"#;
        let because = Cause::Repodata(1);
        for (own, below, expected) in [
            (Some(Current), Some(Current), Some(Current)),
            (Some(Current), Some(Stale(cause())), Some(Stale(because.clone()))),
            (Some(Current), Some(Unknown(cause())), Some(Unknown(because.clone()))),
            (Some(Stale(cause())), Some(Current), Some(Stale(cause()))),
            (Some(Unknown(cause())), Some(Stale(cause())), Some(Stale(because.clone()))),
            (Some(Unknown(cause())), Some(Current), Some(Unknown(cause()))),
            (Some(Current), None, None),
            (None, Some(Stale(cause())), Some(Stale(because.clone()))),
        ] {
            assert_eq!(top(files, own.clone(), below.clone(), Mode::Full), expected, "{own:?} {below:?}");
        }
        // Only repodata was looked at.
        assert_eq!(top("[]", None, Some(Current), Mode::Repodata), Some(Current));
        assert_eq!(top(files, None, Some(Current), Mode::Repodata), None);
        assert_eq!(top(files, None, Some(Stale(cause())), Mode::Repodata), Some(Stale(because)));
        assert_eq!(top("[]", None, Some(Current), Mode::Full), None);
    }

    #[test]
    fn upstreams_rule_by_setting() {
        let mut results = vec![Some(Known::Current), Some(Known::Stale(cause()))];
        follow_repodata(&tree("[]"), &mut results, RepositoryTop::Files, Mode::Full);
        assert_eq!(results[0], Some(Known::Current));
    }
}
