//! The whole way with a real client: packages of `rpmbuild`, mirrors behind nginx, our program, and dnf.
//!
//! Everything is done as an operator would do it, by the program's commands, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is the report of a failed test")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use testkit::dnf::{Dnf, Source};
use testkit::nginx::Nginx;
use testkit::rpm_tree::{self, Package, REPOSITORY};

const OLD: Package<'static> = Package { name: "hello", version: "1" };
const NEW: Package<'static> = Package { name: "hello", version: "2" };
const EVIL: Package<'static> = Package { name: "hello", version: "666" };
const CATEGORY: &str = "Fedora Linux";
const TOPDIR: &str = "pub/fedora/linux";

/// The mirrors by their place in front of nginx.
const MIRRORS: [&str; 4] = ["insync", "twin", "stale", "missing"];
const IN_SYNC: usize = 0;
const TWIN: usize = 1;
const STALE: usize = 2;
const MISSING: usize = 3;

/// Our program with a settings file of the test's.
struct Program {
    settings: PathBuf,
}

impl Program {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mirrormanager"));
        command.env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        command.arg("--config").arg(&self.settings).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "mirrormanager {}: {}\n{}{}",
            arguments.join(" "),
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }
}

/// A running `mirrormanager serve`.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(program: &Program) -> Self {
        let mut process = program
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = loop {
            let Some(Ok(line)) = lines.next() else { panic!("serve ended early:\n{}", said.join("\n")) };
            if let Some((_, address)) = line.split_once("answering on http://") {
                break address.split(['"', ' ']).next().unwrap().to_owned();
            }
            said.push(line);
        };
        // Read on, so that it never waits for someone to read what it says.
        std::thread::spawn(move || lines.count());
        Self { process, address }
    }

    fn url(&self, kind: &str) -> String {
        format!("http://{}/{kind}?repo=fedora-42&arch=x86_64", self.address)
    }

    /// The body of the answer for the repository.
    fn get(&self, kind: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET /{kind}?repo=fedora-42&arch=x86_64 HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{answer}");
        body.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The master tree and the folders of the mirrors, each in its state.
struct Trees {
    folder: tempfile::TempDir,
}

impl Trees {
    fn new() -> Self {
        let trees = Self { folder: tempfile::tempdir().unwrap() };
        rpm_tree::publish(&trees.path("master"), &[OLD], 1_795_000_000);
        rpm_tree::copy(&trees.path("master"), &trees.path("stale"));
        fs::create_dir_all(trees.path("missing").join(TOPDIR).join("releases")).unwrap();
        trees
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new package on the master; two of the mirrors take it.
    fn publish(&self) {
        rpm_tree::publish(&self.path("master"), &[NEW], 1_795_086_400);
        for name in ["insync", "twin"] {
            rpm_tree::copy(&self.path("master"), &self.path(name));
        }
    }
}

fn settings(trees: &Trees, database: &str) -> Program {
    let file = trees.path("mirrormanager.toml");
    let cache = trees.path("cache.proto");
    let text = format!(
        "[database]\nurl = {database:?}\n[log]\nlevel = \"warn\"\n[scan]\ncontent_root = {:?}\n\
         [crawl]\nallowed_networks = [\"127.0.0.0/8\"]\n\
         [cache]\nfile = {cache:?}\nnames = \"skip\"\n\
         [serve]\ncache = {cache:?}\nwatch_seconds = 1\nsettle_seconds = 0\n",
        trees.path("master")
    );
    fs::write(&file, text).unwrap();
    Program { settings: file }
}

fn set_up(program: &Program, nginx: &Nginx) {
    program.run(&["db", "migrate"]);
    program.run(&["product", "add", "Fedora"]);
    program.run(&["category", "add", CATEGORY, "--product", "Fedora", "--topdir", TOPDIR]);
    program.run(&["site", "add", "Example"]);
    for (at, name) in MIRRORS.iter().enumerate() {
        program.run(&["host", "add", name, "--site", "Example", "--country", "DE"]);
        program.run(&["host", "category", "add", name, CATEGORY]);
        program.run(&["host", "url", "add", name, CATEGORY, &format!("{}/{TOPDIR}", nginx.url(at))]);
    }
}

/// `makecache`, `list` and `download` as a user would.
fn use_repository(source: Source<'_>, master: &Path) {
    let dnf = Dnf::new(source);
    dnf.makecache().expect_success();
    assert_eq!(dnf.list(), ["hello.noarch 2-1"], "by {source:?}");
    let file = dnf.download("hello");
    assert_eq!(file.file_name().unwrap().to_str(), Some(NEW.file_name().as_str()));
    let published = master.join(REPOSITORY).join("Packages/h").join(NEW.file_name());
    assert_eq!(fs::read(file).unwrap(), fs::read(published).unwrap());
}

fn story(database: &str) {
    let trees = Trees::new();
    for name in ["insync", "twin"] {
        fs::create_dir_all(trees.path(name)).unwrap();
    }
    let folders = MIRRORS.map(|name| trees.path(name));
    let nginx = Nginx::serve(&folders.each_ref().map(PathBuf::as_path));
    let program = settings(&trees, database);
    set_up(&program, &nginx);
    program.run(&["scan"]);
    trees.publish();
    program.run(&["scan"]);
    program.run(&["crawl"]);
    program.run(&["cache", "build"]);
    let server = Server::start(&program);

    // Only the mirrors that hold the newest metadata are named, in both kinds of answer.
    for kind in ["metalink", "mirrorlist"] {
        let answer = server.get(kind);
        let named = |at| answer.contains(&format!("{}/{REPOSITORY}/", nginx.url(at)));
        assert!(named(IN_SYNC) && named(TWIN) && !named(STALE) && !named(MISSING), "{answer}");
    }

    // dnf gets along with both, and bothers none of the others.
    let asked = || [STALE, MISSING].map(|at| nginx.requests(at).len());
    let before = asked();
    use_repository(Source::Metalink(&server.url("metalink")), &trees.path("master"));
    use_repository(Source::Mirrorlist(&server.url("mirrorlist")), &trees.path("master"));
    assert_eq!(asked(), before, "a mirror without the content was asked");
    let package = format!("GET /{REPOSITORY}/Packages/h/{} 200", NEW.file_name());
    eventually("two downloads from the mirrors that have it", || {
        nginx.count(IN_SYNC, &package) + nginx.count(TWIN, &package) == 2
    });

    tampered_metadata(&trees, &nginx, &program, &server);
}

/// After the crawl a mirror is given metadata of its own, which name a package that the master never had. The
/// client's own network prefers that mirror, so it is always asked first.
fn tampered_metadata(trees: &Trees, nginx: &Nginx, program: &Program, server: &Server) {
    rpm_tree::publish(&trees.path("twin"), &[EVIL], 1_795_172_800);
    program.run(&["host", "netblock", "add", MIRRORS[TWIN], "127.0.0.0/8"]);
    program.run(&["cache", "build"]);
    eventually("the server takes the new cache", || {
        server.get("mirrorlist").contains("Using preferred netblock")
    });
    let repomd = format!("GET /{REPOSITORY}/repodata/repomd.xml 200");

    // A plain list proves nothing: the client believes whoever is first. This shows that the mirror is.
    let trusting = Dnf::new(Source::Mirrorlist(&server.url("mirrorlist")));
    trusting.makecache().expect_success();
    assert!(trusting.list().contains(&"hello.noarch 666-1".to_owned()));

    // A metalink says which metadata are right: those are refused and the next mirror's are taken.
    let before = [TWIN, IN_SYNC].map(|at| nginx.count(at, &repomd));
    use_repository(Source::Metalink(&server.url("metalink")), &trees.path("master"));
    nginx.wait_for(TWIN, &repomd, before[0] + 1);
    nginx.wait_for(IN_SYNC, &repomd, before[1] + 1);
}

/// Waits for what another process does in its own time.
fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not happen that: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn dnf_gets_the_package_from_the_mirror_that_has_it_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    story(&format!("sqlite:{}", folder.path().join("mm.db").display()));
}

#[test]
fn dnf_gets_the_package_from_the_mirror_that_has_it_on_postgresql() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    story(&runtime.block_on(testkit::postgres::empty_database()));
}
