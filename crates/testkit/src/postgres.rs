//! A throw-away PostgreSQL server: one per test process, started when first asked for, or a [`Cluster`] of
//! one's own.
//!
//! A small shell stands between the test and the server: it waits for the end of its standard input, which
//! comes when the test process ends in whatever way, then stops the server and removes its files. So
//! nothing survives a killed test. Durability is switched off; the server listens on a socket only.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test support: a panic is the report"
)]

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use store::{ConnectOptions, MigrateOptions, Store};

/// Name of the database that holds the migrated schema and is copied for each test.
const TEMPLATE: &str = "mm_template";

/// What the watching shell does. `$1`: folder of the binaries, `$2`: data folder.
const WATCH: &str = r#"
trap '' INT TERM HUP
cd "$2" || exit 1
"$1/initdb" -D "$2/data" -U mm -A trust -E UTF8 --locale=C --no-sync --no-instructions >"$2/initdb.log" 2>&1 </dev/null || exit 1
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
  -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB -c autovacuum=off \
  -c max_wal_size=256MB -c wal_level=minimal -c max_wal_senders=0 -c unix_socket_permissions=0777 -c timezone=America/New_York \
  >"$2/postgres.log" 2>&1 </dev/null &
server=$!
read -r end
kill -QUIT $server
wait $server
cd / && rm -rf "$2"
"#;

/// A server of its own, without any database of ours. It ends, and its files go, when this is dropped.
pub struct Cluster {
    // Its files and its socket.
    socket: PathBuf,
    // Its standard input is the life line: it closes when this process ends.
    watch: Child,
}

impl Cluster {
    /// Starts one with its files in a new folder below `parent`, which everybody may enter.
    ///
    /// # Panics
    /// When the server programs are not installed or the server does not start.
    pub fn start_in(parent: &Path) -> Self {
        start(parent)
    }

    /// The URL of a new database without any table. It sorts by bytes.
    pub async fn empty_database(&self, name: &str) -> String {
        let mut admin = PgConnection::connect(&url(&self.socket, "postgres")).await.unwrap();
        create(&mut admin, name, "template0", "").await;
        admin.close().await.unwrap();
        url(&self.socket, name)
    }
}

/// A program that comes with the server or its client, e.g. `psql`; `None` if it is not installed.
pub fn program(name: &str) -> Option<PathBuf> {
    let beside = installed().map(|folder| folder.join(name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    beside
        .into_iter()
        .chain(std::env::split_paths(&path).map(|folder| folder.join(name)))
        .find(|p| p.is_file())
}

struct Server {
    cluster: Cluster,
    // Words of CREATE DATABASE that make a copy quick, where the server knows them.
    strategy: &'static str,
}

/// The folder with `initdb` and `postgres`: `$MM_TEST_PG_BIN`, the newest of Debian's, or from `$PATH`.
fn binaries() -> PathBuf {
    installed().unwrap_or_else(|| panic!("no PostgreSQL server found: install the Debian package postgresql"))
}

/// The same; `None` if the server programs are not installed.
pub fn installed() -> Option<PathBuf> {
    let usable = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if let Some(folder) = std::env::var_os("MM_TEST_PG_BIN").map(PathBuf::from) {
        assert!(
            usable(&folder),
            "MM_TEST_PG_BIN={}: no initdb and postgres there; install the Debian package postgresql",
            folder.display()
        );
        return Some(folder);
    }
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| usable(folder))
        .collect();
    debian.sort();
    if let Some((_, folder)) = debian.pop() {
        return Some(folder);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(|folder| usable(folder))
}

/// The user and group of an ordinary account, if this process is root's (PostgreSQL refuses to be root).
fn ordinary_user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("an account postgres or nobody"))
}

/// Where the server's files go: in memory if there are two gigabytes, since a copy of the template is a
/// thousand small files and takes ten times as long on a disk.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = Command::new("df").arg("-Pk").arg(memory).output().ok().and_then(|df| {
        let text = String::from_utf8(df.stdout).ok()?;
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    if free.is_some_and(|kilobytes| kilobytes > 2 << 20) { memory.to_owned() } else { std::env::temp_dir() }
}

