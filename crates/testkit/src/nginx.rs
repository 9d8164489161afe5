//! Mirrors served by the real nginx: one process, one port and one access log for each mirror.
//!
//! nginx can not be handed open sockets safely, so free ports are looked for and it is started again with
//! others if one was taken in between. A small shell ends it when the test process ends in whatever way.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: a panic is the report"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::programs;

/// Ends nginx when standard input ends, and removes its files. `$1`: nginx, `$2`: its folder.
const WATCH: &str = r#"
trap '' INT TERM HUP
"$1" -p "$2" -c "$2/nginx.conf" -e "$2/error.log" </dev/null >"$2/output.log" 2>&1 &
server=$!
read -r end
kill -QUIT $server
wait $server
rm -rf "$2"
"#;

/// A running nginx. It stops when dropped.
#[derive(Debug)]
pub struct Nginx {
    folder: TempDir,
    ports: Vec<u16>,
    watch: Child,
}

impl Nginx {
    /// Serves each of these folders as a mirror of its own.
    ///
    /// # Panics
    /// When nginx is missing or does not start.
    pub fn serve(mirrors: &[&Path]) -> Self {
        for _ in 0..5 {
            if let Some(running) = Self::start(mirrors) {
                return running;
            }
        }
        panic!("nginx found its ports taken five times");
    }

    /// `http://127.0.0.1:PORT` of a mirror, by its place in the list.
    pub fn url(&self, mirror: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[mirror])
    }

    /// The requests that a mirror has answered so far: `METHOD PATH STATUS`, oldest first.
    pub fn requests(&self, mirror: usize) -> Vec<String> {
        let log = fs::read_to_string(log(self.folder.path(), mirror)).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// How many of a mirror's requests begin with `request`.
    pub fn count(&self, mirror: usize, request: &str) -> usize {
        self.requests(mirror).iter().filter(|line| line.starts_with(request)).count()
    }

    /// Waits until so many of a mirror's requests begin with `request`. nginx notes a request only after it
    /// has answered, so a test that looks at once may be too early.
    ///
    /// # Panics
    /// When they do not come within ten seconds.
    pub fn wait_for(&self, mirror: usize, request: &str, times: usize) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.count(mirror, request) < times {
            assert!(
                Instant::now() < deadline,
                "mirror {mirror} was not asked for {request:?} {times} times:\n{}",
                self.requests(mirror).join("\n")
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// `None` when a port was taken in between.
    fn start(mirrors: &[&Path]) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("mm-nginx-").tempdir().unwrap();
        let held: Vec<TcpListener> =
            mirrors.iter().map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
        let ports: Vec<u16> = held.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        fs::write(folder.path().join("nginx.conf"), configuration(folder.path(), mirrors, &ports)).unwrap();
        let mut shell = programs::command("sh");
        shell.arg("-c").arg(WATCH).arg("watch").arg(programs::find("nginx")).arg(folder.path());
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        drop(held);
        let running = Self { folder, ports, watch: shell.spawn().unwrap() };
        running.ready().then_some(running)
    }

    /// Waits until every port is answered by this nginx and no other program.
    fn ready(&self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(20);
        for port in &self.ports {
            while !alive(*port, &mark(self.folder.path())) {
                let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                let said = read("error.log") + &read("output.log");
                if said.contains("Address already in use") {
                    return false;
                }
                let failed = said.contains("[emerg]") || Instant::now() > deadline;
                assert!(!failed, "nginx did not start:\n{said}");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        true
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        let _ = self.watch.wait();
    }
}

/// A path that only this nginx answers.
fn mark(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn log(folder: &Path, mirror: usize) -> PathBuf {
    folder.join(format!("access-{mirror}.log"))
}

fn configuration(folder: &Path, mirrors: &[&Path], ports: &[u16]) -> String {
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let here = folder.display();
    let mut text = String::new();
    // Root's temporary folders are closed to the account that workers would otherwise run as.
    if root {
        text.push_str("user root root;\n");
    }
    let _ = write!(
        text,
        "daemon off;\nmaster_process off;\npid {here}/pid;\nevents {{ worker_connections 256; }}\nhttp {{\n\
         default_type application/octet-stream;\ntypes {{ text/html html; }}\nautoindex on;\n\
         log_format short '$request_method $uri $status';\naccess_log off;\n"
    );
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        let _ = writeln!(text, "{kind}_temp_path {here}/{kind};");
    }
    for (number, (mirror, port)) in mirrors.iter().zip(ports).enumerate() {
        let _ = write!(
            text,
            "server {{\nlisten 127.0.0.1:{port};\nroot {};\naccess_log {} short;\n\
             location = /{} {{ access_log off; return 204; }}\n}}\n",
            mirror.display(),
            log(folder, number).display(),
            mark(folder)
        );
    }
    text.push_str("}\n");
    text
}

fn alive(port: u16, mark: &str) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let mut answer = String::new();
    write!(stream, "GET /{mark} HTTP/1.0\r\n\r\n").is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 204")
}
