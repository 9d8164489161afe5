//! From rows and verdicts to the writes that make them agree. Pure, so that it can be tried on anything.

use std::collections::{HashMap, HashSet};

use model::directory_name::path_key;
use model::ids::DirectoryId;

use super::{Proven, Rest, State};

/// A row of `host_category_dir`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: i32,
    /// Its path, in the crawler's or the check-in's form.
    pub path: Option<String>,
    /// Its directory.
    pub directory: Option<i32>,
    /// Whether the mirror is listed for it.
    pub up2date: bool,
    /// Whether the master lets everybody read the directory.
    pub readable: bool,
}

/// The counts of `spec/crawler.md` 6.3 but for the number of directories looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that became up to date.
    pub up2date: u32,
    /// Rows that became not up to date by a verdict.
    pub not_up2date: u32,
    /// Rows that stayed as they were.
    pub unchanged: u32,
    /// Rows of directories that nobody may read.
    pub unreadable: u32,
    /// Directories proven stale that had no row.
    pub unknown: u32,
    /// Rows made.
    pub created: u32,
    /// Rows that became not up to date because nothing was proven about them.
    pub cleared: u32,
    /// Rows that stay not up to date although proven current: somebody else set them so meanwhile.
    pub held_back: u32,
    /// Second rows of one directory that were removed (decision 23).
    pub merged: u32,
}

impl Counts {
    /// The sum, for a host with several categories.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            up2date: self.up2date + other.up2date,
            not_up2date: self.not_up2date + other.not_up2date,
            unchanged: self.unchanged + other.unchanged,
            unreadable: self.unreadable + other.unreadable,
            unknown: self.unknown + other.unknown,
            created: self.created + other.created,
            cleared: self.cleared + other.cleared,
            held_back: self.held_back + other.held_back,
            merged: self.merged + other.merged,
        }
    }
}

/// The writes that are needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Ids of rows that become true.
    pub set_true: Vec<i32>,
    /// Ids of rows that become false.
    pub set_false: Vec<i32>,
    /// Ids of rows to delete: duplicates.
    pub delete: Vec<i32>,
    /// Rows (id, path, directory) whose path or directory is not as it should be.
    pub repair: Vec<(i32, String, i32)>,
    /// Rows (path, directory) to make, up to date.
    pub insert: Vec<(String, i32)>,
    /// Directories for which the mirror may now be listed or not listed any more.
    pub changed: Vec<i32>,
    /// What the writes amount to.
    pub counts: Counts,
}

impl Plan {
    /// Whether no row has to be written.
    pub fn is_empty(&self) -> bool {
        self.set_true.is_empty()
            && self.set_false.is_empty()
            && self.delete.is_empty()
            && self.repair.is_empty()
            && self.insert.is_empty()
    }
}

/// Compares rows with verdicts. `rows` are ordered by id; a directory has at most one verdict.
///
/// A row belongs to the verdict about its directory; a row without directory to that with the same
/// path, whoever wrote it. Several rows of one directory become the one with the lowest id.
pub fn plan(rows: &[Row], proven: &[Proven], rest: Rest, true_at_start: &HashSet<i32>) -> Plan {
    let mut plan = Plan::default();
    let by_directory: HashMap<i32, usize> =
        proven.iter().enumerate().map(|(at, one)| (one.directory.0, at)).collect();
    let by_path: HashMap<&str, usize> =
        proven.iter().enumerate().map(|(at, one)| (path_key(&one.path), at)).collect();
    let mut groups: Vec<Vec<&Row>> = vec![Vec::new(); proven.len()];
    let mut others = Vec::new();
    for row in rows {
        plan.counts.unreadable += u32::from(!row.readable);
        let at = match row.directory {
            Some(directory) => by_directory.get(&directory),
            None => row.path.as_deref().and_then(|path| by_path.get(path_key(path))),
        };
        match at.and_then(|at| groups.get_mut(*at)) {
            Some(group) => group.push(row),
            None => others.push(row),
        }
    }
    let deleted: HashSet<i32> =
        groups.iter().flat_map(|group| group.iter().skip(1)).map(|row| row.id).collect();
    let mut paths: HashMap<&str, Holder> = rows
        .iter()
        .filter(|row| !deleted.contains(&row.id))
        .filter_map(|row| Some((row.path.as_deref()?, Holder { id: row.id, directory: row.directory })))
        .collect();
    for (one, group) in proven.iter().zip(&groups) {
        match group.split_first() {
            Some((first, second)) => {
                merge(&mut plan, one, first, second, true_at_start);
                repair(&mut plan, one, first, &mut paths);
            }
            None => create(&mut plan, one, &paths),
        }
    }
    for row in others {
        if rest == Rest::False && row.up2date {
            plan.set_false.push(row.id);
            plan.counts.cleared += 1;
            plan.changed.extend(row.directory);
        }
    }
    plan.changed.sort_unstable();
    plan.changed.dedup();
    plan
}

