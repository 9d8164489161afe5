//! The safe subset of Python in which old configuration files are written: `NAME = literal` at the start of
//! a line. Nothing is ever executed; a name whose value is anything else is remembered as such.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// How deep lists and dictionaries may be nested.
const DEPTH: usize = 32;

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `"text"`, in any of Python's spellings without substitutions.
    Text(String),
    /// `42`
    Integer(i64),
    /// `True`, `False`
    Boolean(bool),
    /// `None`
    None,
    /// `[…]`, `(…)` or `{…}` without colons.
    List(Vec<Value>),
    /// `{key: value}`
    Dictionary(Vec<(Value, Value)>),
    /// Something that is no literal; the line it stands in, from 1.
    Unsupported(usize),
}

impl Value {
    /// The text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key of a dictionary.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Dictionary(pairs) => {
                pairs.iter().rev().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

/// All names that are assigned at the start of a line; the last assignment counts.
pub fn parse(text: &str) -> BTreeMap<String, Value> {
    let mut names = BTreeMap::new();
    let mut reader = Reader { rest: text.chars().peekable(), line: 1 };
    while reader.rest.peek().is_some() {
        reader.statement(&mut names);
    }
    names
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

/// What is read is no literal.
struct NoLiteral;

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next();
        if c == Some('\n') {
            self.line += 1;
        }
        c
    }

    fn accept(&mut self, wanted: char) -> bool {
        let is = self.rest.peek() == Some(&wanted);
        if is {
            self.next();
        }
        is
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.rest.peek().filter(|c| c.is_alphanumeric() || **c == '_') {
            word.push(*c);
            self.next();
        }
        word
    }

