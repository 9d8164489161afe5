//! Paths of a tree as they are, `/pub/…`, for a site that redirects every download.

use std::borrow::Cow;

use crate::escape;

/// The path of the tree that a request path below one of the prefixes means: decoded, single slashes, no slash in
/// front, one at the end where there was one. `None` when it is below no prefix.
///
/// # Errors
/// It can be no name in any tree: a part is `.` or `..`, has a slash in it, control characters, or is no UTF-8.
pub(crate) fn of(path: &str, prefixes: &[String]) -> Option<Result<String, NoName>> {
    let below = |prefix: &&String| {
        let rest = path.strip_prefix(prefix.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    prefixes.iter().find(below)?;
    Some(name(path))
}

/// The path is no name in any tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoName;

fn name(path: &str) -> Result<String, NoName> {
    let mut name = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let part: Cow<'_, str> = escape::decoded(part).ok_or(NoName)?;
        if matches!(part.as_ref(), "." | "..") || part.contains(|c: char| c == '/' || c.is_control()) {
            return Err(NoName);
        }
        name.push_str(if name.is_empty() { "" } else { "/" });
        name.push_str(&part);
    }
    if path.ends_with('/') {
        name.push('/');
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::{NoName, name, of};

    #[test]
    fn a_prefix_ends_at_a_slash() {
        let prefixes = ["/pub".to_owned(), "/x/y/".to_owned()];
        for below in ["/pub", "/pub/", "/pub/a", "/pub//a", "/x/y", "/x/y/z"] {
            assert!(of(below, &prefixes).is_some(), "{below}");
        }
        for other in ["/", "", "/publ", "/Pub/a", "pub/a", "/a/pub", "/x/yz", "/%70ub/a"] {
            assert!(of(other, &prefixes).is_none(), "{other}");
        }
        assert!(of("/pub", &[]).is_none());
    }

    #[test]
    fn parts_are_decoded_one_by_one() {
        for (path, expected) in [
            ("/pub/a%20b/%c3%a4+c", Ok("pub/a b/ä+c")),
            ("//pub///a//", Ok("pub/a/")),
            ("/pub/%zz%2", Ok("pub/%zz%2")),
            ("/pub/...", Ok("pub/...")),
            ("/pub/a\\b", Ok("pub/a\\b")),
            ("/pub/../x", Err(NoName)),
            ("/pub/%2e%2E", Err(NoName)),
            ("/pub/./x", Err(NoName)),
            ("/pub/a%2fb", Err(NoName)),
            ("/pub/%00", Err(NoName)),
            ("/pub/a%0d%0ab", Err(NoName)),
            ("/pub/%ff", Err(NoName)),
        ] {
            assert_eq!(name(path), expected.map(str::to_owned), "{path}");
        }
    }
}
