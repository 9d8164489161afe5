//! Upstream's prefixes by category: an interpreter for `rules/umdl.toml`.
//!
//! The rules are data so that `scan explain` can name the one that decided and so that the table can be
//! read beside the specification (`spec/umdl.md` section 10).

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use crate::excludes;
use crate::rule_table::RuleError;

/// The compiled table.
#[derive(Debug, Clone)]
pub(crate) struct CategoryRules {
    flags: BTreeMap<String, Regex>,
    never: String,
    words: BTreeMap<String, Word>,
    category_words: BTreeMap<String, BTreeMap<String, String>>,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    name: String,
    categories: Vec<String>,
    any: Vec<String>,
    when: Vec<(String, Wanted)>,
    base: Template,
    debug: Option<Template>,
    source: Option<Template>,
    source_first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Wanted {
    Set,
    Unset,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    flag: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    never: String,
    flag: BTreeMap<String, String>,
    word: BTreeMap<String, Word>,
    category_word: BTreeMap<String, BTreeMap<String, String>>,
    rule: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: String,
    categories: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    when: Vec<String>,
    base: String,
    debug: Option<String>,
    source: Option<String>,
    #[serde(default)]
    source_first: bool,
}

/// Text with words in braces.
#[derive(Debug, Clone)]
struct Template(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Word(String),
}

/// Flags that the interpreter itself asks for.
const NEEDED_FLAGS: [&str; 4] = ["debug", "source", "rawhide", "devel"];

impl CategoryRules {
    /// The shipped table.
    pub(crate) fn shipped() -> Result<Self, RuleError> {
        Self::parse(include_str!("../rules/umdl.toml"))
    }

    fn parse(text: &str) -> Result<Self, RuleError> {
        let raw: RawTable = toml::from_str(text).map_err(|error| RuleError::Table(error.to_string()))?;
        let mut flags = BTreeMap::new();
        for (name, pattern) in &raw.flag {
            let regex = excludes::compile(pattern)
                .map_err(|error| RuleError::Table(format!("flag {name}: {error}")))?;
            flags.insert(name.clone(), regex);
        }
        let used = raw.rule.iter().flat_map(|rule| rule.any.iter().chain(&rule.when));
        let used = used.map(|flag| flag.trim_start_matches('!'));
        let used = used.chain(raw.word.values().map(|word| word.flag.as_str()));
        for flag in used.chain(NEEDED_FLAGS).chain([raw.never.as_str()]) {
            if !flags.contains_key(flag) {
                return Err(RuleError::Table(format!("flag {flag:?} is used but not defined")));
            }
        }
        let known =
            |word: &str| word == "V" || raw.word.contains_key(word) || raw.category_word.contains_key(word);
        let template = |text: &str| Template::parse(text, known);
        let mut rules = Vec::with_capacity(raw.rule.len());
        for rule in &raw.rule {
            rules.push(Rule {
                name: rule.name.clone(),
                categories: rule.categories.clone(),
                any: rule.any.clone(),
                when: rule.when.iter().map(|flag| wanted(flag)).collect(),
                base: template(&rule.base)?,
                debug: rule.debug.as_deref().map(template).transpose()?,
                source: rule.source.as_deref().map(template).transpose()?,
                source_first: rule.source_first,
            });
        }
        Ok(Self { flags, never: raw.never, words: raw.word, category_words: raw.category_word, rules })
    }

    /// The prefix and the name of the rule that decided; a rule may decide for none.
    pub(crate) fn decide(
        &self,
        category: &str,
        relative: &str,
        version: Option<&str>,
    ) -> Option<(Option<String>, &str)> {
        if self.has(&self.never, relative) {
            return Some((None, "never"));
        }
        let rule = self.rules.iter().find(|rule| {
            rule.categories.iter().any(|name| name == category)
                && (rule.any.is_empty() || rule.any.iter().any(|flag| self.has(flag, relative)))
                && rule.when.iter().all(|(flag, wanted)| self.has(flag, relative) == (*wanted == Wanted::Set))
        })?;
        let debug = self.has("debug", relative);
        let source = self.has("source", relative);
        let variant = match (debug, source) {
            (true, true) if rule.source_first => &rule.source,
            (true, _) => &rule.debug,
            (false, true) => &rule.source,
            (false, false) => &None,
        };
        let template = variant.as_ref().unwrap_or(&rule.base);
        let prefix = self.fill(template, category, relative, version);
        Some(((!prefix.is_empty()).then_some(prefix), &rule.name))
    }

    fn has(&self, flag: &str, relative: &str) -> bool {
        self.flags.get(flag).is_some_and(|pattern| pattern.is_match(relative))
    }

    fn fill(&self, template: &Template, category: &str, relative: &str, version: Option<&str>) -> String {
        let mut out = String::new();
        for piece in &template.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Word(word) if word == "V" => out.push_str(&self.version(relative, version)),
                Piece::Word(word) => {
                    if let Some(conditional) = self.words.get(word) {
                        if self.has(&conditional.flag, relative) {
                            out.push_str(&conditional.text);
                        }
                    } else if let Some(text) = self.category_words.get(word).and_then(|by| by.get(category)) {
                        out.push_str(text);
                    }
                }
            }
        }
        out
    }

    /// `{V}`: the number behind `development/`, else the version, else (and for rawhide) `unknown`.
    fn version(&self, relative: &str, version: Option<&str>) -> String {
        if let Some(found) = self.flags.get("devel").and_then(|pattern| pattern.find(relative)) {
            return found.as_str().chars().filter(char::is_ascii_digit).collect();
        }
        match version {
            Some(version) if !self.has("rawhide", relative) => version.to_owned(),
            _ => "unknown".to_owned(),
        }
    }
}

fn wanted(flag: &str) -> (String, Wanted) {
    match flag.strip_prefix('!') {
        Some(flag) => (flag.to_owned(), Wanted::Unset),
        None => (flag.to_owned(), Wanted::Set),
    }
}

impl Template {
    fn parse(text: &str, known: impl Fn(&str) -> bool) -> Result<Self, RuleError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, tail) = after
                .split_once('}')
                .filter(|(word, _)| known(word))
                .ok_or_else(|| RuleError::Table(format!("{text:?} holds an unknown word in braces")))?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Word(word.to_owned()));
            rest = tail;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_flags_and_words_are_refused() {
        let head = "never = \"a\"\n[flag]\na = 'a'\ndebug = 'd'\nsource = 's'\nrawhide = 'r'\ndevel = 'd/[0-9]+/'\n\
                    [word]\n[category_word]\n[[rule]]\nname = \"X\"\ncategories = [\"C\"]\n";
        assert!(CategoryRules::parse(&format!("{head}base = \"x-{{V}}\"")).is_ok());
        for (tail, reason) in [
            ("base = \"x-{W}\"", "unknown word"),
            ("base = \"x-{V\"", "unknown word"),
            ("when = [\"!b\"]\nbase = \"x\"", "\"b\" is used"),
            ("basis = \"x\"", "unknown field"),
        ] {
            let error = CategoryRules::parse(&format!("{head}{tail}")).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn source_is_tried_first_only_where_the_table_says_so() {
        let rules = CategoryRules::shipped().unwrap();
        let of = |category, relative| rules.decide(category, relative, Some("6")).unwrap().0.unwrap();
        assert_eq!(of("RHEL", "6/x86_64/optional/source/debug"), "rhel-optional-source-6");
        assert_eq!(of("RHEL", "6/x86_64/source/debug"), "rhel-debug-6");
    }
}
