//! One line of an rsync listing: `PERMISSIONS SIZE YYYY/MM/DD HH:MM:SS NAME` (`spec/umdl.md` 5.3).

use std::borrow::Cow;

use chrono::NaiveDate;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link; where it leads is not looked at.
    Symlink,
    /// A device, socket or pipe.
    Other,
}

/// An entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// What it is.
    pub kind: Kind,
    /// Whether others may read it and, as a directory, enter it.
    pub open: bool,
    /// Bytes.
    pub size: u64,
    /// Modification time, seconds since 1970, taken as UTC: rsync prints the time of its own zone.
    pub time: i64,
    /// Its path below what was listed, unescaped; `.` for that itself.
    pub name: Cow<'a, [u8]>,
}

/// Reads a line; `None` for anything else than an entry. Sizes may have separators of thousands. A fuzz target.
pub fn line(line: &[u8]) -> Option<Line<'_>> {
    let (mode, rest) = line.split_at_checked(10)?;
    let [first, permissions @ ..] = mode else { return None };
    let kind = match first {
        b'd' => Kind::Directory,
        b'-' => Kind::File,
        b'l' => Kind::Symlink,
        b'b' | b'c' | b'D' | b'p' | b's' | b'S' => Kind::Other,
        _ => return None,
    };
    if !permissions.iter().all(|c| b"rwxsStT-".contains(c)) {
        return None;
    }
    let (size, rest) = field(rest)?;
    let (date, rest) = field(rest)?;
    let (clock, rest) = field(rest)?;
    let name = rest.strip_prefix(b" ")?;
    let name = match kind {
        Kind::Symlink => {
            name.split_at(name.windows(4).position(|part| part == b" -> ").unwrap_or(name.len())).0
        }
        _ => name,
    };
    if name.is_empty() {
        return None;
    }
    let others = permissions.get(6..)?;
    let open = matches!(others, [b'r', _, b'x' | b't']);
    Some(Line { kind, open, size: number(size)?, time: time(date, clock)?, name: unescaped(name) })
}

/// The next word and what follows it; at least one blank stands before it.
fn field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let begin = text.iter().position(|byte| *byte != b' ').filter(|begin| *begin > 0)?;
    let text = text.get(begin..)?;
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    text.split_at_checked(end)
}

/// A number with or without separators of thousands.
fn number(text: &[u8]) -> Option<u64> {
    let mut value: Option<u64> = None;
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                value = Some(value.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(byte - b'0'))?)
            }
            b',' | b'.' if value.is_some() => {}
            _ => return None,
        }
    }
    value
}

fn time(date: &[u8], clock: &[u8]) -> Option<i64> {
    let parts = |text: &[u8], separator: u8| -> Option<[u32; 3]> {
        let mut parts = text.split(|byte| *byte == separator).map(|part| u32::try_from(digits(part)?).ok());
        let found = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(found)
    };
    let [year, month, day] = parts(date, b'/')?;
    let [hour, minute, second] = parts(clock, b':')?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(date.and_hms_opt(hour, minute, second)?.and_utc().timestamp())
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter().all(u8::is_ascii_digit).then(|| number(text)).flatten()
}

/// A name with rsync's escapes (`\#` and three octal digits) as the bytes that they stand for.
pub(super) fn unescaped(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.windows(2).any(|pair| pair == br"\#") {
        return Cow::Borrowed(name);
    }
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, tail)) = rest.split_first() {
        match rest {
            [b'\\', b'#', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                out.push(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'));
                rest = tail;
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Kind, bool, u64, i64, String)> {
        let line = line(text.as_bytes())?;
        Some((line.kind, line.open, line.size, line.time, line.name.escape_ascii().to_string()))
    }

    fn of(
        kind: Kind,
        open: bool,
        size: u64,
        time: i64,
        name: &str,
    ) -> Option<(Kind, bool, u64, i64, String)> {
        Some((kind, open, size, time, name.to_owned()))
    }

    #[test]
    fn what_rsync_prints() {
        let time = 1_795_240_523;
        for (text, expected) in [
            (
                "-rw-r--r--        5000 2026/11/21 05:55:23 five-k",
                of(Kind::File, false, 5000, time, "five-k"),
            ),
            ("drwxr-xr-x        4096 2026/11/21 05:55:23 .", of(Kind::Directory, true, 4096, time, ".")),
            ("drwxr-x--x 1 2026/11/21 05:55:23 a/b", of(Kind::Directory, false, 1, time, "a/b")),
            ("drwxr-xr-- 1 2026/11/21 05:55:23 a", of(Kind::Directory, false, 1, time, "a")),
            ("drwxrwxrwt 1 2026/11/21 05:55:23 tmp", of(Kind::Directory, true, 1, time, "tmp")),
            ("drwxrwxrwT 1 2026/11/21 05:55:23 tmp", of(Kind::Directory, false, 1, time, "tmp")),
            ("-rw-r--r--      1,234,567 2026/11/21 05:55:23 x", of(Kind::File, false, 1_234_567, time, "x")),
            ("-rw-r--r--      1.234 2026/11/21 05:55:23 x", of(Kind::File, false, 1_234, time, "x")),
            (
                "-rw-r--r-- 1 2026/11/21 05:55:23  two  blanks ",
                of(Kind::File, false, 1, time, " two  blanks "),
            ),
            ("lrwxrwxrwx 6 2026/11/21 05:55:23 link -> to -> x", of(Kind::Symlink, false, 6, time, "link")),
            (r"-rw-r--r-- 1 1970/01/01 00:00:01 caf\#351\#012x", of(Kind::File, false, 1, 1, r"caf\xe9\nx")),
            (r"-rw-r--r-- 1 1970/01/01 00:00:01 \#134#012\#9\#400", {
                of(Kind::File, false, 1, 1, r"\\#012\\#9\\#400")
            }),
            ("prw-r--r-- 0 1969/12/31 23:59:59 pipe", of(Kind::Other, false, 0, -1, "pipe")),
        ] {
            let expected = if text.starts_with("lrwxrwxrwx") {
                expected.map(|(k, _, s, t, n)| (k, true, s, t, n))
            } else {
                expected
            };
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_entry() {
        for text in [
            "",
            "Welcome to rsync.example.org",
            "receiving incremental file list",
            "drwxr-xr-x        4096 2026/11/21 05:55:23",
            "drwxr-xr-x        4096 2026/11/21 05:55:23 ",
            "lrwxrwxrwx        6 2026/11/21 05:55:23  -> a",
            "drwxr-xr-x        4096 2026/13/21 05:55:23 a",
            "drwxr-xr-x        4096 2026/11/21 25:55:23 a",
            "drwxr-xr-x        4096 2026/11/21/1 05:55:23 a",
            "drwxr-xr-x        4.88K 2026/11/21 05:55:23 a",
            "drwxr-xr-x        , 2026/11/21 05:55:23 a",
            "drwxr-xr-x        99999999999999999999 2026/11/21 05:55:23 a",
            "drwxr-xr-q        1 2026/11/21 05:55:23 a",
            "xrwxr-xr-x        1 2026/11/21 05:55:23 a",
            "drwxr-xr-x1 2026/11/21 05:55:23 a",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
