//! Bringing upstream's part of a database to its newest revision, by inspection.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::{HEAD, REVISIONS, UnknownRevision, catalogue};
use crate::connect::Engine;
use crate::error::{Result, StoreError};
use crate::sql::Sql;

/// The tables that every database of upstream's has had from the beginning.
pub(super) const BASE_TABLES: [&str; 35] = [
    "arch",
    "category",
    "category_directory",
    "country",
    "country_continent_redirect",
    "directory",
    "directory_exclusive_host",
    "embargoed_country",
    "file_detail",
    "file_detail_file_group",
    "file_group",
    "host",
    "host_acl_ip",
    "host_category",
    "host_category_dir",
    "host_category_url",
    "host_country",
    "host_country_allowed",
    "host_location",
    "host_netblock",
    "host_peer_asn",
    "host_stats",
    "location",
    "mm_group",
    "mm_user",
    "mm_user_group",
    "mm_user_visit",
    "netblock_country",
    "product",
    "repository",
    "repository_redirect",
    "site",
    "site_admin",
    "site_to_site",
    "version",
];

/// A table that a revision added.
struct NewTable {
    name: &'static str,
    sql: Sql,
}

const NEW_TABLES: [NewTable; 3] = [
    NewTable {
        name: "access_stat_category",
        sql: Sql {
            postgres: "CREATE TABLE access_stat_category (id serial NOT NULL, name varchar(255) NOT NULL, \
                       CONSTRAINT pk_access_stat_category PRIMARY KEY (id), \
                       CONSTRAINT uq_access_stat_category_name UNIQUE (name))",
            sqlite: "CREATE TABLE access_stat_category (id INTEGER PRIMARY KEY NOT NULL, \
                     name VARCHAR(255) NOT NULL, CONSTRAINT uq_access_stat_category_name UNIQUE (name))",
        },
    },
    NewTable {
        name: "access_stat",
        sql: Sql::same(
            "CREATE TABLE access_stat (category_id integer NOT NULL, date date NOT NULL, \
             name varchar(255) NOT NULL, percent double precision, requests integer, \
             CONSTRAINT pk_access_stat PRIMARY KEY (category_id, date, name), \
             CONSTRAINT fk_access_stat_category_id_access_stat_category \
             FOREIGN KEY (category_id) REFERENCES access_stat_category(id))",
        ),
    },
    NewTable {
        name: "propagation_stat",
        sql: Sql {
            postgres: "CREATE TABLE propagation_stat (repository_id integer NOT NULL, \
                       datetime timestamp without time zone NOT NULL, same_day integer NOT NULL, \
                       one_day integer NOT NULL, two_day integer NOT NULL, older integer NOT NULL, \
                       no_info integer NOT NULL, \
                       CONSTRAINT pk_propagation_stat PRIMARY KEY (repository_id, datetime), \
                       CONSTRAINT fk_propagation_stat_repository_id_repository \
                       FOREIGN KEY (repository_id) REFERENCES repository(id))",
            sqlite: "CREATE TABLE propagation_stat (repository_id INTEGER NOT NULL, datetime TEXT NOT NULL, \
                     same_day INTEGER NOT NULL, one_day INTEGER NOT NULL, two_day INTEGER NOT NULL, \
                     older INTEGER NOT NULL, no_info INTEGER NOT NULL, \
                     CONSTRAINT pk_propagation_stat PRIMARY KEY (repository_id, datetime), \
                     CONSTRAINT fk_propagation_stat_repository_id_repository \
                     FOREIGN KEY (repository_id) REFERENCES repository(id))",
        },
    },
];

