//! `file-detail`

use std::path::{Path, PathBuf};

use scan::file_detail::{FileOutcome, FileUpdate, FileUpdated, update};
use serde::Serialize;
use settings::Settings;
use store::Store;

use super::Context;
use super::scan::{failure, select};
use crate::arguments::{FileDetail, FileDetailUpdate};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// Runs it.
pub async fn run(arguments: FileDetail, context: &Context) -> Outcome {
    let FileDetail::Update(FileDetailUpdate { file, categories, hash }) = arguments;
    let store = context.store().await?;
    let file = absolute(&file)?;
    let updated = update_file(&store, &context.settings, &file, &categories, hash).await?;
    context.out.data(&Summary::of(&file, &updated), |_| describe(&file, &updated))?;
    Ok(exit(&updated))
}

/// A file's path from the root on.
///
/// # Errors
/// When the present folder can not be found out.
pub fn absolute(file: &Path) -> Outcome<PathBuf> {
    std::path::absolute(file).map_err(|e| Failure::input(format!("{}: {e}", file.display())))
}

/// Records the state of a file in the categories of these names (`^` in front: not in that one).
///
/// # Errors
/// What makes the whole impossible.
pub async fn update_file(
    store: &Store,
    settings: &Settings,
    file: &Path,
    categories: &[String],
    hash: bool,
) -> Outcome<Vec<FileUpdated>> {
    let (except, only) = select(categories);
    let wanted = FileUpdate { file, only, except, hash };
    match update(store, &settings.scan, &wanted).await {
        Ok(updated) => Ok(updated),
        Err(error) => Err(failure(error, store, settings).await?),
    }
}

/// 0 when its state is recorded, now or before.
pub fn exit(updated: &[FileUpdated]) -> Exit {
    let found = |u: &FileUpdated| matches!(u.outcome, FileOutcome::Recorded | FileOutcome::Known);
    if updated.iter().any(found) { Exit::Success } else { Exit::Failed }
}

fn describe(file: &Path, updated: &[FileUpdated]) -> String {
    let lines = updated.iter().map(|u| format!("{}: {}", u.category, words(&u.outcome)));
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return format!("{} lies in the tree of no selected category", file.display());
    }
    lines.join("\n")
}

fn words(outcome: &FileOutcome) -> String {
    match outcome {
        FileOutcome::Recorded => "recorded".to_owned(),
        FileOutcome::Known => "recorded before, unchanged".to_owned(),
        FileOutcome::Skipped(why) => why.clone(),
        FileOutcome::NoDirectory(name) => format!("directory {name} is not in the database; scan first"),
        FileOutcome::NoChecksum => "no checksum file tells of it; --hash reads the file itself".to_owned(),
        FileOutcome::Unreadable(why) => format!("not recorded: {why}"),
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    file: &'a Path,
    categories: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    category: &'a str,
    outcome: &'static str,
    reason: String,
}

impl<'a> Summary<'a> {
    fn of(file: &'a Path, updated: &'a [FileUpdated]) -> Self {
        let row = |u: &'a FileUpdated| Row {
            category: &u.category,
            outcome: match u.outcome {
                FileOutcome::Recorded => "recorded",
                FileOutcome::Known => "known",
                FileOutcome::Skipped(_) => "skipped",
                FileOutcome::NoDirectory(_) => "no-directory",
                FileOutcome::NoChecksum => "no-checksum",
                FileOutcome::Unreadable(_) => "unreadable",
            },
            reason: words(&u.outcome),
        };
        Self { file, categories: updated.iter().map(row).collect() }
    }
}
