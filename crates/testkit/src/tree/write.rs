//! Putting a planned tree on the disk.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::plan::{Extras, Plan, RepositoryOfTree};
use super::repodata::{self, Package, hex};
use super::{Shape, Tree};
use crate::rng::Rng;

const DAY: i64 = 86_400;
const WORDS: [&str; 24] = [
    "core", "common", "devel", "tools", "utils", "doc", "data", "client", "server", "gui", "json", "http",
    "crypto", "async", "parser", "image", "audio", "font", "theme", "plugin", "engine", "runtime", "zone",
    "shell",
];

/// Writes into one root and remembers what it has made.
pub(super) struct Writer<'a> {
    root: &'a Path,
    directories: BTreeMap<String, i64>,
    files: usize,
}

pub(super) fn tree(root: &Path, plan: Plan, shape: Shape) -> io::Result<Tree> {
    let mut writer = Writer::new(root);
    for repository in &plan.repositories {
        writer.repository(repository, shape)?;
    }
    writer.places(&plan, shape)?;
    writer.settle()?;
    Ok(Tree {
        directories: writer.directories.len(),
        files: writer.files,
        repositories: plan.repositories,
        epoch: shape.epoch,
        generation: 0,
        seed: shape.seed,
    })
}

impl<'a> Writer<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root, directories: BTreeMap::new(), files: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes a directory with its parents; `when` becomes its time unless something newer is in it.
    pub(super) fn directory(&mut self, name: &str, when: i64) -> io::Result<()> {
        if !self.directories.contains_key(name) {
            fs::create_dir_all(self.path(name)).map_err(at(&self.path(name)))?;
        }
        let mut part = name;
        loop {
            let time = self.directories.entry(part.to_owned()).or_insert(when);
            *time = (*time).max(when);
            let Some((parent, _)) = part.rsplit_once('/') else { return Ok(()) };
            part = parent;
        }
    }

    /// A file of zeros that takes no room.
    pub(super) fn sparse(&mut self, name: &str, size: u64, when: i64) -> io::Result<()> {
        let path = self.path(name);
        let file = File::create(&path).map_err(at(&path))?;
        file.set_len(size).map_err(at(&path))?;
        file.set_modified(time(when)).map_err(at(&path))?;
        self.files += 1;
        Ok(())
    }

    /// A file with content, put in place by a rename.
    pub(super) fn content(&mut self, name: &str, bytes: &[u8], when: i64) -> io::Result<()> {
        let (path, draft) = (self.path(name), self.path(&format!("{name}.new~")));
        let mut file = File::create(&draft).map_err(at(&draft))?;
        file.write_all(bytes).map_err(at(&draft))?;
        file.set_modified(time(when)).map_err(at(&draft))?;
        fs::rename(&draft, &path).map_err(at(&path))?;
        self.files += 1;
        Ok(())
    }

    fn link(&mut self, target: &str, name: &str) -> io::Result<()> {
        let path = self.path(name);
        symlink(target, &path).map_err(at(&path))
    }

    /// Sets the times of the directories, the deepest first.
    pub(super) fn settle(&self) -> io::Result<()> {
        for (name, when) in self.directories.iter().rev() {
            let path = self.path(name);
            let directory = File::open(&path).map_err(at(&path))?;
            directory.set_times(FileTimes::new().set_modified(time(*when))).map_err(at(&path))?;
        }
        Ok(())
    }

    /// The metadata of a repository, written anew: the old documents are removed, the new index is renamed in.
    pub(super) fn repodata(&mut self, repository: &str, packages: &[Package], when: i64) -> io::Result<()> {
        let directory = format!("{repository}/repodata");
        self.directory(&directory, when)?;
        let old: Vec<_> = fs::read_dir(self.path(&directory))?.collect::<io::Result<_>>()?;
        let files = repodata::documents(packages, when)?;
        for (name, content) in &files {
            self.content(&format!("{directory}/{name}"), content, when)?;
        }
        for entry in old {
            if !files.iter().any(|(name, _)| entry.file_name() == name.as_str()) {
                fs::remove_file(entry.path()).map_err(at(&entry.path()))?;
            }
        }
        Ok(())
    }

    fn repository(&mut self, repository: &RepositoryOfTree, shape: Shape) -> io::Result<()> {
        let mut rng = Rng::new(shape.seed, &repository.path);
        let base = format!("{}/Packages", repository.path);
        self.directory(&base, repository.when)?;
        let mut packages = Vec::with_capacity(repository.packages);
        for number in 0..repository.packages {
            let letter = char::from(*rng.pick(repository.letters.as_bytes()).unwrap_or(&b'a'));
            let word = rng.pick(&WORDS).copied().unwrap_or("core");
            let noarch = repository.arch != "src" && rng.below(100) < 45;
            let package = Package {
                name: format!("{letter}{word}-{number:x}"),
                version: format!("{}.{}.{}", rng.below(13), rng.below(31), rng.below(10)),
                release: format!("{}.{}", 1 + rng.below(9), repository.dist),
                arch: if noarch { "noarch".to_owned() } else { repository.arch.to_owned() },
                href: String::new(),
                size: 6_100 + (rng.below(1 << 10) << rng.below(16)),
            };
            let file =
                format!("{}-{}-{}.{}.rpm", package.name, package.version, package.release, package.arch);
            let directory = format!("{base}/{letter}");
            let age = rng.below(400).min(rng.below(400)) as i64 * DAY;
            self.directory(&directory, repository.when - age)?;
            self.sparse(&format!("{directory}/{file}"), package.size, repository.when - age)?;
            packages.push(Package { href: format!("Packages/{letter}/{file}"), ..package });
        }
        self.repodata(&repository.path, &packages, repository.when)?;
        if repository.boot { self.boot(repository) } else { Ok(()) }
    }

    fn boot(&mut self, repository: &RepositoryOfTree) -> io::Result<()> {
        let (top, when, arch) = (&repository.path, repository.when, repository.arch);
        for (place, files) in [
            ("images", &[("install.img", 780_000_000), ("boot.iso", 950_000_000)][..]),
            ("images/pxeboot", &[("vmlinuz", 17_000_000), ("initrd.img", 150_000_000)]),
            ("EFI/BOOT", &[("BOOTX64.EFI", 950_000), ("grub.cfg", 1_700)]),
            ("EFI/BOOT/fonts", &[("unicode.pf2", 2_560_000)]),
        ] {
            self.directory(&format!("{top}/{place}"), when)?;
            for (name, size) in files {
                self.sparse(&format!("{top}/{place}/{name}"), *size, when)?;
            }
        }
        let version =
            top.split("/Everything/").next().and_then(|p| p.rsplit('/').next()).unwrap_or("0").to_owned();
        let info = format!(
            "[general]\nfamily = Fedora\nversion = {version}\narch = {arch}\nvariant = Everything\ntimestamp = {when}\n\n\
             [header]\ntype = productmd.treeinfo\nversion = 1.2\n"
        );
        self.content(&format!("{top}/.treeinfo"), info.as_bytes(), when)?;
        let disc = format!("{when}.000000\n{version}\n{arch}\n");
        self.content(&format!("{top}/.discinfo"), disc.as_bytes(), when)?;
        let iso = format!("{}/iso", top.strip_suffix("/os").unwrap_or(top));
        self.images(&iso, &format!("Fedora-Everything-{version}-1.1-{arch}"), &["netinst"], when)
    }

    /// A directory of small images with a checksum file that tells the truth about them.
    fn images(&mut self, directory: &str, stem: &str, kinds: &[&str], when: i64) -> io::Result<()> {
        self.directory(directory, when)?;
        let mut lines = String::new();
        for kind in kinds {
            let name = format!("{stem}-{kind}.iso");
            let bytes = format!("{directory}/{name}\n").repeat(16);
            self.content(&format!("{directory}/{name}"), bytes.as_bytes(), when)?;
            let digest = hex(&Sha256::digest(&bytes));
            lines.push_str(&format!("# {name}: {} bytes\nSHA256 ({name}) = {digest}\n", bytes.len()));
        }
        self.content(&format!("{directory}/{stem}-CHECKSUM"), lines.as_bytes(), when)
    }

    /// What a real tree has besides repositories: variants, ostree, hidden and unreadable places, links.
    fn places(&mut self, plan: &Plan, shape: Shape) -> io::Result<()> {
        let epoch = shape.epoch;
        let Extras::Full(scale) = plan.extras else { return Ok(()) };
        for repository in plan.repositories.iter().filter(|r| r.boot && r.path.contains("/releases/")) {
            let Some((top, _)) = repository.path.split_once("/Everything/") else { continue };
            for (variant, place, kinds) in [
                ("Server", "iso", &["dvd", "netinst"][..]),
                ("Workstation", "iso", &["Live"]),
                (
                    "Spins",
                    "iso",
                    &["KDE", "Xfce", "LXQt", "Cinnamon", "MATE", "SoaS", "i3", "Sway", "Budgie", "COSMIC"],
                ),
                ("Cloud", "images", &["Base", "UKI"]),
                ("Container", "images", &["Base", "Toolbox"]),
                ("Silverblue", "ostree/iso", &["Base"]),
                ("Kinoite", "iso", &["Base"]),
            ] {
                let arch = repository.arch;
                let directory = format!("{top}/{variant}/{arch}/{place}");
                self.images(&directory, &format!("Fedora-{variant}-1.1-{arch}"), kinds, repository.when)?;
            }
        }
        let ostree = "pub/fedora/linux/atomic/39";
        self.directory(ostree, epoch - DAY)?;
        self.content(&format!("{ostree}/summary"), &[b's'; 1280], epoch - DAY)?;
        let mut rng = Rng::new(shape.seed, ostree);
        for number in 0..((256.0 * scale.min(1.0)) as u32).max(4) {
            let directory = format!("{ostree}/objects/{number:02x}");
            self.directory(&directory, epoch - 30 * DAY)?;
            for _ in 0..4 {
                let name = format!("{directory}/{:016x}.filez", rng.bits());
                self.sparse(&name, 200 + rng.below(90_000), epoch - 30 * DAY)?;
            }
        }
        for place in ["pub/alt/risc-v/disk_images", "pub/alt/live-respins", "pub/alt/unsupported/old"] {
            self.images(place, "Respin", &["KDE", "WORK", "XFCE", "LXQT"], epoch - 9 * DAY)?;
        }
        let snapshot = "pub/fedora/linux/releases/.snapshot/hourly.0";
        self.directory(snapshot, epoch - DAY)?;
        self.content(&format!("{snapshot}/README"), b"snapshot\n", epoch - DAY)?;
        let beta = "pub/fedora/linux/releases/43_Beta";
        self.directory(&format!("{beta}/.embargo"), epoch - DAY)?;
        self.content(&format!("{beta}/.embargo/README"), b"not public\n", epoch - DAY)?;
        for closed in [format!("{beta}/.embargo"), beta.to_owned()] {
            fs::set_permissions(self.path(&closed), fs::Permissions::from_mode(0o750))?;
        }
        self.directory("pub/fedora/linux/releases/empty", epoch - 50 * DAY)?;
        self.link("../../archive/fedora/linux", "pub/fedora/linux/extras")?;
        self.link("42", "pub/fedora/linux/releases/current")?;
        self.link("nowhere", "pub/fedora/linux/releases/dangling")?;
        self.link("7", "pub/epel/7Server")?;
        self.content(
            "pub/epel/RPM-GPG-KEY-EPEL-9",
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
            epoch - 99 * DAY,
        )
    }
}

fn time(seconds: i64) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

fn at(path: &Path) -> impl Fn(io::Error) -> io::Error + '_ {
    move |e| io::Error::new(e.kind(), format!("{}: {e}", path.display()))
}
