//! Directories that a scan leaves out: a set of regular expressions over full names, compiled once.
//!
//! The two scanners anchor differently (`spec/umdl.md` 3.2, `spec/scan-primary-mirror.md` 4.1).

use regex::{RegexBuilder, RegexSet, RegexSetBuilder};

use crate::policy::Policy;

/// What a compiled pattern may need at most, bytes.
const MAX_PATTERN_MEMORY: usize = 1 << 20;
/// Most patterns in one set.
const MAX_PATTERNS: usize = 10_000;

/// Compiled patterns.
#[derive(Debug, Clone)]
pub struct Excludes {
    set: RegexSet,
    patterns: Vec<String>,
}

/// A pattern of a configuration that can not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not valid, too big, or using look-around or back-references.
    #[error(
        "pattern {pattern:?} is not usable (look-around and back-references are not supported): {reason}"
    )]
    Pattern {
        /// The pattern.
        pattern: String,
        /// The engine's reason, one line.
        reason: String,
    },
    /// More patterns than a set may have.
    #[error("{0} patterns are more than {MAX_PATTERNS}: join some")]
    TooMany(usize),
}

impl Excludes {
    /// Compiles patterns: for [`Policy::Umdl`] anchored at the start of the full name and together with
    /// its built-in two (`.snapshot`, `.~tmp~`), for [`Policy::Spm`] searched anywhere.
    pub fn compile<S: AsRef<str>>(patterns: &[S], policy: Policy) -> Result<Self, PatternError> {
        let built_in: &[&str] = match policy {
            Policy::Umdl => &[r".*\.snapshot", r".*/\.~tmp~"],
            Policy::Spm => &[],
        };
        let patterns: Vec<String> =
            built_in.iter().copied().chain(patterns.iter().map(AsRef::as_ref)).map(str::to_owned).collect();
        if patterns.len() > MAX_PATTERNS {
            return Err(PatternError::TooMany(patterns.len()));
        }
        for pattern in &patterns {
            compile(pattern)?;
        }
        let sources = patterns.iter().map(|pattern| match policy {
            Policy::Umdl => anchored(pattern),
            Policy::Spm => pattern.clone(),
        });
        let set = RegexSetBuilder::new(sources)
            .size_limit(MAX_PATTERN_MEMORY.saturating_mul(patterns.len().max(1)))
            .build()
            .map_err(|error| unusable(&patterns.join(" "), &error))?;
        Ok(Self { set, patterns })
    }

    /// The first pattern that excludes the directory of this full name.
    pub fn matching(&self, name: &str) -> Option<&str> {
        let index = self.set.matches(name).iter().next()?;
        self.patterns.get(index).map(String::as_str)
    }

    /// Whether a pattern excludes the directory of this full name.
    pub fn is_excluded(&self, name: &str) -> bool {
        self.set.is_match(name)
    }
}

/// One pattern of a configuration, with a bound on its size.
pub(crate) fn compile(pattern: &str) -> Result<regex::Regex, PatternError> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_PATTERN_MEMORY)
        .build()
        .map_err(|error| unusable(pattern, &error))
}

/// The pattern bound to the start; a verbose pattern may end in a comment, which the line feed closes.
fn anchored(pattern: &str) -> String {
    let end = if pattern.starts_with("(?x") { "\n" } else { "" };
    format!("^(?:{pattern}{end})")
}

fn unusable(pattern: &str, error: &regex::Error) -> PatternError {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    PatternError::Pattern { pattern: pattern.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn umdl_is_anchored_and_has_built_in_patterns() {
        let excludes = Excludes::compile(&["pub/alt/x"], Policy::Umdl).unwrap();
        for excluded in ["pub/.snapshot", ".snapshot", "a/.snapshots", "a/.~tmp~", "pub/alt/x", "pub/alt/xy"]
        {
            assert!(excludes.is_excluded(excluded), "{excluded}");
        }
        for kept in ["pub", "srv/pub/alt/x", ".~tmp~x", "a/tmp"] {
            assert!(!excludes.is_excluded(kept), "{kept}");
        }
        assert_eq!(excludes.matching("pub/alt/x"), Some("pub/alt/x"));
    }

    #[test]
    fn spm_searches_anywhere() {
        let excludes = Excludes::compile(&[r"\.snapshot", r"/\.~tmp~"], Policy::Spm).unwrap();
        assert_eq!(excludes.matching("a/b/.snapshot/c"), Some(r"\.snapshot"));
        assert!(!excludes.is_excluded(".~tmp~"));
        assert!(!Excludes::compile::<&str>(&[], Policy::Spm).unwrap().is_excluded("anything"));
    }

    #[test]
    fn alternation_stays_anchored_and_comments_do_not_swallow_the_anchor() {
        let excludes = Excludes::compile(&["a|b", "(?x)c # note"], Policy::Umdl).unwrap();
        assert!(excludes.is_excluded("b/x") && excludes.is_excluded("c"));
        assert!(!excludes.is_excluded("x/b") && !excludes.is_excluded("x/c"));
    }

    #[test]
    fn bad_patterns_are_named() {
        for bad in ["(", "(?=x)", r"(a)\1", "(a{1000}){1000}{1000}"] {
            let error = Excludes::compile(&["fine", bad], Policy::Spm).unwrap_err();
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}
