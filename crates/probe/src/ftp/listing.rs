//! Lines of FTP listings: `MLSD` (RFC 3659) and `LIST` as `ls -l` prints it.

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; the size told is not that of the file it leads to.
    Symlink,
}

/// An entry of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Base name, as it is on the server.
    pub name: &'a [u8],
    /// What it is.
    pub kind: Kind,
    /// Bytes, if the server says so.
    pub size: Option<u64>,
}

/// Reads a line that answers `MLSD`: `type=file;size=1234;modify=20261121055523; name`. A fuzz target.
pub fn mlsd_line(line: &[u8]) -> Option<Entry<'_>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let blank = line.iter().position(|byte| *byte == b' ')?;
    let (facts, name) = line.split_at(blank);
    let name = name.get(1..).filter(|name| is_name(name))?;
    let (mut kind, mut size) = (None, None);
    for fact in facts.split(|byte| *byte == b';') {
        let Some(equals) = fact.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) = fact.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        if key.eq_ignore_ascii_case(b"type") {
            kind = kind_named(value);
        } else if key.eq_ignore_ascii_case(b"size") {
            size = number(value);
        }
    }
    Some(Entry { name, kind: kind?, size })
}

fn kind_named(value: &[u8]) -> Option<Kind> {
    let begins = |word: &[u8]| value.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    if value.eq_ignore_ascii_case(b"file") {
        Some(Kind::File)
    } else if value.eq_ignore_ascii_case(b"dir") {
        Some(Kind::Directory)
    } else if begins(b"OS.unix=slink") || begins(b"OS.unix=symlink") {
        Some(Kind::Symlink)
    } else {
        // `cdir`, `pdir`, devices.
        None
    }
}

/// Reads a line that answers `LIST`: `-rw-r--r--  1 ftp  ftp  1234 Nov 21 05:55 name`, with or without the group.
/// A fuzz target.
pub fn list_line(line: &[u8]) -> Option<Entry<'_>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let kind = match line.first()? {
        b'-' => Kind::File,
        b'd' => Kind::Directory,
        b'l' => Kind::Symlink,
        _ => return None,
    };
    // Size, month, day, time or year, and the name after one blank. What stands before differs.
    let mut rest = line;
    let mut before: &[u8] = b"";
    for count in 0..8 {
        let (word, after) = word(rest)?;
        rest = after;
        // An owner or a group may have the name of a month.
        if count >= 3
            && is_month(word)
            && let Some(entry) = after_month(kind, before, rest)
        {
            return Some(entry);
        }
        before = word;
    }
    None
}

/// The entry whose size stands before the month, and whose day, time or year, and name stand behind it.
fn after_month<'a>(kind: Kind, size: &[u8], rest: &'a [u8]) -> Option<Entry<'a>> {
    let size = number(size)?;
    let (day, rest) = word(rest)?;
    let (clock, rest) = word(rest)?;
    let is_time = number(clock).is_some() || clock.contains(&b':');
    number(day).filter(|_| is_time)?;
    let name = rest.strip_prefix(b" ")?;
    let name = match kind {
        Kind::Symlink => {
            name.split_at(name.windows(4).position(|part| part == b" -> ").unwrap_or(name.len())).0
        }
        Kind::File | Kind::Directory => name,
    };
    Some(Entry { name, kind, size: Some(size) }).filter(|entry| is_name(entry.name))
}

/// The next word and what follows it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let begin = text.iter().position(|byte| *byte != b' ')?;
    let text = text.get(begin..)?;
    Some(text.split_at(text.iter().position(|byte| *byte == b' ').unwrap_or(text.len())))
}

fn is_month(word: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    MONTHS.iter().any(|month| word.eq_ignore_ascii_case(month))
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && !matches!(name, b"." | b"..") && !name.contains(&b'/')
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, kind: Kind, size: Option<u64>) -> Option<Entry<'_>> {
        Some(Entry { name: name.as_bytes(), kind, size })
    }

    #[test]
    fn mlsd() {
        for (line, expected) in [
            ("type=file;size=1234;modify=20261121055523; a b.rpm\r", of("a b.rpm", Kind::File, Some(1234))),
            ("Type=File;Size=0;UNIX.mode=0644;  x", of(" x", Kind::File, Some(0))),
            ("modify=1;type=dir;sizd=4096; d", of("d", Kind::Directory, None)),
            ("type=OS.unix=slink:/target;size=3; l", of("l", Kind::Symlink, Some(3))),
            ("type=file; nosize", of("nosize", Kind::File, None)),
            ("type=file;size=-1; x", of("x", Kind::File, None)),
            ("type=file;size=99999999999999999999; x", of("x", Kind::File, None)),
            ("type=cdir;size=1; .", None),
            ("type=file;size=1; ..", None),
            ("type=file;size=1; a/b", None),
            ("type=file;size=1;", None),
            ("", None),
        ] {
            assert_eq!(mlsd_line(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn list() {
        for (line, expected) in [
            (
                "-rw-r--r--    1 0        0            5000 Nov 21 05:55 five-k\r",
                of("five-k", Kind::File, Some(5000)),
            ),
            ("-rw-r--r-- 1 ftp 77 Jan  1  2025 two  blanks ", of("two  blanks ", Kind::File, Some(77))),
            ("-rw-r--r-- 1 ftp ftp 77 Jan  1  2025  x", of(" x", Kind::File, Some(77))),
            ("drwxr-xr-x 2 May May 4096 May 12 10:00 May", of("May", Kind::Directory, Some(4096))),
            ("lrwxrwxrwx 1 0 0 3 Nov 21 05:55 link -> to", of("link", Kind::Symlink, Some(3))),
            ("total 12", None),
            ("-rw-r--r-- 1 ftp ftp x Nov 21 05:55 a", None),
            ("-rw-r--r-- 1 ftp ftp 5 Nov 21 05:55", None),
            ("-rw-r--r-- 1 ftp ftp 5 Nov 21 05:55 ..", None),
            ("11-21-26  05:55AM  5 dos", None),
        ] {
            assert_eq!(list_line(line.as_bytes()), expected, "{line}");
        }
    }
}
