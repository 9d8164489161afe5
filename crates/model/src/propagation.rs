//! How far new content has spread: which repository stands for a release, and how old a mirror's copy of it is
//! (`spec/crawler.md` 8).

use serde::{Deserialize, Serialize};

/// A version of a product whose spreading is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The product's name, `Fedora`.
    pub product: String,
    /// The version's name, `42`.
    pub version: String,
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.product, self.version)
    }
}

impl std::str::FromStr for Release {
    type Err = String;

    /// `Fedora 42`: product, blank, version.
    fn from_str(text: &str) -> Result<Self, String> {
        let (product, version) = text
            .rsplit_once(' ')
            .filter(|(product, version)| !product.trim().is_empty() && !version.is_empty())
            .ok_or_else(|| format!("{text:?}: expected a product and a version, such as \"Fedora 42\""))?;
        Ok(Self { product: product.trim().to_owned(), version: version.to_owned() })
    }
}

impl Release {
    /// The prefix of the repository that stands for it; `None` for a product without such a rule.
    pub fn prefix(&self) -> Option<String> {
        let begin = match self.product.as_str() {
            "Fedora" => "updates-released-f",
            "EPEL" => "epel-",
            "CentOS" => "centos-baseos-",
            _ => return None,
        };
        Some(format!("{begin}{}", self.version))
    }

    /// The release that an entry of Bodhi's list means; `None` for containers, flatpaks and the like.
    fn of_bodhi(entry: &BodhiRelease) -> Option<Self> {
        let product = match entry.id_prefix.as_str() {
            "FEDORA" => "Fedora",
            "FEDORA-EPEL" => "EPEL",
            _ => return None,
        };
        Some(Self { product: product.into(), version: entry.version.clone() })
    }
}

/// One page of Bodhi's answer to `/releases/`; what else is in it does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BodhiPage {
    /// Entries of this page.
    releases: Vec<BodhiRelease>,
    /// How many pages there are.
    pub pages: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct BodhiRelease {
    id_prefix: String,
    version: String,
}

impl BodhiPage {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }
}

/// The releases of all pages, each once, in the order of `<product>--<version>` as text.
pub fn releases(pages: &[BodhiPage]) -> Vec<Release> {
    let entries = pages.iter().flat_map(|page| &page.releases);
    let mut releases: Vec<Release> = entries.filter_map(Release::of_bodhi).collect();
    releases.sort_by_key(|release| format!("{}--{}", release.product, release.version));
    releases.dedup();
    releases
}

/// How old a copy is, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Age {
    /// At most a day behind.
    SameDay,
    /// At most two days behind.
    OneDay,
    /// At most three days behind.
    TwoDay,
    /// Further behind, or a version that is not known.
    Older,
    /// Nothing can be said.
    NoInfo,
}

/// How old a copy is whose version is of the time `found` (`None`: no known version), when the newest is of the time
/// `newest`. Seconds; a full day behind is still the same day.
pub fn age(newest: i64, found: Option<i64>) -> Age {
    const DAY: i64 = 24 * 60 * 60;
    match found.map(|found| newest.saturating_sub(found)) {
        None => Age::Older,
        Some(behind) if behind > 3 * DAY => Age::Older,
        Some(behind) if behind > 2 * DAY => Age::TwoDay,
        Some(behind) if behind > DAY => Age::OneDay,
        Some(_) => Age::SameDay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_day_behind_is_still_the_same_day() {
        let cases = [
            (0, Age::SameDay),
            (86_399, Age::SameDay),
            (86_400, Age::SameDay),
            (86_401, Age::OneDay),
            (172_800, Age::OneDay),
            (172_801, Age::TwoDay),
            (2 * 86_400 + 60, Age::TwoDay),
            (259_200, Age::TwoDay),
            (259_201, Age::Older),
        ];
        for (behind, expected) in cases {
            assert_eq!(age(1_000_000, Some(1_000_000 - behind)), expected, "{behind}");
        }
        assert_eq!(age(5, None), Age::Older);
        assert_eq!(age(i64::MIN, Some(i64::MAX)), Age::SameDay);
    }

    #[test]
    fn bodhis_pages_become_releases() {
        let page = |text: &str| BodhiPage::parse(text.as_bytes()).unwrap();
        let one = page(
            r#"{"releases":[{"id_prefix":"FEDORA","version":"43","name":"F43"},{"id_prefix":"FEDORA-EPEL","version":"9"},
               {"id_prefix":"FEDORA-CONTAINER","version":"43"}],"page":1,"pages":2,"total":5}"#,
        );
        let two = page(
            r#"{"releases":[{"id_prefix":"FEDORA-EPEL","version":"10.1"},{"id_prefix":"FEDORA","version":"42"},
               {"id_prefix":"FEDORA","version":"43"}],"page":2,"pages":2}"#,
        );
        assert_eq!(one.pages, 2);
        let shown: Vec<String> = releases(&[one, two]).iter().map(Release::to_string).collect();
        assert_eq!(shown, ["EPEL 10.1", "EPEL 9", "Fedora 42", "Fedora 43"]);
        for bad in ["", "[]", "{}", r#"{"releases":[{}],"pages":1}"#, r#"{"releases":[],"pages":-1}"#] {
            assert!(BodhiPage::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn repositories_stand_for_releases() {
        for (release, prefix) in [
            ("Fedora 42", Some("updates-released-f42")),
            ("EPEL 10.1", Some("epel-10.1")),
            ("CentOS 10-stream", Some("centos-baseos-10-stream")),
            ("Fedora Linux 42", None),
        ] {
            assert_eq!(release.parse::<Release>().unwrap().prefix().as_deref(), prefix, "{release}");
        }
        for bad in ["", "Fedora", " 42", "Fedora "] {
            assert!(bad.parse::<Release>().is_err(), "{bad:?}");
        }
    }
}
