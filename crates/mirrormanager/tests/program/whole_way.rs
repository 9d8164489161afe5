//! A deployment from nothing to an answer, typed on the command line, on both engines.

use testkit::mirror::Mirror;
use testkit::tree::{self, Shape};

use crate::program::{Deployment, ran};
use crate::server::Server;

async fn the_whole_way(deployment: Deployment) {
    let mirror = master_and_mirror(&deployment).await;
    tokio::task::block_in_place(|| {
        prepare(&deployment, "new database, all tables created");
        add_rows(&deployment, &mirror.url());
        go(&deployment, &mirror.url());
    });
}

/// A master tree in the deployment's folder, and a mirror that has all of it.
pub(crate) async fn master_and_mirror(deployment: &Deployment) -> Mirror {
    let master = deployment.path("master");
    std::fs::create_dir(&master).unwrap();
    tree::small(&master, Shape::default()).unwrap();
    Mirror::start(&master).await.unwrap()
}

/// All that is done with a database in which the rows stand.
pub(crate) fn go(deployment: &Deployment, mirror: &str) {
    nothing_is_half_written(deployment);
    run_the_jobs(deployment, mirror);
    old_names(deployment, mirror);
}

/// Settings and `db migrate`, which must say that it `found` this.
pub(crate) fn prepare(deployment: &Deployment, found: &str) {
    let toml = std::fs::read_to_string(deployment.path("mm.toml")).unwrap();
    let toml = format!(
        "{toml}\n[scan]\ncontent_root = \"master\"\n[crawl]\nallowed_networks = [\"127.0.0.0/8\"]\n\
         [cache]\nfile = \"mirrorlist_cache.proto\"\nnames = \"skip\"\n\
         [serve]\ncache = \"mirrorlist_cache.proto\"\nlisten = \"127.0.0.1:0\"\n"
    );
    std::fs::write(deployment.path("mm.toml"), toml).unwrap();
    let migrated = deployment.ok(&["db", "migrate"]);
    assert!(migrated.lines().next().unwrap().ends_with(found), "{migrated}");
    assert!(deployment.ok(&["db", "migrate"]).trim_end().ends_with(": up to date"));
    assert!(deployment.ok(&["db", "check"]).trim_end().ends_with(": as expected"));
    let unreadable = deployment.run(&["scan"]);
    assert_eq!(unreadable.status, 0, "no category, nothing to do: {unreadable:?}");
}

/// What an operator types to set up a deployment.
pub(crate) fn add_rows(deployment: &Deployment, mirror: &str) {
    assert_eq!(deployment.ok(&["product", "add", "Fedora"]), "added product \"Fedora\", id 1\n");
    deployment.ok(&["product", "add", "EPEL"]);
    let linux = ["category", "add", "Fedora Linux", "--product", "Fedora", "--topdir", "pub/fedora/linux"];
    deployment.ok(&linux);
    deployment.ok(&["category", "add", "Fedora EPEL", "--product", "EPEL", "--topdir", "pub/epel/"]);
    assert_eq!(
        deployment.ok(&["category", "list"]),
        "ID  NAME          PRODUCT  TOPDIR\n1   Fedora Linux  Fedora   pub/fedora/linux\n\
         2   Fedora EPEL   EPEL     pub/epel\n"
    );
    deployment.ok(&["site", "add", "Example", "--org-url", "https://example.org/"]);
    assert!(deployment.ok(&["site", "list"]).contains("https://example.org "));
    let host = ["host", "add", "mirror.example", "--site", "Example", "--country", "de", "--asn", "64512"];
    deployment.ok(&host);
    deployment.ok(&["host", "add", "empty.example", "--site", "Example", "--country", "US", "--private"]);
    for category in ["Fedora Linux", "Fedora EPEL"] {
        deployment.ok(&["host", "category", "add", "mirror.example", category]);
    }
    let url = format!("{mirror}/pub/fedora/linux/");
    deployment.ok(&["host", "url", "add", "mirror.example", "Fedora Linux", &url]);
    let url = format!("{mirror}/pub/epel");
    deployment.ok(&["host", "url", "add", "1", "Fedora EPEL", &url]);
    deployment.ok(&["host", "netblock", "add", "mirror.example", "192.0.2.0/24", "--name", "campus"]);
    deployment.ok(&["host", "asn", "add-peer", "mirror.example", "64513"]);
    deployment.ok(&["host", "country", "allow", "empty.example", "us"]);
    deployment.ok(&["netblock", "add", "198.51.100.0/24", "FR"]);
    assert_eq!(
        deployment.ok(&["host", "netblock", "list", "mirror.example"]),
        "ID  NETBLOCK      NOTE\n1   192.0.2.0/24  campus\n"
    );
    let json: serde_json::Value = serde_json::from_str(&deployment.ok(&["--json", "host", "list"])).unwrap();
    assert_eq!(json[0]["name"], "mirror.example");
    assert_eq!(json[0]["country"], "DE");
    assert_eq!(json[1]["private"], true);
}

