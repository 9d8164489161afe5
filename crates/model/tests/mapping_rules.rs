//! Single rules of the repository mapping (`spec/scan-primary-mirror.md` 8, decisions 21 and 29).

#![expect(clippy::unwrap_used, reason = "tests")]

use model::policy::Policy;
use model::prefix_rules::{CategoryTable, PrefixRules, RepositoryPlace};
use model::rule_table::{AliasRule, MappingRule, RuleError};

fn mapping(regex: &str, prefix: &str) -> MappingRule {
    MappingRule { regex: regex.to_owned(), prefix: Some(prefix.to_owned()), ..MappingRule::default() }
}

fn place<'a>(relative: &'a str, version: &'a str) -> RepositoryPlace<'a> {
    RepositoryPlace { category: "X", topdir: "pub/x", relative, version: Some(version), arch: Some("x86_64") }
}

fn rules(mappings: &[MappingRule]) -> PrefixRules {
    PrefixRules::compile(mappings, &[], CategoryTable::None).unwrap()
}

#[test]
fn a_template_is_expanded_alone() {
    // Upstream gives `z-releases-3/x86_64/os-v3`, because it replaces the match inside the path.
    let rule = MappingRule { version_prefix: Some("v".to_owned()), ..mapping(r"^pub/x/(\w+)/", "z-$1-") };
    let prefix = rules(&[rule]).prefix(&place("releases/3/x86_64/os", "3"));
    assert_eq!(prefix.as_deref(), Some("z-releases--v3"));
    let named = rules(&[mapping(r"^pub/x/(?P<kind>\w+)/.*$", "${kind}-${none}x")]);
    assert_eq!(named.prefix(&place("a/3/source/tree", "3")).as_deref(), Some("a-x-source-3"));
}

#[test]
fn the_first_mapping_wins_and_is_named() {
    let rules = rules(&[mapping("/os$", "first"), mapping("pub", "second")]);
    let decision = rules.decide(&place("3/os", "3"));
    assert_eq!(decision.prefix.as_deref(), Some("first-3"));
    assert_eq!(decision.rule.unwrap().to_string(), "repository mapping 1 (/os$)");
    assert_eq!(rules.prefix(&place("3/debug", "3")).as_deref(), Some("second-debug-3"));
    let table = PrefixRules::shipped(Policy::Umdl).unwrap();
    let epel = RepositoryPlace { category: "Fedora EPEL", ..place("9/Everything/x86_64", "9") };
    assert_eq!(table.decide(&epel).rule.unwrap().to_string(), "built-in rule E3");
    assert_eq!(table.decide(&place("9/x", "9")).rule, None, "a category without rules");
}

#[test]
fn mappings_stand_before_the_table_by_category() {
    // What the specification recommends against the clash of EPEL next with EPEL.
    let next = mapping(r"^pub/epel/next/\d+/", "epel-next");
    let rules = PrefixRules::compile(&[next], &[], CategoryTable::Builtin).unwrap();
    let of = |relative| {
        let version = Some("9");
        let place =
            RepositoryPlace { category: "Fedora EPEL", topdir: "pub/epel", relative, version, arch: None };
        rules.prefix(&place).unwrap()
    };
    assert_eq!(of("next/9/Everything/x86_64"), "epel-next-9");
    assert_eq!(of("9/Everything/x86_64"), "epel-9");
}

#[test]
fn an_empty_prefix_means_none_and_ends_the_search() {
    let rules = PrefixRules::compile(&[mapping("^pub/x/", "")], &[], CategoryTable::Builtin).unwrap();
    let decision = rules.decide(&RepositoryPlace { category: "RHEL", ..place("6/x86_64/os", "6") });
    assert_eq!(decision.prefix, None);
    assert!(decision.rule.is_some());
}

#[test]
fn category_and_arch_restrict_a_mapping() {
    let only = |category: Option<&str>, arch: Option<&str>| {
        rules(&[MappingRule {
            category: category.map(str::to_owned),
            arch: arch.map(str::to_owned),
            ..mapping("^pub", "p")
        }])
    };
    let at = place("3/os", "3");
    assert!(only(Some("X"), Some("x86_64")).prefix(&at).is_some());
    assert!(only(Some("x"), None).prefix(&at).is_none(), "exact, case-sensitive");
    assert!(only(None, Some("aarch64")).prefix(&at).is_none());
    assert!(only(None, Some("x86_64")).prefix(&RepositoryPlace { arch: None, ..at }).is_none());
}

