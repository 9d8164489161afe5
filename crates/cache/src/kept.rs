//! Earlier files: `FILE.1` is what `FILE` was before, `FILE.2` what that was before, and so on.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How earlier files are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// How many.
    pub files: usize,
    /// How far apart they are at least.
    pub apart: Duration,
}

impl Keep {
    /// Keeps a file that is about to be replaced, and lets go of the oldest one. A file that is not there, or was
    /// written too soon after the last one that is kept, is not kept.
    ///
    /// # Errors
    /// What the system said; the file itself is as it was.
    pub fn before_replacing(self, path: &Path) -> io::Result<()> {
        let path = real(path);
        if self.files == 0 || !path.is_file() || !self.is_apart(&path) {
            return Ok(());
        }
        for number in (1..self.files).rev() {
            rename(&kept(&path, number), &kept(&path, number + 1))?;
        }
        let newest = kept(&path, 1);
        match fs::remove_file(&newest) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // A name more for the same content. Some file systems have none.
        fs::hard_link(&path, &newest).or_else(|_| fs::copy(&path, &newest).map(drop))
    }

    fn is_apart(self, path: &Path) -> bool {
        let written = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        match (written(&kept(path, 1)), written(path)) {
            (Some(before), Some(now)) => now.duration_since(before).is_ok_and(|apart| apart >= self.apart),
            _ => true,
        }
    }
}

/// The file behind a symbolic link: that is what is replaced.
pub(crate) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The name of an earlier file.
pub(crate) fn kept(path: &Path, number: usize) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(path: &Path) -> Vec<String> {
        (1..9).map_while(|number| fs::read_to_string(kept(path, number)).ok()).collect()
    }

    fn write(path: &Path, text: &str) {
        fs::remove_file(path).unwrap_or_default();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn the_last_ones_are_kept_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let keep = Keep { files: 2, apart: Duration::ZERO };
        keep.before_replacing(&path).unwrap();
        for (text, expected) in
            [("a", vec![]), ("b", vec!["a"]), ("c", vec!["b", "a"]), ("d", vec!["c", "b"])]
        {
            keep.before_replacing(&path).unwrap();
            write(&path, text);
            assert_eq!(contents(&path), expected);
        }
        Keep::default().before_replacing(&path).unwrap();
        assert_eq!(contents(&path), ["c", "b"], "without keeping, nothing is touched");
    }

    #[test]
    fn files_too_near_to_each_other_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let keep = Keep { files: 3, apart: Duration::from_secs(3600) };
        write(&path, "a");
        keep.before_replacing(&path).unwrap();
        for (text, seconds, expected) in [("b", 60, vec!["a"]), ("c", 4000, vec!["c", "a"])] {
            write(&path, text);
            let written = fs::metadata(kept(&path, 1)).unwrap().modified().unwrap();
            let time = written + Duration::from_secs(seconds);
            fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            keep.before_replacing(&path).unwrap();
            assert_eq!(contents(&path), expected);
        }
    }
}
