//! `db migrate` on databases that upstream's programs made.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Statement};
use store::migrate::{
    Found, HEAD, MigrateOptions, REVISIONS, UnknownRevision, catalogue, migrate, migrate_waiting,
};
use store::{Store, StoreError};
use testkit::stores::{self, TestStore};
use testkit::upstream::Variant;

async fn migrated(store: &mut TestStore) -> store::MigrateReport {
    migrate(store, &MigrateOptions::default()).await.unwrap()
}

async fn run(store: &Store, sql: &str) {
    store.read().execute_unprepared(sql).await.unwrap();
}

async fn text(store: &Store, sql: &str) -> String {
    let statement = Statement::from_string(store.engine().backend(), sql);
    store.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// A site, a host and a category, in columns that every revision has.
const ROWS: &str = "INSERT INTO site (name, private, admin_active, user_active, created_at, created_by, \
    all_sites_can_pull_from_me, email_on_drop, email_on_add) \
    VALUES ('s', false, true, true, now(), 'me', false, false, false);
    INSERT INTO host (name, site_id, admin_active, user_active, country, private, internet2, \
    internet2_clients, asn_clients, max_connections%COLUMN%) \
    VALUES ('h', 1, true, true, 'US', false, false, false, true, 1%VALUE%);
    INSERT INTO category (name, publiclist) VALUES ('c', true);";

#[tokio::test]
async fn every_revision_of_both_variants_gets_all_columns_and_keeps_its_rows() {
    for variant in [Variant::Fresh, Variant::Migrated] {
        for revision in 0..=6 {
            let mut store = stores::upstream(variant, revision).await;
            let strict = variant == Variant::Fresh && revision >= 1;
            let (column, value) = if strict { (", crawl_failures", ", 0") } else { ("", "") };
            run(&store, &ROWS.replace("%COLUMN%", column).replace("%VALUE%", value)).await;

            let report = migrated(&mut store).await;
            let name = format!("{variant:?} at {revision}: {report:?}");
            let recorded = revision.checked_sub(1).map(|at| REVISIONS[at].to_owned());
            assert_eq!(report.found, Found::Upstream(recorded), "{name}");
            assert_eq!(report.adopted.is_empty(), revision == 6, "{name}");
            assert_eq!(report.seeded, 0, "{name}: an operator's reference data is his own");
            assert_eq!(text(&store, "SELECT version_num FROM alembic_version").await, HEAD, "{name}");

            let drift = store::check(&store).await.unwrap();
            assert!(drift.is_clean(), "{name}: {:?}", drift.problems());
            assert!(store.has_own_tables(), "{name}");
            let host = store::hosts::named(store.read(), "h", None).await.unwrap();
            assert_eq!(host.crawl_failures.unwrap_or(0), 0, "{name}");

            let again = migrated(&mut store).await;
            assert!(again.is_empty(), "{name}: the second run did {again:?}");
            assert_eq!(again.found, Found::Ours, "{name}");
        }
    }
}

#[tokio::test]
async fn adoption_leaves_upstreams_head_as_it_is() {
    for variant in [Variant::Fresh, Variant::Migrated] {
        let mut store = stores::upstream(variant, 6).await;
        let before = upstreams(&store).await;
        migrated(&mut store).await;
        assert_eq!(before, upstreams(&store).await, "{variant:?}");
    }
}

/// Upstream's columns, constraints and indexes, without what is ours.
async fn upstreams(store: &Store) -> BTreeSet<String> {
    let sql = "SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) \
               FROM information_schema.columns WHERE table_schema = 'public' \
               UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint \
               WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'mm3%' \
               UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'";
    let statement = Statement::from_string(store.engine().backend(), sql);
    let rows = store.read().query_all_raw(statement).await.unwrap();
    let all = rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap());
    all.filter(|line| !line.contains("mm3_")).collect()
}

#[tokio::test]
async fn a_stamp_without_its_columns_is_not_believed() {
    // `db sync` on a database without a revision made missing tables only and stamped the newest revision.
    let mut store = stores::upstream(Variant::Migrated, 4).await;
    run(&store, &format!("UPDATE alembic_version SET version_num = '{HEAD}'")).await;
    assert!(
        store::check(&store).await.unwrap().problems().contains(&"column host.latitude is missing".into())
    );
    let report = migrated(&mut store).await;
    assert!(report.adopted.contains(&"column host.latitude".to_owned()), "{report:?}");
    assert!(store::check(&store).await.unwrap().is_clean());
}

