//! Sizes as index pages print them.

/// What an index says about the size of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many bytes.
    Exact(u64),
    /// About something; only a request can tell.
    Rounded,
    /// Nothing.
    Unknown,
}

/// The size in what follows a link: the word behind date and time. A file's name stands before them and a
/// description behind, so neither can be taken for it.
pub(super) fn in_columns(text: &str) -> Size {
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if is_date(word) {
            return match (words.next().is_some_and(is_clock), words.next()) {
                (true, Some(size)) => word_size(size),
                _ => Size::Unknown,
            };
        }
    }
    Size::Unknown
}

/// `1234`, `1.2M`, `-`.
fn word_size(word: &str) -> Size {
    if let Some(bytes) = digits(word) {
        return Size::Exact(bytes);
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) { Size::Rounded } else { Size::Unknown }
}

/// A number of digits only.
pub(super) fn digits(word: &str) -> Option<u64> {
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word.parse().ok()
}

/// `2026-11-21`, `21-Nov-2026`, `2026-Nov-21`.
fn is_date(word: &str) -> bool {
    let mut parts = word.split('-');
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_month = b.len() == 3 && b.bytes().all(|byte| byte.is_ascii_alphabetic());
    digits(a).is_some() && digits(c).is_some() && (is_month || digits(b).is_some())
}

/// `05:55` or `05:55:23`.
fn is_clock(word: &str) -> bool {
    word.contains(':') && word.split(':').all(|part| part.len() == 2 && digits(part).is_some())
}
