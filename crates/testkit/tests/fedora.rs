//! The made-up database at scale.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use store::{ConnectOptions, Store};
use testkit::{fedora, postgres};

async fn number(url: &str, sql: &str) -> i64 {
    let mut db = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut db).await.unwrap()
}

async fn filled(scale: f64) -> String {
    let url = postgres::migrated_database().await;
    fedora::fill(&url, scale).await;
    url
}

#[tokio::test]
async fn rows_are_right_though_no_key_was_checked_and_the_same_every_time() {
    let url = filled(0.003).await;
    // Whatever refers to a row refers to one that is there.
    let mut db = PgConnection::connect(&url).await.unwrap();
    let dangling: Vec<String> = sqlx::query_scalar(
        "SELECT format('SELECT count(*) FROM %s a WHERE a.%I IS NOT NULL AND NOT EXISTS (SELECT FROM %s b WHERE b.%I = a.%I)', \
         conrelid::regclass, f.attname, confrelid::regclass, t.attname, f.attname) FROM pg_constraint \
         JOIN pg_attribute f ON f.attrelid = conrelid AND f.attnum = conkey[1] \
         JOIN pg_attribute t ON t.attrelid = confrelid AND t.attnum = confkey[1] \
         WHERE contype = 'f' AND cardinality(conkey) = 1",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(dangling.len() > 20);
    for query in dangling {
        assert_eq!(number(&url, &query).await, 0, "{query}");
    }
    // The indexes that were put aside are back.
    let indexes =
        "SELECT count(*) FROM pg_index WHERE indrelid = 'host_category_dir'::regclass AND indisvalid";
    let empty = postgres::migrated_database().await;
    assert_eq!(number(&url, indexes).await, number(&empty, indexes).await);
    let hash = "SELECT (sum(hashtextextended(t::text, 0)) % 1000000007)::bigint FROM \
                (SELECT host_category_id, path, up2date, directory_id FROM host_category_dir) t";
    assert_eq!(number(&url, hash).await, number(&filled(0.003).await, hash).await);
}

#[tokio::test]
async fn a_night_changes_its_part_and_is_in_the_change_log() {
    let url = filled(0.01).await;
    let store = Store::connect(&url, &ConnectOptions::default()).await.unwrap();
    let generations = "SELECT count(*) FROM file_detail WHERE filename = 'repomd.xml'";
    let before = number(&url, generations).await;
    let concerned = fedora::change(&store, 10, 1).await;
    // Sixty directories each of one in ten of the 27 repositories.
    assert_eq!(concerned, 120);
    assert_eq!(number(&url, generations).await - before, concerned as i64 / 60);
    // Not by a reader of the log, who waits for every older transaction of the server to end.
    let noted = |subject| {
        format!("SELECT count(*) FROM mm3_change WHERE subject = '{subject}' AND directories LIKE '[%'")
    };
    assert!(number(&url, &noted("category")).await > 0);
    assert!(number(&url, &noted("host_category")).await > 20);
    // The next night is another's.
    assert_eq!(fedora::change(&store, 10, 2).await, 120);
    // At least one.
    assert_eq!(fedora::change(&store, 1000, 3).await, 60);
}
