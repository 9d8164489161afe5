//! Valid repository metadata: `repomd.xml` and the documents it names.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// One package as the metadata describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Release, e.g. `3.fc42`.
    pub release: String,
    /// Architecture, e.g. `noarch`, `src`.
    pub arch: String,
    /// Where it is, from the directory that holds `repodata`.
    pub href: String,
    /// Size of the file, bytes.
    pub size: u64,
}

/// The files of a `repodata` directory, `repomd.xml` last: names and contents.
///
/// # Errors
/// Only what the compressor reports, which for memory is nothing.
pub fn documents(packages: &[Package], when: i64) -> io::Result<Vec<(String, Vec<u8>)>> {
    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    const SPACE: &str = "http://linux.duke.edu/metadata";
    let count = packages.len();
    let (mut primary, mut lists) = (String::new(), String::new());
    for p in packages {
        let id = hex(&Sha256::digest(format!("{}-{}-{}.{}", p.name, p.version, p.release, p.arch)));
        let version = format!("<version epoch=\"0\" ver=\"{}\" rel=\"{}\"/>", p.version, p.release);
        let _ = writeln!(
            primary,
            "<package type=\"rpm\"><name>{name}</name><arch>{arch}</arch>{version}\
             <checksum type=\"sha256\" pkgid=\"YES\">{id}</checksum><summary>{name}</summary>\
             <description>{name}</description><packager/><url/><time file=\"{when}\" build=\"{when}\"/>\
             <size package=\"{size}\" installed=\"{size}\" archive=\"{size}\"/><location href=\"{href}\"/>\
             <format><rpm:license>MIT</rpm:license><rpm:group>Unspecified</rpm:group></format></package>",
            name = p.name,
            arch = p.arch,
            size = p.size,
            href = p.href,
        );
        let _ = writeln!(
            lists,
            "<package pkgid=\"{id}\" name=\"{}\" arch=\"{}\">{version}</package>",
            p.name, p.arch
        );
    }
    let texts = [
        (
            "primary",
            format!(
                "{HEAD}<metadata xmlns=\"{SPACE}/common\" xmlns:rpm=\"{SPACE}/rpm\" packages=\"{count}\">\n\
                 {primary}</metadata>\n"
            ),
        ),
        (
            "filelists",
            format!(
                "{HEAD}<filelists xmlns=\"{SPACE}/filelists\" packages=\"{count}\">\n{lists}</filelists>\n"
            ),
        ),
        (
            "other",
            format!("{HEAD}<otherdata xmlns=\"{SPACE}/other\" packages=\"{count}\">\n{lists}</otherdata>\n"),
        ),
    ];
    let mut files = Vec::with_capacity(texts.len() + 1);
    let mut rows = String::new();
    for (kind, text) in texts {
        let packed = gzip(text.as_bytes())?;
        let (digest, open) = (hex(&Sha256::digest(&packed)), hex(&Sha256::digest(&text)));
        let name = format!("{digest}-{kind}.xml.gz");
        let _ = write!(
            rows,
            "  <data type=\"{kind}\">\n    <checksum type=\"sha256\">{digest}</checksum>\n    \
             <open-checksum type=\"sha256\">{open}</open-checksum>\n    <location href=\"repodata/{name}\"/>\n    \
             <timestamp>{when}</timestamp>\n    <size>{}</size>\n    <open-size>{}</open-size>\n  </data>\n",
            packed.len(),
            text.len()
        );
        files.push((name, packed));
    }
    let index = format!(
        "{HEAD}<repomd xmlns=\"{SPACE}/repo\" xmlns:rpm=\"{SPACE}/rpm\">\n  <revision>{when}</revision>\n{rows}</repomd>\n"
    );
    files.push(("repomd.xml".to_owned(), index.into_bytes()));
    Ok(files)
}

fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::fast());
    packer.write_all(text)?;
    packer.finish()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
