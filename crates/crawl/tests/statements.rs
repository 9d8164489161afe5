//! A crawl without news costs the database next to nothing. A program of its own, because it counts
//! the statements of the whole process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(unreachable_pub, dead_code, reason = "a module shared by test programs")]

mod scene;

use std::sync::{Arc, Mutex};

use scene::{ALL, Scene};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Keeps the text of every statement that sqlx reports.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Text(String);
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if matches!(field.name(), "summary" | "db.statement") {
                    self.0.push_str(&format!("{value:?} "));
                }
            }
        }
        if event.metadata().target() == "sqlx::query" {
            let mut text = Text(String::new());
            event.record(&mut text);
            self.0.lock().unwrap().push(text.0);
        }
    }
}

impl Statements {
    fn take(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.0.lock().unwrap());
        // With the last one a transaction begins on SQLite, which has no statistics of its own.
        let frames = ["\"PRAGMA", "\"SET ", "\"BEGIN", "\"COMMIT", "\"SELECT rows FROM mm3_written\""];
        all.into_iter().filter(|text| !frames.iter().any(|frame| text.starts_with(frame))).collect()
    }
}

#[tokio::test]
async fn a_second_crawl_writes_no_row_with_few_statements() {
    let statements = Statements::default();
    tracing_subscriber::registry().with(statements.clone()).init();
    testkit::stores::each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.mirror("m").await;
        scene.host(1, &[Scene::base(&mirror)]).await;
        statements.take();
        scene.crawl_one().await;
        let first = statements.take();
        assert!(
            first.iter().any(|text| text.contains("host_category_dir") && text.contains("INSERT")),
            "{first:#?}"
        );
        scene.crawl_one().await;
        let second = statements.take();
        let writes = |table: &str| {
            second
                .iter()
                .filter(|text| text.contains(table) && !text.trim_start_matches('"').starts_with("SELECT"))
                .count()
        };
        assert_eq!(writes("host_category_dir"), 0, "{second:#?}");
        assert_eq!(writes("mm3_change"), 0, "{second:#?}");
        assert_eq!(scene.listed(10).await, ALL);
        // Of the run: categories, hosts, directories, digests. Of the host: its row, its true rows, its evidence, the
        // lock, its rows, the kept result, its new evidence, its books. Not counted: the frames of transactions.
        assert!(second.len() <= 4 + 8, "{second:#?}");
    })
    .await;
}
