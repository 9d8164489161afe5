//! `site add|list`

use std::path::Path;

use entities::secret::Secret;
use model::clock::{Clock, SystemClock};
use serde::Serialize;
use store::sites::{self, NewSite};

use super::Context;
use crate::arguments::Site;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::table;

#[derive(Serialize)]
struct Row {
    id: i32,
    name: String,
    org_url: Option<String>,
    private: bool,
    active: bool,
}

/// Runs one of them.
pub async fn run(arguments: Site, context: &Context) -> Outcome {
    match arguments {
        Site::Add { name, org_url, password_file, account, private } => {
            let password = password_file.as_deref().map(password).transpose()?;
            let store = context.store().await?;
            let new = NewSite { name, created_by: account, password, org_url, private };
            let row = sites::add(&store, &new, SystemClock.now()).await?;
            context.added("site", row.id, &row.name)?;
        }
        Site::List => {
            let rows: Vec<Row> = sites::list(&context.store().await?)
                .await?
                .into_iter()
                .map(|row| Row {
                    id: row.id,
                    name: row.name,
                    org_url: row.org_url,
                    private: row.private,
                    active: row.admin_active && row.user_active,
                })
                .collect();
            context.out.data(&rows, |rows| {
                let cells: Vec<_> = rows.iter().map(cells).collect();
                table::render(&["ID", "NAME", "URL", "STATE"], &cells)
            })?;
        }
    }
    Ok(Exit::Success)
}

fn cells(row: &Row) -> Vec<String> {
    let state = match (row.active, row.private) {
        (false, _) => "off",
        (true, true) => "private",
        (true, false) => "public",
    };
    vec![
        row.id.to_string(),
        row.name.clone(),
        row.org_url.clone().unwrap_or_else(|| "-".into()),
        state.into(),
    ]
}

/// The first line of a file; a password is never an argument, where every process could see it.
fn password(file: &Path) -> Outcome<Secret> {
    let fail = |reason: String| Failure::input(format!("cannot read {}: {reason}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|e| fail(e.to_string()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() && line.len() <= 1024 => Ok(Secret(line.to_owned())),
        _ => Err(fail("its first line is no password".into())),
    }
}
