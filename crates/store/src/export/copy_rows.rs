//! Reading rows out of a binary `COPY`.
//!
//! Incremental, because the server's chunks need not end where a row ends. What it reads is trusted to come
//! from PostgreSQL but not to be well-formed: anything else than such a stream is an error.

use crate::error::StoreError;

/// The stream of a binary `COPY` was not what the wanted columns look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unexpected bytes in a binary copy: {0}")]
pub struct CopyError(&'static str);

impl From<CopyError> for StoreError {
    fn from(error: CopyError) -> Self {
        Self::Schema(error.to_string())
    }
}

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const LONGEST_EXTENSION: u32 = 1 << 16;

/// One row: the bytes of each column, `None` for NULL.
pub type Fields<'a, const N: usize> = [Option<&'a [u8]>; N];

/// Reads rows of `N` columns out of a binary `COPY`, cut into chunks anywhere.
#[derive(Debug, Default)]
pub struct CopyRows<const N: usize> {
    rest: Vec<u8>,
    started: bool,
    ended: bool,
}

impl<const N: usize> CopyRows<N> {
    /// Takes the next bytes and gives each complete row to `row`.
    ///
    /// # Errors
    /// When the bytes are not such a stream, or `row` refuses one.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut row: impl FnMut(Fields<'_, N>) -> Result<(), CopyError>,
    ) -> Result<(), CopyError> {
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
    pub fn finish(&self) -> Result<(), CopyError> {
        if self.ended && self.rest.is_empty() { Ok(()) } else { Err(CopyError("cut short")) }
    }

    /// Consumes what is complete and tells how many bytes that was.
    fn take(
        &mut self,
        bytes: &[u8],
        row: &mut impl FnMut(Fields<'_, N>) -> Result<(), CopyError>,
    ) -> Result<usize, CopyError> {
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
                Tuple::Row(fields) => row(fields)?,
            }
            complete = at.used;
        }
        if self.ended && complete < bytes.len() {
            return Err(CopyError("bytes after the end"));
        }
        Ok(complete)
    }
}

enum Tuple<'a, const N: usize> {
    End,
    Row(Fields<'a, N>),
}

struct Reader<'a> {
    bytes: &'a [u8],
    used: usize,
}

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (found, _) = self.bytes.get(self.used..)?.split_first_chunk::<N>()?;
        self.used += N;
        Some(*found)
    }

    fn header(&mut self) -> Result<Option<()>, CopyError> {
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

    /// `None`: more bytes are needed.
    fn tuple<const N: usize>(&mut self) -> Result<Option<Tuple<'a, N>>, CopyError> {
        let Some(fields) = self.array::<2>() else { return Ok(None) };
        match i16::from_be_bytes(fields) {
            -1 => return Ok(Some(Tuple::End)),
            count if usize::try_from(count) == Ok(N) => {}
            _ => return Err(CopyError("another number of columns")),
        }
        let mut row = [None; N];
        for field in &mut row {
            let Some(length) = self.array::<4>() else { return Ok(None) };
            let length = i32::from_be_bytes(length);
            if length == -1 {
                continue;
            }
            let length = usize::try_from(length).map_err(|_| CopyError("a negative length"))?;
            let Some(bytes) = self.bytes.get(self.used..).and_then(|rest| rest.get(..length)) else {
                return Ok(None);
            };
            self.used += length;
            *field = Some(bytes);
        }
        Ok(Some(Tuple::Row(row)))
    }
}

/// An `int4`.
pub(super) fn int(field: Option<&[u8]>) -> Result<Option<i32>, CopyError> {
    field.map(|bytes| Ok(i32::from_be_bytes(sized(bytes)?))).transpose()
}

/// An `int8`.
pub(super) fn bigint(field: Option<&[u8]>) -> Result<Option<i64>, CopyError> {
    field.map(|bytes| Ok(i64::from_be_bytes(sized(bytes)?))).transpose()
}

/// A text of any length type.
pub(super) fn text(field: Option<&[u8]>) -> Result<Option<String>, CopyError> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| CopyError("not UTF-8"));
    field.map(text).transpose()
}

/// A column that is never NULL.
pub(super) fn required<T>(value: Option<T>) -> Result<T, CopyError> {
    value.ok_or(CopyError("NULL where none may be"))
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], CopyError> {
    bytes.try_into().map_err(|_| CopyError("a number of another size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(rows: &[(i32, Option<&str>)]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        for (first, second) in rows {
            bytes.extend(2_i16.to_be_bytes());
            bytes.extend(4_i32.to_be_bytes());
            bytes.extend(first.to_be_bytes());
            match second {
                None => bytes.extend((-1_i32).to_be_bytes()),
                Some(value) => {
                    bytes.extend((value.len() as i32).to_be_bytes());
                    bytes.extend(value.as_bytes());
                }
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    proptest::proptest! {
        #[test]
        fn a_copy_cut_anywhere_gives_its_rows(
            rows in proptest::collection::vec((proptest::num::i32::ANY, proptest::option::of("\\PC{0,9}")), 0..30),
            size in 1..40_usize,
        ) {
            let mut parser = CopyRows::<2>::default();
            let mut found = Vec::new();
            let borrowed: Vec<_> = rows.iter().map(|(first, second)| (*first, second.as_deref())).collect();
            for chunk in encoded(&borrowed).chunks(size) {
                parser.push(chunk, |[first, second]| {
                    found.push((required(int(first)?)?, text(second)?));
                    Ok(())
                }).unwrap();
            }
            parser.finish().unwrap();
            proptest::prop_assert_eq!(found, rows);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let mut parser = CopyRows::<2>::default();
            let _ = parser.push(&bytes, |_| Ok(()));
            let mut parser = CopyRows::<2>::default();
            let mut started = encoded(&[(1, Some("2"))]);
            started.truncate(started.len() - 2);
            let _ = parser.push(&started, |_| Ok(())).and_then(|()| parser.push(&bytes, |_| Ok(())));
        }
    }

    #[test]
    fn a_copy_that_ends_early_is_an_error() {
        let bytes = encoded(&[(1, Some("2"))]);
        let mut parser = CopyRows::<2>::default();
        parser.push(&bytes[..bytes.len() - 1], |_| Ok(())).unwrap();
        assert!(parser.finish().is_err());
    }

    #[test]
    fn values_of_another_kind_are_refused() {
        assert_eq!(int(Some(&[0, 0, 1, 0])), Ok(Some(256)));
        assert_eq!((int(None), bigint(None), text(None)), (Ok(None), Ok(None), Ok(None)));
        assert!(
            int(Some(&[0; 8])).is_err() && bigint(Some(&[0; 4])).is_err() && text(Some(&[0xff])).is_err()
        );
        assert!(CopyRows::<3>::default().push(&encoded(&[(1, None)]), |_| Ok(())).is_err());
    }
}
