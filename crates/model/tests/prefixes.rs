//! The worked examples of the two scanners, every row (`tests/data/README.md`).

#![expect(clippy::unwrap_used, reason = "tests")]

use model::arch_guess::arch;
use model::path_rules::PathRules;
use model::policy::Policy;
use model::prefix_rules::{PrefixRules, RepositoryPlace};
use model::version_guess::{BranchedVersion, VersionGuess, candidate, version};

const ARCHES: [&str; 9] =
    ["aarch64", "armhfp", "i386", "ppc", "ppc64", "ppc64le", "s390x", "source", "x86_64"];

fn rows<const N: usize>(table: &str) -> Vec<[&str; N]> {
    let rows: Vec<[&str; N]> = table
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{line}")))
        .collect();
    rows
}

fn topdir(category: &str) -> &'static str {
    match category {
        "Fedora Linux" => "pub/fedora/linux",
        "Fedora Secondary Arches" => "pub/fedora-secondary",
        "Fedora Archive" => "pub/archive",
        "Fedora EPEL" => "pub/epel",
        "Fedora Codecs" => "codecs.fedoraproject.org/openh264",
        "Fedora Other" => "pub/alt",
        "Fedora ELN" => "pub/eln",
        "RHEL" => "pub/rhel",
        "CentOS" | "CentOS Stream" => "",
        "RPMFUSION free Fedora" => "free/fedora",
        "RPMFUSION nonfree Fedora" => "nonfree/fedora",
        "RPMFUSION free EL" => "free/el",
        "RPMFUSION nonfree EL" => "nonfree/el",
        other => panic!("{other}"),
    }
}

/// `spec/umdl.md` 11: the version rows that exist, in the order of their ids.
fn versions_before(category: &str) -> &'static [&'static str] {
    match category {
        "Fedora EPEL" => &["6", "7", "8", "9", "10", "10.0", "10.1"],
        "RHEL" => &["6", "7"],
        "CentOS" => &["6.5", "7", "7.9.2009", "8-stream"],
        "CentOS Stream" => &["9-stream"],
        name if name.starts_with("RPMFUSION") => &["development", "6", "9", "41"],
        _ => &["development", "6", "20", "22", "26", "30", "34", "41", "42"],
    }
}

/// A cell of the table: `*` = made by the call, `(test)` = as a test version.
fn shown(guess: Option<&VersionGuess>, is_test: bool) -> String {
    match guess {
        None => "-".to_owned(),
        Some(VersionGuess { row, known: true, .. }) => row.clone(),
        Some(VersionGuess { row, .. }) if is_test => format!("{row}* (test)"),
        Some(VersionGuess { row, .. }) => format!("{row}*"),
    }
}

/// Version cell and prefix cell of a row of `umdl-prefixes.tsv`.
fn umdl(category: &str, relative: &str, known: &[&str]) -> (String, String) {
    let topdir = topdir(category);
    let full = format!("{topdir}/{relative}");
    let path_rules = PathRules::shipped(Policy::Umdl).unwrap();
    if path_rules.version_skip(&full).is_some() {
        return ("-".to_owned(), "NULL".to_owned());
    }
    let guess = version(Policy::Umdl, BranchedVersion::Development, topdir, relative, known.iter().copied());
    let place = RepositoryPlace {
        category,
        topdir,
        relative,
        version: guess.as_ref().map(|guess| guess.shown.as_str()),
        arch: None,
    };
    let rules = PrefixRules::shipped(Policy::Umdl).unwrap();
    let prefix = rules.prefix(&place).unwrap_or_else(|| "NULL".to_owned());
    (shown(guess.as_ref(), path_rules.test_mark(&full).is_some()), prefix)
}

#[test]
fn umdl_examples_with_version_rows() {
    let table = rows::<8>(include_str!("data/umdl-prefixes.tsv"));
    assert_eq!(table.len(), 131);
    for [category, relative, arch_name, version_name, prefix, ..] in table {
        let got = umdl(category, relative, versions_before(category));
        assert_eq!(got, (version_name.to_owned(), prefix.to_owned()), "{category} {relative}");
        let got_arch = arch(Policy::Umdl, topdir(category), relative, ARCHES).unwrap_or("-");
        assert_eq!(got_arch, arch_name, "{category} {relative}");
    }
}

#[test]
fn umdl_examples_on_an_empty_version_table() {
    let mut by_decision_17 = 0;
    for [category, relative, _, with_version, prefix, version_cell, prefix_cell, _] in
        rows::<8>(include_str!("data/umdl-prefixes.tsv"))
    {
        let upstream_prefix = if prefix_cell == "=" { prefix } else { prefix_cell };
        let (expected_version, expected_prefix) = match decision_17(relative, version_cell) {
            // The row then has the version, and with it the prefix, that it has with version rows.
            Some(number) => {
                by_decision_17 += 1;
                assert_eq!(number, with_version, "{relative}");
                (format!("{number}*"), prefix)
            }
            None => (version_cell.to_owned(), upstream_prefix),
        };
        let got = umdl(category, relative, &[]);
        assert_eq!(got, (expected_version, expected_prefix.to_owned()), "{category} {relative}");
    }
    assert_eq!(by_decision_17, 32, "rows that differ by decision 17");
}

/// Decision 17: the full path counts, so a number that is the first component of the relative name makes a
/// version where upstream, which looks at the relative name, makes none.
fn decision_17<'a>(relative: &'a str, upstream: &str) -> Option<&'a str> {
    let (first, _) = relative.split_once('/')?;
    let is_number = candidate(Policy::Umdl, &format!("/{first}/")).is_some_and(|name| name == first);
    (upstream == "-" && is_number).then_some(first)
}

