//! `FileDetailsCache`: one message per directory that has file details.

use store::export::{Detail, Digest, DigestKind};

use crate::files;
use crate::wire::{bytes_len, put_bytes, put_number, put_prefix, varint_len};

/// Number of the field in the outermost message.
const FILE_DETAILS: u8 = 5;
/// Numbers of the fields of `FileDetailsCacheDirectoryType` and `FileDetailsCacheFilesType`.
const NAME: u8 = 1;
const ELEMENT: u8 = 2;
/// Numbers of the fields of `FileDetailsType`; those of the digests follow in the order of [`DigestKind::ALL`].
const TIME_STAMP: u8 = 1;
const SIZE: u8 = 2;
const FIRST_DIGEST: u8 = 3;

/// Appends the message of a directory; nothing when it has no details. Files are in order of first appearance,
/// the details of each in the given order.
pub(crate) fn put<'a>(directory: &str, details: impl Iterator<Item = Detail<'a>> + Clone, out: &mut Vec<u8>) {
    let names = files::names(details.clone());
    if names.is_empty() {
        return;
    }
    let bytes = names.iter().map(|name| bytes_len(file_len(name, details.clone()))).sum::<usize>();
    put_prefix(out, FILE_DETAILS, bytes_len(directory.len()) + bytes);
    put_bytes(out, NAME, directory.as_bytes());
    for name in names {
        put_prefix(out, ELEMENT, file_len(name, details.clone()));
        put_bytes(out, NAME, name.as_bytes());
        for detail in files::of(name, details.clone()) {
            put_detail(detail, out);
        }
    }
}

fn file_len<'a>(name: &str, details: impl Iterator<Item = Detail<'a>>) -> usize {
    bytes_len(name.len())
        + files::of(name, details).map(|detail| bytes_len(detail_len(detail))).sum::<usize>()
}

/// The digests with the numbers of their fields.
fn digests<'a>(detail: Detail<'a>) -> impl Iterator<Item = (u8, Digest<'a>)> {
    let all = DigestKind::ALL.into_iter().zip(FIRST_DIGEST..);
    all.filter_map(move |(kind, field)| Some((field, detail.digest(kind)?)))
}

fn digest_len(digest: Digest<'_>) -> usize {
    match digest {
        Digest::Hex(bytes) => 2 * bytes.len(),
        Digest::Text(text) => text.len(),
    }
}

fn detail_len(detail: Detail<'_>) -> usize {
    let numbers = [detail.timestamp(), detail.size()].map(|value| 1 + varint_len(files::number(value)));
    let digests = digests(detail).map(|(_, digest)| bytes_len(digest_len(digest)));
    numbers.into_iter().chain(digests).sum()
}

fn put_detail(detail: Detail<'_>, out: &mut Vec<u8>) {
    put_prefix(out, ELEMENT, detail_len(detail));
    put_number(out, TIME_STAMP, files::number(detail.timestamp()));
    put_number(out, SIZE, files::number(detail.size()));
    for (field, digest) in digests(detail) {
        put_prefix(out, field, digest_len(digest));
        match digest {
            Digest::Text(text) => out.extend_from_slice(text.as_bytes()),
            Digest::Hex(bytes) => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
                out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
            }
        }
    }
}
