//! Where a directory is served: its category and its path below that category's top directory.

use std::collections::HashMap;

use store::export::Export;

use crate::report::BuildReport;

/// The top directory's name of every category that has one.
#[derive(Debug)]
pub(crate) struct Categories<'a> {
    tops: HashMap<i32, &'a str>,
}

/// A directory's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) category: i32,
    pub(crate) subpath: &'a str,
}

impl<'a> Categories<'a> {
    /// Notes categories without a (known) top directory as skipped.
    pub(crate) fn new(reads: &'a Export, report: &mut BuildReport) -> Self {
        let mut tops = HashMap::new();
        for category in &reads.head.categories {
            let Some(id) = category.topdir_id else {
                report.skip(
                    "category",
                    category.id,
                    "no top directory; its directories are left out, give it one",
                );
                continue;
            };
            match reads.directories.name_of(id) {
                Some(name) => {
                    tops.insert(category.id, name);
                }
                None => report.skip(
                    "category",
                    category.id,
                    format!("its top directory {id} does not exist; its directories are left out"),
                ),
            }
        }
        Self { tops }
    }

    /// The place of a directory in these categories: the longest top directory wins, then the lowest id.
    /// `None` when it is below none of them.
    pub(crate) fn place<'n>(
        &self,
        name: &'n str,
        categories: impl Iterator<Item = i32>,
    ) -> Option<Place<'n>> {
        categories
            .filter_map(|category| {
                let top = *self.tops.get(&category)?;
                Some((top, Place { category, subpath: below(top, name)? }))
            })
            .min_by_key(|(top, place)| (std::cmp::Reverse(top.len()), place.category))
            .map(|(_, place)| place)
    }

    /// Whether one of these categories has a top directory at all.
    pub(crate) fn any_top(&self, mut categories: impl Iterator<Item = i32>) -> bool {
        categories.any(|category| self.tops.contains_key(&category))
    }
}

/// The path of `name` relative to `top`: empty for `top` itself, `None` when it is not below.
fn below<'a>(top: &str, name: &'a str) -> Option<&'a str> {
    if top.is_empty() || name == top {
        return Some(if top.is_empty() { name } else { "" });
    }
    name.strip_prefix(top)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn only_directories_below_the_top_have_a_path() {
        let cases = [
            ("pub/fedora", "pub/fedora", Some("")),
            ("pub/fedora", "pub/fedora/linux/os", Some("linux/os")),
            ("pub/fedora", "pub/fedorafoo", None),
            ("pub/fedora", "pub", None),
            ("pub/fedora", "mirrors/x", None),
            ("", "pub/x", Some("pub/x")),
            ("", "", Some("")),
        ];
        for (top, name, expected) in cases {
            assert_eq!(below(top, name), expected, "{name:?} below {top:?}");
        }
    }
}
