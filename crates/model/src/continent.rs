//! Which continent a country counts to (`spec/crawler.md` 2.4).
//!
//! The table is upstream's 252 codes; four that ISO 3166-1 assigned later (BQ, CW, SS, SX) are added,
//! because clients from there exist. Rows of `country_continent_redirect` override it.

use std::fmt;

use crate::country::CountryCode;

/// A continent, by upstream's two letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Continent {
    /// `AF`
    Africa,
    /// `AN`
    Antarctica,
    /// `AS`
    Asia,
    /// `EU`
    Europe,
    /// `NA`
    NorthAmerica,
    /// `OC`
    Oceania,
    /// `SA`
    SouthAmerica,
    /// `--`: anonymous proxies and satellites; a continent of its own upstream.
    Unknown,
}

impl Continent {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Africa,
        Self::Antarctica,
        Self::Asia,
        Self::Europe,
        Self::NorthAmerica,
        Self::Oceania,
        Self::SouthAmerica,
        Self::Unknown,
    ];

    /// Upstream's two letters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Africa => "AF",
            Self::Antarctica => "AN",
            Self::Asia => "AS",
            Self::Europe => "EU",
            Self::NorthAmerica => "NA",
            Self::Oceania => "OC",
            Self::SouthAmerica => "SA",
            Self::Unknown => "--",
        }
    }

    /// The continent of these two letters, exact.
    pub fn named(letters: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|continent| continent.as_str() == letters)
    }

    /// The continent of a country; `None` when the table does not know the code.
    pub fn of(country: CountryCode) -> Option<Self> {
        let (continent, _) =
            TABLE.iter().find(|(_, codes)| codes.split(' ').any(|code| code == country.as_str()))?;
        Some(*continent)
    }
}

impl fmt::Display for Continent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Every code of the table with its continent: the default `country_continent.csv`.
pub fn countries() -> impl Iterator<Item = (&'static str, Continent)> {
    TABLE.iter().flat_map(|(continent, codes)| codes.split(' ').map(|code| (code, *continent)))
}

const TABLE: [(Continent, &str); 8] = [
    (
        Continent::Africa,
        "\
         AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR \
         MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    ),
    (
        Continent::Antarctica,
        "\
         AQ BV GS HM TF",
    ),
    (
        Continent::Asia,
        "\
         AE AF AM AP AZ BD BH BN BT CC CN CX CY GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK \
         MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TL TM TW UZ VN YE",
    ),
    (
        Continent::Europe,
        "\
         AD AL AT AX BA BE BG BY CH CZ DE DK EE ES EU FI FO FR FX GB GG GI GR HR HU IE IM IS IT JE LI LT \
         LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM TR UA VA",
    ),
    (
        Continent::NorthAmerica,
        "\
         AG AI AN AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA \
         PM PR SV SX TC TT US VC VG VI",
    ),
    (
        Continent::Oceania,
        "\
         AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
    ),
    (
        Continent::SouthAmerica,
        "\
         AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
    ),
    (
        Continent::Unknown,
        "\
         A1 A2 O1",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::country::assigned_codes;

    fn of(code: &str) -> Option<&'static str> {
        Continent::of(CountryCode::parse(code).unwrap()).map(Continent::as_str)
    }

    #[test]
    fn every_code_has_one_continent() {
        let codes: BTreeSet<_> = countries().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), countries().count(), "no code twice");
        assert_eq!(codes.len(), 252 + 4);
        for code in assigned_codes() {
            assert!(codes.contains(code), "{code}");
        }
    }

    #[test]
    fn examples() {
        for (code, continent) in [
            ("DE", "EU"),
            ("US", "NA"),
            ("AS", "OC"),
            ("NA", "AF"),
            ("AF", "AS"),
            ("SA", "AS"),
            ("EU", "EU"),
            ("AN", "NA"),
            ("AQ", "AN"),
            ("A1", "--"),
            ("BR", "SA"),
            ("SS", "AF"),
            ("CW", "NA"),
        ] {
            assert_eq!(of(code), Some(continent), "{code}");
        }
        assert_eq!(of("ZZ"), None);
        assert!(Continent::ALL.into_iter().all(|c| Continent::named(c.as_str()) == Some(c)));
        assert_eq!(Continent::named("eu"), None);
    }
}
