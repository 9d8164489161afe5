//! Writing crawl verdicts, on every kind of database.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use model::activity::CrawlScope;
use model::evidence::{Evidence, Method, Record, Standing};
use model::fingerprint::Fingerprint;
use model::ids::{CategoryId, DirectoryId, HostCategoryId, HostId};
use sea_orm::ConnectionTrait;
use store::Store;
use store::crawl_hosts::{self, Books, HostFilter, Outcome, Rows};
use store::evidence::{self, Keep, Located};
use store::outbox;
use store::sql::Sql;
use store::verdicts::{self, Bad, Counts, CrawlResult, Proven, Rest, State, Verdicts};
use testkit::stores::{each_variant, upstream};
use testkit::upstream::Variant;

async fn sql(store: &Store, text: &str) {
    let tx = store.begin_write().await.unwrap();
    tx.db().execute_unprepared(text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
    tx.commit().await.unwrap();
}

async fn count(store: &Store, text: &'static str) -> i64 {
    let statement = Sql::same(text).with(store.engine(), []);
    store.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Site 1, hosts 1 and 2, category 1, host categories 1 and 2, directories 1 to `directories`.
async fn fill(store: &Store, directories: i32) {
    for text in [
        "INSERT INTO site (id, name, private, admin_active, user_active, created_at, created_by, \
         all_sites_can_pull_from_me, email_on_drop, email_on_add) \
         VALUES (1, 's', FALSE, TRUE, TRUE, '2020-01-01 00:00:00.000000', 'me', FALSE, FALSE, FALSE)",
        "INSERT INTO product (id, name, publiclist) VALUES (1, 'p', TRUE)",
        "INSERT INTO category (id, name, publiclist, product_id) VALUES (1, 'c', TRUE, 1)",
    ] {
        sql(store, text).await;
    }
    let values: Vec<String> = (1..=directories).map(|id| format!("({id}, 'd{id}', TRUE)")).collect();
    for chunk in values.chunks(10_000) {
        sql(store, &format!("INSERT INTO directory (id, name, readable) VALUES {}", chunk.join(", "))).await;
    }
    for id in 1..=2 {
        sql(
            store,
            &format!(
                "INSERT INTO host (id, name, site_id, admin_active, user_active, country, private, internet2, \
                 internet2_clients, asn_clients, max_connections, crawl_failures) VALUES \
                 ({id}, 'h{id}', 1, TRUE, TRUE, 'US', FALSE, FALSE, FALSE, TRUE, 1, 0)"
            ),
        )
        .await;
        let text = format!(
            "INSERT INTO host_category (id, host_id, category_id, always_up2date) VALUES ({id}, {id}, 1, FALSE)"
        );
        sql(store, &text).await;
    }
}

fn proven(id: i32, state: State) -> Proven {
    Proven { directory: DirectoryId(id), path: format!("/d{id}"), state }
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn bad() -> Bad {
    Bad { directory: "pub/d".into(), file: Some("f".into()), reason: "status 404".into() }
}

fn result() -> CrawlResult {
    CrawlResult {
        status: "stale".into(),
        reason: Some("why".into()),
        started_at: time(1_000),
        finished_at: time(2_000),
        current: 1,
        stale: 2,
        unknown: 3,
        requests: 4,
        bytes: 5,
        behind_since: Some(1_500),
        bad: vec![bad()],
    }
}

async fn write(store: &Store, host_category: i32, list: &[Proven], rest: Rest) -> Option<Counts> {
    let verdicts = Verdicts {
        host_category: HostCategoryId(host_category),
        scope: CrawlScope::default(),
        true_at_start: &HashSet::new(),
        proven: list,
        rest,
        result: &result(),
        evidence: Keep::Old,
    };
    verdicts::write(store, &verdicts).await.unwrap()
}

#[tokio::test]
async fn many_directories_in_few_statements() {
    each_variant(async |store| {
        let many = 20_000;
        fill(&store, many).await;
        let mut list: Vec<Proven> = (1..=many).map(|id| proven(id, State::Current)).collect();
        let counts = write(&store, 1, &list, Rest::False).await.unwrap();
        assert_eq!(counts.created, 20_000);
        assert_eq!(
            write(&store, 1, &list, Rest::False).await.unwrap(),
            Counts { unchanged: 20_000, ..Counts::default() }
        );
        for one in list.iter_mut().step_by(2) {
            one.state = State::Stale;
        }
        let counts = write(&store, 1, &list, Rest::False).await.unwrap();
        assert_eq!((counts.not_up2date, counts.unchanged), (10_000, 10_000));
        assert_eq!(count(&store, "SELECT COUNT(*) FROM host_category_dir WHERE up2date").await, 10_000);
        // Another host's rows are not touched, whatever happens to these.
        write(&store, 2, &list[..1], Rest::False).await;
        assert_eq!(write(&store, 1, &[], Rest::False).await.unwrap().cleared, 10_000);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM mm3_crawl_result WHERE requests = 4").await, 2);
    })
    .await;
}

#[tokio::test]
async fn rows_of_both_writers_become_one_in_the_crawlers_form() {
    each_variant(async |store| {
        fill(&store, 3).await;
        sql(
            &store,
            "INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) VALUES \
             (1, 'd1', FALSE, 1), (1, '/d1', TRUE, 1), (1, 'd2', TRUE, NULL), (1, 'd3', TRUE, 3)",
        )
        .await;
        let list = [proven(1, State::Current), proven(2, State::Stale), proven(3, State::Current)];
        let counts = write(&store, 1, &list, Rest::Keep).await.unwrap();
        assert_eq!((counts.merged, counts.created, counts.not_up2date, counts.unchanged), (1, 0, 1, 2));
        let text = "SELECT COUNT(*) FROM host_category_dir WHERE (path, directory_id, up2date) IN \
                    (VALUES ('/d1', 1, TRUE), ('/d2', 2, FALSE), ('/d3', 3, TRUE))";
        assert_eq!(count(&store, text).await, 3);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM host_category_dir").await, 3);
    })
    .await;
}

#[tokio::test]
async fn what_has_gone_meanwhile_is_no_error() {
    each_variant(async |store| {
        fill(&store, 2).await;
        let list = [proven(1, State::Current), proven(99, State::Current)];
        write(&store, 1, &list, Rest::False).await.unwrap();
        assert_eq!(count(&store, "SELECT COUNT(*) FROM host_category_dir").await, 1);
        assert_eq!(write(&store, 99, &list, Rest::False).await, None);
        sql(&store, "UPDATE site SET private = TRUE").await;
        assert_eq!(write(&store, 1, &[], Rest::False).await, None);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM host_category_dir WHERE up2date").await, 1);
    })
    .await;
}

#[tokio::test]
async fn two_crawls_of_one_host_at_once_leave_one_row_each() {
    each_variant(async |store| {
        fill(&store, 50).await;
        let list: Vec<Proven> = (1..=50).map(|id| proven(id, State::Current)).collect();
        let one = || async {
            for _ in 0..5 {
                write(&store, 1, &list, Rest::False).await.unwrap();
            }
        };
        tokio::join!(one(), one(), one());
        assert_eq!(count(&store, "SELECT COUNT(*) FROM host_category_dir WHERE up2date").await, 50);
    })
    .await;
}

#[tokio::test]
async fn hosts_are_selected_loaded_and_closed() {
    each_variant(async |store| {
        fill(&store, 2).await;
        sql(&store, "INSERT INTO host_category_url (host_category_id, url, private) VALUES (1, 'http://b', TRUE), (1, 'http://a', FALSE)").await;
        sql(&store, "INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) VALUES (1, '/d1', TRUE, 1), (1, '/d2', FALSE, 2)").await;
        sql(&store, "UPDATE host SET last_crawl_duration = 9 WHERE id = 2").await;
        sql(&store, "UPDATE host SET asn = 64500 WHERE id = 1").await;
        sql(&store, "INSERT INTO site_admin (site_id, username) VALUES (1, 'alice'), (1, NULL), (1, 'bob')").await;
        let filter = HostFilter { categories: vec![CategoryId(1)], ..HostFilter::default() };
        let ids: Vec<i32> = crawl_hosts::select(&store, &filter).await.unwrap().iter().map(|h| h.id.0).collect();
        assert_eq!(ids, [1, 2]);
        let filter = HostFilter { categories: vec![CategoryId(2)], ..HostFilter::default() };
        assert!(crawl_hosts::select(&store, &filter).await.unwrap().is_empty());

        let host = crawl_hosts::load(&store, HostId(1), CrawlScope::default()).await.unwrap().unwrap();
        assert_eq!(host.categories.len(), 1);
        let urls: Vec<&str> = host.categories[0].urls.iter().map(|url| url.url.as_str()).collect();
        assert_eq!(urls, ["http://b", "http://a"], "by row id, private ones too");
        assert_eq!(host.true_rows.len(), 1);
        assert_eq!(host.categories[0].listed, HashSet::from([1]));
        let books = Books {
            outcome: Outcome::Failed,
            rows: Rows::AllFalse,
            finished_at: time(3_000),
            duration_seconds: Some(12),
            auto_disable: 2,
            announce: true,
        };
        let booked = crawl_hosts::close(&store, &host, &books).await.unwrap();
        assert_eq!((booked.failures, booked.rows_cleared, booked.disabled), (1, 1, None));
        let booked = crawl_hosts::close(&store, &host, &books).await.unwrap();
        assert_eq!((booked.failures, booked.rows_cleared), (2, 0));
        let reason = "Host has been disabled (user_active) after 2 consecutive crawl failures";
        assert_eq!(booked.disabled.as_deref(), Some(reason));
        let events = outbox::waiting(&store, 10).await.unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].topic.as_str(), events[0].created_at), (outbox::HOST_DISABLED, 3_000));
        let body = serde_json::json!({
            "site": {"id": 1, "name": "s", "org_url": null, "admins": ["alice", "bob"]},
            "host": {"id": 1, "name": "h1", "country": "US", "bandwidth": null, "asn": 64500},
            "crawled_at": "1970-01-01T00:50:00.000000+00:00",
            "reason": reason,
        });
        assert_eq!(events[0].body, body);
        outbox::sent(&store, events[0].id).await.unwrap();
        assert!(outbox::waiting(&store, 10).await.unwrap().is_empty());
        assert_eq!(crawl_hosts::load(&store, HostId(1), CrawlScope::default()).await.unwrap(), None);
        assert_eq!(count(&store, "SELECT last_crawl_duration FROM host WHERE id = 1").await, 12);
        // A third time there is nothing left to switch off, and no reason is overwritten.
        sql(&store, "UPDATE host SET disable_reason = 'by hand' WHERE id = 1").await;
        assert_eq!(crawl_hosts::close(&store, &host, &books).await.unwrap().disabled, None);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM host WHERE disable_reason = 'by hand'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_database_without_our_tables_is_enough() {
    for variant in [Variant::Fresh, Variant::Migrated] {
        let store = upstream(variant, 6).await;
        assert!(!store.has_own_tables());
        fill(&store, 2).await;
        if matches!(variant, Variant::Migrated) {
            sql(&store, "UPDATE host SET crawl_failures = NULL").await;
        }
        let counts = write(&store, 1, &[proven(1, State::Current)], Rest::False).await.unwrap();
        assert_eq!(counts.created, 1);
        let host = crawl_hosts::load(&store, HostId(1), CrawlScope::default()).await.unwrap().unwrap();
        let books = Books {
            outcome: Outcome::Failed,
            rows: Rows::Keep,
            finished_at: time(3_000),
            duration_seconds: None,
            auto_disable: 4,
            announce: true,
        };
        assert_eq!(crawl_hosts::close(&store, &host, &books).await.unwrap().failures, 1);
        store.close().await;
    }
}

fn located() -> Located {
    let record = |directory| Record {
        directory: DirectoryId(directory),
        fingerprint: Fingerprint(u64::MAX - 1),
        checked_at: 1_800_000_000,
        method: Method::Http,
        standing: Standing::Current,
    };
    Located {
        url: "http://m/pub".into(),
        addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        evidence: Evidence::new(1_800_000_001, vec![record(2), record(1)]),
    }
}

#[tokio::test]
async fn evidence_comes_with_the_verdicts_and_goes_with_the_host() {
    each_variant(async |store| {
        fill(&store, 2).await;
        let id = HostCategoryId(1);
        let (located, result, none) = (located(), result(), HashSet::new());
        let mut verdicts = Verdicts {
            host_category: id,
            scope: CrawlScope::default(),
            true_at_start: &none,
            proven: &[],
            rest: Rest::Keep,
            result: &result,
            evidence: Keep::New(&located),
        };
        assert_eq!(evidence::load(&store, id).await.unwrap(), None);
        verdicts::write(&store, &verdicts).await.unwrap();
        assert_eq!(evidence::load(&store, id).await.unwrap(), Some(located.clone()));
        let empty = Located::default();
        for (keep, expected) in
            [(Keep::Old, Some(&located)), (Keep::New(&empty), Some(&empty)), (Keep::Nothing, None)]
        {
            verdicts.evidence = keep;
            verdicts::write(&store, &verdicts).await.unwrap();
            assert_eq!(evidence::load(&store, id).await.unwrap().as_ref(), expected);
        }
        // A host that is switched off is asked about everything when it comes back.
        verdicts.evidence = Keep::New(&located);
        verdicts::write(&store, &verdicts).await.unwrap();
        let host = crawl_hosts::load(&store, HostId(1), CrawlScope::default()).await.unwrap().unwrap();
        let mut books = Books {
            outcome: Outcome::Failed,
            rows: Rows::Keep,
            finished_at: time(3_000),
            duration_seconds: None,
            auto_disable: 2,
            announce: true,
        };
        crawl_hosts::close(&store, &host, &books).await.unwrap();
        assert!(evidence::load(&store, id).await.unwrap().is_some());
        books.finished_at = time(4_000);
        crawl_hosts::close(&store, &host, &books).await.unwrap();
        assert_eq!(evidence::load(&store, id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn damaged_evidence_is_no_evidence() {
    each_variant(async |store| {
        fill(&store, 1).await;
        sql(&store, "INSERT INTO mm3_evidence (host_category_id, data) VALUES (1, 'MMEx')").await;
        assert_eq!(evidence::load(&store, HostCategoryId(1)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_a_crawl_found_out_can_be_read_again() {
    each_variant(async |store| {
        fill(&store, 1).await;
        assert_eq!(verdicts::result(&store, HostCategoryId(1)).await.unwrap(), None);
        write(&store, 1, &[], Rest::Keep).await;
        assert_eq!(verdicts::result(&store, HostCategoryId(1)).await.unwrap(), Some(result()));
    })
    .await;
}