/// Gives the first of a directory's rows the proven state and deletes the others.
fn merge(plan: &mut Plan, one: &Proven, first: &Row, second: &[&Row], true_at_start: &HashSet<i32>) {
    let all = || std::iter::once(first).chain(second.iter().copied());
    let taken_away = all().any(|row| !row.up2date && true_at_start.contains(&row.id));
    let wanted = one.state == State::Current && !taken_away;
    plan.counts.held_back += u32::from(one.state == State::Current && taken_away);
    let listed = all().any(|row| row.up2date);
    if listed == wanted {
        plan.counts.unchanged += 1;
    } else if wanted {
        plan.counts.up2date += 1;
    } else {
        plan.counts.not_up2date += 1;
    }
    if listed != wanted || first.directory.is_none() {
        plan.changed.push(one.directory.0);
    }
    if first.up2date != wanted {
        if wanted { plan.set_true.push(first.id) } else { plan.set_false.push(first.id) }
    }
    plan.delete.extend(second.iter().map(|row| row.id));
    plan.counts.merged += u32::try_from(second.len()).unwrap_or(u32::MAX);
}

/// The row that has a path.
#[derive(Debug, Clone, Copy)]
struct Holder {
    id: i32,
    directory: Option<i32>,
}

/// Fills in a missing directory and turns the path into the crawler's form, unless another row has it.
fn repair<'a>(plan: &mut Plan, one: &'a Proven, row: &Row, paths: &mut HashMap<&'a str, Holder>) {
    let path_is_free = paths.get(one.path.as_str()).is_none_or(|holder| holder.id == row.id);
    let path = match row.path.as_deref() {
        Some(path) if path == one.path || !path_is_free => path,
        _ if path_is_free => {
            paths.insert(&one.path, Holder { id: row.id, directory: row.directory });
            &one.path
        }
        path => path.unwrap_or_default(),
    };
    let DirectoryId(directory) = one.directory;
    if row.path.as_deref() != Some(path) || row.directory != Some(directory) {
        plan.repair.push((row.id, path.to_owned(), directory));
    }
}

