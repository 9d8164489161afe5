//! Reference data that a new deployment starts with: architectures and countries (ISO 3166-1 alpha-2).
//!
//! An adopted database keeps exactly what its operators put into it; there this runs only when asked for.

use model::country;
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
            sql::texts(ARCHES.iter().map(|a| a.0)),
            sql::bools(ARCHES.iter().map(|a| a.1)),
            sql::bools(ARCHES.iter().map(|a| a.2)),
        ],
        Engine::Sqlite => vec![sql::rows(ARCHES.iter().map(|arch| serde_json::json!(arch)))],
    };
    let countries = sql::text_list(engine, country::assigned_codes());
    let arches = db.execute_raw(ADD_ARCHES.with(engine, arches)).await?.rows_affected();
    let countries = db.execute_raw(ADD_COUNTRIES.with(engine, [countries])).await?.rows_affected();
    Ok(arches + countries)
}
