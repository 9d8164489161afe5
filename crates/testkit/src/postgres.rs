//! A throw-away PostgreSQL server: one per test process, started when first asked for.
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
  -c max_wal_size=4GB -c unix_socket_permissions=0777 -c timezone=America/New_York \
  >"$2/postgres.log" 2>&1 </dev/null &
server=$!
read -r end
kill -QUIT $server
wait $server
cd / && rm -rf "$2"
"#;

struct Server {
    socket: PathBuf,
    // Its standard input is the life line: it closes when this process ends.
    _watch: Child,
}

/// The folder with `initdb` and `postgres`: `$MM_TEST_PG_BIN`, the newest of Debian's, or from `$PATH`.
fn binaries() -> PathBuf {
    let usable = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if let Some(folder) = std::env::var_os("MM_TEST_PG_BIN").map(PathBuf::from) {
        assert!(usable(&folder), "MM_TEST_PG_BIN={}: no initdb and postgres there", folder.display());
        return folder;
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
        return folder;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|folder| usable(folder))
        .unwrap_or_else(|| panic!("no PostgreSQL server found: install the Debian package postgresql"))
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

fn start() -> Server {
    let bin = binaries();
    let folder = tempfile::Builder::new().prefix("mm-pg-").tempdir().unwrap().keep();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(WATCH).arg("watch").arg(&bin).arg(&folder);
    if let Some((user, group)) = ordinary_user() {
        std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
        shell.uid(user).gid(group);
    }
    // A group of its own: Ctrl-C is for the test, the shell learns of its end by the closed pipe.
    let watch =
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut server = Server { socket: folder, _watch: watch.expect("sh") };
    wait_for(&mut server);
    server
}

/// Waits until the server accepts connections.
fn wait_for(server: &mut Server) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let socket = server.socket.join(".s.PGSQL.5432");
    loop {
        if std::os::unix::net::UnixStream::connect(&socket).is_ok_and(|mut s| s.write_all(b"").is_ok())
            && std::fs::read_to_string(server.socket.join("data/postmaster.pid"))
                .is_ok_and(|pid| pid.lines().nth(7).is_some_and(|state| state.trim() == "ready"))
        {
            return;
        }
        let ended = server._watch.try_wait().unwrap().is_some();
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
        let server = start();
        let socket = server.socket.clone();
        // A runtime of its own: the caller's may be of any kind, and busy.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(make_template(&socket));
        })
        .join()
        .expect("the template database");
        server
    })
}

fn url(socket: &Path, database: &str) -> String {
    format!("postgresql:///{database}?host={}&user=mm", socket.display())
}

/// The template sorts as a natural language does, where PostgreSQL can: order must never depend on it.
async fn make_template(socket: &Path) {
    let mut admin = PgConnection::connect(&url(socket, "postgres")).await.unwrap();
    let natural =
        format!("CREATE DATABASE {EMPTY} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'");
    if admin.execute(AssertSqlSafe(natural)).await.is_err() {
        create(&mut admin, EMPTY, "template0").await;
    }
    create(&mut admin, TEMPLATE, EMPTY).await;
    let mut store = Store::connect(&url(socket, TEMPLATE), &ConnectOptions::default()).await.unwrap();
    store::migrate(&mut store, &MigrateOptions::default()).await.unwrap();
    store.close().await;
    admin.close().await.unwrap();
}

/// Name of the empty database with the tests' collation.
const EMPTY: &str = "mm_empty";

async fn create(admin: &mut PgConnection, name: &str, template: &str) {
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}"))).await.unwrap();
}

async fn clone_of(template: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let socket = &server().socket;
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&url(socket, "postgres")).await.unwrap();
    create(&mut admin, &name, template).await;
    admin.close().await.unwrap();
    url(socket, &name)
}

/// The URL of a new database without any table.
pub async fn empty_database() -> String {
    clone_of(EMPTY).await
}

/// The URL of a new database with the migrated schema and the reference data.
pub async fn migrated_database() -> String {
    clone_of(TEMPLATE).await
}
