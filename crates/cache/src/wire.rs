//! Fields of the interchange format, written straight into bytes.
//!
//! A message is its fields one after the other, so a cache of hundreds of megabytes can be written without
//! ever being one value. What this writes is, byte for byte, what the generated messages would be encoded as.

use std::io::{self, Write};

/// Key of `MirrorListCache` in the outermost message: number 16, with length, the one key of two bytes.
pub(crate) const MIRROR_LIST: [u8; 2] = [0x82, 0x01];

/// Key of a field that is a number.
pub(crate) const fn number_key(field: u8) -> u8 {
    field << 3
}

/// Key of a field that is bytes: a text, or a message.
pub(crate) const fn bytes_key(field: u8) -> u8 {
    field << 3 | 2
}

/// Appends a number of variable length.
#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes [`put_varint`] appends.
pub(crate) fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Appends a field with a number.
pub(crate) fn put_number(out: &mut Vec<u8>, field: u8, value: u64) {
    out.push(number_key(field));
    put_varint(out, value);
}

/// Appends a field with bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    put_prefix(out, field, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends the beginning of a field with so many bytes.
pub(crate) fn put_prefix(out: &mut Vec<u8>, field: u8, bytes: usize) {
    out.push(bytes_key(field));
    put_varint(out, bytes as u64);
}

/// How many bytes a field with so many bytes takes.
pub(crate) fn bytes_len(bytes: usize) -> usize {
    1 + varint_len(bytes as u64) + bytes
}

/// Bytes on their way into a file.
pub(crate) struct Sink<'a> {
    out: &'a mut dyn Write,
    /// What is not written yet.
    pub(crate) buffer: Vec<u8>,
    written: u64,
}

/// Bytes that are written at once.
const CHUNK: usize = 1 << 20;

impl<'a> Sink<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, buffer: Vec::with_capacity(CHUNK + CHUNK / 4), written: 0 }
    }

    /// Writes the buffer if there is enough in it.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Writes the rest and tells how many bytes there were in all.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        Ok(self.written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_many_bytes_as_announced() {
        for bits in 0..64 {
            for value in [1_u64 << bits, (1 << bits) - 1, u64::MAX >> bits] {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                assert_eq!(out.len(), varint_len(value), "{value}");
            }
        }
    }
}