#[test]
fn aliases_chain_in_order() {
    let alias = |from: &str, to: &str| AliasRule { from: from.to_owned(), to: to.to_owned() };
    let aliases = [alias("p-debug-", "q"), alias("q", "r-"), alias("p-debug-", "never")];
    let rules = PrefixRules::compile(&[mapping("^pub", "p")], &aliases, CategoryTable::None).unwrap();
    assert_eq!(rules.prefix(&place("3/debug", "3")).as_deref(), Some("r-3"));
    assert_eq!(rules.prefix(&place("3/os", "3")).as_deref(), Some("p-3"));
}

#[test]
fn rawhide_has_no_version_and_branched_releases_their_number() {
    let rules = rules(&[mapping("^pub", "p")]);
    assert_eq!(
        rules.prefix(&place("development/rawhide/source/tree", "rawhide")).as_deref(),
        Some("p-source")
    );
    assert_eq!(rules.prefix(&place("development/rawhide/x", "development")).as_deref(), Some("p"));
    assert_eq!(rules.prefix(&place("development/42/x", "development")).as_deref(), Some("p-42"));
    let unknown = RepositoryPlace { version: None, ..place("x", "") };
    assert_eq!(rules.prefix(&unknown), None, "no version, no prefix");
}

#[test]
fn source_wins_over_debug() {
    let rules = rules(&[mapping("^pub", "p")]);
    for (relative, prefix) in [
        ("3/debug/source", "p-source-3"),
        ("3/srcs", "p-source-3"),
        ("3/SRPMS", "p-source-3"),
        ("3/debuginfo", "p-debug-3"),
        ("3/x-debug", "p-3"),
    ] {
        assert_eq!(rules.prefix(&place(relative, "3")).as_deref(), Some(prefix), "{relative}");
    }
}

#[test]
fn a_literal_name_is_the_whole_prefix() {
    let rules = PrefixRules::shipped(Policy::Spm).unwrap();
    let of = |relative| {
        rules
            .prefix(&RepositoryPlace {
                category: "Fedora Codecs",
                topdir: "codecs.fedoraproject.org/openh264",
                relative,
                version: Some("rawhide"),
                arch: None,
            })
            .unwrap()
    };
    assert_eq!(of("rawhide/x86_64/os"), "fedora-cisco-openh264-rawhide");
    assert_eq!(of("rawhide/x86_64/debug/tree"), "fedora-cisco-openh264-debug-rawhide");
    assert_eq!(of("rawhide/source/tree"), "fedora-cisco-openh264-source-rawhide");
}

#[test]
fn unusable_rules_are_named() {
    let compile = |rule: MappingRule| {
        PrefixRules::compile(&[mapping("fine", "p"), rule], &[], CategoryTable::None).unwrap_err()
    };
    let error = compile(mapping("(?=x)", "p")).to_string();
    assert!(error.starts_with("repository mapping 2: pattern \"(?=x)\""), "{error}");
    let both = MappingRule { name: Some("n".to_owned()), ..mapping("x", "p") };
    assert_eq!(compile(both), RuleError::PrefixOrName(2));
    let neither = MappingRule { prefix: None, ..mapping("x", "p") };
    assert_eq!(compile(neither), RuleError::PrefixOrName(2));
}

#[test]
fn settings_spell_rules_as_upstream_does() {
    #[derive(serde::Deserialize)]
    struct Keys {
        repository_mapping: Vec<MappingRule>,
        repository_aliases: Vec<AliasRule>,
    }
    let text = "[[repository_mapping]]\nregex = 'a'\nprefix = 'p'\nversion_prefix = 'f'\n\
                [[repository_aliases]]\nfrom = 'x-'\nto = 'y'\n";
    let keys: Keys = toml::from_str(text).unwrap();
    assert_eq!(keys.repository_mapping.len() + keys.repository_aliases.len(), 2);
    let wrong = text.replace("version_prefix", "version_prefx");
    assert!(toml::from_str::<Keys>(&wrong).is_err(), "a mistyped key is an error");
}
