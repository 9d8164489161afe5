//! Statements that differ per engine, side by side, and bulk parameters for both.
//!
//! A bulk statement takes whole columns: on PostgreSQL one array per column (`UNNEST`), on SQLite one
//! JSON document (`json_each`). So the number of parameters never depends on the number of rows.

use sea_orm::sea_query::ArrayType;
use sea_orm::{Statement, Value};

use crate::connect::Engine;

/// One statement in the words of both engines.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    /// PostgreSQL, parameters `$1`, `$2`, …
    pub postgres: &'static str,
    /// SQLite, parameters `?1`, `?2`, …
    pub sqlite: &'static str,
}

impl Sql {
    /// A statement whose text both engines understand (parameters `$1`, `$2`, …).
    pub const fn same(text: &'static str) -> Self {
        Self { postgres: text, sqlite: text }
    }

    /// The text for one engine.
    pub const fn text(self, engine: Engine) -> &'static str {
        match engine {
            Engine::Postgres => self.postgres,
            Engine::Sqlite => self.sqlite,
        }
    }

    /// The statement for one engine with its parameters.
    pub fn with(self, engine: Engine, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(engine.backend(), self.text(engine), values)
    }
}

/// An array parameter for PostgreSQL out of one column of values.
fn array(kind: ArrayType, values: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(kind, Some(Box::new(values.into_iter().collect())))
}

/// `int[]`.
pub fn ints(values: impl IntoIterator<Item = i32>) -> Value {
    array(ArrayType::Int, values.into_iter().map(Value::from))
}

/// `bigint[]`. The driver has no NULL inside of an array: send a value that can not occur and `NULLIF` it.
pub fn bigints(values: impl IntoIterator<Item = i64>) -> Value {
    array(ArrayType::BigInt, values.into_iter().map(Value::from))
}

/// `text[]`, without NULLs as [`bigints`].
pub fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Value {
    array(ArrayType::String, values.into_iter().map(Value::from))
}

/// `boolean[]`, without NULLs.
pub fn bools(values: impl IntoIterator<Item = bool>) -> Value {
    array(ArrayType::Bool, values.into_iter().map(Value::from))
}

/// Rows as one JSON text for SQLite's `json_each`: each a scalar or an array.
pub fn rows(rows: impl IntoIterator<Item = serde_json::Value>) -> Value {
    Value::from(serde_json::Value::Array(rows.into_iter().collect()).to_string())
}

/// The parameter of an id list: `= ANY($1)` on PostgreSQL, `IN (SELECT value FROM json_each(?1))` on SQLite.
pub fn id_list<I: Into<i32>>(engine: Engine, ids: impl IntoIterator<Item = I>) -> Value {
    let ids = ids.into_iter().map(Into::into);
    match engine {
        Engine::Postgres => ints(ids),
        Engine::Sqlite => rows(ids.map(serde_json::Value::from)),
    }
}

/// The parameter of a list of texts, used as [`id_list`].
pub fn text_list<'a>(engine: Engine, list: impl IntoIterator<Item = &'a str>) -> Value {
    match engine {
        Engine::Postgres => texts(list),
        Engine::Sqlite => rows(list.into_iter().map(serde_json::Value::from)),
    }
}
