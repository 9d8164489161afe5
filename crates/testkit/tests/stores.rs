//! The throw-away stores themselves.

#[tokio::test]
async fn each_engine_gives_a_migrated_store() {
    testkit::stores::each(|store| async move {
        assert!(store.has_own_tables());
        assert!(store.table_exists("host_category_dir").await.unwrap());
    })
    .await;
}