#[test]
fn version_candidates() {
    for [path, expected] in rows::<2>(include_str!("data/version-candidates.tsv")) {
        assert_eq!(candidate(Policy::Umdl, path).as_deref().unwrap_or("-"), expected, "{path}");
    }
    assert_eq!(candidate(Policy::Spm, "dists/maverick/main"), None, "only umdl knows Debian trees");
    assert_eq!(candidate(Policy::Spm, "x/9/rawhide/y").as_deref(), Some("development"));
    assert_eq!(candidate(Policy::Umdl, "x/9/rawhide/y").as_deref(), Some("9"));
}

/// Rows whose `reference` column differs from `ours`: the gaps that the shipped table closes.
const GAPS: [(&str, &str); 5] = [
    ("29", "EPEL up to 7"),
    ("30", "EPEL up to 7"),
    ("35", "rawhide codecs"),
    ("61", "Fedora/ install trees"),
    ("95", "RPM Fusion rawhide"),
];

/// `spec/scan-primary-mirror.md` 14: what the product knew before.
fn spm_versions(category: &str) -> &'static [&'static str] {
    match category {
        "CentOS" => &["9-stream", "10-stream"],
        "Fedora Linux" | "Fedora Secondary Arches" | "Fedora Archive" | "Fedora Codecs" => &["development"],
        name if name.starts_with("RPMFUSION") => &["development"],
        _ => &[],
    }
}

fn spm_topdir(category: &str) -> &'static str {
    // In these examples the topdir of the codecs is one level higher.
    if category == "Fedora Codecs" { "codecs.fedoraproject.org" } else { topdir(category) }
}

#[test]
fn spm_examples() {
    let rules = PrefixRules::shipped(Policy::Spm).unwrap();
    let mut paths = PathRules::shipped(Policy::Spm).unwrap();
    // The archive is scanned in these examples.
    paths.skip_paths_for_version.retain(|path| path != "pub/archive");
    let table = rows::<8>(include_str!("data/spm-prefixes.tsv"));
    assert_eq!(table.len(), 104);
    let mut gaps = Vec::new();
    for [number, category, path, reference, version_name, arch_name, ours, _] in table {
        let topdir = spm_topdir(category);
        let relative = model::directory_name::relative(topdir, path).unwrap();
        let guess = version(
            Policy::Spm,
            BranchedVersion::Development,
            topdir,
            relative,
            spm_versions(category).iter().copied(),
        );
        let arch = arch(Policy::Spm, topdir, relative, ARCHES);
        let decision = rules.decide(&RepositoryPlace {
            category,
            topdir,
            relative,
            version: guess.as_ref().map(|guess| guess.shown.as_str()),
            arch,
        });
        let skipped = paths.repository_skip(relative).or(paths.version_skip(path)).is_some();
        let got = decision.prefix.filter(|_| !skipped).unwrap_or_else(|| "-".to_owned());
        let expected = if ours == "=" { reference } else { ours };
        assert_eq!(got, expected, "{number} {path}");
        if ours != "=" {
            gaps.push(number);
        }
        if version_name != "-" {
            assert_eq!(guess.map(|guess| guess.row).as_deref(), Some(version_name), "{number} {path}");
            assert_eq!(arch, Some(arch_name), "{number} {path}");
        }
    }
    assert_eq!(gaps, GAPS.map(|(number, _)| number), "all other rows are those of the reference");
}

/// The last column of the same table: policy `umdl` on the same paths.
#[test]
fn umdl_on_the_spm_examples() {
    let rules = PrefixRules::shipped(Policy::Umdl).unwrap();
    let paths = PathRules::shipped(Policy::Umdl).unwrap();
    for [number, category, path, reference, version_name, _, _, umdl] in
        rows::<8>(include_str!("data/spm-prefixes.tsv"))
    {
        let topdir = spm_topdir(category);
        let relative = model::directory_name::relative(topdir, path).unwrap();
        let version = Some(version_name).filter(|name| *name != "-");
        let place = RepositoryPlace { category, topdir, relative, version, arch: None };
        let prefix = rules.prefix(&place).filter(|_| paths.repository_skip(relative).is_none());
        let expected = if umdl == "=" { reference } else { umdl };
        assert_eq!(prefix.as_deref().unwrap_or("-"), expected, "{number} {path}");
    }
}

#[test]
fn spm_shipped_mappings_are_anchored() {
    let rules = model::rule_table::ShippedRules::of(Policy::Spm).unwrap();
    assert!(rules.repository_mapping.len() > 50);
    for rule in &rules.repository_mapping {
        assert!(rule.regex.starts_with('^'), "{}", rule.regex);
    }
    assert_eq!(&rules.excludes[..], [r"\.snapshot", r"/\.~tmp~"]);
}

#[test]
fn the_tables_are_the_recorded_ones() {
    use sha2::{Digest as _, Sha256};
    let tables: [(&str, &[u8]); 3] = [
        ("spm-prefixes.tsv", include_bytes!("data/spm-prefixes.tsv")),
        ("umdl-prefixes.tsv", include_bytes!("data/umdl-prefixes.tsv")),
        ("version-candidates.tsv", include_bytes!("data/version-candidates.tsv")),
    ];
    let found: Vec<String> = tables
        .iter()
        .map(|(name, content)| {
            let hex: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}  {name}")
        })
        .collect();
    let recorded: Vec<&str> = include_str!("data/SHA256SUMS").lines().collect();
    assert_eq!(found, recorded);
}
