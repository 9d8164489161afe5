//! Every text that comes from outside, made harmless for the place where it is shown (decision 37).
//!
//! Clean text, which is nearly all of it, is found by one pass and copied whole.

use std::borrow::Cow;
use std::fmt;

/// Decodes `%XX`; `+` stays a plus. Text whose decoded bytes are not UTF-8 stays as it is.
pub(crate) fn percent_decoded(text: &str) -> Cow<'_, str> {
    decoded(text).unwrap_or(text.into())
}

/// Decodes `%XX`; `None` when the bytes are not UTF-8 then.
pub(crate) fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let decoded = match (first, behind) {
            (b'%', [high, low, behind @ ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| {
                rest = behind;
                high << 4 | low
            }),
            _ => None,
        };
        match decoded {
            Some(byte) => bytes.push(byte),
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).ok().map(Cow::from)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Appends text to a line of a plain answer: control characters, which could begin another line, are
/// percent-encoded.
pub(crate) fn push_line(text: &str, to: &mut String) {
    push_encoded(text, to, |c| c.is_control());
}

/// Appends a path below a base URL: what may not stand in the path of a URL is percent-encoded.
pub(crate) fn push_url_path(text: &str, to: &mut String) {
    push_encoded(text, to, |c| {
        !(c.is_ascii_alphanumeric() || c.is_ascii_graphic() && "-._~!$&'()*+,;=:@/".contains(c))
    });
}

/// Appends a URL to a header: whatever is not visible ASCII is percent-encoded.
pub(crate) fn push_header(text: &str, to: &mut String) {
    push_encoded(text, to, |c| !c.is_ascii_graphic());
}

/// Appends a URL to the target of a `Link` header, which ends at `>`.
pub(crate) fn push_link(text: &str, to: &mut String) {
    push_encoded(text, to, |c| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"'));
}

/// Appends a value to a query that [`Question::parse`](crate::Question::parse) will read.
pub(crate) fn push_query(text: &str, to: &mut String) {
    push_encoded(text, to, |c| !(c.is_ascii_alphanumeric() || "-._~/:+,".contains(c)));
}

/// Whether a text can stand in a header as it is.
pub(crate) fn fits_header(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Writes a value of the access log: blanks, control characters and semicolons are percent-encoded.
pub(crate) fn write_log(text: &str, to: &mut impl fmt::Write) -> fmt::Result {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == ';';
    if !text.contains(bad) {
        return to.write_str(text);
    }
    let mut encoded = String::with_capacity(text.len() + 16);
    push_encoded(text, &mut encoded, bad);
    to.write_str(&encoded)
}

/// Appends text to XML content or to an attribute in double quotes. Characters that XML forbids are
/// percent-encoded.
pub(crate) fn push_xml(text: &str, to: &mut String) {
    if is_tame(text) {
        return to.push_str(text);
    }
    let special = |c: char| matches!(c, '&' | '<' | '>' | '"') || forbidden_in_xml(c) || c.is_control();
    let mut rest = text;
    while let Some(at) = rest.find(special) {
        let (clean, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        to.push_str(clean);
        let mut chars = behind.chars();
        match chars.next() {
            Some('&') => to.push_str("&amp;"),
            Some('<') => to.push_str("&lt;"),
            Some('>') => to.push_str("&gt;"),
            Some('"') => to.push_str("&quot;"),
            Some(other) => push_percent(other, to),
            None => {}
        }
        rest = chars.as_str();
    }
    to.push_str(rest);
}

/// Appends text to an XML comment: `--` may not occur in one, so blanks come between, also after the text
/// that is there already. Characters that XML forbids are percent-encoded.
pub(crate) fn push_comment(text: &str, to: &mut String) {
    let mut dash = to.ends_with('-');
    for c in text.chars() {
        if dash && c == '-' {
            to.push(' ');
        }
        dash = c == '-';
        if forbidden_in_xml(c) || c.is_control() && c != '\n' { push_percent(c, to) } else { to.push(c) }
    }
}

fn forbidden_in_xml(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Whether a text may stand as it is wherever we put one. Nearly all may, and bytes are looked at faster than
/// characters.
fn is_tame(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte))
}

fn push_encoded(text: &str, to: &mut String, bad: impl Fn(char) -> bool) {
    if is_tame(text) {
        return to.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.find(&bad) {
        let (clean, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        to.push_str(clean);
        let mut chars = behind.chars();
        if let Some(c) = chars.next() {
            push_percent(c, to);
        }
        rest = chars.as_str();
    }
    to.push_str(rest);
}

fn push_percent(c: char, to: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or('0');
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        to.extend(['%', digit(byte >> 4), digit(byte & 15)]);
    }
}
