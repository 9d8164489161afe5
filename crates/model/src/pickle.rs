//! A reader for the pickled file lists of old databases: plain data only.
//!
//! A pickle is a program for a stack machine; the opcodes that could import or call anything are not
//! implemented, so nothing can ever be executed (`spec/database.md` 2.8). Every opcode adds at most one
//! value and values are never copied, so time and memory are bounded by the length of the input.

use std::collections::HashMap;

use crate::file_name::FileName;
use crate::files::{FileEntry, Files, cut, number_of, size_of, time_of};

/// Why a pickle was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PickleError {
    /// An opcode that plain data does not need; never executed.
    #[error("opcode 0x{0:02x} at byte {1} is not plain data")]
    Opcode(u8, usize),
    /// The input ends in the middle of something.
    #[error("it ends too early")]
    Truncated,
    /// An argument or the stack does not fit the opcode.
    #[error("damaged at byte {0}")]
    Damaged(usize),
    /// Plain data, but not a dict of file name to size and time.
    #[error("it is not a table of file names, sizes and times")]
    Shape,
}

/// Index into [`Machine::values`].
type Id = usize;

#[derive(Debug, Clone, PartialEq)]
enum Value {
    None,
    Bool,
    Int(i128),
    Float(f64),
    /// Text or byte string, lone surrogates as three bytes.
    Text(Vec<u8>),
    Dict(Vec<(Id, Id)>),
}

