//! The fields of an encoded message, one after another, without copying.

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
