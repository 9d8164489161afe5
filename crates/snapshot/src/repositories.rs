//! Repository prefixes: which directory, where redirected, disabled or not.

use bytes::Bytes;
use frozen::{Column, Damaged, Names, NamesBuilder, Parts, PartsWriter};
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The longest joined value, in bytes: as long as a path can be. Without a limit, a small file that repeats one
/// key takes memory by the square of its size.
const LONGEST_JOINED: usize = 4096;

/// A map from text to text that may have the same key twice.
///
/// A valid database cannot give such a map; the old server joined the values then, so both the first value
/// and all of them joined can be asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextMap {
    keys: Names,
    values: Names,
    /// By number of the key.
    rows: Column<ValueRow>,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct ValueRow {
    /// The first value.
    first: U32,
    /// All values joined.
    joined: U32,
}

/// Which value of a key that is there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeated {
    /// The first one.
    #[default]
    First,
    /// All of them, joined.
    Joined,
}

impl TextMap {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str, repeated: Repeated) -> Option<&str> {
        let row = self.rows.get(self.keys.find(key)? as usize)?;
        Some(self.values.text(match repeated {
            Repeated::First => row.first.get(),
            Repeated::Joined => row.joined.get(),
        }))
    }

    /// All keys with their first values, in the order of the file.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys.iter().zip(self.rows.as_slice()).map(|(key, row)| (key, self.values.text(row.first.get())))
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        self.keys.write(to);
        self.values.write(to);
        to.column(&self.rows);
    }

    pub(crate) fn read(parts: &mut Parts) -> Result<Self, Damaged> {
        let map = Self { keys: Names::read(parts)?, values: Names::read(parts)?, rows: parts.column()? };
        let known = |number: U32| (number.get() as usize) < map.values.len();
        let right = map.rows.len() == map.keys.len()
            && map.rows.as_slice().iter().all(|row| known(row.first) && known(row.joined));
        Damaged::unless(right, parts.table(), "a key without a value")?;
        Ok(map)
    }
}

/// A map while pairs are added.
#[derive(Debug, Default)]
pub(crate) struct TextMapBuilder {
    keys: NamesBuilder,
    values: NamesBuilder,
    rows: Vec<ValueRow>,
}

impl TextMapBuilder {
    /// Adds a pair. `None` when there is no room.
    pub(crate) fn add(&mut self, key: &str, value: &str) -> Option<()> {
        let key = self.keys.intern(key)? as usize;
        match self.rows.get_mut(key) {
            Some(row) => {
                let before = self.values.text(row.joined.get());
                if before.len().saturating_add(value.len()) <= LONGEST_JOINED {
                    let all = [before, value].concat();
                    row.joined = self.values.intern(&all)?.into();
                }
            }
            None => {
                let value = U32::new(self.values.intern(value)?);
                self.rows.push(ValueRow { first: value, joined: value });
            }
        }
        Some(())
    }

    pub(crate) fn freeze(self) -> TextMap {
        TextMap { keys: self.keys.freeze(), values: self.values.freeze(), rows: self.rows.into() }
    }
}

/// All repositories of a snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repositories {
    pub(crate) directories: TextMap,
    pub(crate) redirects: TextMap,
    pub(crate) disabled: Names,
    /// Every `# repo=PREFIX&arch=ARCH` line, sorted; made once since it is long and asked for by anybody.
    pub(crate) list: Bytes,
}

impl Repositories {
    pub(crate) fn write(&self, to: &mut PartsWriter) {
        self.directories.write(to);
        self.redirects.write(to);
        self.disabled.write(to);
        to.push(self.list.clone());
    }

    pub(crate) fn read(parts: &mut Parts) -> Result<Self, Damaged> {
        Ok(Self {
            directories: TextMap::read(parts)?,
            redirects: TextMap::read(parts)?,
            disabled: Names::read(parts)?,
            list: parts.text()?.into_bytes(),
        })
    }
}

/// The lines of error E4 for all keys of the form `prefix+arch`: sorted by bytes, repeated ones kept, keys
/// without exactly one `+` left out.
pub(crate) fn list<'a>(keys: impl Iterator<Item = &'a str>) -> Bytes {
    let mut pairs: Vec<(&str, &str, &str)> = keys
        .filter_map(|key| {
            let (prefix, arch) = key.split_once('+')?;
            (!arch.contains('+')).then_some((key, prefix, arch))
        })
        .collect();
    pairs.sort_unstable();
    let mut text = String::new();
    for (_, prefix, arch) in pairs {
        text.extend(["# repo=", prefix, "&arch=", arch, "\n"]);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_repeated_without_end_takes_little_memory() {
        let mut map = TextMapBuilder::default();
        for number in 0..20_000 {
            map.add("key", &number.to_string()).unwrap();
        }
        let map = map.freeze();
        assert_eq!(map.get("key", Repeated::First), Some("0"));
        let joined = map.get("key", Repeated::Joined).unwrap();
        assert!(joined.starts_with("0123") && joined.len() <= LONGEST_JOINED);
        let bytes: usize = map.values.iter().map(str::len).sum();
        assert!(bytes < 8 << 20, "{bytes}");
    }
}
