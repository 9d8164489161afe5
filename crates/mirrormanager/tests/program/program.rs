//! Running the program in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a settings file for a database in it.
pub(crate) struct Deployment {
    folder: TempDir,
}

/// What a run gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Deployment {
    /// With an SQLite database that is not there yet.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("mm.db").display());
        Self::at(folder, &url)
    }

    /// With the database of a URL.
    pub(crate) fn on(url: &str) -> Self {
        Self::at(tempfile::tempdir().unwrap(), url)
    }

    fn at(folder: TempDir, url: &str) -> Self {
        let toml = format!("[database]\nurl = {url:?}\n\n[log]\nlevel = \"warn\"\nformat = \"text\"\n");
        std::fs::write(folder.path().join("mm.toml"), toml).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program with the settings of this folder, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare();
        command.current_dir(self.folder()).env("MM_CONFIG", self.path("mm.toml")).args(arguments);
        command
    }

    /// Runs it; the folder's name in the output becomes `DIR`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut ran = ran(self.command(arguments).output().unwrap());
        let folder = self.folder().to_string_lossy().into_owned();
        ran.stdout = ran.stdout.replace(&folder, "DIR");
        ran.stderr = ran.stderr.replace(&folder, "DIR");
        ran
    }

    /// Runs it, which must succeed, and gives what it wrote to standard output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.status, 0, "{arguments:?}: {ran:?}");
        ran.stdout
    }

    /// Runs it, which must be refused with status 2 and one line; gives the line.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{arguments:?}: {ran:?}");
        ran.stderr.trim_end().to_owned()
    }
}

/// The program without any settings of the machine's.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mirrormanager"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MM")) {
        command.env_remove(name);
    }
    for name in ["DB_URL", "RUST_LOG"] {
        command.env_remove(name);
    }
    command.env("COLUMNS", "100");
    command
}

/// Runs the program without settings.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    ran(bare().args(arguments).output().unwrap())
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().unwrap_or_else(|| panic!("killed: {output:?}")),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
