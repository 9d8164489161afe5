//! The whole way on databases that upstream's programs made, in both variants (spec database.md 1.4).

use std::collections::BTreeSet;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use testkit::upstream::{self, Variant};

use crate::program::Deployment;
use crate::whole_way;

/// What upstream's administrators enter in the web interface: no program of ours adds it to their database.
const ARCHES: &str = "INSERT INTO arch (name, publiclist, primary_arch) VALUES \
    ('source', false, false), ('x86_64', true, true), ('aarch64', true, true)";

/// What upstream's programs leave unset somewhere, in the order of its age: values that were entered without a
/// form, and columns that came later.
const UNSET: &str = "UPDATE host SET bandwidth_int = NULL, last_crawl_duration = NULL, last_crawled = NULL, \
        last_checked_in = NULL, robot_email = NULL, comment = NULL, disable_reason = NULL; \
    UPDATE category SET canonicalhost = NULL; \
    UPDATE site SET org_url = NULL, password = NULL, downstream_comments = NULL; \
    UPDATE host_netblock SET name = NULL";
const UNSET_IN_MIGRATED: &str =
    "UPDATE host SET crawl_failures = NULL; UPDATE category SET admin_only = NULL";

async fn run(db: &mut PgConnection, sql: &str) {
    db.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
}

/// Tables, columns with type, nullability and default, constraints, indexes, sequences; one line each.
async fn catalogue(db: &mut PgConnection) -> BTreeSet<String> {
    let sql = "SELECT format('table %s %s', relname, relkind) FROM pg_class \
               WHERE relnamespace = 'public'::regnamespace \
               UNION ALL SELECT format('column %s.%s %s %s %s %s', table_name, column_name, ordinal_position, \
                   udt_name, is_nullable, column_default) FROM information_schema.columns \
               WHERE table_schema = 'public' \
               UNION ALL SELECT format('constraint %s on %s: %s', conname, conrelid::regclass, \
                   pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
               UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
               UNION ALL SELECT format('trigger %s on %s', tgname, tgrelid::regclass) FROM pg_trigger \
               WHERE NOT tgisinternal \
               UNION ALL SELECT format('function %s', proname) FROM pg_proc \
               WHERE pronamespace = 'public'::regnamespace \
               UNION ALL SELECT 'revision ' || version_num FROM alembic_version";
    let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(db).await.unwrap();
    rows.into_iter().collect()
}

async fn the_whole_way(variant: Variant) {
    let url = testkit::postgres::empty_database().await;
    upstream::create(&url, variant, 6).await;
    let mut db = PgConnection::connect(&url).await.unwrap();
    run(&mut db, ARCHES).await;
    let before = catalogue(&mut db).await;
    assert!(before.len() > 300, "{before:?}");

    let deployment = Deployment::on(&url);
    let mirror = whole_way::master_and_mirror(&deployment).await;
    let found = "adopted a database of MirrorManager 2, revision 3264c6353b51";
    tokio::task::block_in_place(|| whole_way::prepare(&deployment, found));
    let after = catalogue(&mut db).await;
    let lost: Vec<&String> = before.difference(&after).collect();
    assert!(lost.is_empty(), "db migrate took away or changed {lost:?}");
    let strange: Vec<&String> = after.difference(&before).filter(|line| !line.contains("mm3_")).collect();
    assert!(strange.is_empty(), "db migrate added {strange:?}");
    assert!(after.len() > before.len());

    tokio::task::block_in_place(|| whole_way::add_rows(&deployment, &mirror.url()));
    run(&mut db, UNSET).await;
    if variant == Variant::Migrated {
        run(&mut db, UNSET_IN_MIGRATED).await;
    }
    tokio::task::block_in_place(|| whole_way::go(&deployment, &mirror.url()));
    assert_eq!(catalogue(&mut db).await, after, "no program changes the schema");
    let failures: Vec<Option<i32>> =
        sqlx::query_scalar("SELECT crawl_failures FROM host WHERE name = 'mirror.example'")
            .fetch_all(&mut db)
            .await
            .unwrap();
    assert_eq!(failures, [Some(0)], "a crawled host's failures are counted, whatever stood there");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_fresh_database_of_upstreams() {
    the_whole_way(Variant::Fresh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_migrated_database_of_upstreams() {
    the_whole_way(Variant::Migrated).await;
}
