//! Which architecture a repository is for, by its path (`spec/umdl.md` 9.3,
//! `spec/scan-primary-mirror.md` 7).

use crate::directory_name::{has_component, join};
use crate::policy::Policy;

/// The architecture of the repository at `relative` below `topdir`: one of `known`, which are the names
/// of the `arch` rows by ascending id. `None` when the path names none of them.
///
/// * [`Policy::Umdl`]: a relative name that contains `SRPMS` is `source`; else the first name in
///   alphabetical order that is a component of the relative name.
/// * [`Policy::Spm`]: the first name in the given order that is a component of the full name; else
///   `source` when that contains `SRPMS` or `/src`.
pub fn arch<'a>(
    policy: Policy,
    topdir: &str,
    relative: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let mut known: Vec<&'a str> = known.into_iter().filter(|name| !name.is_empty()).collect();
    let source = known.iter().copied().find(|name| *name == "source");
    match policy {
        Policy::Umdl if relative.contains("SRPMS") => source,
        Policy::Umdl => {
            known.sort_unstable();
            known.into_iter().find(|name| has_component(relative, name))
        }
        Policy::Spm => {
            let full = join(topdir, relative);
            let found = known.into_iter().find(|name| has_component(&full, name));
            found.or(source.filter(|_| full.contains("SRPMS") || full.contains("/src")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["x86_64", "source", "i386", "aarch64"];

    fn of(policy: Policy, relative: &str) -> Option<&'static str> {
        arch(policy, "pub/x", relative, KNOWN)
    }

    #[test]
    fn source_packages() {
        assert_eq!(of(Policy::Umdl, "41/x86_64/SRPMS"), Some("source"));
        assert_eq!(of(Policy::Spm, "41/x86_64/SRPMS"), Some("x86_64"), "components come first");
        assert_eq!(of(Policy::Spm, "41/SRPMS.x"), Some("source"));
        assert_eq!(of(Policy::Spm, "41/srcs"), Some("source"));
        assert_eq!(of(Policy::Umdl, "41/srcs"), None);
        assert_eq!(arch(Policy::Umdl, "", "41/SRPMS", ["x86_64"]), None, "no such row");
    }

    #[test]
    fn order_of_names() {
        assert_eq!(of(Policy::Umdl, "x86_64/aarch64"), Some("aarch64"));
        assert_eq!(of(Policy::Spm, "x86_64/aarch64"), Some("x86_64"));
        assert_eq!(of(Policy::Umdl, "x86_64x/os"), None);
        assert_eq!(of(Policy::Umdl, "41/source/tree"), Some("source"));
    }
}
