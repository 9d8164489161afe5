//! A real rsync daemon.

#![expect(clippy::unwrap_used, reason = "test support: a panic is the report")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::programs;
use crate::superserver::Superserver;

/// A running daemon. It stops when it is dropped.
#[derive(Debug)]
pub struct RsyncDaemon {
    server: Superserver,
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
        let server = Superserver::start(move || {
            let mut daemon = programs::command("rsync");
            daemon.arg("--daemon").arg(format!("--config={}", configuration.display()));
            daemon
        });
        Self { server, _folder: folder }
    }

    /// `rsync://127.0.0.1:PORT/MODULE`
    pub fn url(&self, module: &str) -> String {
        format!("rsync://{}/{module}", self.server.address())
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}