/// Columns that revisions added: table, column, type on PostgreSQL, type on SQLite.
const NEW_COLUMNS: [(&str, &str, &str, &str); 9] = [
    ("host", "crawl_failures", "integer", "INTEGER"),
    ("host", "disable_reason", "text", "TEXT"),
    ("host", "push_ssh_private_key", "text", "TEXT"),
    ("host", "push_ssh_host", "text", "TEXT"),
    ("host", "push_ssh_command", "text", "TEXT"),
    ("host", "last_crawls", "bytea", "BLOB"),
    ("category", "admin_only", "boolean", "BOOLEAN"),
    ("host", "latitude", "double precision", "REAL"),
    ("host", "longitude", "double precision", "REAL"),
];

/// An index that a revision added.
struct NewIndex {
    name: &'static str,
    table: &'static str,
    columns: &'static str,
    /// Where it earns its keep; the others are left out on SQLite, whose schema is ours alone.
    engines: &'static [Engine],
}

const BOTH: &[Engine] = &[Engine::Postgres, Engine::Sqlite];
const POSTGRES: &[Engine] = &[Engine::Postgres];

const fn index(
    name: &'static str,
    table: &'static str,
    columns: &'static str,
    engines: &'static [Engine],
) -> NewIndex {
    NewIndex { name, table, columns, engines }
}

const NEW_INDEXES: [NewIndex; 21] = [
    index("ix_access_stat_category_id", "access_stat", "(category_id)", POSTGRES),
    index("ix_access_stat_date", "access_stat", "(date)", BOTH),
    index("ix_propagation_stat_datetime", "propagation_stat", "(datetime)", BOTH),
    index("ix_propagation_stat_repository_id", "propagation_stat", "(repository_id)", POSTGRES),
    index("ix_access_stat_requests", "access_stat", "(requests)", BOTH),
    index("ix_file_detail_timestamp", "file_detail", "(\"timestamp\")", BOTH),
    index("ix_host_admin_active", "host", "(admin_active)", POSTGRES),
    index("ix_host_country", "host", "(country)", BOTH),
    index("ix_host_last_crawl_duration", "host", "(last_crawl_duration)", BOTH),
    index("ix_host_name", "host", "(name)", BOTH),
    index("ix_host_private", "host", "(private)", POSTGRES),
    index("ix_host_user_active", "host", "(user_active)", POSTGRES),
    index("ix_repository_prefix", "repository", "(prefix)", BOTH),
    index("ix_site_admin_active", "site", "(admin_active)", POSTGRES),
    index("ix_site_created_at", "site", "(created_at)", BOTH),
    index("ix_site_name", "site", "(name)", BOTH),
    index("ix_site_private", "site", "(private)", POSTGRES),
    index("ix_site_user_active", "site", "(user_active)", POSTGRES),
    index("ix_host_category_url_private", "host_category_url", "(private)", POSTGRES),
    index("ix_host_category_dir_up2date", "host_category_dir", "(up2date)", POSTGRES),
    index("ix_directory_readable", "directory", "(readable)", POSTGRES),
];

const REVISION: Sql = Sql::same("SELECT version_num FROM alembic_version ORDER BY version_num");

/// The recorded revision of upstream's schema; several are joined by a comma.
pub(crate) async fn revision(
    db: &impl ConnectionTrait,
    engine: Engine,
    tables: &BTreeSet<String>,
) -> Result<Option<String>> {
    if !tables.contains("alembic_version") {
        return Ok(None);
    }
    let mut revisions: Vec<String> = Vec::new();
    for row in db.query_all_raw(REVISION.with(engine, [])).await? {
        revisions.push(row.try_get_by_index(0)?);
    }
    Ok((!revisions.is_empty()).then(|| revisions.join(", ")))
}