/// Every wrong input is one line, status 2, and leaves no row behind.
fn nothing_is_half_written(deployment: &Deployment) {
    let state = |deployment: &Deployment| {
        let lists: [&[&str]; 8] = [
            &["product", "list"],
            &["category", "list"],
            &["site", "list"],
            &["host", "list"],
            &["host", "category", "list", "mirror.example"],
            &["host", "url", "list", "mirror.example"],
            &["host", "netblock", "list", "mirror.example"],
            &["netblock", "list"],
        ];
        lists.map(|list| deployment.ok(list))
    };
    let before = state(deployment);
    for (arguments, line) in [
        (
            vec!["host", "category", "add", "empty.example", "Fedora Linus"],
            "error: category \"Fedora Linus\" does not exist; did you mean \"Fedora Linux\"?",
        ),
        (
            vec!["host", "category", "add", "mirrorexample", "Fedora Linux"],
            "did you mean \"mirror.example\"?",
        ),
        (vec!["host", "url", "add", "mirror.example", "Fedora Linux", "gopher://x/y"], "gopher://x/y"),
        (vec!["host", "url", "add", "empty.example", "Fedora Linux", "http://x/y"], "does not carry"),
        (vec!["host", "netblock", "add", "mirror.example", "192.0.2.0/99"], "192.0.2.0/99"),
        (vec!["netblock", "add", "a b", "DE"], "a b"),
        (vec!["netblock", "add", "192.0.2.0/24", "Germany"], "enter two letters"),
        (vec!["product", "add", "Fedora"], "error: product \"Fedora\" exists already"),
        (
            vec!["category", "add", "X", "--product", "Gone", "--topdir", "pub/x"],
            "error: product \"Gone\" does not",
        ),
        (vec!["category", "add", "X", "--product", "Fedora", "--topdir", "pub/../x"], "pub/../x"),
        (
            vec!["host", "add", "x", "--site", "Gone", "--country", "DE"],
            "error: site \"Gone\" does not exist",
        ),
        (vec!["host", "asn", "set", "mirror.example", "4294967295"], "2147483647"),
        (vec!["scan", "--category", "Fedora Linus"], "did you mean \"Fedora Linux\"?"),
        (vec!["crawl", "--category", "Fedora Linus"], "did you mean \"Fedora Linux\"?"),
        (vec!["site", "add", "S", "--password-file", "gone"], "error: cannot read gone: "),
        (vec!["cache", "build", "-o", "gone/cache"], "the folder does not exist"),
        (vec!["cache", "inspect", "gone"], "gone"),
    ] {
        let refused = deployment.refused(&arguments);
        assert!(refused.starts_with("error: ") && refused.contains(line), "{arguments:?}: {refused}");
    }
    assert_eq!(state(deployment), before);
}

fn run_the_jobs(deployment: &Deployment, mirror: &str) {
    let scanned = deployment.ok(&["scan"]);
    assert!(scanned.starts_with("Fedora Linux: "), "{scanned}");
    let again: serde_json::Value = serde_json::from_str(&deployment.ok(&["scan", "--json"])).unwrap();
    assert_eq!(again["unchanged"], true, "{again}");
    assert!(again["categories"][1]["directories"].as_u64().unwrap() > 100, "{again}");

    a_guarded_tree(deployment);
    let crawled: serde_json::Value = serde_json::from_str(&deployment.ok(&["crawl", "--json"])).unwrap();
    assert_eq!(crawled["hosts"][0]["status"], "OK", "{crawled}");
    assert_eq!(crawled["hosts"].as_array().unwrap().len(), 1, "private hosts are not crawled: {crawled}");
    assert_eq!(crawled["hosts"][0]["categories"][0]["status"], "current", "{crawled}");
    let one = deployment.ok(&["crawl", "--host", "mirror.example", "--canary"]);
    assert!(one.contains("mirror.example  OK"), "{one}");

    let built = deployment.ok(&["cache", "build"]);
    assert!(built.starts_with("wrote mirrorlist_cache.proto: "), "{built}");
    let inspected = deployment.ok(&["cache", "inspect"]);
    assert!(inspected.contains("1 hosts listed"), "{inspected}");

    let server = Server::start(deployment.command(&["serve"]), "answering on http://");
    let list = server.ask("/mirrorlist?repo=fedora-42&arch=x86_64");
    assert!(list.contains(&format!("{mirror}/pub/fedora/linux/releases/42/Everything/x86_64/os/")), "{list}");
    let metalink = server.ask("/metalink?repo=epel-9&arch=x86_64");
    assert!(
        metalink.contains(&format!("{mirror}/pub/epel/9/Everything/x86_64/repodata/repomd.xml")),
        "{metalink}"
    );
    assert_eq!(server.stop(), 0);
}