/// The pickle of a dict `{name: {"size": …, "stat": …}}` as a file list.
pub(crate) fn decode_files(input: &[u8]) -> Result<Files, PickleError> {
    let machine = Machine { input, at: 0, values: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
    let (values, root) = machine.run()?;
    read_files(&values, root).ok_or(PickleError::Shape)
}

fn read_files(values: &[Value], root: Id) -> Option<Files> {
    let Value::Dict(entries) = values.get(root)? else { return None };
    entries
        .iter()
        .map(|(name, facts)| {
            let Value::Text(name) = values.get(*name)? else { return None };
            let Value::Dict(facts) = values.get(*facts)? else { return None };
            Some(FileEntry {
                name: FileName::from_escaped(name)?,
                size: size_of(number(values, facts, b"size")?)?,
                timestamp: time_of(number(values, facts, b"stat")?)?,
            })
        })
        .collect()
}

/// The number under a key; the last one wins as in a dict.
fn number(values: &[Value], facts: &[(Id, Id)], key: &[u8]) -> Option<i128> {
    let (_, value) = facts
        .iter()
        .rev()
        .find(|(name, _)| matches!(values.get(*name), Some(Value::Text(text)) if text == key))?;
    match values.get(*value)? {
        Value::Int(number) => Some(*number),
        Value::Float(number) => Some(cut(*number)),
        Value::Text(text) => number_of(std::str::from_utf8(text).ok()?),
        Value::None | Value::Bool | Value::Dict(_) => None,
    }
}

/// What lies on the stack.
#[derive(Clone, Copy)]
enum Slot {
    Value(Id),
    Mark,
}

struct Machine<'a> {
    input: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Slot>,
    memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    /// Runs to STOP; gives all values and the one on top of the stack.
    fn run(mut self) -> Result<(Vec<Value>, Id), PickleError> {
        loop {
            let start = self.at;
            let opcode = self.array::<1>()?[0];
            match opcode {
                b'.' => {
                    let root = self.top()?;
                    return Ok((self.values, root));
                }
                // PROTO, FRAME: nothing to do for data that is in memory.
                0x80 => drop(self.array::<1>()?),
                0x95 => drop(self.array::<8>()?),
                b'(' => self.stack.push(Slot::Mark),
                b'}' => self.push(Value::Dict(Vec::new())),
                b'd' => {
                    let pairs = self.pairs_to_mark()?;
                    self.push(Value::Dict(pairs));
                }
                b's' => {
                    let value = self.pop()?;
                    let key = self.pop()?;
                    self.extend_dict(vec![(key, value)])?;
                }
                b'u' => {
                    let pairs = self.pairs_to_mark()?;
                    self.extend_dict(pairs)?;
                }
                b'p' => {
                    let key = self.line_number()?;
                    self.memorise(key)?;
                }
                b'q' => {
                    let key = self.array::<1>()?[0].into();
                    self.memorise(key)?;
                }
                b'r' => {
                    let key = u32::from_le_bytes(self.array()?).into();
                    self.memorise(key)?;
                }
                0x94 => self.memorise(self.memo.len() as u64)?,
                b'g' => {
                    let key = self.line_number()?;
                    self.recall(key)?;
                }
                b'h' => {
                    let key = self.array::<1>()?[0].into();
                    self.recall(key)?;
                }
                b'j' => {
                    let key = u32::from_le_bytes(self.array()?).into();
                    self.recall(key)?;
                }
                b'N' => self.push(Value::None),
                0x88 | 0x89 => self.push(Value::Bool),
                b'I' => {
                    let value = self.integer_line()?;
                    self.push(value);
                }
                b'L' => {
                    let line = self.line()?;
                    let digits = line.strip_suffix(b"L").unwrap_or(line);
                    let number = self.parse::<i128>(digits)?;
                    self.push(Value::Int(number));
                }
                b'J' => {
                    let number = i32::from_le_bytes(self.array()?);
                    self.push(Value::Int(number.into()));
                }
                b'K' => {
                    let number = self.array::<1>()?[0];
                    self.push(Value::Int(number.into()));
                }
                b'M' => {
                    let number = u16::from_le_bytes(self.array()?);
                    self.push(Value::Int(number.into()));
                }
                0x8a => {
                    let length = self.array::<1>()?[0];
                    let number = self.long(length.into())?;
                    self.push(Value::Int(number));
                }
                b'F' => {
                    let line = self.line()?;
                    let number = self.parse::<f64>(line)?;
                    self.push(Value::Float(number));
                }
                b'G' => {
                    let number = f64::from_be_bytes(self.array()?);
                    self.push(Value::Float(number));
                }
                b'S' => {
                    let line = self.line()?;
                    let text = unquote(line).ok_or(PickleError::Damaged(start))?;
                    self.push(Value::Text(text));
                }
                b'V' => {
                    let line = self.line()?;
                    let text = raw_unicode(line).ok_or(PickleError::Damaged(start))?;
                    self.push(Value::Text(text));
                }
                b'U' | 0x8c => {
                    let length = self.array::<1>()?[0];
                    self.push_text(length.into())?;
                }
                b'T' | b'X' => {
                    let length = u32::from_le_bytes(self.array()?);
                    self.push_text(length.into())?;
                }
                0x8d => {
                    let length = u64::from_le_bytes(self.array()?);
                    self.push_text(length)?;
                }
                other => return Err(PickleError::Opcode(other, start)),
            }
        }
    }

    fn damaged(&self) -> PickleError {
        PickleError::Damaged(self.at)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], PickleError> {
        let rest = self.input.get(self.at..).ok_or(PickleError::Truncated)?;
        let length = usize::try_from(length).map_err(|_| PickleError::Truncated)?;
        let taken = rest.get(..length).ok_or(PickleError::Truncated)?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        self.take(N as u64)?.try_into().map_err(|_| PickleError::Truncated)
    }

    /// The bytes up to the next line feed, which is consumed.
    fn line(&mut self) -> Result<&'a [u8], PickleError> {
        let rest = self.input.get(self.at..).ok_or(PickleError::Truncated)?;
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or(PickleError::Truncated)?;
        let line = self.take(length as u64)?;
        self.at += 1;
        Ok(line)
    }

    fn parse<T: std::str::FromStr>(&self, text: &[u8]) -> Result<T, PickleError> {
        std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or_else(|| self.damaged())
    }

    fn line_number(&mut self) -> Result<u64, PickleError> {
        let line = self.line()?;
        self.parse(line)
    }

    /// INT: `00` and `01` are the booleans.
    fn integer_line(&mut self) -> Result<Value, PickleError> {
        match self.line()? {
            b"00" | b"01" => Ok(Value::Bool),
            digits => self.parse(digits).map(Value::Int),
        }
    }

    /// Two's complement, least byte first; more than 16 bytes is no size of a file.
    fn long(&mut self, length: u64) -> Result<i128, PickleError> {
        let bytes = self.take(length)?;
        let fill = if bytes.last().is_some_and(|top| *top >= 0x80) { 0xFF } else { 0 };
        let mut wide = [fill; 16];
        wide.get_mut(..bytes.len()).ok_or_else(|| self.damaged())?.copy_from_slice(bytes);
        Ok(i128::from_le_bytes(wide))
    }

    fn push(&mut self, value: Value) {
        self.stack.push(Slot::Value(self.values.len()));
        self.values.push(value);
    }

    fn push_text(&mut self, length: u64) -> Result<(), PickleError> {
        let text = self.take(length)?.to_vec();
        self.push(Value::Text(text));
        Ok(())
    }

    fn top(&self) -> Result<Id, PickleError> {
        match self.stack.last() {
            Some(Slot::Value(id)) => Ok(*id),
            _ => Err(self.damaged()),
        }
    }

    fn pop(&mut self) -> Result<Id, PickleError> {
        let id = self.top()?;
        self.stack.pop();
        Ok(id)
    }

    fn pairs_to_mark(&mut self) -> Result<Vec<(Id, Id)>, PickleError> {
        let mut pairs = Vec::new();
        while !matches!(self.stack.last(), Some(Slot::Mark)) {
            let value = self.pop()?;
            let key = self.pop()?;
            pairs.push((key, value));
        }
        self.stack.pop();
        pairs.reverse();
        Ok(pairs)
    }

    fn extend_dict(&mut self, pairs: Vec<(Id, Id)>) -> Result<(), PickleError> {
        let target = self.top()?;
        let error = self.damaged();
        match self.values.get_mut(target) {
            Some(Value::Dict(entries)) => {
                entries.extend(pairs);
                Ok(())
            }
            _ => Err(error),
        }
    }

    fn memorise(&mut self, key: u64) -> Result<(), PickleError> {
        let id = self.top()?;
        self.memo.insert(key, id);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Result<(), PickleError> {
        let id = *self.memo.get(&key).ok_or_else(|| self.damaged())?;
        self.stack.push(Slot::Value(id));
        Ok(())
    }
}

