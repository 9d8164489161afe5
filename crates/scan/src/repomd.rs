//! The one fact of a `repomd.xml` that the database keeps: the newest time in it.
//!
//! The document comes from the master, but half-written and damaged ones do occur, so it is read to its end
//! and must be complete. No document type and no entity of its own is accepted.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;
/// Longest text of a `timestamp` that is read.
const MAX_NUMBER: usize = 64;

/// Why a document is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepomdError {
    /// Not well-formed.
    #[error("damaged XML at byte {at}: {reason}")]
    Syntax {
        /// Where.
        at: u64,
        /// What the parser says.
        reason: String,
    },
    /// Bytes that are not UTF-8.
    #[error("the document is not UTF-8")]
    Encoding,
    /// It ends before its last element does.
    #[error("the document is cut off")]
    CutOff,
    /// Nothing in it.
    #[error("the document is empty")]
    Empty,
    /// It declares a document type, which may define entities.
    #[error("the document has a document type declaration")]
    DocumentType,
    /// Nested too deeply.
    #[error("elements are nested more than {MAX_DEPTH} deep")]
    Depth,
    /// Something follows the document.
    #[error("something follows the document")]
    Trailing,
}

/// The newest integer `timestamp` of all `data` elements, whatever their namespace; 0 if there is none.
///
/// Decimals are cut off; what is no number is ignored (`spec/umdl.md` 12.1). Never panics, whatever the bytes
/// (a fuzz target).
///
/// # Errors
/// When the document is not complete and well-formed.
pub fn newest_timestamp(document: &[u8]) -> Result<i64, RepomdError> {
    let document = std::str::from_utf8(document).map_err(|_| RepomdError::Encoding)?;
    let mut reader = Reader::from_str(document);
    let mut open = Vec::new();
    let mut number: Option<String> = None;
    let mut newest = None;
    let mut ended = false;
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|e| RepomdError::Syntax { at, reason: e.to_string() })?;
        match event {
            Event::Start(element) => {
                if ended {
                    return Err(RepomdError::Trailing);
                }
                if open.len() >= MAX_DEPTH {
                    return Err(RepomdError::Depth);
                }
                let part = Part::of(element.local_name().as_ref());
                number = (part == Part::Timestamp && open.last() == Some(&Part::Data)).then(String::new);
                open.push(part);
            }
            Event::Empty(_) if ended => return Err(RepomdError::Trailing),
            Event::Empty(_) => ended = open.is_empty(),
            Event::Text(text) => collect(number.as_mut(), &text, open.is_empty())?,
            Event::CData(text) => collect(number.as_mut(), &text, open.is_empty())?,
            Event::GeneralRef(_) => {
                // No number has one in it.
                number = None;
                if open.is_empty() {
                    return Err(RepomdError::Trailing);
                }
            }
            Event::End(_) => {
                if open.pop() == Some(Part::Timestamp) {
                    newest = newest.max(number.as_deref().and_then(integer));
                }
                number = None;
                ended = open.is_empty();
            }
            Event::DocType(_) => return Err(RepomdError::DocumentType),
            Event::Eof if ended => return Ok(newest.unwrap_or(0)),
            Event::Eof if open.is_empty() => return Err(RepomdError::Empty),
            Event::Eof => return Err(RepomdError::CutOff),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Data,
    Timestamp,
    Other,
}

impl Part {
    fn of(name: &str) -> Self {
        match name {
            "data" => Self::Data,
            "timestamp" => Self::Timestamp,
            _ => Self::Other,
        }
    }
}

fn collect(number: Option<&mut String>, text: &str, outside: bool) -> Result<(), RepomdError> {
    if outside && !text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(RepomdError::Trailing);
    }
    if let Some(number) = number
        && number.len() <= MAX_NUMBER
    {
        number.extend(text.chars().take(MAX_NUMBER + 1));
    }
    Ok(())
}

/// An integer, decimals cut off.
fn integer(text: &str) -> Option<i64> {
    if text.len() > MAX_NUMBER {
        return None;
    }
    let text = text.trim();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document(data: &str) -> Vec<u8> {
        format!(
            "<?xml version=\"1.0\"?>\n<repomd xmlns=\"x\"><revision>9999999999</revision>{data}</repomd>\n"
        )
        .into()
    }

    #[test]
    fn the_newest_of_all_data_elements_counts() {
        let two = document(
            "<data type=\"a\"><timestamp>1700000000</timestamp></data><data><x/><timestamp>1700000100</timestamp></data>",
        );
        assert_eq!(newest_timestamp(&two), Ok(1_700_000_100));
        let prefixed = document("<r:data xmlns:r=\"y\"><r:timestamp>7</r:timestamp></r:data>");
        assert_eq!(newest_timestamp(&prefixed), Ok(7));
    }

    #[test]
    fn decimals_are_cut_off_and_what_is_no_number_is_ignored() {
        let many = document(
            "<data><timestamp> 12.9 </timestamp></data><data><timestamp>99x</timestamp></data>\
             <data><timestamp>1&#48;0</timestamp></data><data><timestamp/></data><data><timestamp></timestamp></data>",
        );
        assert_eq!(newest_timestamp(&many), Ok(12));
        assert_eq!(newest_timestamp(&document("")), Ok(0));
        assert_eq!(newest_timestamp(&document("<timestamp>5</timestamp>")), Ok(0), "not a child of data");
        assert_eq!(newest_timestamp(&document("<data><a><timestamp>5</timestamp></a></data>")), Ok(0));
    }

    #[test]
    fn damaged_documents_are_refused() {
        let whole = document("<data><timestamp>5</timestamp></data>");
        for end in 0..whole.len() - 1 {
            assert!(newest_timestamp(&whole[..end]).is_err(), "{}", String::from_utf8_lossy(&whole[..end]));
        }
        assert_eq!(newest_timestamp(b""), Err(RepomdError::Empty));
        assert!(newest_timestamp(b"<a><b></a>").is_err());
        assert_eq!(newest_timestamp(b"<a/><b/>"), Err(RepomdError::Trailing));
        assert_eq!(newest_timestamp(b"<a/>x"), Err(RepomdError::Trailing));
        assert_eq!(
            newest_timestamp(b"<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>"),
            Err(RepomdError::DocumentType)
        );
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        assert_eq!(newest_timestamp(deep.as_bytes()), Err(RepomdError::Depth));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = newest_timestamp(&bytes);
        }

        #[test]
        fn never_panics_on_markup(text in "[<>/a&;!?\\[\\]\"'= -]{0,80}") {
            let _ = newest_timestamp(text.as_bytes());
            let _ = newest_timestamp(&document(&text));
        }
    }
}