fn start(parent: &Path) -> Cluster {
    let bin = binaries();
    let folder = tempfile::Builder::new().prefix("mm-pg-").tempdir_in(parent).unwrap().keep();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(WATCH).arg("watch").arg(&bin).arg(&folder);
    if let Some((user, group)) = ordinary_user() {
        std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
        shell.uid(user).gid(group);
    }
    // A group of its own: Ctrl-C is for the test, the shell learns of its end by the closed pipe.
    let watch =
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut cluster = Cluster { socket: folder, watch: watch.expect("sh") };
    wait_for(&mut cluster);
    cluster
}

/// Waits until the server accepts connections.
fn wait_for(server: &mut Cluster) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let socket = server.socket.join(".s.PGSQL.5432");
    loop {
        if std::os::unix::net::UnixStream::connect(&socket).is_ok_and(|mut s| s.write_all(b"").is_ok())
            && std::fs::read_to_string(server.socket.join("data/postmaster.pid"))
                .is_ok_and(|pid| pid.lines().nth(7).is_some_and(|state| state.trim() == "ready"))
        {
            return;
        }
        let ended = server.watch.try_wait().unwrap().is_some();
        if ended || Instant::now() > deadline {
            let log = |name: &str| std::fs::read_to_string(server.socket.join(name)).unwrap_or_default();
            panic!("PostgreSQL did not start:\n{}{}", log("initdb.log"), log("postgres.log"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let cluster = start(&place());
        let socket = cluster.socket.clone();
        // A runtime of its own: the caller's may be of any kind, and busy.
        let strategy = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(make_template(&socket))
        })
        .join()
        .expect("the template database");
        Server { cluster, strategy }
    })
}

fn url(socket: &Path, database: &str) -> String {
    format!("postgresql:///{database}?host={}&user=mm", socket.display())
}

/// Makes the template and tells the words that make a copy of it quick.
///
/// It sorts as a natural language does, where PostgreSQL can: no order may depend on the database's.
async fn make_template(socket: &Path) -> &'static str {
    let mut admin = PgConnection::connect(&url(socket, "postgres")).await.unwrap();
    let version: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(&mut admin).await.unwrap();
    let strategy = if version.parse::<u32>().unwrap() >= 150_000 { "STRATEGY file_copy" } else { "" };
    let natural =
        format!("CREATE DATABASE {EMPTY} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'");
    if admin.execute(AssertSqlSafe(natural)).await.is_err() {
        create(&mut admin, EMPTY, "template0", strategy).await;
    }
    create(&mut admin, TEMPLATE, EMPTY, strategy).await;
    let mut store = Store::connect(&url(socket, TEMPLATE), &ConnectOptions::default()).await.unwrap();
    store::migrate(&mut store, &MigrateOptions::default()).await.unwrap();
    store.close().await;
    admin.close().await.unwrap();
    strategy
}

/// Name of the empty database with the tests' collation.
const EMPTY: &str = "mm_empty";

async fn create(admin: &mut PgConnection, name: &str, template: &str, strategy: &str) {
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}");
    admin.execute(AssertSqlSafe(sql)).await.unwrap();
}

async fn clone_of(template: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let server = server();
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&url(&server.cluster.socket, "postgres")).await.unwrap();
    create(&mut admin, &name, template, server.strategy).await;
    admin.close().await.unwrap();
    url(&server.cluster.socket, &name)
}

/// The URL of a new database without any table.
pub async fn empty_database() -> String {
    clone_of(EMPTY).await
}

/// The URL of a new database with the migrated schema and the reference data.
pub async fn migrated_database() -> String {
    clone_of(TEMPLATE).await
}

/// The URL of a copy of a database that was made here. Nobody may be connected to that one.
pub async fn copy_of(database: &str) -> String {
    clone_of(name_in(database)).await
}

fn name_in(url: &str) -> &str {
    url.trim_start_matches("postgresql:///").split('?').next().unwrap_or_default()
}

/// Removes a database that was made here, whoever is connected to it. The others go with the server.
pub async fn drop_database(database: &str) {
    let server = server();
    let name = name_in(database);
    let mut admin = PgConnection::connect(&url(&server.cluster.socket, "postgres")).await.unwrap();
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    admin.close().await.unwrap();
}