/// A Python 2 string literal: quotes and backslash escapes.
fn unquote(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (quote, rest) = line.split_first()?;
    let (last, body) = rest.split_last()?;
    if !matches!(quote, b'\'' | b'"') || last != quote {
        return None;
    }
    let mut text = Vec::with_capacity(body.len());
    let mut bytes = body.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            text.push(byte);
            continue;
        }
        match bytes.next()? {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'x' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                text.push(u8::try_from(high * 16 + low).ok()?);
            }
            literal @ (b'\\' | b'\'' | b'"') => text.push(literal),
            _ => return None,
        }
    }
    Some(text)
}

/// Protocol 0 text: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
fn raw_unicode(line: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(line.len());
    let mut high: Option<u32> = None;
    let mut rest = line;
    while let Some((&first, tail)) = rest.split_first() {
        let (code, tail) = match (first, tail.first()) {
            (b'\\', Some(b'u')) => (hexadecimal(tail.get(1..5)?)?, tail.get(5..)?),
            (b'\\', Some(b'U')) => (hexadecimal(tail.get(1..9)?)?, tail.get(9..)?),
            _ => (u32::from(first), tail),
        };
        rest = tail;
        // A pair of surrogates is one character; Python 2 wrote them apart.
        match (high.take(), code) {
            (Some(before), 0xDC00..=0xDFFF) => {
                push_code(&mut text, 0x1_0000 + ((before - 0xD800) << 10) + (code - 0xDC00))?;
            }
            (None, 0xD800..=0xDBFF) => high = Some(code),
            (None, _) => push_code(&mut text, code)?,
            (Some(_), _) => return None,
        }
    }
    high.is_none().then_some(text)
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// UTF-8, lone surrogates included.
fn push_code(text: &mut Vec<u8>, code: u32) -> Option<()> {
    match char::from_u32(code) {
        Some(c) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None if (0xDC00..=0xDFFF).contains(&code) => {
            let [_, _, high, low] = code.to_be_bytes();
            text.extend_from_slice(&[0xED, 0x80 | ((high & 0x0F) << 2) | (low >> 6), 0x80 | (low & 0x3F)]);
        }
        None => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// The vectors of `spec/database.md` 2.8, all the same list.
    const VECTORS: [(&str, &str); 4] = [
        (
            "Python 2, protocol 2",
            "80027d7101550a7265706f6d642e786d6c71027d710328550473697a657104550433373332710555047374617471064aebbda95275732e",
        ),
        (
            "Python 3, protocol 0",
            "286470300a567265706f6d642e786d6c0a70310a286470320a5673697a650a70330a56333733320a70340a7356737461740a70350a49313338363835353931350a73732e",
        ),
        (
            "Python 3, protocol 2",
            "80027d7100580a0000007265706f6d642e786d6c71017d710228580400000073697a657103580400000033373332710458040000007374617471054aebbda95275732e",
        ),
        (
            "Python 3, protocol 4",
            "8004952f000000000000007d948c0a7265706f6d642e786d6c947d94288c0473697a65948c0433373332948c0473746174944aebbda95275732e",
        ),
    ];

    #[test]
    fn vectors_of_every_protocol() {
        let expected: Files = [FileEntry::new("repomd.xml", 3732, 1_386_855_915)].into_iter().collect();
        for (origin, hex) in VECTORS {
            assert_eq!(decode_files(&unhex(hex)).unwrap(), expected, "{origin}");
        }
        let mut protocol_5 = unhex(VECTORS[3].1);
        protocol_5[1] = 5;
        assert_eq!(decode_files(&protocol_5).unwrap(), expected);
    }

    #[test]
    fn code_is_refused_and_not_run() {
        // cos\nsystem\n(S'true'\ntR.
        let error = decode_files(b"cos\nsystem\n(S'true'\ntR.").unwrap_err();
        assert_eq!(error, PickleError::Opcode(b'c', 0));
        for opcode in [b'R', b'b', b'i', b'o', 0x81, 0x82, 0x83, 0x84, 0x92, 0x93, b'P', b'Q'] {
            assert_eq!(decode_files(&[b'}', opcode, b'.']), Err(PickleError::Opcode(opcode, 1)));
        }
    }

    #[test]
    fn protocol_0_strings() {
        let input = b"(dS'a\\xff\\\\'\n(dS'size'\nI5\nsS'stat'\nF1.9\nss.";
        let files = decode_files(input).unwrap();
        let entry = files.iter().next().unwrap();
        assert_eq!((entry.name.as_bytes(), entry.size, entry.timestamp), (&b"a\xFF\\"[..], 5, 1));
        let input = b"(dVa\\udcff\xe9\\ud83d\\ude00\n(dVsize\nL5L\nsVstat\nV7\nss.";
        let files = decode_files(input).unwrap();
        let entry = files.iter().next().unwrap();
        let name = [b"a\xFF".as_slice(), "é😀".as_bytes()].concat();
        assert_eq!((entry.name.as_bytes(), entry.size, entry.timestamp), (&name[..], 5, 7));
    }

    #[test]
    fn hostile_programs_end_quickly() {
        // A dict that holds itself, a giant length, a giant memo index, an empty stack.
        assert_eq!(decode_files(b"}q\x00h\x00h\x00s."), Err(PickleError::Shape));
        assert_eq!(decode_files(b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), Err(PickleError::Truncated));
        assert_eq!(decode_files(b"}r\xff\xff\xff\xffj\xff\xff\xff\xff."), Ok(Files::default()));
        assert!(decode_files(b".").is_err());
        assert!(decode_files(b"u").is_err());
        assert_eq!(decode_files(b"N."), Err(PickleError::Shape));
        assert_eq!(decode_files(&vec![b'('; 1_000_000]), Err(PickleError::Truncated));
    }
}
