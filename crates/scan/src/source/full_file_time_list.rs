//! `fullfiletimelist-*`: what quick-fedora-mirror's list generator writes (`spec/umdl.md` 5.2).
//!
//! Sections with a title in brackets; the lines of `[Files]` have four columns, separated by tabs: time, type, size and
//! path. A list that begins with `[Version]` ends with `[End]`, so that a cut is noticed.

/// One line of `[Files]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// What it is.
    pub kind: Kind,
    /// Whether everybody may read it and everything above it.
    pub open: bool,
    /// Bytes.
    pub size: u64,
    /// The later of modification and change time, seconds since 1970.
    pub time: i64,
    /// Path below the directory that the list describes.
    pub path: &'a [u8],
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file.
    File,
    /// A symbolic link.
    Symlink,
}

/// Reads a line of `[Files]`; `None` when it is none. A fuzz target.
///
/// Blanks at its ends and what stands behind a fifth tab are lost, as upstream loses them.
pub fn line(line: &[u8]) -> Option<Line<'_>> {
    let mut columns = line.trim_ascii().split(|byte| *byte == b'\t');
    let (time, kind, size, path) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
    let (first, marks) = kind.split_first()?;
    let kind = match first {
        b'd' => Kind::Directory,
        b'f' => Kind::File,
        b'l' => Kind::Symlink,
        _ => return None,
    };
    let text = |bytes| std::str::from_utf8(bytes).ok();
    Some(Line {
        kind,
        // `-`: not for everybody itself; `*`: below a directory that is not.
        open: !marks.iter().any(|mark| matches!(mark, b'-' | b'*')),
        size: text(size)?.parse().ok()?,
        time: text(time)?.parse().ok()?,
        path: Some(path).filter(|path| !path.is_empty())?,
    })
}

/// Where in the list a line is, and what it is there.
#[derive(Debug, Default)]
pub struct Sections {
    at: Section,
    has_version: bool,
    has_files: bool,
    has_end: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Before,
    Files,
    Behind,
}

/// What a line is for.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// An entry.
    Entry(Line<'a>),
    /// It should be an entry, or stands where none should.
    Damaged,
    /// Nothing.
    Nothing,
}

impl Sections {
    /// Whether anything was seen that only such a list has.
    pub fn is_list(&self) -> bool {
        self.has_version || self.has_files
    }

    /// Takes the next line.
    pub fn read<'a>(&mut self, text: &'a [u8]) -> Meaning<'a> {
        let bare = text.trim_ascii();
        if bare.is_empty() {
            return Meaning::Nothing;
        }
        let ended = std::mem::take(&mut self.has_end);
        if bare.starts_with(b"[") {
            match (bare, &self.at) {
                (b"[Version]", Section::Before) => self.has_version = true,
                (b"[Files]", Section::Before) => (self.at, self.has_files) = (Section::Files, true),
                // A second list behind the first, or a title in a name with a line feed.
                (b"[Version]" | b"[Files]", _) => return Meaning::Damaged,
                (b"[End]", _) => (self.at, self.has_end) = (Section::Behind, true),
                (_, Section::Files) => self.at = Section::Behind,
                _ => {}
            }
            return if ended { Meaning::Damaged } else { Meaning::Nothing };
        }
        match (&self.at, line(text)) {
            (Section::Files, Some(line)) => Meaning::Entry(line),
            (Section::Files, None) => Meaning::Damaged,
            // Entries behind their section: something closed it that was no title.
            (Section::Behind, Some(_)) => Meaning::Damaged,
            _ if ended => Meaning::Damaged,
            _ => Meaning::Nothing,
        }
    }

    /// Whether the list is known to be whole.
    ///
    /// # Errors
    /// How it is known that it is not.
    pub fn end(&self) -> Result<bool, &'static str> {
        match self {
            Self { has_files: false, .. } => Err("it has no [Files]"),
            Self { has_version: true, has_end: false, .. } => Err("it does not end with [End]"),
            // Without a version nobody has promised an end.
            Self { has_end, .. } => Ok(*has_end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns() {
        let entry = |kind, open, size, time, path: &'static str| {
            Some(Line { kind, open, size, time, path: path.as_bytes() })
        };
        for (text, expected) in [
            ("1767700953\tf\t282\tlinux/README", entry(Kind::File, true, 282, 1_767_700_953, "linux/README")),
            ("5\td\t4096\tlinux", entry(Kind::Directory, true, 4096, 5, "linux")),
            ("5\td-\t4096\tlinux", entry(Kind::Directory, false, 4096, 5, "linux")),
            ("5\td*\t4096\tlinux", entry(Kind::Directory, false, 4096, 5, "linux")),
            ("5\tdx\t4096\tlinux", entry(Kind::Directory, true, 4096, 5, "linux")),
            ("-5\tl\t7\ta b", entry(Kind::Symlink, true, 7, -5, "a b")),
            (" 5\tf\t7\ta\tmore\r", entry(Kind::File, true, 7, 5, "a")),
            ("5\tf\t7", None),
            ("5\tf\t7\t", None),
            ("5\t\t7\ta", None),
            ("5\tq\t7\ta", None),
            ("x\tf\t7\ta", None),
            ("5\tf\t-7\ta", None),
            ("5\tf\t99999999999999999999\ta", None),
            ("", None),
        ] {
            assert_eq!(line(text.as_bytes()), expected, "{text:?}");
        }
    }

    fn read(text: &str) -> (Vec<String>, u32, Result<bool, &'static str>) {
        let mut sections = Sections::default();
        let (mut entries, mut damaged) = (Vec::new(), 0);
        for text in text.lines() {
            match sections.read(text.as_bytes()) {
                Meaning::Entry(line) => entries.push(String::from_utf8(line.path.to_vec()).unwrap()),
                Meaning::Damaged => damaged += 1,
                Meaning::Nothing => {}
            }
        }
        (entries, damaged, sections.end())
    }

    #[test]
    fn sections() {
        let whole = "[Version]\n2\n\n[Files]\n1\tf\t1\ta\n1\td\t1\tb\n\n[Checksums SHA1]\n00\ta\n[End]\n";
        assert_eq!(read(whole), (vec!["a".to_owned(), "b".to_owned()], 0, Ok(true)));
        for lines in 0..whole.lines().count() {
            let cut: String = whole.lines().take(lines).map(|line| format!("{line}\n")).collect();
            assert!(read(&cut).2.is_err(), "{cut}");
        }
        let (_, damaged, end) = read("[Files]\n1\tf\t1\ta\n");
        assert_eq!((damaged, end), (0, Ok(false)), "nobody promised an end");
        assert_eq!(read("[Version]\n2\n1\tf\t1\ta\n[End]\n").2, Err("it has no [Files]"));
        assert_eq!(read("[Files]\n1\tf\t1\ta\nrest of a name\n[End]\n").1, 1);
        assert_eq!(
            read("[Files]\n1\tf\t1\tname\n[End]\n1\tf\t1\tb\n[End]\n").1,
            1,
            "a title inside of a name"
        );
        assert_eq!(read(&format!("{whole}{whole}")).1, 4, "two lists");
        assert_eq!(
            read(&format!("{whole}more\n")),
            (vec!["a".into(), "b".into()], 1, Err("it does not end with [End]"))
        );
    }
}
