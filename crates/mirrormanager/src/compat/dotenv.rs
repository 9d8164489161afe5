//! The dotenv syntax of `generate-mirrorlist-cache.cfg`: `NAME=value` lines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The largest file that is read, bytes.
const LIMIT: u64 = 256 * 1024;

/// Looks for a file: an absolute name as it is, a relative one in `folder` and then in its parents.
pub fn find(name: &Path, folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|above| above.join(name)).find(|path| path.is_file())
}

/// Reads a file. One that is missing, unreadable or too large gives nothing, which is no error by itself.
pub fn read(path: &Path) -> BTreeMap<String, String> {
    let small = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() <= LIMIT);
    let text = if small { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    parse(&String::from_utf8_lossy(&text))
}

/// Parses the text: `export` in front is allowed, `#` begins a comment unless inside of quotes or a word,
/// the first line with a name wins, a line that is none of this is skipped.
pub fn parse(text: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, value)) = parse_line(line) {
            values.entry(name).or_insert(value);
        }
    }
    values
}

fn parse_line(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    (!name.is_empty() && name.chars().all(valid)).then(|| (name.to_owned(), parse_value(value.trim())))
}

fn parse_value(text: &str) -> String {
    let mut out = String::new();
    let mut quote = None;
    let mut before = ' ';
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('\''), c) => out.push(c),
            (_, '\\') => match characters.next() {
                Some('n') if quote.is_some() => out.push('\n'),
                Some(escaped) => out.push(escaped),
                None => out.push('\\'),
            },
            (Some(_), c) => out.push(c),
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if before.is_whitespace() => break,
            (None, c) => out.push(c),
        }
        before = c;
    }
    if quote.is_none() && !text.ends_with(['"', '\'']) { out.trim_end().to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments() {
        let values = parse(
            "# head\nDB_URL=postgres://mm:p#w@db/mm # behind\nexport A = \"x # y\" \nB='$HOME \\n'\n\
             DB_URL=second\nC=a\\ b\nno line\n=x\nD=\n E=\"a\"b\n",
        );
        let get = |name: &str| values.get(name).map(String::as_str);
        assert_eq!(get("DB_URL"), Some("postgres://mm:p#w@db/mm"));
        assert_eq!(get("A"), Some("x # y"));
        assert_eq!(get("B"), Some("$HOME \\n"));
        assert_eq!(get("C"), Some("a b"));
        assert_eq!(get("D"), Some(""));
        assert_eq!(get("E"), Some("ab"));
        assert_eq!(values.len(), 6);
    }

    #[test]
    fn a_relative_name_is_looked_for_upwards() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(folder.path().join("x.cfg"), "A=1\n").unwrap();
        assert_eq!(find(Path::new("x.cfg"), &deep), Some(folder.path().join("x.cfg")));
        assert_eq!(find(Path::new("y.cfg"), &deep), None);
        assert!(read(&deep).is_empty(), "a folder is no file");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|([A-Z]=[\"'\\\\# a-z\n]{0,20})*") {
            parse(&text);
        }
    }
}
