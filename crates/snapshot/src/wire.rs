//! The fields of an encoded message, one after another: of one in memory without copying ([`fields`]), of one in
//! a file with only one field in memory ([`Elements`]).

use std::io::{BufRead, Read as _, Seek};

use crate::proto::DecodeError;

/// What a field carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A number of variable length.
    Number(u64),
    /// A text, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four or eight bytes; no field of the cache has this form.
    Other,
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// Its number.
    pub(crate) number: u32,
    /// Offset of its tag in the file.
    pub(crate) begin: usize,
    /// Offset of the content in the file.
    pub(crate) at: usize,
    /// Its content.
    pub(crate) value: Value<'a>,
}

/// The fields of the message that begins at offset `at` of the file. Ends after the first error.
pub(crate) fn fields(bytes: &[u8], at: usize) -> Fields<'_> {
    Fields { rest: bytes, at }
}

/// See [`fields`].
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<Field<'a>, DecodeError> {
        let begin = self.at;
        let tag = self.number(begin)?;
        let number = match u32::try_from(tag >> 3) {
            Ok(number) if number > 0 && number < 1 << 29 => number,
            _ => return Err(DecodeError::Damaged { at: begin, what: "no such field number" }),
        };
        let value = match tag & 7 {
            0 => {
                let at = self.at;
                let value = self.number(begin)?;
                return Ok(Field { number, begin, at, value: Value::Number(value) });
            }
            1 => {
                self.take(8, begin)?;
                Value::Other
            }
            2 => {
                let length = self.number(begin)?;
                let length = usize::try_from(length).map_err(|_| DecodeError::Truncated { at: begin })?;
                let at = self.at;
                let bytes = self.take(length, begin)?;
                return Ok(Field { number, begin, at, value: Value::Bytes(bytes) });
            }
            5 => {
                self.take(4, begin)?;
                Value::Other
            }
            // 3 and 4 are groups, which the format never had.
            _ => return Err(DecodeError::Damaged { at: begin, what: "no such kind of field" }),
        };
        Ok(Field { number, begin, at: begin, value })
    }

    fn number(&mut self, begin: usize) -> Result<u64, DecodeError> {
        let (value, length) = number(self.rest).map_err(|()| match self.rest.len() {
            0..10 => DecodeError::Truncated { at: begin },
            _ => DecodeError::Damaged { at: begin, what: "a number of more than 64 bits" },
        })?;
        self.rest = self.rest.get(length..).unwrap_or_default();
        self.at += length;
        Ok(value)
    }

    fn take(&mut self, length: usize, begin: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated { at: begin })?;
        self.rest = rest;
        self.at += length;
        Ok(taken)
    }
}

/// The number at the beginning of the bytes, and how many bytes it takes.
pub(crate) fn number(bytes: &[u8]) -> Result<(u64, usize), ()> {
    let mut value = 0u64;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * place as u32).unwrap_or(0);
        if byte & 0x80 == 0 {
            // Of the tenth byte only one bit has room.
            return if place < 9 || *byte < 2 { Ok((value, place + 1)) } else { Err(()) };
        }
    }
    Err(())
}

/// One field of a message in a file.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    /// Its number.
    pub(crate) number: u32,
    /// Offset of the content in the file.
    pub(crate) at: usize,
    /// Its content, if it is a text, a message or packed numbers.
    pub(crate) content: Option<&'a [u8]>,
    /// All of its bytes.
    pub(crate) bytes: &'a [u8],
}

/// The fields of the message that a file is.
#[derive(Debug)]
pub(crate) struct Elements<'a, R> {
    stream: &'a mut R,
    buffer: Vec<u8>,
    at: usize,
}

impl<'a, R: BufRead + Seek> Elements<'a, R> {
    /// Begins at the beginning of the file.
    pub(crate) fn new(stream: &'a mut R) -> Result<Self, DecodeError> {
        stream.rewind().map_err(|error| DecodeError::Io { at: 0, kind: error.kind() })?;
        Ok(Self { stream, buffer: Vec::new(), at: 0 })
    }

    /// The next field; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Element<'_>>, DecodeError> {
        let begin = self.at;
        self.buffer.clear();
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let tag = self.number(begin)?;
        let inside = match tag & 7 {
            2 => usize::try_from(self.number(begin)?).map_err(|_| DecodeError::Truncated { at: begin })?,
            0 => {
                self.number(begin)?;
                0
            }
            1 => 8,
            5 => 4,
            // Its fields say what is wrong with it.
            _ => 0,
        };
        let head = self.buffer.len();
        let wanted = inside as u64;
        let read = self.stream.by_ref().take(wanted).read_to_end(&mut self.buffer);
        let read = read.map_err(|error| DecodeError::Io { at: begin, kind: error.kind() })?;
        self.at = begin + self.buffer.len();
        if read < inside {
            return Err(DecodeError::Truncated { at: begin });
        }
        // What is in memory is read as any other message is.
        let field = fields(&self.buffer, begin).next().transpose()?;
        let field = field.ok_or(DecodeError::Truncated { at: begin })?;
        let content = match field.value {
            Value::Bytes(_) => self.buffer.get(head..),
            Value::Number(_) | Value::Other => None,
        };
        Ok(Some(Element { number: field.number, at: begin + head, content, bytes: &self.buffer }))
    }

    fn peek(&mut self) -> Result<Option<u8>, DecodeError> {
        let available = self.stream.fill_buf();
        let available = available.map_err(|error| DecodeError::Io { at: self.at, kind: error.kind() })?;
        Ok(available.first().copied())
    }

    /// Takes a number of variable length into the buffer.
    fn number(&mut self, begin: usize) -> Result<u64, DecodeError> {
        let from = self.buffer.len();
        for _ in 0..10 {
            let byte = self.peek()?.ok_or(DecodeError::Truncated { at: begin })?;
            self.stream.consume(1);
            self.buffer.push(byte);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (value, _) = number(self.buffer.get(from..).unwrap_or_default())
            .map_err(|()| DecodeError::Damaged { at: begin, what: "a number of more than 64 bits" })?;
        Ok(value)
    }
}