/// A directory without a row gets one when it is current. A row of another directory that has its path becomes
/// this one.
fn create(plan: &mut Plan, one: &Proven, paths: &HashMap<&str, Holder>) {
    match one.state {
        State::Stale => plan.counts.unknown += 1,
        State::Current => {
            plan.insert.push((one.path.clone(), one.directory.0));
            plan.counts.created += 1;
            plan.changed.push(one.directory.0);
            plan.changed.extend(paths.get(one.path.as_str()).and_then(|holder| holder.directory));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(id: i32, path: &str, directory: Option<i32>, up2date: bool) -> Row {
        Row { id, path: Some(path.into()), directory, up2date, readable: true }
    }

    fn proven(directory: i32, state: State) -> Proven {
        Proven { directory: DirectoryId(directory), path: format!("/d{directory}"), state }
    }

    fn simple(rows: &[Row], list: &[Proven], rest: Rest) -> Plan {
        plan(rows, list, rest, &HashSet::new())
    }

    #[test]
    fn a_row_is_made_only_when_current() {
        let plan = simple(&[], &[proven(1, State::Current), proven(2, State::Stale)], Rest::False);
        assert_eq!(plan.insert, [("/d1".into(), 1)]);
        assert_eq!(plan.changed, [1]);
        assert_eq!((plan.counts.created, plan.counts.unknown, plan.counts.unchanged), (1, 1, 0));
    }

    #[test]
    fn only_differences_are_written() {
        let rows =
            [row(1, "/d1", Some(1), true), row(2, "/d2", Some(2), false), row(3, "/d3", Some(3), true)];
        let list = [proven(1, State::Current), proven(2, State::Current), proven(3, State::Stale)];
        let plan = simple(&rows, &list, Rest::False);
        assert_eq!((plan.set_true, plan.set_false), (vec![2], vec![3]));
        assert_eq!((plan.counts.up2date, plan.counts.not_up2date, plan.counts.unchanged), (1, 1, 1));
        assert_eq!(plan.changed, [2, 3]);
    }

    #[test]
    fn what_was_not_proven_becomes_false_after_a_full_crawl_only() {
        let rows = [row(1, "/d1", Some(1), true), row(2, "/gone", None, true), row(3, "/d3", Some(3), false)];
        assert!(simple(&rows, &[], Rest::Keep).is_empty());
        let plan = simple(&rows, &[], Rest::False);
        assert_eq!(plan.set_false, [1, 2]);
        assert_eq!(plan.counts.cleared, 2);
    }

    #[test]
    fn two_rows_of_one_directory_become_one() {
        let rows = [row(5, "d1", Some(1), false), row(7, "/d1", Some(1), true), row(8, "d2/", None, true)];
        let plan = simple(&rows, &[proven(1, State::Current), proven(2, State::Current)], Rest::False);
        assert_eq!(plan.delete, [7]);
        assert_eq!(plan.set_true, [5]);
        assert_eq!(plan.repair, [(5, "/d1".into(), 1), (8, "/d2".into(), 2)]);
        assert_eq!(plan.counts.merged, 1);
        // One of the two was listed, so for clients nothing changes; the row without directory is new to them.
        assert_eq!(plan.changed, [2]);
    }

    #[test]
    fn a_path_that_another_row_has_is_left_to_it() {
        let rows = [row(1, "old", Some(1), true), row(2, "/d1", Some(9), true)];
        let plan = simple(&rows, &[proven(1, State::Current)], Rest::Keep);
        assert!(plan.is_empty(), "{plan:?}");
    }

    #[test]
    fn a_directory_that_loses_its_row_to_another_has_changed_too() {
        let rows = [row(2, "/d1", Some(9), true)];
        let plan = simple(&rows, &[proven(1, State::Current)], Rest::Keep);
        assert_eq!((plan.insert, plan.changed), (vec![("/d1".into(), 1)], vec![1, 9]));
    }

    #[test]
    fn what_somebody_else_set_false_meanwhile_stays_false() {
        let rows = [row(1, "/d1", Some(1), false), row(2, "/d2", Some(2), false)];
        let list = [proven(1, State::Current), proven(2, State::Current)];
        let plan = plan(&rows, &list, Rest::False, &HashSet::from([1]));
        assert_eq!(plan.set_true, [2]);
        assert_eq!(plan.counts.held_back, 1);
    }

    fn applied(rows: &[Row], plan: &Plan) -> Vec<Row> {
        let mut out: Vec<Row> = rows.iter().filter(|row| !plan.delete.contains(&row.id)).cloned().collect();
        for row in &mut out {
            row.up2date =
                (row.up2date || plan.set_true.contains(&row.id)) && !plan.set_false.contains(&row.id);
            if let Some((_, path, directory)) = plan.repair.iter().find(|r| r.0 == row.id) {
                row.path = Some(path.clone());
                row.directory = Some(*directory);
            }
        }
        let mut next = out.iter().map(|row| row.id).max().unwrap_or(0);
        for (path, directory) in &plan.insert {
            if let Some(row) = out.iter_mut().find(|row| row.path.as_deref() == Some(path)) {
                (row.directory, row.up2date) = (Some(*directory), true);
                continue;
            }
            next += 1;
            out.push(Row {
                id: next,
                path: Some(path.clone()),
                directory: Some(*directory),
                up2date: true,
                readable: true,
            });
        }
        out
    }

    /// Rows of either writer, some without directory, some whose directory is another one that no
    /// verdict is about.
    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let one = (0..6, 0..3, 0..4, any::<bool>());
        proptest::collection::vec(one, 0..10).prop_map(|list| {
            let mut seen = HashSet::new();
            let paths = list.into_iter().map(|(path, form, kind, up2date)| {
                let directory = match kind {
                    0 => None,
                    1 => Some(path + 100),
                    _ => Some(path),
                };
                (["/d", "d", "d/"][form as usize].replace('d', &format!("d{path}")), directory, up2date)
            });
            // The table has a unique key on the path.
            let unique = paths.filter(|(path, ..)| seen.insert(path.clone()));
            (1..)
                .zip(unique)
                .map(|(id, (path, directory, up2date))| row(id, &path, directory, up2date))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn a_second_time_there_is_nothing_to_write(
            rows in rows(),
            verdicts in proptest::collection::vec(any::<bool>(), 0..6),
            full in any::<bool>(),
        ) {
            let list: Vec<Proven> = (0..).zip(&verdicts)
                .map(|(directory, current)| proven(directory, if *current { State::Current } else { State::Stale }))
                .collect();
            let rest = if full { Rest::False } else { Rest::Keep };
            let first = simple(&rows, &list, rest);
            let after = applied(&rows, &first);
            let paths: HashSet<_> = after.iter().map(|row| row.path.clone()).collect();
            prop_assert_eq!(paths.len(), after.len(), "paths stay unique");
            // Each directory that has a verdict is listed exactly when it is current …
            for one in &list {
                let listed = after.iter().filter(|row| row.directory == Some(one.directory.0) && row.up2date).count();
                let lost = first.insert.iter().filter(|n| first.insert.iter().any(|m| m.0 == n.0 && m.1 != n.1)).count();
                prop_assert_eq!(lost, 0);
                prop_assert_eq!(listed, usize::from(one.state == State::Current));
            }
            // … and the second crawl writes nothing, but for rows that lost their path to an insert.
            let second = simple(&after, &list, rest);
            prop_assert!(second.set_true.is_empty() && second.delete.is_empty() && second.repair.is_empty(), "{:?}", second);
        }
    }
}
