//! Which repositories a tree has, where, and how many packages each holds.

use super::Shape;

const DAY: i64 = 86_400;
const PRIMARY: [&str; 2] = ["x86_64", "aarch64"];
const ARCHES: [&str; 4] = ["x86_64", "aarch64", "ppc64le", "s390x"];

/// A category as an administrator would create it for such a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryOfTree {
    /// Its name.
    pub name: &'static str,
    /// The product it belongs to.
    pub product: &'static str,
    /// Its top directory, without leading slash.
    pub topdir: &'static str,
}

/// The categories of [`super::scaled`]; [`super::small`] has the first two.
pub const CATEGORIES: [CategoryOfTree; 4] = [
    CategoryOfTree { name: "Fedora Linux", product: "Fedora", topdir: "pub/fedora/linux" },
    CategoryOfTree { name: "Fedora EPEL", product: "EPEL", topdir: "pub/epel" },
    CategoryOfTree { name: "Fedora Archive", product: "Fedora", topdir: "pub/archive" },
    CategoryOfTree { name: "Fedora Other", product: "Fedora", topdir: "pub/alt" },
];

/// One repository of a tree.
#[derive(Debug, Clone, PartialEq)]
pub struct RepositoryOfTree {
    /// The directory that holds `repodata`, from the content root.
    pub path: String,
    /// The architecture in the package names (`src` for sources).
    pub arch: &'static str,
    /// The distribution tag in the package names, e.g. `fc42`.
    pub dist: String,
    /// Whether it changes after its first publication.
    pub updates: bool,
    /// Its newest modification time, seconds since 1970.
    pub when: i64,
    /// How many packages it holds at first.
    pub packages: usize,
    /// Whether it has images and a `.treeinfo`, and an `iso` directory beside it.
    pub boot: bool,
    /// The initial letters that get a directory each, as often as they are to be drawn.
    pub(super) letters: &'static str,
    weight: f64,
}

/// What to write.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) repositories: Vec<RepositoryOfTree>,
    /// Variants with images only, hidden and unreadable places, links; sized by this number.
    pub(super) extras: Extras,
}

/// Which things besides repositories are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Extras {
    /// None of the odd ones: everything is to be mirrored.
    Plain,
    /// All of them, at this scale.
    Full(f64),
}

/// Initial letters with the frequency they have in a distribution.
const LETTERS: &str = "aaabbbccccdddeeefffggggggggghhiijjkkkllllllllllmmmmnnnooopppppppppppppppqqrrrrrrrrrrsssstttttuuvvwwxxyz0";
/// The few letters of the small tree.
const FEW_LETTERS: &str = "gklpr";

struct Group {
    out: Vec<RepositoryOfTree>,
    letters: &'static str,
}

impl Group {
    fn add(&mut self, path: String, arch: &'static str, dist: &str, when: i64, weight: f64, kind: Kind) {
        if self.out.iter().any(|r| r.path == path) {
            return;
        }
        let (updates, boot) = (kind == Kind::Updates, kind == Kind::Boot);
        let letters = self.letters;
        let dist = dist.to_owned();
        self.out.push(RepositoryOfTree {
            path,
            arch,
            dist,
            updates,
            when,
            packages: 0,
            boot,
            letters,
            weight,
        });
    }

