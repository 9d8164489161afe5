//! A real rsync daemon. It is started once for each connection, as a superserver would, so that we hold the port.

#![expect(clippy::unwrap_used, reason = "test support: a panic is the report")]

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use crate::programs;

/// A running daemon. It stops when it is dropped.
#[derive(Debug)]
pub struct RsyncDaemon {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl RsyncDaemon {
    /// Serves folders as modules of these names.
    ///
    /// # Panics
    /// When rsync is missing.
    pub fn serve(modules: &[(&str, &Path)]) -> Self {
        // A missing program is to end the test, not the thread that accepts.
        programs::find("rsync");
        let folder = tempfile::Builder::new().prefix("mm-rsync-").tempdir().unwrap();
        let configuration = folder.path().join("rsyncd.conf");
        // Root gives its rights away otherwise, and can not read its own temporary folders any more.
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let mut text = String::from("use chroot = no\nreverse lookup = no\n");
        if root {
            text.push_str("uid = root\ngid = root\n");
        }
        let _ = writeln!(text, "log file = {}", folder.path().join("log").display());
        for (name, path) in modules {
            let _ = write!(text, "[{name}]\npath = {}\nread only = yes\n", path.display());
        }
        fs::write(&configuration, text).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let accepting = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let other = stream.try_clone().unwrap();
                let mut daemon = programs::command("rsync")
                    .arg("--daemon")
                    .arg(format!("--config={}", configuration.display()))
                    .stdin(Stdio::from(OwnedFd::from(stream)))
                    .stdout(Stdio::from(OwnedFd::from(other)))
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                thread::spawn(move || drop(daemon.wait()));
            }
        });
        Self { address, stopping, accepting: Some(accepting), _folder: folder }
    }

    /// `rsync://127.0.0.1:PORT/MODULE`
    pub fn url(&self, module: &str) -> String {
        format!("rsync://{}/{module}", self.address)
    }
}

impl Drop for RsyncDaemon {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}
