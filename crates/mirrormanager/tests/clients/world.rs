//! A master, four mirrors behind nginx, and our program answering about them. Everything is done as an operator
//! would do it, by the program's commands.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use testkit::nginx::Nginx;
use testkit::rpm_tree::{self, Package, REPOSITORY};

pub(crate) const OLD: Package<'static> = Package { name: "hello", version: "1" };
pub(crate) const NEW: Package<'static> = Package { name: "hello", version: "2" };
const EVIL: Package<'static> = Package { name: "hello", version: "666" };
const CATEGORY: &str = "Fedora Linux";
const TOPDIR: &str = "pub/fedora/linux";

/// A large file with a checksum file beside it.
pub(crate) const IMAGE: &str = "pub/fedora/linux/releases/42/Everything/x86_64/iso/Fedora-42-x86_64.iso";

/// The mirrors by their place in front of nginx.
pub(crate) const MIRRORS: [&str; 4] = ["insync", "twin", "stale", "missing"];
pub(crate) const IN_SYNC: usize = 0;
pub(crate) const TWIN: usize = 1;
pub(crate) const STALE: usize = 2;
pub(crate) const MISSING: usize = 3;

/// What is where.
pub(crate) struct World {
    pub(crate) nginx: Nginx,
    pub(crate) server: Server,
    program: Program,
    folder: tempfile::TempDir,
}

impl World {
    /// Two mirrors have all that the master has, one is a release behind, one has nothing; they were checked.
    pub(crate) fn new(database: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        rpm_tree::publish(&path("master"), &[OLD], 1_795_000_000);
        rpm_tree::copy(&path("master"), &path("stale"));
        fs::create_dir_all(path("missing").join(TOPDIR).join("releases")).unwrap();
        for name in ["insync", "twin"] {
            fs::create_dir_all(path(name)).unwrap();
        }
        let folders = MIRRORS.map(path);
        let nginx = Nginx::serve(&folders.each_ref().map(PathBuf::as_path));
        let program = Program::new(folder.path(), database);
        set_up(&program, &nginx);
        program.run(&["scan"]);
        publish_new(folder.path());
        program.run(&["scan"]);
        program.run(&["crawl"]);
        program.run(&["cache", "build"]);
        let server = Server::start(&program);
        Self { nginx, server, program, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of the master or of a mirror.
    pub(crate) fn read(&self, tree: &str, file: &str) -> Vec<u8> {
        fs::read(self.path(tree).join(file)).unwrap()
    }

    /// After the crawl a mirror is given metadata of its own, which name a package that the master never had.
    pub(crate) fn tamper_with_metadata(&self) {
        rpm_tree::publish(&self.path(MIRRORS[TWIN]), &[EVIL], 1_795_172_800);
    }

    /// The client's own network prefers the mirror [`TWIN`] from now on, so that it is always asked first.
    pub(crate) fn prefer_twin(&self) {
        self.program.run(&["host", "netblock", "add", MIRRORS[TWIN], "127.0.0.0/8"]);
        self.program.run(&["cache", "build"]);
        eventually("the server takes the new cache", || {
            self.server.get("mirrorlist").contains("Using preferred netblock")
        });
    }
}

/// A new package and an image on the master; two of the mirrors take them.
fn publish_new(folder: &Path) {
    let master = folder.join("master");
    rpm_tree::publish(&master, &[NEW], 1_795_086_400);
    rpm_tree::image(&master.join(IMAGE), 3 << 20, 1_795_086_400);
    for name in ["insync", "twin"] {
        rpm_tree::copy(&master, &folder.join(name));
    }
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

/// A database in a file of its own.
pub(crate) fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("mm.db").display())
}

/// Our program with a settings file of the test's.
struct Program {
    settings: PathBuf,
}

impl Program {
    fn new(folder: &Path, database: &str) -> Self {
        let file = folder.join("mirrormanager.toml");
        let cache = folder.join("cache.proto");
        // Whatever day it is, the release before stays known as an alternate.
        let text = format!(
            "[database]\nurl = {database:?}\n[log]\nlevel = \"warn\"\n[scan]\ncontent_root = {:?}\n\
             max_stale_days = 36500\n[crawl]\nallowed_networks = [\"127.0.0.0/8\"]\n\
             [cache]\nfile = {cache:?}\nnames = \"skip\"\n\
             [answer]\nredirect_prefixes = [\"/pub\"]\n[serve]\ncache = {cache:?}\nwatch_seconds = 1\nsettle_seconds = 0\n",
            folder.join("master")
        );
        fs::write(&file, text).unwrap();
        Self { settings: file }
    }

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
pub(crate) struct Server {
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

    /// Where the repository is asked for.
    pub(crate) fn url(&self, kind: &str) -> String {
        format!("http://{}/{kind}?repo=fedora-42&arch=x86_64", self.address)
    }

    /// Where a file or directory is asked for.
    pub(crate) fn url_of_path(&self, kind: &str, path: &str) -> String {
        format!("http://{}/{kind}?path={path}", self.address)
    }

    /// The address of a file itself, as on a site for downloads.
    pub(crate) fn url_in_tree(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The body of the answer for the repository.
    pub(crate) fn get(&self, kind: &str) -> String {
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

/// The request for a file of the repository as nginx notes it.
pub(crate) fn request(file: &str) -> String {
    format!("GET /{REPOSITORY}/{file} 200")
}

/// Waits for what another process does in its own time.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not happen that: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