#[tokio::test]
async fn indexes_are_compared_by_what_they_cover() {
    let mut store = stores::upstream(Variant::Migrated, 6).await;
    run(
        &store,
        "ALTER INDEX ix_host_country RENAME TO something_else; \
         DROP INDEX ix_host_name; CREATE INDEX ix_host_name ON host (comment); \
         CREATE INDEX dba_was_here ON host_category_dir (directory_id);",
    )
    .await;
    let report = migrated(&mut store).await;
    assert_eq!(report.adopted, ["index on host (name)"]);
    assert!(!report.indexes.contains(&"mm3_hcd_directory_idx"), "{report:?}");
    assert!(report.indexes.contains(&"mm3_hcd_current_idx"), "{report:?}");
    assert!(migrated(&mut store).await.is_empty());
}

#[tokio::test]
async fn an_interrupted_index_is_built_again() {
    let mut store = stores::adopted(Variant::Fresh).await;
    run(
        &store,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'mm3_hcd_directory_idx'::regclass",
    )
    .await;
    assert_eq!(migrated(&mut store).await.indexes, ["mm3_hcd_directory_idx"]);
    assert!(migrated(&mut store).await.is_empty());
}

#[tokio::test]
async fn leftovers_of_the_first_mirrormanager_are_ignored() {
    let mut store = stores::upstream(Variant::Migrated, 3).await;
    run(
        &store,
        "CREATE TABLE tg_user (id integer); CREATE INDEX t_repositoryarch_id_idx ON repository (arch_id)",
    )
    .await;
    migrated(&mut store).await;
    assert!(store::check(&store).await.unwrap().is_clean());
    assert!(store.table_exists("tg_user").await.unwrap());
}

#[tokio::test]
async fn a_newer_upstream_is_refused_and_nothing_changes() {
    let mut store = stores::upstream(Variant::Fresh, 6).await;
    run(&store, "UPDATE alembic_version SET version_num = 'ffffffffffff'").await;
    let error = migrate(&mut store, &MigrateOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("ffffffffffff"), "{error}");
    assert!(!store.table_exists("mm3_change").await.unwrap());

    let options = MigrateOptions { unknown_revision: UnknownRevision::Accept };
    migrate(&mut store, &options).await.unwrap();
    assert_eq!(text(&store, "SELECT version_num FROM alembic_version").await, "ffffffffffff");
    assert!(store.table_exists("mm3_change").await.unwrap());
}

#[tokio::test]
async fn two_revisions_are_refused() {
    let mut store = stores::upstream(Variant::Fresh, 6).await;
    run(&store, "INSERT INTO alembic_version VALUES ('24681dabe5fa')").await;
    let error = migrate(&mut store, &MigrateOptions::default()).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Schema(text) if text.contains("24681dabe5fa, 3264c6353b51")),
        "{error}"
    );
}

#[tokio::test]
async fn a_reduced_copy_is_refused_and_can_be_read() {
    let mut store = stores::upstream(Variant::Fresh, 6).await;
    run(&store, "DROP TABLE mm_user_visit, host_stats, site_admin").await;
    let error = migrate(&mut store, &MigrateOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("lacks table host_stats of the base schema (and 2 more)"), "{error}");
    assert!(store::hosts::list(&store, None).await.unwrap().is_empty());
    assert!(!store.has_own_tables());
}

#[tokio::test]
async fn a_role_that_may_only_read_is_refused_in_one_line() {
    let mut owner = stores::upstream(Variant::Fresh, 6).await;
    run(
        &owner,
        "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; \
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    )
    .await;
    let url = owner.url().replace("user=mm", "user=reader");
    let mut reader = Store::connect(&url, &store::ConnectOptions::default()).await.unwrap();
    let error = migrate(&mut reader, &MigrateOptions::default()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema(text) if text.contains("as the owner")), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");

    // What there is can be read, and once it is migrated there is nothing to refuse.
    assert!(store::hosts::list(&reader, None).await.unwrap().is_empty());
    migrated(&mut owner).await;
    run(&owner, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader").await;
    assert!(migrate(&mut reader, &MigrateOptions::default()).await.unwrap().is_empty());
    reader.close().await;
}

#[tokio::test]
async fn upstreams_own_delete_is_not_blocked_by_our_tables() {
    let store = stores::adopted(Variant::Migrated).await;
    run(
        &store,
        &(ROWS.replace("%COLUMN%", "").replace("%VALUE%", "")
            + "INSERT INTO host_category (host_id, category_id, always_up2date) VALUES (1, 1, false); \
               INSERT INTO directory (name, readable) VALUES ('d', true); \
               INSERT INTO mm3_evidence (host_category_id, data) VALUES (1, ''); \
               INSERT INTO mm3_crawl_result (host_category_id, status) VALUES (1, 'ok'); \
               INSERT INTO mm3_scan_state (category_id) VALUES (1); \
               INSERT INTO mm3_retry (directory_id, reason) VALUES (1, 'damaged'); \
               DELETE FROM host_category; DELETE FROM category; DELETE FROM directory;"),
    )
    .await;
    for table in ["mm3_evidence", "mm3_crawl_result", "mm3_scan_state", "mm3_retry"] {
        assert_eq!(text(&store, &format!("SELECT count(*)::text FROM {table}")).await, "0", "{table}");
    }
}

#[tokio::test]
async fn a_locked_table_is_not_waited_for_without_end() {
    let mut store = stores::upstream(Variant::Migrated, 6).await;
    // What upstream's scanner does for hours.
    let scanner = store.begin_write().await.unwrap();
    scanner
        .db()
        .execute_unprepared("INSERT INTO directory (name, readable) VALUES ('d', true)")
        .await
        .unwrap();
    let wait = std::time::Duration::from_millis(50);
    let error = migrate_waiting(&mut store, &MigrateOptions::default(), wait).await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema(text) if text.contains("keeps a table locked")), "{error}");
    assert!(!store.table_exists("mm3_change").await.unwrap());
    scanner.commit().await.unwrap();
    migrated(&mut store).await;
}

