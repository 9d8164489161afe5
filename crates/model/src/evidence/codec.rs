//! The packed form: columns, each as small as it can be; about 12 bytes for a directory.
//!
//! ```text
//! "MME" 1                       form
//! varint                        number of records
//! zigzag varint                 swept_at
//! varint per record             directory id, less that of the record before
//! 8 bytes per record            fingerprint, little endian
//! zigzag varint per record      swept_at less checked_at
//! byte per record               standing (bits 0-1), method (bits 2-4)
//! 2 bytes per record            tries, wait; only of those that are not current
//! ```

use super::{BackOff, Evidence, Method, Record, Standing};
use crate::fingerprint::Fingerprint;
use crate::ids::DirectoryId;

const FORM: &[u8; 4] = b"MME\x01";

/// Records of one value at most.
pub const MAX_RECORDS: usize = 4_000_000;

/// Bytes that a record takes at least: id, fingerprint, time, standing.
const SMALLEST: usize = 1 + 8 + 1 + 1;

/// A stored value that can not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damaged {
    /// Not in this form.
    #[error("it is not in a form that this version knows")]
    Form,
    /// It ends too early, or goes on behind its end.
    #[error("its length does not fit its content")]
    Length,
    /// More records than [`MAX_RECORDS`].
    #[error("it has too many records")]
    TooMany,
    /// A number that means nothing in its place.
    #[error("a number in it means nothing")]
    Number,
}

/// Packs evidence. Records beyond [`MAX_RECORDS`] are left out: they count as not proven.
pub fn encode(evidence: &Evidence) -> Vec<u8> {
    let records = evidence.records.get(..MAX_RECORDS).unwrap_or(&evidence.records);
    let mut out = Vec::with_capacity(24 + records.len() * 14);
    out.extend_from_slice(FORM);
    varint(&mut out, records.len() as u64);
    varint(&mut out, zigzag(evidence.swept_at));
    let mut before = 0i32;
    for record in records {
        varint(&mut out, u64::from(record.directory.0.abs_diff(before)));
        before = record.directory.0;
    }
    for record in records {
        out.extend_from_slice(&record.fingerprint.0.to_le_bytes());
    }
    for record in records {
        varint(&mut out, zigzag(evidence.swept_at.wrapping_sub(record.checked_at)));
    }
    for record in records {
        let standing = match record.standing {
            Standing::Current => 0,
            Standing::Stale(_) => 1,
            Standing::Unknown(_) => 2,
        };
        out.push(standing | number(record.method) << 2);
    }
    for back_off in records.iter().filter_map(|record| record.standing.back_off()) {
        out.extend([back_off.tries.max(1), back_off.wait]);
    }
    out
}

/// Reads what [`encode`] packed. Never takes more memory than a few times the input's length.
///
/// # Errors
/// [`Damaged`]: nothing of it is to be believed.
pub fn decode(bytes: &[u8]) -> Result<Evidence, Damaged> {
    let mut input = Input(bytes.strip_prefix(FORM).ok_or(Damaged::Form)?);
    let count = usize::try_from(input.varint()?).map_err(|_| Damaged::TooMany)?;
    if count > MAX_RECORDS {
        return Err(Damaged::TooMany);
    }
    let swept_at = unzigzag(input.varint()?);
    if count > input.0.len() / SMALLEST {
        return Err(Damaged::Length);
    }
    let mut records = Vec::with_capacity(count);
    let mut directory = 0i32;
    for _ in 0..count {
        let step = i32::try_from(input.varint()?).ok().filter(|step| *step > 0).ok_or(Damaged::Number)?;
        directory = directory.checked_add(step).ok_or(Damaged::Number)?;
        records.push(Record {
            directory: DirectoryId(directory),
            fingerprint: Fingerprint(0),
            checked_at: 0,
            method: Method::Nothing,
            standing: Standing::Current,
        });
    }
    for record in &mut records {
        record.fingerprint = Fingerprint(u64::from_le_bytes(input.array()?));
    }
    for record in &mut records {
        record.checked_at = swept_at.wrapping_sub(unzigzag(input.varint()?));
    }
    for record in &mut records {
        let [byte] = input.array()?;
        record.method = method(byte >> 2)?;
        record.standing = match byte & 3 {
            0 => Standing::Current,
            1 => Standing::Stale(BackOff::FIRST),
            2 => Standing::Unknown(BackOff::FIRST),
            _ => return Err(Damaged::Number),
        };
    }
    for record in &mut records {
        let (Standing::Stale(back_off) | Standing::Unknown(back_off)) = &mut record.standing else {
            continue;
        };
        let [tries, wait] = input.array()?;
        if tries == 0 {
            return Err(Damaged::Number);
        }
        *back_off = BackOff { tries, wait };
    }
    if input.0.is_empty() { Ok(Evidence { swept_at, records }) } else { Err(Damaged::Length) }
}

