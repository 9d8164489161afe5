//! Databases as upstream's programs left them, at any of their revisions, on PostgreSQL.
//!
//! Two kinds (spec database.md 1.4): *fresh*, made in one go by a newer program, and *migrated*, begun in
//! 2014 and carried along by Alembic. They differ in names, nullability and ON DELETE.

#![expect(clippy::unwrap_used, reason = "test support: a panic is the report")]

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use store::migrate::REVISIONS;

/// How a database came to its revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Made in one go.
    Fresh,
    /// Begun in 2014 and upgraded.
    Migrated,
}

const BASE: &str = include_str!("upstream/base.sql");

/// What each revision did to a database that had the one before.
const STEPS: [&str; 6] = [
    "ALTER TABLE host ADD COLUMN crawl_failures integer, ADD COLUMN disable_reason text, \
     ADD COLUMN push_ssh_private_key text, ADD COLUMN push_ssh_host text, \
     ADD COLUMN push_ssh_command text, ADD COLUMN last_crawls bytea;",
    "ALTER TABLE category ADD COLUMN admin_only boolean;",
    "CREATE TABLE access_stat_category (id serial NOT NULL, name varchar(255) NOT NULL, \
     CONSTRAINT pk_access_stat_category PRIMARY KEY (id), \
     CONSTRAINT uq_access_stat_category_name UNIQUE (name)); \
     CREATE TABLE access_stat (category_id integer NOT NULL, date date NOT NULL, \
     name varchar(255) NOT NULL, percent double precision, requests integer, \
     CONSTRAINT pk_access_stat PRIMARY KEY (category_id, date, name), \
     CONSTRAINT fk_access_stat_category_id_access_stat_category \
     FOREIGN KEY (category_id) REFERENCES access_stat_category (id)); \
     CREATE INDEX ix_access_stat_category_id ON access_stat (category_id); \
     CREATE INDEX ix_access_stat_date ON access_stat (date);",
    "CREATE TABLE propagation_stat (repository_id integer NOT NULL, datetime timestamp NOT NULL, \
     same_day integer, one_day integer, two_day integer, older integer, no_info integer, \
     CONSTRAINT pk_propagation_stat PRIMARY KEY (repository_id, datetime), \
     CONSTRAINT fk_propagation_stat_repository_id_repository \
     FOREIGN KEY (repository_id) REFERENCES repository (id)); \
     CREATE INDEX ix_propagation_stat_date ON propagation_stat (datetime); \
     CREATE INDEX ix_propagation_stat_repository_id ON propagation_stat (repository_id);",
    "ALTER TABLE host ADD COLUMN latitude double precision, ADD COLUMN longitude double precision;",
    "CREATE INDEX ix_access_stat_requests ON access_stat (requests); \
     CREATE INDEX ix_file_detail_timestamp ON file_detail (\"timestamp\"); \
     CREATE INDEX ix_host_admin_active ON host (admin_active); \
     CREATE INDEX ix_host_country ON host (country); \
     CREATE INDEX ix_host_last_crawl_duration ON host (last_crawl_duration); \
     CREATE INDEX ix_host_name ON host (name); \
     CREATE INDEX ix_host_private ON host (private); \
     CREATE INDEX ix_host_user_active ON host (user_active); \
     CREATE INDEX ix_repository_prefix ON repository (prefix); \
     CREATE INDEX ix_site_admin_active ON site (admin_active); \
     CREATE INDEX ix_site_created_at ON site (created_at); \
     CREATE INDEX ix_site_name ON site (name); \
     CREATE INDEX ix_site_private ON site (private); \
     CREATE INDEX ix_site_user_active ON site (user_active); \
     CREATE INDEX ix_host_category_url_private ON host_category_url (private); \
     CREATE INDEX ix_host_category_dir_up2date ON host_category_dir (up2date); \
     CREATE INDEX ix_directory_readable ON directory (readable);",
];

/// What each revision did, taken back from a database made in one go. The index on `up2date` stays: a
/// program before revision 6 made it too, and its own upgrade then stumbled over it.
const BACK: [&str; 6] = [
    "ALTER TABLE host DROP COLUMN crawl_failures, DROP COLUMN disable_reason, \
     DROP COLUMN push_ssh_private_key, DROP COLUMN push_ssh_host, DROP COLUMN push_ssh_command, \
     DROP COLUMN last_crawls;",
    "ALTER TABLE category DROP COLUMN admin_only;",
    "DROP TABLE access_stat; DROP TABLE access_stat_category;",
    "DROP TABLE propagation_stat;",
    "ALTER TABLE host DROP COLUMN latitude, DROP COLUMN longitude;",
    "DROP INDEX ix_access_stat_requests, ix_file_detail_timestamp, ix_host_admin_active, ix_host_country, \
     ix_host_last_crawl_duration, ix_host_name, ix_host_private, ix_host_user_active, ix_repository_prefix, \
     ix_site_admin_active, ix_site_created_at, ix_site_name, ix_site_private, ix_site_user_active, \
     ix_host_category_url_private, ix_directory_readable;",
];

/// Makes upstream's tables in an empty database at a revision: 0 (before Alembic) to 6 (the newest).
pub async fn create(url: &str, variant: Variant, revision: usize) {
    let mut text = String::new();
    match variant {
        Variant::Migrated => {
            text.push_str(BASE);
            text.extend(STEPS.iter().take(revision).copied());
            text.push_str(
                "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL, \
                 CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));",
            );
        }
        Variant::Fresh => {
            text.push_str(store::migrate::UPSTREAM.postgres);
            text.extend(BACK.iter().skip(revision).rev().copied());
            text.push_str("DELETE FROM alembic_version;");
        }
    }
    match revision.checked_sub(1).and_then(|at| REVISIONS.get(at)) {
        Some(name) => text.push_str(&format!("INSERT INTO alembic_version VALUES ('{name}');")),
        None => text.push_str("DROP TABLE alembic_version;"),
    }
    let mut db = PgConnection::connect(url).await.unwrap();
    db.execute(AssertSqlSafe(text)).await.unwrap();
    db.close().await.unwrap();
}