#[tokio::test]
async fn processes_that_migrate_at_once_do_it_once() {
    let stores = [
        stores::empty_sqlite().await,
        stores::empty_postgres().await,
        stores::upstream(Variant::Migrated, 2).await,
    ];
    for store in stores {
        let mut runs = Vec::new();
        for _ in 0..4 {
            let url = store.url().to_owned();
            runs.push(tokio::spawn(async move {
                let options = store::ConnectOptions { max_connections: 1, ..Default::default() };
                let mut store = Store::connect(&url, &options).await.unwrap();
                let report = migrate(&mut store, &MigrateOptions::default()).await.unwrap();
                store.close().await;
                report
            }));
        }
        let mut busy = 0;
        for run in runs {
            busy += usize::from(!run.await.unwrap().is_empty());
        }
        assert_eq!(busy, 1);
        assert!(store::check(&store).await.unwrap().is_clean());
    }
}

#[tokio::test]
async fn a_new_database_gets_reference_data_once() {
    for mut store in [stores::empty_sqlite().await, stores::empty_postgres().await] {
        let report = migrated(&mut store).await;
        assert_eq!(report.found, Found::Nothing);
        let countries = store::countries::list(&store).await.unwrap();
        assert_eq!(countries.len(), 249);
        assert!(
            countries.iter().all(|c| c.code.len() == 2 && c.code.bytes().all(|b| b.is_ascii_uppercase()))
        );
        let arches = store::arches::list(&store).await.unwrap();
        assert_eq!(report.seeded, 249 + arches.len() as u64);
        let source = arches.iter().find(|a| a.name == "source").unwrap();
        assert!(!source.publiclist && !source.primary_arch);
        assert!(arches.iter().any(|a| a.name == "x86_64" && a.publiclist && a.primary_arch));

        assert!(migrated(&mut store).await.is_empty());
        assert_eq!(store::reference::seed(&store).await.unwrap(), 0);
    }
    let adopted = stores::adopted(Variant::Fresh).await;
    assert!(store::arches::list(&adopted).await.unwrap().is_empty());
    assert!(store::reference::seed(&adopted).await.unwrap() > 249);
}

#[tokio::test]
async fn an_sqlite_file_of_upstreams_is_adopted_too() {
    let mut store = stores::empty_sqlite().await;
    let url = store.url().to_owned();
    {
        use sqlx::{Connection as _, Executor as _};
        let mut db = sqlx::SqliteConnection::connect(&url).await.unwrap();
        db.execute(sqlx::raw_sql(store::migrate::UPSTREAM.sqlite)).await.unwrap();
        db.execute(sqlx::raw_sql(
            "ALTER TABLE host DROP COLUMN latitude; DROP TABLE access_stat; DROP TABLE alembic_version",
        ))
        .await
        .unwrap();
    }
    let report = migrated(&mut store).await;
    assert_eq!(report.found, Found::Upstream(None));
    assert!(report.adopted.contains(&"table access_stat".to_owned()), "{report:?}");
    let tables = catalogue::tables(store.read(), store.engine()).await.unwrap();
    assert!(tables.contains("alembic_version") && tables.contains("mm3_change"));
    assert!(store::check(&store).await.unwrap().is_clean());
    assert!(migrated(&mut store).await.is_empty());
}
