//! `db migrate|check`

use serde::Serialize;
use store::migrate::{Found, UnknownRevision};
use store::{MigrateOptions, MigrateReport};

use super::Context;
use crate::arguments::Db;
use crate::exit::Exit;
use crate::failure::Outcome;

#[derive(Serialize)]
struct Migrated {
    database: String,
    found: String,
    adopted: Vec<String>,
    applied: Vec<&'static str>,
    indexes: Vec<&'static str>,
    seeded: u64,
}

/// Runs one of them.
pub async fn run(arguments: &Db, context: &Context) -> Outcome {
    match arguments {
        Db::Migrate { accept_unknown_revision } => {
            let unknown_revision =
                if *accept_unknown_revision { UnknownRevision::Accept } else { UnknownRevision::Refuse };
            migrate(context, &MigrateOptions { unknown_revision }).await
        }
        Db::Check => check(context).await,
    }
}

async fn migrate(context: &Context, options: &MigrateOptions) -> Outcome {
    let mut store = context.new_store().await?;
    let report = store::migrate(&mut store, options).await?;
    let migrated = describe(context.settings.database.url.to_string(), report);
    context.out.data(&migrated, |done| {
        let mut lines = vec![format!("{}: {}", done.database, done.found)];
        lines.extend(done.adopted.iter().map(|what| format!("added {what}")));
        lines.extend(done.applied.iter().map(|what| format!("applied {what}")));
        lines.extend(done.indexes.iter().map(|what| format!("created index {what}")));
        lines.join("\n")
    })?;
    Ok(Exit::Success)
}

fn describe(database: String, report: MigrateReport) -> Migrated {
    let found = match (&report.found, report.is_empty()) {
        (Found::Nothing, _) => "new database, all tables created".to_owned(),
        (Found::Ours, true) => "up to date".to_owned(),
        (Found::Ours, false) => "brought up to date".to_owned(),
        (Found::Upstream(Some(revision)), _) => {
            format!("adopted a database of MirrorManager 2, revision {revision}")
        }
        (Found::Upstream(None), _) => "adopted a database of MirrorManager 2, revision unknown".to_owned(),
    };
    let MigrateReport { adopted, applied, indexes, seeded, .. } = report;
    Migrated { database, found, adopted, applied, indexes, seeded }
}

#[derive(Serialize)]
struct Checked {
    database: String,
    problems: Vec<String>,
}

async fn check(context: &Context) -> Outcome {
    let report = store::check::check(&context.store().await?).await?;
    let exit = if report.is_clean() { Exit::Success } else { Exit::Failed };
    let checked =
        Checked { database: context.settings.database.url.to_string(), problems: report.problems() };
    context.out.data(&checked, |checked| {
        if checked.problems.is_empty() {
            format!("{}: as expected", checked.database)
        } else {
            checked.problems.join("\n")
        }
    })?;
    Ok(exit)
}
