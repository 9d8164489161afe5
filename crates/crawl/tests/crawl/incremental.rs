//! A crawl that builds on earlier ones, from the database to the mirror and back.

use crawl::Mode;
use crawl::explain::explain;
use model::clock::FixedClock;
use model::ids::HostId;
use testkit::mirror::Mirror;
use testkit::stores::each;

use crate::scene::{ALL, NOW, Scene};

/// Base URL, a file that does not exist, `repomd.xml`, one file of each of the two other directories that have any.
const LITTLE: usize = 5;
/// Likewise, but all files: two of `repodata`, two packages, one at the top.
const EVERYTHING: usize = 7;

fn asked(mirror: &Mirror) -> usize {
    let count = mirror.count();
    mirror.forget();
    count
}

#[tokio::test]
async fn what_was_proven_is_not_asked_again_until_something_speaks_against_it() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        scene.crawl_mode(Mode::Incremental).await;
        assert_eq!(asked(&mirror), LITTLE);
        scene.crawl_mode(Mode::Full).await;
        assert_eq!(asked(&mirror), EVERYTHING, "everything is asked when that is wanted");

        // Somebody else wrote into the database.
        scene.sql("UPDATE host_category_dir SET up2date = FALSE WHERE path = '/repo/Packages'").await;
        scene.crawl_mode(Mode::Incremental).await;
        assert_eq!((asked(&mirror), scene.listed(10).await), (LITTLE + 1, ALL.map(String::from).to_vec()));

        // The master has changed, and then the mirror follows (here: the master goes back).
        scene.expect(4, &[("a.rpm", 51), ("b.rpm", 50)]).await;
        scene.crawl_mode(Mode::Incremental).await;
        assert_eq!(asked(&mirror), LITTLE, "the first package is wrong, so the second is not asked");
        assert_eq!(scene.listed(10).await, ["", "/empty", "/repo", "/repo/repodata"]);
        scene.expect(4, &[("a.rpm", 50), ("b.rpm", 50)]).await;
        scene.crawl_mode(Mode::Incremental).await;
        assert_eq!((asked(&mirror), scene.listed(10).await), (LITTLE + 1, ALL.map(String::from).to_vec()));

        // Another URL is another place.
        scene.sql("UPDATE host_category_url SET url = url || '/'").await;
        scene.crawl_mode(Mode::Incremental).await;
        assert_eq!(asked(&mirror), EVERYTHING);

        // The mirror has lost what stands for others.
        std::fs::remove_file(mirror.folder().join("pub/test/top.txt")).unwrap();
        scene.crawl_mode(Mode::Incremental).await;
        // What was looked into is asked again as a whole: repodata, packages and the top.
        assert_eq!(asked(&mirror), LITTLE + 2 + 2 + 1);
        assert_eq!(scene.listed(10).await, ["/empty", "/repo", "/repo/Packages", "/repo/repodata"]);
    })
    .await;
}

#[tokio::test]
async fn it_can_be_explained() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        mirror.behave_at("/pub/test/top.txt", testkit::mirror::Behaviour::Status(404));
        scene.crawl_mode(Mode::Incremental).await;
        mirror.forget();
        let resolver = probe::TableResolver::default();
        let ask = async |host: i32, directory: Option<&str>| {
            let clock = FixedClock::at(NOW);
            let world = (&resolver as &dyn probe::Resolver, &clock as &dyn model::clock::Clock, 1);
            explain(&scene.store, &scene.settings, world, HostId(host), directory).await.unwrap()
        };
        assert_eq!(ask(7, None).await, None);
        let all = ask(1, None).await.unwrap();
        assert_eq!(all.len(), 1);
        let summary = "Test is not complete: 1 of 5 directories not current: pub/test/top.txt: status 404";
        assert_eq!(all[0].summary, summary);
        assert_eq!((all[0].current, all[0].not_current, all[0].unproven), (4, 1, 0));
        assert_eq!((all[0].void.as_ref(), all[0].addresses.len()), (None, 1));
        assert_eq!(all[0].next.values().sum::<usize>(), 3, "{:?}", all[0].next);
        let top = ask(1, Some("pub/test")).await.unwrap()[0].directory.clone().unwrap();
        assert_eq!((top.listed, top.believed.as_str()), (false, "stale, 1 times in a row"));
        assert_eq!(top.next.as_deref(), Some("it was not current"));
        assert_eq!(top.bad.unwrap().file.as_deref(), Some("top.txt"));
        let packages = ask(1, Some("pub/test/repo/Packages")).await.unwrap()[0].directory.clone().unwrap();
        assert_eq!(
            (packages.listed, packages.believed.as_str(), packages.method),
            (true, "current", Some("http"))
        );
        assert!(ask(1, Some("pub/test/secret")).await.unwrap().is_empty());
        assert_eq!(mirror.count(), 0, "nothing was asked");
    })
    .await;
}
