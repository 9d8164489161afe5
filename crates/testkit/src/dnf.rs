//! Debian's dnf as a client of its own: nothing of the machine's configuration, caches or packages.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test support: a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::programs;

/// Where dnf learns of mirrors.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// `metalink=URL`
    Metalink(&'a str),
    /// `mirrorlist=URL`
    Mirrorlist(&'a str),
}

/// What a run of dnf gave.
#[derive(Debug, Clone)]
pub struct Run {
    /// Whether its exit status was 0.
    pub success: bool,
    /// Standard output, then standard error.
    pub text: String,
}

impl Run {
    /// The text of a successful run.
    ///
    /// # Panics
    /// When it failed.
    pub fn expect_success(self) -> String {
        assert!(self.success, "dnf failed:\n{}", self.text);
        self.text
    }
}

/// An installation root of its own with one repository, `test`.
#[derive(Debug)]
pub struct Dnf {
    folder: TempDir,
}

impl Dnf {
    /// For release 42 on x86_64.
    ///
    /// # Panics
    /// When dnf is missing.
    pub fn new(source: Source<'_>) -> Self {
        programs::find("dnf");
        let folder = tempfile::Builder::new().prefix("mm-dnf-").tempdir().unwrap();
        for name in ["root", "repos", "cache", "log", "persist", "vars", "plugins", "download"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let here = folder.path().display();
        fs::write(
            folder.path().join("dnf.conf"),
            format!(
                "[main]\ngpgcheck=0\nreposdir={here}/repos\ncachedir={here}/cache\nlogdir={here}/log\n\
                 persistdir={here}/persist\nvarsdir={here}/vars\npluginconfpath={here}/plugins\n\
                 arch=x86_64\nbasearch=x86_64\ntimeout=10\nretries=3\nfastestmirror=0\ncountme=0\n\
                 metadata_expire=0\nproxy=\n"
            ),
        )
        .unwrap();
        let line = match source {
            Source::Metalink(url) => format!("metalink={url}"),
            Source::Mirrorlist(url) => format!("mirrorlist={url}"),
        };
        fs::write(
            folder.path().join("repos/test.repo"),
            format!("[test]\nname=test\nenabled=1\ngpgcheck=0\n{line}\n"),
        )
        .unwrap();
        Self { folder }
    }

    /// Runs dnf with these arguments.
    ///
    /// # Panics
    /// When it can not be started.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let here = self.folder.path();
        let mut dnf = programs::command("dnf");
        dnf.env("HOME", here)
            .arg("-c")
            .arg(here.join("dnf.conf"))
            .arg("--installroot")
            .arg(here.join("root"));
        dnf.args(["--releasever=42", "--assumeyes", "--disableplugin=*", "--enableplugin=download"]);
        let output = dnf.args(arguments).output().unwrap_or_else(|error| panic!("{dnf:?}: {error}"));
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Run { success: output.status.success(), text }
    }

    /// Fetches the repository's metadata anew.
    pub fn makecache(&self) -> Run {
        self.run(&["makecache", "--refresh"])
    }

    /// The packages of the repository as `NAME.ARCH VERSION-RELEASE`, sorted.
    pub fn list(&self) -> Vec<String> {
        let text = self.run(&["--cacheonly", "list", "--available"]).expect_success();
        let mut packages: Vec<String> = text
            .lines()
            .filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
                [name, version, "test"] => Some(format!("{name} {version}")),
                _ => None,
            })
            .collect();
        packages.sort();
        packages
    }

    /// Downloads the newest version of a package and gives the file. By the plugin of dnf-plugins-core: `install
    /// --downloadonly` wants to be root.
    ///
    /// # Panics
    /// When dnf fails or leaves no such file.
    pub fn download(&self, package: &str) -> PathBuf {
        let into = self.folder.path().join("download");
        let run = self.run(&["download", "--destdir", into.to_str().unwrap(), package]);
        if run.text.contains("No such command") {
            programs::missing("dnf download");
        }
        let text = run.expect_success();
        let files = rpms(&into);
        let newest = files.into_iter().rfind(|file| {
            file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{package}-")))
        });
        newest.unwrap_or_else(|| panic!("no {package} was downloaded:\n{text}"))
    }

    /// What librepo logged: which mirror was tried, and why not.
    pub fn log(&self) -> String {
        let mut all = String::new();
        let mut folders = vec![self.folder.path().join("log"), self.folder.path().join("root")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "log") {
                    all.push_str(&fs::read_to_string(&path).unwrap_or_default());
                }
            }
        }
        all
    }
}

fn rpms(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rpm"))
        .collect();
    files.sort();
    files
}