fn number(method: Method) -> u8 {
    match method {
        Method::Nothing => 0,
        Method::Http => 1,
        Method::Rsync => 2,
        Method::Ftp => 3,
        Method::Index => 4,
    }
}

fn method(number: u8) -> Result<Method, Damaged> {
    Ok(match number {
        0 => Method::Nothing,
        1 => Method::Http,
        2 => Method::Rsync,
        3 => Method::Ftp,
        4 => Method::Index,
        _ => return Err(Damaged::Number),
    })
}

/// Small numbers of either sign as small numbers.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Damaged::Length)?;
        self.0 = rest;
        Ok(*head)
    }

    /// Only the shortest form of a number is one, so that equal evidence is equal bytes.
    fn varint(&mut self) -> Result<u64, Damaged> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            if (shift == 63 && bits > 1) || (byte == 0 && shift > 0) {
                return Err(Damaged::Number);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged::Number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standings() -> impl Strategy<Value = Standing> {
        let back_off = (1..=255u8, any::<u8>()).prop_map(|(tries, wait)| BackOff { tries, wait });
        prop_oneof![
            Just(Standing::Current),
            back_off.clone().prop_map(Standing::Stale),
            back_off.prop_map(Standing::Unknown),
        ]
    }

    fn records() -> impl Strategy<Value = Record> {
        let fields = (1..=i32::MAX, any::<u64>(), any::<i64>(), 0..5u8, standings());
        fields.prop_map(|(id, print, checked_at, how, standing)| Record {
            directory: DirectoryId(id),
            fingerprint: Fingerprint(print),
            checked_at,
            method: method(how).unwrap(),
            standing,
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_can_be_read(swept in any::<i64>(), list in proptest::collection::vec(records(), 0..50)) {
            let evidence = Evidence::new(swept, list);
            prop_assert_eq!(decode(&encode(&evidence)), Ok(evidence));
        }

        #[test]
        fn a_cut_or_longer_value_is_refused(list in proptest::collection::vec(records(), 0..9), cut in any::<usize>()) {
            let bytes = encode(&Evidence::new(1, list));
            prop_assert!(decode(&bytes[..cut % bytes.len()]).is_err());
            let longer = [bytes, vec![0]].concat();
            prop_assert_eq!(decode(&longer), Err(Damaged::Length));
        }
    }

    #[test]
    fn a_directory_takes_few_bytes() {
        let one = |id: i32| Record {
            directory: DirectoryId(id),
            fingerprint: Fingerprint(u64::MAX),
            checked_at: 1_800_000_000 - i64::from(id % 7) * 86_400,
            method: Method::Http,
            standing: Standing::Current,
        };
        let bytes = encode(&Evidence::new(1_800_000_000, (1..=40_000).map(one).collect()));
        assert!(bytes.len() < 40_000 * 13 + 16, "{}", bytes.len());
    }

    #[test]
    fn lies_about_the_length_take_no_memory() {
        let mut bytes = FORM.to_vec();
        varint(&mut bytes, MAX_RECORDS as u64);
        varint(&mut bytes, 0);
        assert_eq!(decode(&bytes), Err(Damaged::Length));
        bytes.truncate(FORM.len());
        varint(&mut bytes, MAX_RECORDS as u64 + 1);
        assert_eq!(decode(&bytes), Err(Damaged::TooMany));
        assert_eq!(decode(b"MME\x02\0\0"), Err(Damaged::Form));
        assert_eq!(decode(b""), Err(Damaged::Form));
        assert_eq!(decode(b"MME\x01\x80\x00\x00"), Err(Damaged::Number), "a longer form of zero");
    }
}
