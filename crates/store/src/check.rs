//! `db check`: whether a database is what this program expects, without changing it.

use std::collections::BTreeSet;

use sea_orm::sea_query::{ColumnType, StringLen};

use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::migrate::{self, HEAD, Pending, REVISIONS, catalogue};

/// Upstream's recorded revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revision {
    /// The newest that this program knows.
    Head,
    /// An older one.
    Old(String),
    /// None recorded.
    None,
    /// One that this program does not know, or more than one.
    Unknown(String),
}

/// What `db check` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftReport {
    /// Upstream's recorded revision.
    pub revision: Revision,
    /// Our migrations.
    pub pending: Pending,
    /// Tables and columns that are missing or of another kind, one sentence each.
    pub drift: Vec<String>,
    /// Our indexes that are missing: slower, but not wrong.
    pub missing_indexes: Vec<&'static str>,
}

impl DriftReport {
    /// Whether there is nothing to do.
    pub fn is_clean(&self) -> bool {
        self.problems().is_empty()
    }

    /// Everything that is not as it should be, one sentence each, with what to do.
    pub fn problems(&self) -> Vec<String> {
        const RUN: &str = "run `mirrormanager db migrate`";
        let mut problems = Vec::new();
        match &self.revision {
            Revision::Head => {}
            Revision::None => problems.push(format!("no schema revision is recorded; {RUN}")),
            Revision::Old(old) => {
                problems.push(format!("schema revision {old} is older than {HEAD}; {RUN}"));
            }
            Revision::Unknown(new) => problems
                .push(format!("schema revision {new} is not known to this program; update the program")),
        }
        problems.extend(self.drift.iter().cloned());
        problems
            .extend(self.pending.missing.iter().map(|name| format!("migration {name} has not run; {RUN}")));
        problems.extend(self.pending.newer.iter().map(|version| {
            format!("migration {version} is of a newer version of this program; update the program")
        }));
        problems.extend(self.missing_indexes.iter().map(|name| format!("index {name} is missing; {RUN}")));
        problems
    }
}

/// Compares the database with what this program expects.
pub async fn check(store: &Store) -> Result<DriftReport> {
    let engine = store.engine();
    let tables = catalogue::tables(store.read(), engine).await?;
    let revision = match migrate::revision(store.read(), engine, &tables).await? {
        None => Revision::None,
        Some(r) if r == HEAD => Revision::Head,
        Some(r) if REVISIONS.contains(&r.as_str()) => Revision::Old(r),
        Some(r) => Revision::Unknown(r),
    };
    Ok(DriftReport {
        revision,
        pending: migrate::pending(store).await?,
        drift: drift(store, &tables).await?,
        missing_indexes: migrate::missing_indexes(store).await?,
    })
}

async fn drift(store: &Store, tables: &BTreeSet<String>) -> Result<Vec<String>> {
    let columns = catalogue::columns(store.read(), store.engine()).await?;
    let mut found = Vec::new();
    for table in entities::schema::tables() {
        let Some(real) = columns.get(table.name) else {
            found.push(format!("table {} is missing", table.name));
            continue;
        };
        for column in table.columns {
            let name = format!("column {}.{}", table.name, column.name);
            let Some(is) = real.get(column.name) else {
                found.push(format!("{name} is missing"));
                continue;
            };
            let expected = kinds(store.engine(), &column.kind);
            if !expected.contains(&is.kind) {
                found.push(format!("{name} is {}, expected {}", is.kind, expected.join(" or ")));
            }
            if is.nullable && !column.optional {
                found.push(format!("{name} may be NULL, which it never was"));
            }
        }
    }
    for (table, column) in entities::schema::LEFT_OUT {
        if columns.get(table).is_some_and(|c| !c.contains_key(column)) {
            found.push(format!("column {table}.{column} is missing"));
        }
    }
    if tables.contains("mm3_migration") {
        let lost = migrate::our_tables(store.engine()).filter(|name| !tables.contains(*name));
        found.extend(lost.map(|name| format!("table {name} is missing although its migration has run")));
    }
    Ok(found)
}

/// How a database may spell the type of a column: ours first, then what upstream's programs made on SQLite.
fn kinds(engine: Engine, kind: &ColumnType) -> Vec<String> {
    let (postgres, sqlite): (String, &[&str]) = match kind {
        ColumnType::Integer => ("integer".into(), &["integer"]),
        ColumnType::BigInteger => ("bigint".into(), &["bigint", "integer"]),
        ColumnType::Boolean => ("boolean".into(), &["boolean", "integer"]),
        ColumnType::Double => ("double precision".into(), &["real", "double precision", "float"]),
        ColumnType::DateTime => ("timestamp without time zone".into(), &["text", "datetime", "timestamp"]),
        ColumnType::Date => ("date".into(), &["text", "date"]),
        ColumnType::Blob => ("bytea".into(), &["blob"]),
        ColumnType::Text => ("text".into(), &["text"]),
        ColumnType::String(StringLen::N(n)) => {
            let kind = format!("varchar({n})");
            return if engine == Engine::Postgres { vec![kind] } else { vec![kind, "text".into()] };
        }
        other => (format!("{other:?}"), &[]),
    };
    match engine {
        Engine::Postgres => vec![postgres],
        Engine::Sqlite => sqlite.iter().map(|s| (*s).to_owned()).collect(),
    }
}
