//! Columns one behind the other.
//!
//! A number of parts, their lengths, then the parts, each padded with zeros to 16 bytes:
//!
//! | bytes | |
//! |---|---|
//! | 4 | number of parts *n* |
//! | 4 | 0 |
//! | 8 *n* | length of each part, without padding |
//! | | padding to 16, then the parts |
//!
//! A reader takes the parts in their order and leaves those it does not know, which come last.

use std::io;

use bytes::Bytes;
use bytestring::ByteString;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::column::Column;
use crate::damaged::Damaged;

/// Parts begin at multiples of this.
const ALIGNMENT: usize = 16;

/// The most parts of one group.
const MOST: usize = 1024;

fn padded(length: usize) -> usize {
    length.next_multiple_of(ALIGNMENT)
}

/// Collects parts to be written; nothing is copied.
#[derive(Debug, Default)]
pub struct PartsWriter {
    parts: Vec<Bytes>,
}

impl PartsWriter {
    /// Adds bytes.
    pub fn push(&mut self, bytes: impl Into<Bytes>) {
        self.parts.push(bytes.into());
    }

    /// Adds a column.
    pub fn column<T>(&mut self, column: &Column<T>) {
        self.parts.push(column.bytes().clone());
    }

    /// How many bytes [`write`](Self::write) writes.
    pub fn len(&self) -> u64 {
        let head = padded(8 + 8 * self.parts.len());
        (head + self.parts.iter().map(|part| padded(part.len())).sum::<usize>()) as u64
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Writes all parts.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, to: &mut dyn io::Write) -> io::Result<()> {
        const ZEROS: [u8; ALIGNMENT] = [0; ALIGNMENT];
        let pad = |to: &mut dyn io::Write, length: usize| {
            to.write_all(ZEROS.get(..padded(length) - length).unwrap_or_default())
        };
        to.write_all(&(self.parts.len() as u32).to_le_bytes())?;
        to.write_all(&[0; 4])?;
        for part in &self.parts {
            to.write_all(&(part.len() as u64).to_le_bytes())?;
        }
        pad(to, 8 + 8 * self.parts.len())?;
        for part in &self.parts {
            to.write_all(part)?;
            pad(to, part.len())?;
        }
        Ok(())
    }
}

/// Parts as they lie in bytes, to be taken in order.
#[derive(Debug)]
pub struct Parts {
    table: &'static str,
    parts: std::vec::IntoIter<Bytes>,
}

impl Parts {
    /// Finds the parts in the bytes of a group; `table` is its name in errors.
    ///
    /// # Errors
    /// The lengths do not fit the bytes.
    pub fn read(bytes: &Bytes, table: &'static str) -> Result<Self, Damaged> {
        let cut = || Damaged::new(table, "cut off");
        let (count, _) = bytes.split_first_chunk::<4>().ok_or_else(cut)?;
        let count = u32::from_le_bytes(*count) as usize;
        Damaged::unless(count <= MOST, table, "too many parts")?;
        let lengths = bytes.get(8..8 + 8 * count).ok_or_else(cut)?;
        let mut begin = padded(8 + 8 * count);
        let mut parts = Vec::with_capacity(count);
        for length in lengths.as_chunks::<8>().0 {
            let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
            let end = begin.checked_add(length).filter(|end| *end <= bytes.len()).ok_or_else(cut)?;
            parts.push(bytes.slice(begin..end));
            begin = end.next_multiple_of(ALIGNMENT);
        }
        Damaged::unless(begin == bytes.len(), table, "bytes behind the last part")?;
        Ok(Self { table, parts: parts.into_iter() })
    }

    /// The name of the group in errors.
    pub fn table(&self) -> &'static str {
        self.table
    }

    /// An error about this group.
    pub fn damaged(&self, what: &'static str) -> Damaged {
        Damaged::new(self.table, what)
    }

    /// The next part.
    ///
    /// # Errors
    /// There is none.
    pub fn bytes(&mut self) -> Result<Bytes, Damaged> {
        self.parts.next().ok_or(Damaged::new(self.table, "a part is missing"))
    }

    /// The next part as text.
    ///
    /// # Errors
    /// There is none, or it is not UTF-8.
    pub fn text(&mut self) -> Result<ByteString, Damaged> {
        ByteString::try_from(self.bytes()?).map_err(|_| self.damaged("a text that is not UTF-8"))
    }

    /// The next part as a column.
    ///
    /// # Errors
    /// There is none, or it is not a whole number of rows.
    pub fn column<T: FromBytes + Immutable + KnownLayout + Unaligned>(
        &mut self,
    ) -> Result<Column<T>, Damaged> {
        Column::read(self.bytes()?, self.table)
    }
}
