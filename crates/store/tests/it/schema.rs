//! The schema that migrations make is upstream's, with ours in addition, on both engines.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sha2::{Digest, Sha256};
use store::migrate::catalogue;
use store::{ConnectOptions, Engine, Store};
use testkit::stores;

const REFERENCE: &str = include_str!("../data/schema-postgresql.sql");

#[test]
fn the_recorded_schema_is_as_it_was_recorded() {
    let hash: String = Sha256::digest(REFERENCE).iter().map(|b| format!("{b:02x}")).collect();
    let recorded = include_str!("../data/SHA256SUMS");
    assert_eq!(recorded.split_whitespace().next(), Some(hash.as_str()), "schema-postgresql.sql was edited");
}

async fn lines(store: &Store, sql: &str) -> BTreeSet<String> {
    let rows =
        store.read().query_all_raw(Statement::from_string(store.engine().backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

/// The catalogue as comparable sentences: columns in their order, constraints and indexes with names and
/// definitions, sequences and their owners.
async fn sentences(store: &Store) -> BTreeSet<String> {
    const QUERIES: [&str; 4] = [
        "SELECT format('column %s.%s #%s %s%s default %s', c.relname, a.attname, a.attnum, \
         format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' END, \
         pg_get_expr(d.adbin, d.adrelid)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0",
        "SELECT format('constraint %s on %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid)) \
         FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT format('%s %s', relkind, relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace \
         AND relkind NOT IN ('i', 'I')",
    ];
    let mut all = BTreeSet::new();
    for query in QUERIES {
        all.extend(lines(store, query).await);
    }
    all
}

#[tokio::test]
async fn a_new_postgresql_database_is_upstreams_with_ours_in_addition() {
    let reference = stores::empty_postgres().await;
    reference.read().execute_unprepared(REFERENCE).await.unwrap();
    let reference = sentences(&reference).await;
    let migrated = sentences(&*stores::postgres().await).await;
    assert!(reference.len() > 300, "the query sees the catalogue: {}", reference.len());
    let lost: Vec<_> = reference.difference(&migrated).collect();
    assert!(lost.is_empty(), "differs from upstream's: {lost:#?}");
    let foreign: Vec<_> = migrated.difference(&reference).filter(|line| !line.contains("mm3_")).collect();
    assert!(foreign.is_empty(), "added under a name that is not ours: {foreign:#?}");
}

#[tokio::test]
async fn our_references_to_upstreams_tables_never_block_a_delete() {
    let store = stores::postgres().await;
    let ours = lines(
        &store,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' \
         AND conrelid::regclass::text LIKE 'mm3\\_%'",
    )
    .await;
    assert!(!ours.is_empty());
    assert!(ours.iter().all(|fk| fk.contains("ON DELETE CASCADE")), "{ours:?}");
    let store = stores::sqlite().await;
    let ours = lines(
        &store,
        "SELECT t.name || ' ' || f.on_delete FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f \
         WHERE t.name GLOB 'mm3_*'",
    )
    .await;
    assert!(!ours.is_empty());
    assert!(ours.iter().all(|fk| fk.ends_with("CASCADE")), "{ours:?}");
}

/// Upstream's types in SQLite's words, as spec database.md 6.1 maps them.
fn in_sqlite(kind: &str) -> &str {
    match kind {
        "timestamp without time zone" | "date" => "text",
        "bytea" => "blob",
        "double precision" => "real",
        same => same,
    }
}

/// The table that PostgreSQL does not need.
const ONLY_SQLITE: &str = "mm3_written";

async fn columns(store: &Store) -> BTreeMap<String, (String, bool)> {
    let mut all = BTreeMap::new();
    for (table, columns) in catalogue::columns(store.read(), store.engine()).await.unwrap() {
        for (name, column) in columns {
            // The two engines count their change log differently, and one counts rows by itself.
            if table == "mm3_change" && matches!(name.as_str(), "id" | "xid") || table == ONLY_SQLITE {
                continue;
            }
            let kind = match store.engine() {
                Engine::Postgres => in_sqlite(&column.kind).to_owned(),
                Engine::Sqlite => column.kind,
            };
            all.insert(format!("{table}.{name}"), (kind, column.nullable));
        }
    }
    all
}

#[tokio::test]
async fn both_engines_have_the_same_columns() {
    let postgres = columns(&*stores::postgres().await).await;
    let sqlite = columns(&*stores::sqlite().await).await;
    assert!(postgres.len() > 220, "{}", postgres.len());
    for (name, column) in &postgres {
        assert_eq!(sqlite.get(name), Some(column), "{name}");
    }
    assert_eq!(postgres.len(), sqlite.len());
}

/// Unique keys that a stronger key of the same table implies; left out on SQLite (spec database.md 6.3).
const IMPLIED: [&str; 3] = [
    "host_acl_ip (host_id, ip)",
    "host_category_url (host_category_id, url)",
    "repository_redirect (from_repo, to_repo)",
];

#[tokio::test]
async fn both_engines_have_the_same_keys() {
    let postgres = stores::postgres().await;
    let sqlite = stores::sqlite().await;
    let mut keys = lines(
        &postgres,
        "SELECT conrelid::regclass || ' ' || replace(replace(pg_get_constraintdef(oid), 'UNIQUE ', ''), \
         'PRIMARY KEY ', '') FROM pg_constraint WHERE contype IN ('u', 'p') \
         AND connamespace = 'public'::regnamespace \
         UNION SELECT 'mm_user_visit (visit_key)'",
    )
    .await;
    for implied in IMPLIED {
        assert!(keys.remove(implied), "{implied}");
    }
    let mut same = lines(
        &sqlite,
        "SELECT t.name || ' (' || (SELECT group_concat(c.name, ', ') FROM pragma_index_info(i.name) c) || ')' \
         FROM sqlite_master t JOIN pragma_index_list(t.name) i \
         WHERE t.type = 'table' AND i.\"unique\" AND t.name NOT GLOB 'sqlite_*'",
    )
    .await;
    // A key of one INTEGER is the row id and has no index of its own.
    same.extend(
        lines(
            &sqlite,
            "SELECT t.name || ' (' || c.name || ')' FROM sqlite_master t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND c.pk = 1 AND c.type = 'INTEGER' AND t.name NOT GLOB 'sqlite_*' \
             AND (SELECT count(*) FROM pragma_table_info(t.name) WHERE pk > 0) = 1",
        )
        .await,
    );
    assert!(same.remove(&format!("{ONLY_SQLITE} (id)")));
    assert_eq!(keys, same);
}

#[tokio::test]
async fn both_engines_have_the_same_references() {
    let postgres = lines(
        &*stores::postgres().await,
        "SELECT conrelid::regclass || ' ' || a.attname || ' -> ' || confrelid::regclass || ' ' || confdeltype::text \
         || confupdtype::text FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] \
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
    )
    .await;
    let sqlite = lines(
        &*stores::sqlite().await,
        "SELECT t.name || ' ' || f.\"from\" || ' -> ' || f.\"table\" || ' ' \
         || CASE f.on_delete WHEN 'CASCADE' THEN 'c' ELSE 'a' END \
         || CASE f.on_update WHEN 'CASCADE' THEN 'c' ELSE 'a' END \
         FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
    )
    .await;
    assert!(postgres.len() > 35, "{}", postgres.len());
    assert_eq!(postgres, sqlite);
}

#[tokio::test]
async fn the_entities_are_the_schema() {
    stores::each_variant(|store| async move {
        let real = catalogue::columns(store.read(), store.engine()).await.unwrap();
        let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for table in entities::schema::tables() {
            expected.entry(table.name).or_default().extend(table.columns.iter().map(|c| c.name));
            for column in table.columns {
                let is = &real[table.name][column.name];
                // Everywhere an Option where any variant has NULLs, so never the other way round.
                assert!(column.optional || !is.nullable, "{}.{} may be NULL", table.name, column.name);
            }
        }
        for (table, column) in entities::schema::LEFT_OUT {
            expected.entry(table).or_default().insert(column);
        }
        assert_eq!(expected.len(), 38);
        for (table, columns) in expected {
            let is: BTreeSet<&str> = real[table].keys().map(String::as_str).collect();
            assert_eq!(columns, is, "{table}");
        }
        let report = store::check(&store).await.unwrap();
        assert!(report.is_clean(), "{:?}", report.problems());
    })
    .await;
}

#[tokio::test]
async fn every_entity_can_be_read_on_every_variant() {
    use sea_orm::EntityTrait;
    macro_rules! read {
        ($store:expr, $($table:ident)*) => {
            $(entities::$table::Entity::find().all($store.read()).await.unwrap();)*
        };
    }
    stores::each_variant(|store| async move {
        read!(store, access_stat access_stat_category arch category category_directory country
            country_continent_redirect directory directory_exclusive_host directory_files embargoed_country
            file_detail file_detail_file_group file_group host host_acl_ip host_category host_category_dir
            host_category_url host_country host_country_allowed host_location host_netblock host_peer_asn
            host_stats location mm_group mm_user mm_user_group mm_user_visit netblock_country product
            propagation_stat repository repository_redirect site site_admin site_to_site version);
    })
    .await;
}

#[tokio::test]
async fn drift_is_reported_by_name() {
    let store = stores::postgres().await;
    store
        .read()
        .execute_unprepared(
            "ALTER TABLE host DROP COLUMN latitude; ALTER TABLE site ALTER COLUMN org_url TYPE varchar(10); \
             DROP TABLE file_detail_file_group; DROP INDEX mm3_site_admin_site_idx; DROP TABLE mm3_retry; \
             UPDATE alembic_version SET version_num = 'e67aacbf9f4f'; \
             INSERT INTO mm3_migration (version, name, origin) VALUES (999, 'later', 'created')",
        )
        .await
        .unwrap();
    let problems = store::check(&store).await.unwrap().problems().join("\n");
    for word in [
        "host.latitude is missing",
        "site.org_url is varchar(10), expected text",
        "table file_detail_file_group is missing",
        "mm3_site_admin_site_idx is missing",
        "mm3_retry is missing",
        "e67aacbf9f4f is older",
        "migration 999",
    ] {
        assert!(problems.contains(word), "{word} not in\n{problems}");
    }
}

#[tokio::test]
async fn a_database_without_tables_is_reported_not_failed() {
    for store in [stores::empty_sqlite().await, stores::empty_postgres().await] {
        let report = store::check(&store).await.unwrap();
        assert_eq!(report.revision, store::check::Revision::None);
        assert!(report.problems().iter().any(|p| p == "table host is missing"), "{:?}", report.problems());
        assert_eq!(
            report.pending.missing,
            ["0001_ours", "0002_answers", "0003_good_scan", "0004_crawl", "0005_push"]
        );
    }
}

#[tokio::test]
async fn opening_a_file_does_not_create_it_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    let error = Store::connect(&url, &ConnectOptions::default()).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot open database sqlite:"), "{error}");
    assert!(!folder.path().join("x.db").exists());
    assert_eq!(Engine::Sqlite.backend(), DbBackend::Sqlite);
}
