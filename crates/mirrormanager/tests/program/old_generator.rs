//! `generate-mirrorlist-cache` by its old name, on the database that the recorded cache was made of.

use snapshot::proto;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use testkit::upstream::{self, Variant};

use crate::program::{Deployment, Ran, ran};
use crate::recorded::{as_recorded, rules};

const FIXTURE: &str = include_str!("../../../cache/tests/data/generate-cache/fixture.sql");
const EXPECTED: &str = include_str!("../../../cache/tests/data/generate-cache/expected.json");

async fn run_sql(url: &str, sql: &str) {
    let mut db = PgConnection::connect(url).await.unwrap();
    db.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    db.close().await.unwrap();
}

/// A database as only upstream's programs have seen it, with the fixture, and the URL of a role that may only
/// read it.
async fn fixture(variant: Variant, role: &str) -> String {
    let url = testkit::postgres::empty_database().await;
    upstream::create(&url, variant, 6).await;
    run_sql(&url, FIXTURE).await;
    run_sql(
        &url,
        &format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"),
    )
    .await;
    url.replace("user=mm", &format!("user={role}"))
}

fn generate(deployment: &Deployment, url: &str, arguments: &[&str]) -> Ran {
    let mut command = deployment.command(&[&["generate-mirrorlist-cache"], arguments].concat());
    ran(command.env("DB_URL", url).output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_database_gives_the_recorded_file() {
    for (variant, role) in [(Variant::Fresh, "generator_fresh"), (Variant::Migrated, "generator_migrated")] {
        let url = fixture(variant, role).await;
        let deployment = Deployment::sqlite();
        let quiet = generate(&deployment, &url, &["-ocache", "--config=gone", "stray"]);
        assert_eq!((quiet.status, quiet.stdout.as_str(), quiet.stderr.as_str()), (0, "", ""));
        let database = format!("database.url={url}");
        deployment.ok(&["cache", "build", "-o", "ours", "--set", &database]);
        for (file, further) in [("cache", rules::UPSTREAM), ("ours", rules::NATIVE)] {
            let cache = proto::read(&deployment.path(file)).unwrap();
            let mut expected: serde_json::Value = serde_json::from_str(EXPECTED).unwrap();
            rules::BOTH.iter().chain(further).for_each(|rule| rule(&mut expected));
            assert_eq!(as_recorded(&cache), expected, "{file}, {variant:?}");
        }
        // Again into the same file, the last flag wins; nothing is kept beside it.
        let again = generate(&deployment, &url, &["-o", "x", "--outfile", "cache", "-d", "-d"]);
        assert!(again.status == 0 && again.stdout.contains("cache"), "{again:?}");
        assert!(!deployment.path("x").exists() && !deployment.path("cache.1").exists());
    }
}
