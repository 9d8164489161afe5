//! Sizes, times and digests of files: the first detail of a file is the current one, the rest are alternates.

use store::export::{Detail, Export};

use crate::report::BuildReport;

/// The details of a directory that can be served, newest first. Whether it has a category does not matter.
pub(crate) fn served(reads: &Export, directory: i32) -> impl Iterator<Item = Detail<'_>> + Clone {
    reads.files.of(directory).filter(|detail| !is_negative(*detail))
}

/// The files that these details are of, in order of first appearance.
pub(crate) fn names<'a>(details: impl Iterator<Item = Detail<'a>>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for detail in details {
        if !names.contains(&detail.filename()) {
            names.push(detail.filename());
        }
    }
    names
}

/// The details of one file among these.
pub(crate) fn of<'a>(
    name: &str,
    details: impl Iterator<Item = Detail<'a>>,
) -> impl Iterator<Item = Detail<'a>> {
    details.filter(move |detail| detail.filename() == name)
}

/// A number as it is served: an unknown one is 0.
pub(crate) fn number(value: Option<i64>) -> u64 {
    value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0)
}

/// A detail with a negative number would be no number to readers.
fn is_negative(detail: Detail<'_>) -> bool {
    detail.timestamp().is_some_and(i64::is_negative) || detail.size().is_some_and(i64::is_negative)
}

/// Notes what can not be served and tells how many directories have details.
pub(crate) fn check(reads: &Export, report: &mut BuildReport) -> usize {
    let mut directories = 0;
    for (position, id) in reads.directories.ids().iter().enumerate() {
        let mut any = false;
        for detail in reads.files.of(*id) {
            if !is_negative(detail) {
                any = true;
                continue;
            }
            let name = reads.directories.name(position).unwrap_or_default();
            report.skip(
                "file_detail",
                format_args!("{} ({name}/{})", detail.id(), detail.filename()),
                "negative time or size; left out, delete the row",
            );
        }
        directories += usize::from(any);
    }
    directories
}
