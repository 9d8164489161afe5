//! What tables, columns and indexes a database really has.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;

use crate::connect::Engine;
use crate::error::Result;
use crate::sql::Sql;

/// One column as the database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Type in the engine's words, lower case: `integer`, `timestamp without time zone`, `varchar(16)`, …
    pub kind: String,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// Columns by table and name.
pub type Columns = BTreeMap<String, BTreeMap<String, Column>>;

/// One index, by what it covers; its name is only for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Key columns and predicate as SQL: `(directory_id)`, `(a, b) WHERE up2date`.
    pub covers: String,
    /// Whether it can be used (false: a concurrent build of PostgreSQL was interrupted).
    pub valid: bool,
}

const TABLES: Sql = Sql {
    postgres: "SELECT c.relname::text FROM pg_catalog.pg_class c \
               WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) \
               AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)",
    sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
};

/// The names of all visible tables.
pub async fn tables(db: &impl ConnectionTrait, engine: Engine) -> Result<BTreeSet<String>> {
    let rows = db.query_all_raw(TABLES.with(engine, [])).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

const COLUMNS: Sql = Sql {
    postgres: "SELECT c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), \
               NOT a.attnotnull \
               FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
               WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') \
               AND pg_catalog.pg_table_is_visible(c.oid) \
               AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)",
    sqlite: "SELECT t.name, c.name, lower(c.type), NOT c.\"notnull\" \
             FROM sqlite_master t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT GLOB 'sqlite_*'",
};

/// The columns of all visible tables.
pub async fn columns(db: &impl ConnectionTrait, engine: Engine) -> Result<Columns> {
    let mut all = Columns::new();
    for row in db.query_all_raw(COLUMNS.with(engine, [])).await? {
        let (table, name): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let kind: String = row.try_get_by_index(2)?;
        let kind = kind.replace("character varying", "varchar");
        let nullable: bool = row.try_get_by_index(3)?;
        all.entry(table).or_default().insert(name, Column { kind, nullable });
    }
    Ok(all)
}

const INDEXES: Sql = Sql {
    postgres: "SELECT t.relname::text, i.relname::text, \
               pg_catalog.pg_get_indexdef(x.indexrelid), x.indisvalid \
               FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class t ON t.oid = x.indrelid \
               JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid \
               WHERE pg_catalog.pg_table_is_visible(t.oid) \
               AND t.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)",
    sqlite: "SELECT tbl_name, name, sql, 1 FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
};

/// The indexes of all visible tables (on SQLite: without those of keys and UNIQUE constraints).
pub async fn indexes(db: &impl ConnectionTrait, engine: Engine) -> Result<Vec<Index>> {
    let mut all = Vec::new();
    for row in db.query_all_raw(INDEXES.with(engine, [])).await? {
        let definition: String = row.try_get_by_index(2)?;
        all.push(Index {
            table: row.try_get_by_index(0)?,
            name: row.try_get_by_index(1)?,
            covers: covers(&definition),
            valid: row.try_get_by_index(3)?,
        });
    }
    Ok(all)
}

/// The part of an index definition from the bracket of its columns on, white space made even.
fn covers(definition: &str) -> String {
    let text = definition.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.split_once(" ON ").map_or(text.as_str(), |(_, rest)| rest);
    text.find('(').and_then(|at| text.get(at..)).unwrap_or_default().to_owned()
}