    fn blanks(&mut self) {
        while self.rest.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r')) {
            self.next();
        }
    }

    /// Blanks, line breaks and comments inside of brackets.
    fn space(&mut self) {
        loop {
            match self.rest.peek() {
                Some(c) if c.is_whitespace() => {
                    self.next();
                }
                Some('#') => self.skip_line(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        while self.rest.peek().is_some_and(|c| *c != '\n') {
            self.next();
        }
    }

    /// One line, or the several lines of one literal.
    fn statement(&mut self, names: &mut BTreeMap<String, Value>) {
        let name = self.word();
        let line = self.line;
        self.blanks();
        if name.is_empty() || !self.accept('=') || self.rest.peek() == Some(&'=') {
            // A text by itself, such as the one that explains the file, may have several lines.
            if name.is_empty() && self.rest.peek().is_some_and(|c| matches!(c, '"' | '\'')) {
                let _ = self.string(String::new());
            }
            self.skip_line();
            self.next();
            return;
        }
        self.blanks();
        let value = self.value(0).unwrap_or(Value::Unsupported(line));
        self.blanks();
        let ends = matches!(self.rest.peek(), None | Some('\n' | '#' | ';'));
        names.insert(name, if ends { value } else { Value::Unsupported(line) });
        self.skip_line();
        self.next();
    }

    fn value(&mut self, depth: usize) -> Result<Value, NoLiteral> {
        if depth > DEPTH {
            return Err(NoLiteral);
        }
        match self.rest.peek() {
            Some('[') => self.sequence(']', depth),
            Some('(') => self.sequence(')', depth),
            Some('{') => self.sequence('}', depth),
            Some('"' | '\'') => self.strings(String::new(), depth),
            Some(c) if c.is_ascii_digit() || *c == '-' => self.integer(),
            Some(c) if c.is_alphabetic() => {
                let word = self.word();
                match word.as_str() {
                    "True" => Ok(Value::Boolean(true)),
                    "False" => Ok(Value::Boolean(false)),
                    "None" => Ok(Value::None),
                    _ if matches!(self.rest.peek(), Some('"' | '\'')) => self.strings(word, depth),
                    _ => Err(NoLiteral),
                }
            }
            _ => Err(NoLiteral),
        }
    }

    fn integer(&mut self) -> Result<Value, NoLiteral> {
        let negative = self.accept('-');
        let digits = self.word().replace('_', "");
        if self.rest.peek() == Some(&'.') {
            return Err(NoLiteral);
        }
        let number: i64 = digits.parse().map_err(|_| NoLiteral)?;
        Ok(Value::Integer(if negative { -number } else { number }))
    }

    /// `[…]`, `(…)`, `{…}`; a parenthesis around one value is that value.
    fn sequence(&mut self, close: char, depth: usize) -> Result<Value, NoLiteral> {
        self.next();
        let mut items = Vec::new();
        let mut pairs = Vec::new();
        let mut comma = false;
        loop {
            self.space();
            if self.accept(close) {
                break;
            }
            let item = self.value(depth + 1)?;
            self.space();
            if close == '}' && self.accept(':') {
                self.space();
                pairs.push((item, self.value(depth + 1)?));
                self.space();
            } else {
                items.push(item);
            }
            comma = self.accept(',');
            if !comma {
                self.space();
                if self.accept(close) {
                    break;
                }
                return Err(NoLiteral);
            }
        }
        match (close, pairs.is_empty(), items.len()) {
            ('}', false, 0) => Ok(Value::Dictionary(pairs)),
            ('}', true, 0) => Ok(Value::Dictionary(Vec::new())),
            (_, false, _) => Err(NoLiteral),
            (')', _, 1) if !comma => items.pop().ok_or(NoLiteral),
            _ => Ok(Value::List(items)),
        }
    }

    /// One text, or several behind each other that Python glues together.
    fn strings(&mut self, prefix: String, depth: usize) -> Result<Value, NoLiteral> {
        let mut text = self.string(prefix)?;
        loop {
            if depth > 0 {
                self.space()
            } else {
                self.blanks()
            }
            if !matches!(self.rest.peek(), Some('"' | '\'')) {
                return Ok(Value::Text(text));
            }
            text.push_str(&self.string(String::new())?);
        }
    }

    fn string(&mut self, prefix: String) -> Result<String, NoLiteral> {
        let raw = match prefix.to_ascii_lowercase().as_str() {
            "" | "u" => false,
            "r" | "ur" => true,
            _ => return Err(NoLiteral),
        };
        let quote = self.next().ok_or(NoLiteral)?;
        let triple = if self.accept(quote) {
            if !self.accept(quote) {
                return Ok(String::new());
            }
            true
        } else {
            false
        };
        let mut text = String::new();
        let mut run = 0;
        loop {
            if !triple && self.rest.peek() == Some(&'\n') {
                return Err(NoLiteral);
            }
            match self.next().ok_or(NoLiteral)? {
                '\\' => {
                    run = 0;
                    let escaped = self.next().ok_or(NoLiteral)?;
                    match escaped {
                        _ if raw => text.extend(['\\', escaped]),
                        '\n' => {}
                        'n' => text.push('\n'),
                        't' => text.push('\t'),
                        '\\' | '\'' | '"' => text.push(escaped),
                        _ => return Err(NoLiteral),
                    }
                }
                c if c == quote => {
                    if !triple {
                        return Ok(text);
                    }
                    run += 1;
                    text.push(c);
                    if run == 3 {
                        text.truncate(text.len() - 3);
                        return Ok(text);
                    }
                }
                c => {
                    run = 0;
                    text.push(c);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_all_kinds() {
        let names = parse(
            "'''What this\nfile = 1 is.'''\nimport os\n# A = 0\nA = 'it''s' \"fine\"  # yes\nB = -1_000; x\n\
             C=[\n  r'a\\b',  # one\n  ('x'),\n  ('x',),\n  {'k': True, \"n\": None},\n]\nD = {}\nE = os.path.join('a')\n\
             F = 1.5\nG == 2\nif A:\n    H = 3\nI = \"\"\"a\n\"b\"\"\"\nJ = timedelta(\n hours=1)\nK = 'open\nL = 7 * 3\n",
        );
        let text = |t: &str| Value::Text(t.to_owned());
        assert_eq!(names.get("A"), Some(&text("itsfine")));
        assert_eq!(names.get("B"), Some(&Value::Integer(-1000)));
        let entry = Value::Dictionary(vec![(text("k"), Value::Boolean(true)), (text("n"), Value::None)]);
        let list = vec![text("a\\b"), text("x"), Value::List(vec![text("x")]), entry];
        assert_eq!(names.get("C"), Some(&Value::List(list)));
        assert_eq!(names.get("D"), Some(&Value::Dictionary(vec![])));
        assert_eq!(names.get("I"), Some(&text("a\n\"b")));
        for name in ["E", "F", "J", "K", "L"] {
            assert!(matches!(names.get(name), Some(Value::Unsupported(_))), "{name}: {:?}", names.get(name));
        }
        assert_eq!(names.len(), 10, "{names:?}");
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = format!("A = {}\nB = 1\n", "[".repeat(100_000));
        let names = parse(&deep);
        assert_eq!(names.get("A"), Some(&Value::Unsupported(1)));
        assert_eq!(names.get("B"), Some(&Value::Integer(1)));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|([A-C] ?= ?[-\\[\\](){}'\",: a1\\\\\n#rTrue]{0,24}\n){0,5}") {
            parse(&text);
        }
    }
}