/// A master tree that is not there, or has lost most of itself, changes nothing and has its own status.
fn a_guarded_tree(deployment: &Deployment) {
    let (master, aside) = (deployment.path("master"), deployment.path("aside"));
    std::fs::rename(&master, &aside).unwrap();
    let gone = deployment.run(&["scan", "--delete"]);
    assert_ne!(gone.status, 0, "{gone:?}");
    std::fs::rename(&aside, &master).unwrap();

    let (releases, aside) = (master.join("pub/fedora/linux/releases"), deployment.path("aside"));
    std::fs::rename(&releases, &aside).unwrap();
    let refused = deployment.run(&["scan", "--delete", "--category", "Fedora Linux"]);
    assert_eq!(refused.status, 3, "{refused:?}");
    std::fs::rename(&aside, &releases).unwrap();
    let again: serde_json::Value = serde_json::from_str(&deployment.ok(&["scan", "--json"])).unwrap();
    assert_eq!(again["categories"][0]["deleted"], 0, "{again}");
    assert_eq!(again["categories"][0]["new"], 0, "{again}");
}

/// The old programs do the same work on the same database.
fn old_names(deployment: &Deployment, mirror: &str) {
    let toml: toml::Table = std::fs::read_to_string(deployment.path("mm.toml")).unwrap().parse().unwrap();
    let url = toml["database"]["url"].as_str().unwrap();
    let master = deployment.path("master");
    let sqlalchemy = match url.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:///{path}"),
        None => url.replace("postgresql://", "postgresql+psycopg2://"),
    };
    let config = format!(
        "SQLALCHEMY_DATABASE_URI = '{sqlalchemy}'\nUMDL_PREFIX = '{0}/'\nUMDL_MASTER_DIRECTORIES = [\n\
         {{'type': 'directory', 'path': '{0}/pub/epel/', 'category': 'Fedora EPEL'}},\n\
         {{'type': 'directory', 'path': '{0}/pub/gone', 'category': 'Gone'}},\n]\n",
        master.display()
    );
    std::fs::write(deployment.path("mm2.cfg"), config).unwrap();
    let umdl = |arguments: &[&str]| {
        deployment.run(&[&["mm2_update-master-directory-list", "-c", "mm2.cfg"], arguments].concat())
    };
    let list = umdl(&["--list"]);
    assert_eq!(list.stdout, "1\tFedora Linux\tpub/fedora/linux\n2\tFedora EPEL\tpub/epel\n");
    let scanned = umdl(&["--delete-directories"]);
    assert_eq!((scanned.status, scanned.stdout.as_str()), (0, ""), "{scanned:?}");
    let skipped = "UMDL_MASTER_DIRECTORIES Category Gone does not exist in the database, skipping";
    assert!(scanned.stderr.contains(skipped), "{scanned:?}");
    assert!(scanned.stderr.contains("Fedora EPEL: 113 directories"), "{scanned:?}");
    assert!(!scanned.stderr.contains("Fedora Linux: "), "only what is configured: {scanned:?}");
    let unknown = umdl(&["--category", "Fedora Epel"]);
    assert_eq!(unknown.status, 2, "{unknown:?}");
    assert!(unknown.stderr.starts_with("Error: category \"Fedora Epel\" is neither"), "{unknown:?}");

    let crawler =
        |arguments: &[&str]| deployment.run(&[&["mm2_crawler", "-c", "mm2.cfg"], arguments].concat());
    let refused = crawler(&["crawl"]);
    assert_eq!(refused.status, 0, "a failed host is no failed crawl: {refused:?}");
    assert!(refused.stdout.contains("FAILURE"), "loopback is not allowed here: {refused:?}");
    assert!(refused.stdout.starts_with("    "), "the title stands above the table: {refused:?}");
    assert!(refused.stdout.lines().last().unwrap().starts_with("Crawler finished after "), "{refused:?}");
    let category = crawler(&["--category", "X", "crawl"]);
    assert_eq!(category.status, 2, "{category:?}");
    assert_eq!(
        category.stderr.lines().last(),
        Some("Error: Category X does not exist. Available categories: Fedora Linux, Fedora EPEL")
    );
    let over = crawler(&["--global-timeout", "0", "crawl"]);
    assert_eq!(over.status, 1, "{over:?}");
    assert!(over.stderr.contains("Error: Crawler failed after 0s: maximum run time reached"), "{over:?}");
    assert_eq!(crawler(&["--global-timeout", "0", "--no-fail", "crawl"]).status, 0);

    deployment.ok(&["crawl"]);
    let mut command = deployment.command(&["generate-mirrorlist-cache", "-o", "old.proto", "-c", "gone.cfg"]);
    let built = ran(command.env("DB_URL", url).output().unwrap());
    assert_eq!((built.status, built.stdout.as_str(), built.stderr.as_str()), (0, "", ""));
    assert!(deployment.ok(&["cache", "inspect", "old.proto"]).contains("1 hosts listed"));
    assert!(mirror.starts_with("http://"));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    the_whole_way(Deployment::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql() {
    the_whole_way(Deployment::on(&testkit::postgres::empty_database().await)).await;
}
