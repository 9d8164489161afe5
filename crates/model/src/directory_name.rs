//! Directory names: full names, names relative to a category's topdir, and the paths made from them.
//!
//! A full name has no leading and no trailing `/` (`pub/fedora/linux/releases/41`); a topdir may be
//! empty. Everything compares on component boundaries, so `pub/a` is not above `pub/ab`.

/// The name of `name` relative to `topdir`: `""` for the topdir itself, `None` when it is not below it.
///
/// Leading and trailing slashes of both arguments do not matter (`spec/database.md` 2.7).
pub fn relative<'a>(topdir: &str, name: &'a str) -> Option<&'a str> {
    let topdir = topdir.trim_matches('/');
    let name = name.trim_matches('/');
    if topdir.is_empty() {
        return Some(name);
    }
    match name.strip_prefix(topdir)? {
        "" => Some(""),
        rest => rest.strip_prefix('/').map(|rest| rest.trim_matches('/')),
    }
}

/// The full name of the directory `relative` below `topdir`; either may be empty.
pub fn join(topdir: &str, relative: &str) -> String {
    match (topdir, relative) {
        ("", name) | (name, "") => name.to_owned(),
        (topdir, relative) => format!("{topdir}/{relative}"),
    }
}

/// Whether `name` is `ancestor` or lies below it. Everything lies below the empty name.
pub fn is_within(ancestor: &str, name: &str) -> bool {
    relative(ancestor, name).is_some()
}

/// The directory that holds `name`; `None` for the empty name.
pub fn parent(name: &str) -> Option<&str> {
    if name.is_empty() {
        return None;
    }
    Some(name.rsplit_once('/').map_or("", |(parent, _)| parent))
}

/// The last component of a name (`""` of the empty name).
pub fn last_component(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

/// Whether one whole component of `path` equals `word`.
pub fn has_component(path: &str, word: &str) -> bool {
    path.split('/').any(|component| component == word)
}

/// The path that is put after a mirror's base URL: relative to the topdir, `""` for the topdir
/// (`spec/crawler.md` 4.4). `None` when `name` is not below `topdir`.
pub fn mirror_path<'a>(topdir: &str, name: &'a str) -> Option<&'a str> {
    relative(topdir, name)
}

/// The crawler's form of `host_category_dir.path`, which is the form we write (decision 23):
/// `""` for the topdir, a leading slash otherwise — except when the topdir is empty or the name itself
/// begins with a slash, where there is none (`spec/crawler.md` 4.4).
///
/// `None` when `name` is not below `topdir`.
pub fn stored_path(topdir: &str, name: &str) -> Option<String> {
    let relative = relative(topdir, name)?;
    if relative.is_empty() || topdir.is_empty() || name.starts_with('/') {
        return Some(relative.to_owned());
    }
    Some(format!("/{relative}"))
}

/// A `host_category_dir.path` of either writer (crawler or check-in) as the relative name it stands for.
pub fn path_key(stored: &str) -> &str {
    stored.trim_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names_keep_component_boundaries() {
        assert_eq!(relative("pub/fedora", "pub/fedora/releases/41"), Some("releases/41"));
        assert_eq!(relative("pub/fedora", "pub/fedora"), Some(""));
        assert_eq!(relative("pub/fedora", "pub/fedoralinux"), None);
        assert_eq!(relative("pub/fedora", "pub"), None);
        assert_eq!(relative("", "9-stream/BaseOS"), Some("9-stream/BaseOS"));
        assert_eq!(relative("", ""), Some(""));
        assert_eq!(relative("pub/fedora", "pub/fedora//x/"), Some("x"));
    }

    #[test]
    fn join_is_the_inverse_of_relative() {
        for (topdir, name) in [("pub/a", "pub/a/b/c"), ("pub/a", "pub/a"), ("", "b/c"), ("", "")] {
            assert_eq!(join(topdir, relative(topdir, name).unwrap()), name);
        }
    }

    #[test]
    fn crawler_and_check_in_paths_mean_the_same_directory() {
        let topdir = "pub/fedora/linux";
        let name = "pub/fedora/linux/releases/40";
        assert_eq!(stored_path(topdir, name).as_deref(), Some("/releases/40"));
        assert_eq!(mirror_path(topdir, name), Some("releases/40"));
        assert_eq!(path_key("/releases/40"), path_key("releases/40"));
        assert_eq!(stored_path(topdir, topdir).as_deref(), Some(""));
    }

    #[test]
    fn stored_path_of_an_empty_topdir_has_no_slash() {
        assert_eq!(stored_path("", "9-stream/BaseOS").as_deref(), Some("9-stream/BaseOS"));
        assert_eq!(stored_path("/pub/x", "/pub/x/rel").as_deref(), Some("rel"));
        assert_eq!(stored_path("pub/x", "pub/xy"), None);
    }

    #[test]
    fn parents_and_components() {
        assert_eq!(parent("a/b/c"), Some("a/b"));
        assert_eq!(parent("a"), Some(""));
        assert_eq!(parent(""), None);
        assert_eq!(last_component("a/b/repodata"), "repodata");
        assert!(has_component("a/41/b", "41"));
        assert!(!has_component("a/410/b", "41"));
        assert!(is_within("a", "a/b") && is_within("", "x") && !is_within("a", "ab"));
    }
}