/// Adds what is missing of upstream's schema and records [`HEAD`]. Names what it added.
pub(super) async fn adopt(
    tx: &DatabaseTransaction,
    engine: Engine,
    tables: &BTreeSet<String>,
    unknown: UnknownRevision,
) -> Result<Vec<String>> {
    let recorded = revision(tx, engine, tables).await?;
    let known = recorded.as_deref().is_none_or(|r| REVISIONS.contains(&r));
    if !known && unknown == UnknownRevision::Refuse {
        return Err(StoreError::Schema(format!(
            "the database has schema revision {}, which this program does not know (it knows up to {HEAD}): \
             a newer MirrorManager 2 has been here; update this program, or pass --accept-unknown-revision \
             to add only what is missing",
            recorded.unwrap_or_default()
        )));
    }
    refuse_reduced(tables)?;
    let mut added = Vec::new();
    add_tables(tx, engine, tables, &mut added).await?;
    add_columns(tx, engine, &mut added).await?;
    add_indexes(tx, engine, &mut added).await?;
    if known && recorded.as_deref() != Some(HEAD) {
        record_head(tx, engine, tables).await?;
        added.push(format!("revision {HEAD}"));
    }
    Ok(added)
}

fn refuse_reduced(tables: &BTreeSet<String>) -> Result<()> {
    let lacking: Vec<&str> = BASE_TABLES.iter().copied().filter(|t| !tables.contains(*t)).collect();
    let Some(first) = lacking.first() else { return Ok(()) };
    let more = lacking.len().saturating_sub(1);
    Err(StoreError::Schema(format!(
        "the database lacks table {first} of the base schema (and {more} more): it is a reduced copy, which \
         can be read (cache build, serve) but not migrated"
    )))
}

async fn add_tables(
    tx: &DatabaseTransaction,
    engine: Engine,
    tables: &BTreeSet<String>,
    added: &mut Vec<String>,
) -> Result<()> {
    for table in NEW_TABLES.iter().filter(|t| !tables.contains(t.name)) {
        tx.execute_unprepared(table.sql.text(engine)).await?;
        added.push(format!("table {}", table.name));
    }
    Ok(())
}

async fn add_columns(tx: &DatabaseTransaction, engine: Engine, added: &mut Vec<String>) -> Result<()> {
    let columns = catalogue::columns(tx, engine).await?;
    for (table, column, postgres, sqlite) in NEW_COLUMNS {
        if columns.get(table).is_some_and(|c| c.contains_key(column)) {
            continue;
        }
        let kind = if engine == Engine::Postgres { postgres } else { sqlite };
        tx.execute_unprepared(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}")).await?;
        added.push(format!("column {table}.{column}"));
    }
    Ok(())
}

async fn add_indexes(tx: &DatabaseTransaction, engine: Engine, added: &mut Vec<String>) -> Result<()> {
    let existing = catalogue::indexes(tx, engine).await?;
    for index in NEW_INDEXES.iter().filter(|i| i.engines.contains(&engine)) {
        let same = |covers: &str| covers.replace('"', "") == index.columns.replace('"', "");
        if existing.iter().any(|e| e.table == index.table && same(&e.covers)) {
            continue;
        }
        // The name may be taken by an index on something else: names are not facts.
        let taken = existing.iter().any(|e| e.name == index.name);
        let name = if taken { format!("{}_mm3", index.name) } else { index.name.to_owned() };
        tx.execute_unprepared(&format!("CREATE INDEX {name} ON {} {}", index.table, index.columns)).await?;
        added.push(format!("index on {} {}", index.table, index.columns));
    }
    Ok(())
}

async fn record_head(tx: &DatabaseTransaction, engine: Engine, tables: &BTreeSet<String>) -> Result<()> {
    const TABLE: &str = "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL, \
                         CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))";
    const CLEAR: Sql = Sql::same("DELETE FROM alembic_version");
    const RECORD: Sql = Sql {
        postgres: "INSERT INTO alembic_version (version_num) VALUES ($1)",
        sqlite: "INSERT INTO alembic_version (version_num) VALUES (?1)",
    };
    if !tables.contains("alembic_version") {
        tx.execute_unprepared(TABLE).await?;
    }
    tx.execute_raw(CLEAR.with(engine, [])).await?;
    tx.execute_raw(RECORD.with(engine, [HEAD.into()])).await?;
    Ok(())
}
