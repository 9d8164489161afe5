//! One directory's entry of a cache (`MirrorListCacheType`), read into buffers that are used again.
//!
//! These entries are nearly all of a cache: millions of host numbers. The generated reader would make a list
//! of its own for each host of each directory.

use std::ops::Range;

use crate::proto::DecodeError;
use crate::wire::{self, Field, Value};

/// One directory: who carries it.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// All texts one behind the other.
    text: String,
    directory: Range<usize>,
    subpath: Range<usize>,
    pub(crate) global: Vec<i64>,
    by_country: Vec<(Range<usize>, Range<usize>)>,
    by_host: Vec<(i64, Range<usize>)>,
    numbers: Vec<i64>,
}

impl Entry {
    /// Its full name.
    pub(crate) fn directory(&self) -> &str {
        self.text(&self.directory)
    }

    /// Its path below the top directory of its category.
    pub(crate) fn subpath(&self) -> &str {
        self.text(&self.subpath)
    }

    /// Country and its public hosts, in the order of the file.
    pub(crate) fn by_country(&self) -> impl ExactSizeIterator<Item = (&str, &[i64])> {
        self.by_country.iter().map(|(country, range)| (self.text(country), self.part(range)))
    }

    /// Host and its URL ids, in the order of the file.
    pub(crate) fn by_host(&self) -> impl ExactSizeIterator<Item = (i64, &[i64])> {
        self.by_host.iter().map(|(host, range)| (*host, self.part(range)))
    }

    fn text(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn part(&self, range: &Range<usize>) -> &[i64] {
        self.numbers.get(range.clone()).unwrap_or_default()
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let begin = self.text.len();
        self.text.push_str(text);
        begin..self.text.len()
    }

    fn clear(&mut self) {
        self.text.clear();
        (self.directory, self.subpath) = (0..0, 0..0);
        self.global.clear();
        self.by_country.clear();
        self.by_host.clear();
        self.numbers.clear();
    }

    /// Reads an entry that begins at offset `at` of the file.
    ///
    /// # Errors
    /// The same bytes that the generated reader refuses, and absent required fields.
    pub(crate) fn read(&mut self, bytes: &[u8], at: usize) -> Result<(), DecodeError> {
        const MESSAGE: &str = "MirrorListCacheType";
        self.clear();
        let mut directory = None;
        for field in wire::fields(bytes, at) {
            let field = field?;
            match field.number {
                1 => directory = Some(text(field)?),
                2 => numbers(field, &mut self.global)?,
                3 => self.subpath = self.keep(text(field)?),
                4 => {
                    let (country, range) = self.text_and_numbers(field)?;
                    self.by_country.push((country, range));
                }
                // Read like the one before, to find out whether it can be read.
                5 => {
                    let (_, range) = self.text_and_numbers(field)?;
                    self.numbers.truncate(range.start);
                }
                6 => {
                    let begin = self.numbers.len();
                    let mut host = None;
                    for inner in wire::fields(message(field)?, field.at) {
                        let inner = inner?;
                        match inner.number {
                            1 => host = Some(number(inner)?),
                            2 => numbers(inner, &mut self.numbers)?,
                            _ => {}
                        }
                    }
                    let host = host.ok_or(missing("IntRepeatedIntMap", "key", field.at))?;
                    self.by_host.push((host, begin..self.numbers.len()));
                }
                7 => drop(number(field)?),
                _ => {}
            }
        }
        self.directory = self.keep(directory.ok_or(missing(MESSAGE, "directory", at))?);
        Ok(())
    }

    fn text_and_numbers(&mut self, field: Field<'_>) -> Result<(Range<usize>, Range<usize>), DecodeError> {
        let begin = self.numbers.len();
        let mut key = None;
        for inner in wire::fields(message(field)?, field.at) {
            let inner = inner?;
            match inner.number {
                1 => key = Some(text(inner)?),
                2 => numbers(inner, &mut self.numbers)?,
                _ => {}
            }
        }
        let key = key.ok_or(missing("StringRepeatedIntMap", "key", field.at))?;
        Ok((self.keep(key), begin..self.numbers.len()))
    }
}

const fn missing(message: &'static str, field: &'static str, at: usize) -> DecodeError {
    DecodeError::Missing { message, field, at }
}

fn wrong(field: Field<'_>) -> DecodeError {
    DecodeError::Damaged { at: field.begin, what: "a field of another kind than the format has" }
}

fn message(field: Field<'_>) -> Result<&[u8], DecodeError> {
    match field.value {
        Value::Bytes(bytes) => Ok(bytes),
        Value::Number(_) | Value::Other => Err(wrong(field)),
    }
}

fn text(field: Field<'_>) -> Result<&str, DecodeError> {
    let bytes = message(field)?;
    std::str::from_utf8(bytes)
        .map_err(|_| DecodeError::Damaged { at: field.begin, what: "a text that is not UTF-8" })
}

fn number(field: Field<'_>) -> Result<i64, DecodeError> {
    match field.value {
        Value::Number(number) => Ok(number.cast_signed()),
        Value::Bytes(_) | Value::Other => Err(wrong(field)),
    }
}

/// One number, or several packed.
fn numbers(field: Field<'_>, to: &mut Vec<i64>) -> Result<(), DecodeError> {
    let Value::Bytes(mut packed) = field.value else {
        to.push(number(field)?);
        return Ok(());
    };
    while !packed.is_empty() {
        let (number, length) = wire::number(packed)
            .map_err(|()| DecodeError::Damaged { at: field.begin, what: "packed numbers that do not end" })?;
        to.push(number.cast_signed());
        packed = packed.get(length..).unwrap_or_default();
    }
    Ok(())
}
