//! Finds what the generated reader accepts but the format forbids: absent required fields.
//!
//! One walk over the bytes with a table of the messages; nothing is allocated but one small stack frame
//! per nesting, and the nesting is that of the table, never that of the input.

use crate::proto::DecodeError;
use crate::wire::{self, Value};

/// What one message must contain.
struct Shape {
    name: &'static str,
    /// Required fields. At most 8.
    required: &'static [(u32, &'static str)],
    /// Fields that are messages themselves.
    nested: &'static [(u32, &'static Shape)],
}

const fn pair(name: &'static str) -> Shape {
    Shape { name, required: &[(1, "key"), (2, "value")], nested: &[] }
}

const fn keyed(name: &'static str) -> Shape {
    Shape { name, required: &[(1, "key")], nested: &[] }
}

const STRING_STRING: Shape = pair("StringStringMap");
const STRING_INTS: Shape = keyed("StringRepeatedIntMap");
const INT_STRINGS: Shape = keyed("IntRepeatedStringMap");
const INT_STRING: Shape = pair("IntStringMap");
const INT_INT: Shape = pair("IntIntMap");
const INT_INTS: Shape = keyed("IntRepeatedIntMap");
const STRING_BOOL: Shape = pair("StringBoolMap");
const DETAILS: Shape =
    Shape { name: "FileDetailsType", required: &[(1, "TimeStamp"), (2, "Size")], nested: &[] };
const FILE: Shape =
    Shape { name: "FileDetailsCacheFilesType", required: &[(1, "filename")], nested: &[(2, &DETAILS)] };
const FILES: Shape =
    Shape { name: "FileDetailsCacheDirectoryType", required: &[(1, "directory")], nested: &[(2, &FILE)] };
const DIRECTORY: Shape = Shape {
    name: "MirrorListCacheType",
    required: &[(1, "directory")],
    nested: &[(4, &STRING_INTS), (5, &STRING_INTS), (6, &INT_INTS)],
};
const MIRROR_LIST: Shape = Shape {
    name: "MirrorList",
    required: &[(1, "Time")],
    nested: &[
        (2, &STRING_STRING),
        (3, &STRING_INTS),
        (4, &INT_STRING),
        (5, &FILES),
        (6, &STRING_BOOL),
        (7, &STRING_STRING),
        (8, &STRING_STRING),
        (9, &STRING_STRING),
        (10, &INT_INTS),
        (11, &INT_INT),
        (12, &INT_STRING),
        (13, &INT_INT),
        (14, &INT_STRINGS),
        (15, &STRING_INTS),
        (16, &DIRECTORY),
    ],
};

/// Whether the bytes are a complete `MirrorList`, as far as required fields go.
///
/// # Errors
/// The first absent required field, or the place where the bytes stop being fields.
pub(crate) fn check(bytes: &[u8]) -> Result<(), DecodeError> {
    check_message(bytes, 0, &MIRROR_LIST)
}

/// Whether the content of one field of a `MirrorList` has what it must have; that of directories is not looked
/// into, since their reader looks itself.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_element(number: u32, content: &[u8], at: usize) -> Result<(), DecodeError> {
    match MIRROR_LIST.nested.iter().find(|(own, _)| *own == number) {
        Some((_, shape)) if shape.name != DIRECTORY.name => check_message(content, at, shape),
        _ => Ok(()),
    }
}

/// The error of a file without the one field that it must have.
pub(crate) const NO_TIME: DecodeError =
    DecodeError::Missing { message: MIRROR_LIST.name, field: "Time", at: 0 };

fn check_message(bytes: &[u8], at: usize, shape: &Shape) -> Result<(), DecodeError> {
    let mut seen = 0u8;
    for field in wire::fields(bytes, at) {
        let field = field?;
        if let Some(place) = shape.required.iter().position(|(number, _)| *number == field.number) {
            seen |= 1 << place;
        }
        if let Value::Bytes(inner) = field.value
            && let Some((_, nested)) = shape.nested.iter().find(|(number, _)| *number == field.number)
        {
            check_message(inner, field.at, nested)?;
        }
    }
    for (place, (_, field)) in shape.required.iter().enumerate() {
        if seen & (1 << place) == 0 {
            return Err(DecodeError::Missing { message: shape.name, field, at });
        }
    }
    Ok(())
}
