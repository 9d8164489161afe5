//! A master tree of real RPM packages with real repodata, as small as it can be.
//!
//! Made by `rpmbuild` and `createrepo_c`, because the client at the end of the tests is the real dnf. The
//! same description gives the same bytes: build host, times and revision are fixed.

#![expect(clippy::unwrap_used, reason = "test support: a panic is the report")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use crate::programs;
use crate::rng::Rng;

/// Where the repository is in the tree.
pub const REPOSITORY: &str = "pub/fedora/linux/releases/42/Everything/x86_64/os";

/// A package without architecture that holds one text file.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
}

impl Package<'_> {
    /// `NAME-VERSION-1.noarch.rpm`
    pub fn file_name(&self) -> String {
        format!("{}-{}-1.noarch.rpm", self.name, self.version)
    }

    fn spec(&self) -> String {
        let Self { name, version } = self;
        format!(
            "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: A package of a test\nLicense: MIT\n\
             BuildArch: noarch\n%description\nA package of a test.\n%install\n\
             mkdir -p %{{buildroot}}/usr/share/{name}\necho {name} {version} >%{{buildroot}}/usr/share/{name}/text\n\
             %files\n/usr/share/{name}\n"
        )
    }
}

/// Adds the packages to the repository of the tree below `root` and makes its repodata anew, as of `time`
/// (Unix seconds; the greatest time in `repomd.xml`). Packages of earlier calls stay.
///
/// # Panics
/// When `rpmbuild` or `createrepo_c` is missing or fails.
pub fn publish(root: &Path, packages: &[Package<'_>], time: u32) -> PathBuf {
    let repository = root.join(REPOSITORY);
    for package in packages {
        let initial = package.name.chars().next().unwrap_or('_').to_string();
        build(package, &repository.join("Packages").join(initial), time);
    }
    fs::create_dir_all(&repository).unwrap();
    programs::succeed(
        programs::command("createrepo_c")
            .env("SOURCE_DATE_EPOCH", time.to_string())
            .args(["--quiet", "--no-database", "--set-timestamp-to-revision", "--revision"])
            .arg(time.to_string())
            .arg(&repository),
    );
    repository
}

/// Writes a file of so many bytes that repeat nowhere, as of `time`, and beside it a checksum file.
///
/// # Panics
/// When something can not be written.
pub fn image(file: &Path, bytes: usize, time: u32) {
    let mut rng = Rng::new(u64::from(time), "image");
    let content: Vec<u8> =
        std::iter::repeat_with(|| rng.bits().to_le_bytes()).flatten().take(bytes).collect();
    let (folder, name) = (file.parent().unwrap(), file.file_name().unwrap().to_string_lossy());
    fs::create_dir_all(folder).unwrap();
    let digest: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let sums = folder.join(format!("{name}-CHECKSUM"));
    fs::write(&sums, format!("# {name}: {bytes} bytes\nSHA256 ({name}) = {digest}\n")).unwrap();
    fs::write(file, content).unwrap();
    for file in [file, &sums] {
        set_time(file, UNIX_EPOCH + Duration::from_secs(time.into()));
    }
}

fn build(package: &Package<'_>, into: &Path, time: u32) {
    let work = tempfile::Builder::new().prefix("mm-rpm-").tempdir().unwrap();
    let spec = work.path().join("package.spec");
    fs::write(&spec, package.spec()).unwrap();
    let define = |name: &str, value: &str| format!("{name} {value}");
    let path = |name: &str| work.path().join(name).display().to_string();
    let mut rpmbuild = programs::command("rpmbuild");
    rpmbuild.env("SOURCE_DATE_EPOCH", time.to_string()).env("HOME", work.path()).arg("-bb");
    for definition in [
        define("_topdir", &path("top")),
        define("_tmppath", &path("tmp")),
        define("_dbpath", &path("db")),
        define("_rpmdir", &path("rpms")),
        define("_rpmfilename", "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm"),
        define("_buildhost", "builder.invalid"),
        define("use_source_date_epoch_as_buildtime", "1"),
        define("clamp_mtime_to_source_date_epoch", "1"),
        define("__os_install_post", "%{nil}"),
    ] {
        rpmbuild.arg("--define").arg(definition);
    }
    programs::succeed(rpmbuild.arg(&spec));
    fs::create_dir_all(into).unwrap();
    let target = into.join(package.file_name());
    fs::copy(work.path().join("rpms").join(package.file_name()), &target).unwrap();
    // The time of the file is part of the repodata.
    set_time(&target, UNIX_EPOCH + Duration::from_secs(time.into()));
}

fn set_time(file: &Path, time: SystemTime) {
    File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
}

/// Copies a tree with the times of its files, for a mirror of its own.
///
/// # Panics
/// When something can not be read or written.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            set_time(&target, entry.metadata().unwrap().modified().unwrap());
        }
    }
}
