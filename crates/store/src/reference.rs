//! Reference data that a new deployment starts with: architectures and countries.
//!
//! An adopted database keeps exactly what its operators put into it; there this runs only when asked for.

use sea_orm::ConnectionTrait;

use crate::changes::{Change, Directories, Subject};
use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::sql::{self, Sql};

/// Name, shown in the public index, primary architecture.
const ARCHES: [(&str, bool, bool); 12] = [
    ("source", false, false),
    ("x86_64", true, true),
    ("aarch64", true, true),
    ("ppc64le", true, true),
    ("s390x", true, true),
    ("i386", true, true),
    ("armhfp", true, true),
    ("riscv64", true, false),
    ("ppc64", true, false),
    ("ppc", true, false),
    ("s390", true, false),
    ("ia64", true, false),
];

/// ISO 3166-1 alpha-2, all that are officially assigned.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
    BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG \
    EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID \
    IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA \
    MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA \
    PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST \
    SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
    YT ZA ZM ZW";

const ADD_ARCHES: Sql = Sql {
    postgres: "INSERT INTO arch (name, publiclist, primary_arch) \
               SELECT * FROM unnest($1::text[], $2::boolean[], $3::boolean[]) ON CONFLICT (name) DO NOTHING",
    sqlite: "INSERT INTO arch (name, publiclist, primary_arch) \
             SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true \
             ON CONFLICT (name) DO NOTHING",
};

const ADD_COUNTRIES: Sql = Sql {
    postgres: "INSERT INTO country (code) SELECT unnest($1::text[]) ON CONFLICT (code) DO NOTHING",
    sqlite: "INSERT INTO country (code) SELECT value FROM json_each(?1) WHERE true ON CONFLICT (code) DO NOTHING",
};

/// Adds the rows that are missing and tells how many those were.
pub async fn seed(store: &Store) -> Result<u64> {
    let mut tx = store.begin_write().await?;
    let rows = seed_in(tx.db(), store.engine()).await?;
    if rows > 0 {
        tx.changed(Change { subject: Subject::Reference, id: 0, directories: Directories::All });
    }
    tx.commit().await?;
    Ok(rows)
}

pub(crate) async fn seed_in(db: &impl ConnectionTrait, engine: Engine) -> Result<u64> {
    let arches = match engine {
        Engine::Postgres => vec![
            sql::texts(ARCHES.iter().map(|a| Some(a.0))),
            sql::bools(ARCHES.iter().map(|a| Some(a.1))),
            sql::bools(ARCHES.iter().map(|a| Some(a.2))),
        ],
        Engine::Sqlite => vec![sql::json(&serde_json::json!(ARCHES))],
    };
    let codes: Vec<&str> = COUNTRIES.split_whitespace().collect();
    let countries = match engine {
        Engine::Postgres => sql::texts(codes.iter().map(|c| Some(*c))),
        Engine::Sqlite => sql::json(&serde_json::json!(codes)),
    };
    let arches = db.execute_raw(ADD_ARCHES.with(engine, arches)).await?.rows_affected();
    let countries = db.execute_raw(ADD_COUNTRIES.with(engine, [countries])).await?.rows_affected();
    Ok(arches + countries)
}
