//! Repository prefixes: which directory, where redirected, disabled or not.

use bytes::Bytes;

use crate::names::Names;

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
    /// By number of the key: first value, all values joined.
    rows: Vec<(u32, u32)>,
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
    /// Adds a pair. `None` when there is no room.
    pub(crate) fn add(&mut self, key: &str, value: &str) -> Option<()> {
        let key = self.keys.intern(key)? as usize;
        match self.rows.get_mut(key) {
            Some((_, joined)) => {
                let before = self.values.text(*joined);
                if before.len().saturating_add(value.len()) <= LONGEST_JOINED {
                    let all = [before, value].concat();
                    *joined = self.values.intern(&all)?;
                }
            }
            None => {
                let value = self.values.intern(value)?;
                self.rows.push((value, value));
            }
        }
        Some(())
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str, repeated: Repeated) -> Option<&str> {
        let (first, joined) = *self.rows.get(self.keys.find(key)? as usize)?;
        Some(self.values.text(match repeated {
            Repeated::First => first,
            Repeated::Joined => joined,
        }))
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
        let mut map = TextMap::default();
        for number in 0..20_000 {
            map.add("key", &number.to_string()).unwrap();
        }
        assert_eq!(map.get("key", Repeated::First), Some("0"));
        let joined = map.get("key", Repeated::Joined).unwrap();
        assert!(joined.starts_with("0123") && joined.len() <= LONGEST_JOINED);
        let bytes: usize = (0..map.values.len() as u32).map(|number| map.values.text(number).len()).sum();
        assert!(bytes < 8 << 20, "{bytes}");
    }
}
