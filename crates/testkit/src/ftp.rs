//! Real FTP daemons: vsftpd, which has no `MLSD`, and pyftpdlib, which has.

#![expect(clippy::unwrap_used, reason = "test support: a panic is the report")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::programs;
use crate::superserver::Superserver;

/// Debian's Python, whose modules are the packaged ones; another may come first in `PATH`.
const PYTHON: &str = "/usr/bin/python3";

const PROGRAM: &str = include_str!("ftp.py");

/// A running vsftpd. It stops when it is dropped.
#[derive(Debug)]
pub struct Vsftpd {
    server: Superserver,
    root: PathBuf,
    _folder: TempDir,
}

impl Vsftpd {
    /// Serves a folder to everybody.
    ///
    /// # Panics
    /// When vsftpd is missing.
    pub fn serve(root: &Path) -> Self {
        let program = programs::find("vsftpd");
        let folder = tempfile::Builder::new().prefix("mm-vsftpd-").tempdir().unwrap();
        let configuration = folder.path().join("vsftpd.conf");
        let text = format!(
            "listen=NO\nanonymous_enable=YES\nlocal_enable=NO\nno_anon_password=YES\nrun_as_launching_user=YES\n\
             one_process_model=YES\nseccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\nxferlog_enable=NO\n\
             anon_world_readable_only=NO\nsecure_chroot_dir={0}\nanon_root={0}\nvsftpd_log_file={0}/log\n",
            folder.path().display()
        );
        fs::write(&configuration, text).unwrap();
        let server = Superserver::start(move || {
            let mut daemon = programs::command(program.to_str().unwrap());
            daemon.arg(&configuration);
            daemon
        });
        Self { server, root: root.to_owned(), _folder: folder }
    }

    /// The URL of the folder. As vsftpd may not change its root, its path is that on the disk.
    pub fn url(&self) -> String {
        format!("ftp://{}{}", self.server.address(), self.root.display())
    }

    /// Sessions so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

/// A running pyftpdlib. It stops when it is dropped.
#[derive(Debug)]
pub struct Pyftpd {
    server: Child,
    port: u16,
}

impl Pyftpd {
    /// Serves a folder to everybody.
    ///
    /// # Panics
    /// When pyftpdlib is missing or does not start.
    pub fn serve(root: &Path) -> Self {
        if !Path::new("/usr/lib/python3/dist-packages/pyftpdlib").is_dir() {
            programs::missing("pyftpdlib for Python");
        }
        let mut python = programs::command(PYTHON);
        python.args(["-c", PROGRAM]).arg(root);
        let mut server =
            python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Self { server, port: said.trim().parse().unwrap() }
    }

    /// The URL of the folder.
    pub fn url(&self) -> String {
        format!("ftp://127.0.0.1:{}", self.port)
    }
}

impl Drop for Pyftpd {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}