    /// `Everything/<arch>/{os,debug/tree}` and `Everything/source/tree`.
    fn release(
        &mut self,
        base: &str,
        arches: &[&'static str],
        dist: &str,
        when: i64,
        weight: f64,
        boot: bool,
    ) {
        let kind = if boot { Kind::Boot } else { Kind::Plain };
        for arch in arches {
            let top = format!("{base}/Everything/{arch}");
            self.add(format!("{top}/os"), arch, dist, when, weight, kind);
            self.add(format!("{top}/debug/tree"), arch, dist, when, weight * 0.45, Kind::Plain);
        }
        self.add(format!("{base}/Everything/source/tree"), "src", dist, when, weight * 0.4, Kind::Plain);
    }

    /// `Everything/<arch>`, `Everything/<arch>/debug`, `Everything/source/tree`.
    fn updates(&mut self, base: &str, arches: &[&'static str], dist: &str, when: i64, weight: f64) {
        for arch in arches {
            let top = format!("{base}/Everything/{arch}");
            self.add(format!("{top}/debug"), arch, dist, when, weight * 0.45, Kind::Updates);
            self.add(top, arch, dist, when, weight, Kind::Updates);
        }
        self.add(format!("{base}/Everything/source/tree"), "src", dist, when, weight * 0.4, Kind::Updates);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Boot,
    Updates,
}

pub(super) fn small(shape: Shape) -> Plan {
    let epoch = shape.epoch;
    let mut all = Group { out: Vec::new(), letters: FEW_LETTERS };
    let (linux, epel) = ("pub/fedora/linux", "pub/epel");
    all.release(&format!("{linux}/development/rawhide"), &PRIMARY, "fc44", epoch, 1.0, true);
    for (version, age) in [("42", 180), ("41", 360)] {
        let (dist, when) = (format!("fc{version}"), epoch - age * DAY);
        all.release(&format!("{linux}/releases/{version}"), &PRIMARY, &dist, when, 0.9, true);
        all.updates(&format!("{linux}/updates/{version}"), &PRIMARY, &dist, epoch - DAY / 2, 0.5);
    }
    all.updates(&format!("{linux}/updates/testing/42"), &PRIMARY, "fc42", epoch - DAY / 3, 0.3);
    for version in ["10", "9"] {
        all.updates(&format!("{epel}/{version}"), &PRIMARY, &format!("el{version}"), epoch - DAY / 4, 0.5);
    }
    all.updates(&format!("{epel}/testing/9"), &PRIMARY, "el9", epoch - DAY / 5, 0.3);
    for repository in &mut all.out {
        repository.packages = (repository.weight * 24.0).ceil() as usize;
    }
    Plan { repositories: all.out, extras: Extras::Plain }
}

pub(super) fn scaled(shape: Shape, scale: f64) -> Plan {
    let groups = groups(shape.epoch);
    let total = groups.iter().map(Vec::len).sum::<usize>() as f64;
    // One repository with its letters, images and metadata is about 20 directories.
    let want = (total * scale).round().clamp(6.0, total);
    let mut repositories = Vec::new();
    for group in groups {
        let share = (want * group.len() as f64 / total).ceil() as usize;
        repositories.extend(group.into_iter().take(share.max(1)));
    }
    let weight: f64 = repositories.iter().map(|r| r.weight).sum();
    let files = (400_000.0 * scale - 24.0 * repositories.len() as f64).max(0.0);
    for repository in &mut repositories {
        repository.packages = ((files * repository.weight / weight) as usize).max(3);
    }
    Plan { repositories, extras: Extras::Full(scale) }
}

/// All repositories of the full tree, by category, the most important first.
fn groups(epoch: i64) -> [Vec<RepositoryOfTree>; 3] {
    let (linux, epel, archive) = ("pub/fedora/linux", "pub/epel", "pub/archive/fedora/linux");
    let mut fedora = Group { out: Vec::new(), letters: LETTERS };
    fedora.release(&format!("{linux}/development/rawhide"), &PRIMARY, "fc44", epoch, 1.0, true);
    for version in [42, 41] {
        let (dist, when) = (format!("fc{version}"), epoch - (43 - version) * 182 * DAY);
        fedora.release(&format!("{linux}/releases/{version}"), &PRIMARY, &dist, when, 0.9, true);
        fedora.updates(&format!("{linux}/updates/{version}"), &PRIMARY, &dist, epoch - DAY / 2, 0.45);
        fedora.updates(&format!("{linux}/updates/testing/{version}"), &PRIMARY, &dist, epoch - DAY / 3, 0.12);
    }
    for version in [43, 40, 39] {
        let (dist, when) = (format!("fc{version}"), epoch - (43 - version) * 182 * DAY);
        let kind = if version == 43 { "development" } else { "releases" };
        fedora.release(&format!("{linux}/{kind}/{version}"), &ARCHES, &dist, when, 0.9, true);
        fedora.updates(&format!("{linux}/updates/{version}"), &ARCHES, &dist, epoch - DAY, 0.4);
        fedora.updates(&format!("{linux}/updates/testing/{version}"), &ARCHES, &dist, epoch - DAY, 0.1);
    }
    fedora.release(&format!("{linux}/development/rawhide"), &ARCHES, "fc44", epoch, 1.0, true);
    for version in [42, 41] {
        let (dist, when) = (format!("fc{version}"), epoch - (43 - version) * 182 * DAY);
        fedora.release(&format!("{linux}/releases/{version}"), &ARCHES, &dist, when, 0.9, true);
        fedora.updates(&format!("{linux}/updates/{version}"), &ARCHES, &dist, epoch - DAY / 2, 0.45);
    }

    let mut extra = Group { out: Vec::new(), letters: LETTERS };
    for (version, arches) in
        [("9", &PRIMARY[..]), ("10", &PRIMARY), ("8", &ARCHES), ("7", &["x86_64", "ppc64le"])]
    {
        let dist = format!("el{version}");
        for (top, weight) in
            [(format!("{epel}/{version}"), 0.35), (format!("{epel}/testing/{version}"), 0.05)]
        {
            if version == "7" {
                for arch in arches {
                    extra.add(format!("{top}/{arch}"), arch, &dist, epoch - DAY, weight, Kind::Updates);
                    let debug = format!("{top}/{arch}/debug");
                    extra.add(debug, arch, &dist, epoch - DAY, weight * 0.4, Kind::Updates);
                }
                extra.add(format!("{top}/SRPMS"), "src", &dist, epoch - DAY, weight * 0.4, Kind::Updates);
            } else {
                extra.updates(&top, arches, &dist, epoch - DAY / 4, weight);
            }
        }
    }

    let mut old = Group { out: Vec::new(), letters: LETTERS };
    for version in (7..=38).rev() {
        let (dist, when) = (format!("fc{version}"), epoch - (43 - version) * 182 * DAY);
        let arches: &[&'static str] =
            if version > 27 { &["x86_64", "aarch64", "ppc64le"] } else { &["x86_64", "i386"] };
        let weight = (0.03 * version as f64 - 0.3).max(0.15);
        old.release(&format!("{archive}/releases/{version}"), arches, &dist, when, weight, version > 30);
        let everything = if version > 27 { "/Everything" } else { "" };
        let base = format!("{archive}/updates/{version}{everything}");
        for arch in arches {
            old.add(format!("{base}/{arch}"), arch, &dist, when + 300 * DAY, 0.25, Kind::Updates);
            old.add(format!("{base}/{arch}/debug"), arch, &dist, when + 300 * DAY, 0.1, Kind::Updates);
        }
        old.add(format!("{base}/SRPMS"), "src", &dist, when + 300 * DAY, 0.1, Kind::Updates);
    }
    [fedora.out, extra.out, old.out]
}
