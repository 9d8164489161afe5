//! An array of numbers or rows that lies in bytes.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::damaged::Damaged;

/// An immutable array of `T`, in memory of its own or in the bytes of a file. Cheap to clone.
///
/// `T` is a number of [`zerocopy::little_endian`] or a `repr(C)` struct of such, so that it has no alignment and
/// looks the same on every machine.
pub struct Column<T> {
    bytes: Bytes,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), kind: PhantomData }
    }
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { bytes: Bytes::new(), kind: PhantomData }
    }
}

impl<T> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({} bytes)", self.bytes.len())
    }
}

/// A vector as bytes, without a copy.
struct Owned<T>(Vec<T>);

impl<T: IntoBytes + Immutable> AsRef<[u8]> for Owned<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl<T: IntoBytes + Immutable + Send + 'static> From<Vec<T>> for Column<T> {
    fn from(mut rows: Vec<T>) -> Self {
        rows.shrink_to_fit();
        Self { bytes: Bytes::from_owner(Owned(rows)), kind: PhantomData }
    }
}

impl<T: IntoBytes + Immutable + Send + 'static> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        rows.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T: FromBytes + Immutable + KnownLayout + Unaligned> Column<T> {
    /// The array that these bytes are.
    ///
    /// # Errors
    /// They are not a whole number of rows.
    pub fn read(bytes: Bytes, table: &'static str) -> Result<Self, Damaged> {
        Damaged::unless(
            bytes.len().is_multiple_of(size_of::<T>().max(1)),
            table,
            "not a whole number of rows",
        )?;
        Ok(Self { bytes, kind: PhantomData })
    }

    /// All rows.
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        <[T]>::ref_from_bytes(&self.bytes).unwrap_or_default()
    }

    /// The row with this number.
    #[inline]
    pub fn get(&self, number: usize) -> Option<&T> {
        // Not by the slice of all rows: to see that the bytes are a whole number of them takes a division.
        let begin = number.checked_mul(size_of::<T>())?;
        T::ref_from_bytes(self.bytes.get(begin..)?.get(..size_of::<T>())?).ok()
    }

    /// The rows from one number to before another; none if there are not so many.
    #[inline]
    pub fn range(&self, begin: u32, end: u32) -> &[T] {
        let place = |number: u32| (number as usize).checked_mul(size_of::<T>());
        let bytes = place(begin).zip(place(end)).and_then(|(begin, end)| self.bytes.get(begin..end));
        <[T]>::ref_from_bytes(bytes.unwrap_or_default()).unwrap_or_default()
    }

    /// How many rows there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<T> Column<T> {
    /// The bytes, as they stand in a file.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}
