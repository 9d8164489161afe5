//! Sizes, times and digests of files: the first detail of a file is the current one, the rest are alternates.

use snapshot::proto::{FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType};
use store::export::{Export, FileDetail};

use crate::hosts::Grouped;
use crate::report::BuildReport;

/// The file details of a directory, or `None` if it has none. Whether it has a category does not matter.
pub(crate) fn details(
    reads: &Export,
    directory: &store::export::Directory,
    report: &mut BuildReport,
) -> Option<FileDetailsCacheDirectoryType> {
    let mut files: Grouped<&str, FileDetailsType> = Grouped::default();
    for row in reads.details_of(directory.id) {
        match detail(row) {
            Some(detail) => files.push(&row.filename, detail),
            None => report.skip(
                "file_detail",
                format_args!("{} ({}/{})", row.id, directory.name, row.filename),
                "negative time or size; left out, delete the row",
            ),
        }
    }
    (!files.groups.is_empty()).then(|| FileDetailsCacheDirectoryType {
        directory: directory.name.clone(),
        file_details_cache_files: files
            .groups
            .into_iter()
            .map(|(name, file_details)| FileDetailsCacheFilesType { filename: name.to_owned(), file_details })
            .collect(),
    })
}

/// `None` when a number is negative. An unknown number is 0, an unknown digest is absent.
fn detail(row: &FileDetail) -> Option<FileDetailsType> {
    Some(FileDetailsType {
        time_stamp: u64::try_from(row.timestamp.unwrap_or(0)).ok()?,
        size: u64::try_from(row.size.unwrap_or(0)).ok()?,
        sha1: row.sha1.clone(),
        md5: row.md5.clone(),
        sha256: row.sha256.clone(),
        sha512: row.sha512.clone(),
    })
}
