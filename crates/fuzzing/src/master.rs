//! What a master tree holds and what was noted of it: checksum files, file lists, repodata.

use model::checksums::{Checksums, kind};

use crate::texts;

/// A name in the first line, and behind it the content of the checksum file of that name.
pub(crate) fn checksums(input: &[u8]) {
    let (name, content) = first_line(input);
    if let Some(kind) = kind(name) {
        Checksums::default().read(kind, content);
    }
}

fn first_line(input: &[u8]) -> (&[u8], &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (name, rest) = input.split_at(end);
    (name, rest.get(1..).unwrap_or_default())
}

pub(crate) fn checksum_seeds() -> Vec<Vec<u8>> {
    let sha256 = "0123456789abcdef".repeat(4);
    let sha1 = "0123456789ABCDEF".repeat(2) + "01234567";
    vec![
        format!("x-CHECKSUM\n# a.iso: 5 bytes\nSHA256 (a.iso) = {sha256}\r\nSHA256 (b/c.iso) = {sha256}\n")
            .into(),
        format!("SHA1SUM\n{sha1}  a.iso\n{sha1} *../b.iso\n{sha1} /c.iso\n").into(),
        format!("a.sha256\n{sha256}  images/pxeboot/vmlinuz\n").into(),
        b"MD5SUM\n0123456789abcdef0123456789abcdef  \xff\xfe\n".to_vec(),
        format!("a.sha512\n{}  a\n", sha256.repeat(2)).into(),
    ]
}

/// A stored file list: JSON, or the plain-data subset of pickles. What is read can be stored and read again.
pub(crate) fn directory_files(input: &[u8]) {
    if let Ok(files) = model::files::decode(input) {
        let again = model::files::decode(&model::files::encode(&files));
        assert_eq!(again.ok().as_ref(), Some(&files));
    }
}

pub(crate) fn file_seeds() -> Vec<Vec<u8>> {
    let mut seeds = texts(&[
        "[]",
        "[{\"name\": \"README\", \"size\": 5, \"timestamp\": 1795240453}]",
        "[{\"timestamp\":\"1.5\",\"size\":\"7\",\"name\":\"\\u00e4\\ud83d\\ude00\"},{\"name\":\"b\",\"size\":0,\"timestamp\":0}]",
        // {'README': {'size': '5', 'stat': 1}}, as protocol 0 and 2 of Python's pickle write such.
        "(dp0\nS'README'\np1\n(dp2\nS'size'\np3\nS'5'\np4\nsS'stat'\np5\nI1\nss.",
    ]);
    seeds.push(
        b"\x80\x02}q\x00U\x06READMEq\x01}q\x02(U\x04sizeq\x03K\x05U\x04statq\x04J\x01\x00\x00\x00us."
            .to_vec(),
    );
    seeds
}

/// Any bytes as `repomd.xml`.
pub(crate) fn repomd(input: &[u8]) {
    let _ = scan::repomd::newest_timestamp(input);
}

pub(crate) fn repomd_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "<?xml version=\"1.0\"?>\n<repomd xmlns=\"http://linux.duke.edu/metadata/repo\"><revision>1</revision>\
         <data type=\"primary\"><checksum type=\"sha256\">00</checksum><timestamp>1700000000</timestamp></data>\
         <data type=\"other\"><timestamp> 1700000001.5 </timestamp></data></repomd>",
        "<a:repomd xmlns:a=\"x\"><a:data><a:timestamp><![CDATA[5]]>&#49;</a:timestamp></a:data></a:repomd>",
        "<!DOCTYPE repomd [<!ENTITY a \"&b;&b;\">]><repomd>&a;</repomd>",
        "<repomd><data/><!-- - --><?x y?></repomd>",
    ])
}
