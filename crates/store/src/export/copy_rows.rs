//! Reading the binary `COPY` of two integer columns.
//!
//! Incremental, because the server's chunks need not end where a row ends. What it reads is trusted to come
//! from PostgreSQL but not to be well-formed: anything else than such a stream is an error.

use crate::error::StoreError;

/// The stream of a binary `COPY` was not what two integer columns look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unexpected bytes in the binary copy of host_category_dir: {0}")]
pub struct CopyError(&'static str);

impl From<CopyError> for StoreError {
    fn from(error: CopyError) -> Self {
        Self::Schema(error.to_string())
    }
}

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const LONGEST_EXTENSION: u32 = 1 << 16;

/// Reads (not null `int4`, `int4`) rows out of a binary `COPY`, cut into chunks anywhere.
#[derive(Debug, Default)]
pub struct CopyRows {
    rest: Vec<u8>,
    started: bool,
    ended: bool,
}

impl CopyRows {
    /// Takes the next bytes and gives each complete row to `row`.
    ///
    /// # Errors
    /// When the bytes are not such a stream.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut row: impl FnMut(i32, Option<i32>),
    ) -> std::result::Result<(), CopyError> {
        if self.rest.is_empty() {
            let used = self.take(chunk, &mut row)?;
            self.rest.extend_from_slice(chunk.get(used..).unwrap_or_default());
        } else {
            let mut joined = std::mem::take(&mut self.rest);
            joined.extend_from_slice(chunk);
            let used = self.take(&joined, &mut row)?;
            joined.drain(..used.min(joined.len()));
            self.rest = joined;
        }
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When it was cut short.
    pub fn finish(&self) -> std::result::Result<(), CopyError> {
        if self.ended && self.rest.is_empty() { Ok(()) } else { Err(CopyError("cut short")) }
    }

    /// Consumes what is complete and tells how many bytes that was.
    fn take(
        &mut self,
        bytes: &[u8],
        row: &mut impl FnMut(i32, Option<i32>),
    ) -> std::result::Result<usize, CopyError> {
        let mut at = Reader { bytes, used: 0 };
        if !self.started {
            match at.header()? {
                None => return Ok(0),
                Some(()) => self.started = true,
            }
        }
        let mut complete = at.used;
        while let Some(next) = at.tuple()? {
            if self.ended {
                return Err(CopyError("bytes after the end"));
            }
            match next {
                Tuple::End => self.ended = true,
                Tuple::Row(host_category, directory) => row(host_category, directory),
            }
            complete = at.used;
        }
        if self.ended && complete < bytes.len() {
            return Err(CopyError("bytes after the end"));
        }
        Ok(complete)
    }
}

enum Tuple {
    End,
    Row(i32, Option<i32>),
}

struct Reader<'a> {
    bytes: &'a [u8],
    used: usize,
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (found, _) = self.bytes.get(self.used..)?.split_first_chunk::<N>()?;
        self.used += N;
        Some(*found)
    }

    fn header(&mut self) -> std::result::Result<Option<()>, CopyError> {
        let Some(signature) = self.array::<11>() else { return Ok(None) };
        if &signature != SIGNATURE {
            return Err(CopyError("no signature"));
        }
        let (Some(_flags), Some(extension)) = (self.array::<4>(), self.array::<4>()) else { return Ok(None) };
        let extension = u32::from_be_bytes(extension);
        if extension > LONGEST_EXTENSION {
            return Err(CopyError("header too long"));
        }
        self.used += extension as usize;
        Ok((self.used <= self.bytes.len()).then_some(()))
    }

    fn tuple(&mut self) -> std::result::Result<Option<Tuple>, CopyError> {
        let Some(fields) = self.array::<2>() else { return Ok(None) };
        match i16::from_be_bytes(fields) {
            -1 => return Ok(Some(Tuple::End)),
            2 => {}
            _ => return Err(CopyError("not two columns")),
        }
        let Some(first) = self.int()? else { return Ok(None) };
        let Some(second) = self.int()? else { return Ok(None) };
        let host_category = first.ok_or(CopyError("no host category"))?;
        Ok(Some(Tuple::Row(host_category, second)))
    }

    /// `None`: more bytes are needed; `Some(None)`: NULL.
    fn int(&mut self) -> std::result::Result<Option<Option<i32>>, CopyError> {
        let Some(length) = self.array::<4>() else { return Ok(None) };
        match i32::from_be_bytes(length) {
            -1 => Ok(Some(None)),
            4 => Ok(self.array::<4>().map(|value| Some(i32::from_be_bytes(value)))),
            _ => Err(CopyError("not an integer")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(rows: &[(i32, Option<i32>)]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        for (first, second) in rows {
            bytes.extend(2_i16.to_be_bytes());
            bytes.extend(4_i32.to_be_bytes());
            bytes.extend(first.to_be_bytes());
            match second {
                None => bytes.extend((-1_i32).to_be_bytes()),
                Some(value) => {
                    bytes.extend(4_i32.to_be_bytes());
                    bytes.extend(value.to_be_bytes());
                }
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    proptest::proptest! {
        #[test]
        fn a_copy_cut_anywhere_gives_its_rows(
            rows in proptest::collection::vec((proptest::num::i32::ANY, proptest::option::of(0..9_i32)), 0..30),
            size in 1..40_usize,
        ) {
            let mut parser = CopyRows::default();
            let mut found = Vec::new();
            for chunk in encoded(&rows).chunks(size) {
                parser.push(chunk, |a, b| found.push((a, b))).unwrap();
            }
            parser.finish().unwrap();
            proptest::prop_assert_eq!(found, rows);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let mut parser = CopyRows::default();
            let _ = parser.push(&bytes, |_, _| {});
            let mut parser = CopyRows::default();
            let mut started = encoded(&[(1, Some(2))]);
            started.truncate(started.len() - 2);
            let _ = parser.push(&started, |_, _| {}).and_then(|()| parser.push(&bytes, |_, _| {}));
        }
    }

    #[test]
    fn a_copy_that_ends_early_is_an_error() {
        let bytes = encoded(&[(1, Some(2))]);
        let mut parser = CopyRows::default();
        parser.push(&bytes[..bytes.len() - 1], |_, _| {}).unwrap();
        assert!(parser.finish().is_err());
    }
}
