//! Flags of the old programs as data, and one reader for all of them.
//!
//! The old programs come from two families of readers; what they have in common is here: `--name value`,
//! `--name=value`, `-n value`, `-nvalue`, flags in any order, the last one wins or all are kept, `--`
//! ends the flags. What is said about a mistake differs per family and is left to the caller.

use std::ffi::OsString;

/// One flag.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// `--long`, without the dashes; also the key for [`Given`].
    pub long: &'static str,
    /// `-s`
    pub short: Option<char>,
    /// The name of its value in the usage text; `None` if it takes no value.
    pub value: Option<&'static str>,
    /// One line for the usage text.
    pub help: &'static str,
}

impl Flag {
    /// A flag without value and short form.
    pub const fn switch(long: &'static str, help: &'static str) -> Self {
        Self { long, short: None, value: None, help }
    }
}

/// A mistake on the command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// No such flag; with its dashes.
    #[error("unknown option {0}")]
    Unknown(String),
    /// A flag without the value it needs; with its dashes.
    #[error("option {0} needs a value")]
    MissingValue(String),
    /// A flag that takes no value was given one; with its dashes.
    #[error("option {0} takes no value")]
    UnwantedValue(String),
    /// An argument that is no UTF-8.
    #[error("argument {0:?} is not valid UTF-8")]
    NotText(String),
}

/// What was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    flags: Vec<(&'static str, String)>,
    /// Arguments that are no flags.
    pub positional: Vec<String>,
}

impl Given {
    /// Whether a flag was given at all.
    pub fn has(&self, long: &str) -> bool {
        self.flags.iter().any(|(name, _)| *name == long)
    }

    /// Of two flags that undo each other: whether the first one was given last.
    pub fn has_last_of(&self, on: &str, off: &str) -> bool {
        self.flags
            .iter()
            .rev()
            .find(|(name, _)| *name == on || *name == off)
            .is_some_and(|(name, _)| *name == on)
    }

    /// The last value of a flag.
    pub fn last(&self, long: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(name, _)| *name == long).map(|(_, value)| value.as_str())
    }

    /// All values of a flag, in order.
    pub fn all(&self, long: &str) -> Vec<String> {
        self.flags.iter().filter(|(name, _)| *name == long).map(|(_, value)| value.clone()).collect()
    }
}

/// Where reading stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Positional {
    /// Flags and other arguments may be mixed.
    Mixed,
    /// The first other argument is a subcommand: it and all behind it are left for a second reading.
    Stop,
}

/// Reads arguments against a list of flags. With [`Positional::Stop`], [`Given::positional`] is the
/// subcommand and everything behind it.
pub fn read(flags: &[Flag], arguments: &[OsString], positional: Positional) -> Result<Given, Mistake> {
    let mut given = Given::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let text = text(argument)?;
        let mut value_of_next = |name: String| match rest.next() {
            Some(value) => self::text(value),
            None => Err(Mistake::MissingValue(name)),
        };
        if text == "--" {
            for argument in rest.by_ref() {
                given.positional.push(self::text(argument)?);
            }
        } else if let Some(body) = text.strip_prefix("--") {
            let (name, value) = match body.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (body, None),
            };
            let dashed = format!("--{name}");
            let flag = flags.iter().find(|f| f.long == name).ok_or(Mistake::Unknown(dashed.clone()))?;
            let value = match (flag.value, value) {
                (Some(_), Some(value)) => value,
                (Some(_), None) => value_of_next(dashed)?,
                (None, Some(_)) => return Err(Mistake::UnwantedValue(dashed)),
                (None, None) => String::new(),
            };
            given.flags.push((flag.long, value));
        } else if text.len() > 1 && text.starts_with('-') {
            let mut letters = text.chars().skip(1);
            while let Some(letter) = letters.next() {
                let dashed = format!("-{letter}");
                let flag =
                    flags.iter().find(|f| f.short == Some(letter)).ok_or(Mistake::Unknown(dashed.clone()))?;
                if flag.value.is_none() {
                    given.flags.push((flag.long, String::new()));
                    continue;
                }
                let attached: String = letters.by_ref().collect();
                let value = if attached.is_empty() { value_of_next(dashed)? } else { attached };
                given.flags.push((flag.long, value));
            }
        } else {
            given.positional.push(text);
            if positional == Positional::Stop {
                for argument in rest.by_ref() {
                    given.positional.push(self::text(argument)?);
                }
            }
        }
    }
    Ok(given)
}

fn text(argument: &OsString) -> Result<String, Mistake> {
    argument
        .to_str()
        .map(str::to_owned)
        .ok_or_else(|| Mistake::NotText(argument.to_string_lossy().into_owned()))
}

/// The flags as lines of a usage text.
pub fn describe(flags: &[Flag]) -> String {
    let left: Vec<String> = flags
        .iter()
        .map(|flag| {
            let short = flag.short.map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
            let value = flag.value.map_or_else(String::new, |value| format!(" {value}"));
            format!("{short}--{}{value}", flag.long)
        })
        .collect();
    let width = left.iter().map(String::len).max().unwrap_or(0);
    let lines: Vec<String> = left
        .iter()
        .zip(flags)
        .map(|(left, flag)| format!("  {left:<width$}  {}", flag.help).trim_end().to_owned())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: [Flag; 3] = [
        Flag { long: "output", short: Some('o'), value: Some("FILE"), help: "where to" },
        Flag { long: "debug", short: Some('d'), value: None, help: "say more" },
        Flag { long: "port", short: None, value: Some("PORT"), help: "" },
    ];

    fn given(arguments: &str) -> Result<Given, Mistake> {
        let arguments: Vec<OsString> = arguments.split_whitespace().map(OsString::from).collect();
        read(&FLAGS, &arguments, Positional::Mixed)
    }

    #[test]
    fn all_spellings_of_a_value() {
        for spelling in ["--output v", "--output=v", "-o v", "-ov", "-dov", "-o x --output v", "stray -ov"] {
            assert_eq!(given(spelling).unwrap().last("output"), Some("v"), "{spelling}");
        }
        assert_eq!(given("--output=").unwrap().last("output"), Some(""));
        assert_eq!(given("-o 1 -o 2").unwrap().all("output"), ["1", "2"]);
        assert_eq!(given("-- --debug").unwrap().positional, ["--debug"]);
        assert_eq!(given("-d - x").unwrap().positional, ["-", "x"]);
    }

    #[test]
    fn mistakes_are_told_apart() {
        assert_eq!(given("--outp v"), Err(Mistake::Unknown("--outp".into())));
        assert_eq!(given("-x"), Err(Mistake::Unknown("-x".into())));
        assert_eq!(given("--port"), Err(Mistake::MissingValue("--port".into())));
        assert_eq!(given("-do"), Err(Mistake::MissingValue("-o".into())));
        assert_eq!(given("--debug=1"), Err(Mistake::UnwantedValue("--debug".into())));
    }

    #[test]
    fn a_subcommand_keeps_its_flags() {
        let arguments: Vec<OsString> = ["-d", "crawl", "-d", "--x"].map(OsString::from).to_vec();
        let given = read(&FLAGS, &arguments, Positional::Stop).unwrap();
        assert_eq!(given.positional, ["crawl", "-d", "--x"]);
    }

    #[test]
    fn the_usage_lines_up() {
        assert_eq!(
            describe(&FLAGS),
            "  -o, --output FILE  where to\n  -d, --debug        say more\n      --port PORT"
        );
    }
}
