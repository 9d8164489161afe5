//! What can go wrong when talking to the database.

use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr};

/// The result of every function of this crate.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A failure of the store. The texts are fragments that fit after "failed: " and never hold a password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no engine we know.
    #[error("database URL {url:?} is not usable: {reason} (expected postgresql://… or sqlite:PATH)")]
    Url {
        /// The URL without its password.
        url: String,
        /// Why it was refused.
        reason: String,
    },
    /// The server or file can not be opened.
    #[error("cannot open database {url}: {reason}")]
    Connect {
        /// The URL without its password.
        url: String,
        /// What the engine said.
        reason: String,
    },
    /// The folder of an SQLite file does not exist.
    #[error("cannot open database {path}: the folder does not exist", path = .0.display())]
    NoFolder(PathBuf),
    /// A row breaks an invariant that the program relies on.
    #[error("inconsistent row in table {table}, id {id}: {reason}")]
    Row {
        /// Table name.
        table: &'static str,
        /// Row id.
        id: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// The schema is not what the program expects, and what to do about it.
    #[error("{0}")]
    Schema(String),
    /// A row that must be unique is there already.
    #[error("{what} {name:?} exists already")]
    Exists {
        /// Kind of row, e.g. `host`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A value that was to be stored breaks a rule.
    #[error("{what} {value:?} is not valid: {reason}")]
    Invalid {
        /// Kind of value, e.g. `URL`.
        what: &'static str,
        /// The value, cut to a printable length.
        value: String,
        /// Which rule, and what is expected.
        reason: String,
    },
    /// A name that several rows have.
    #[error("{what} {name:?} is not the only one of that name; {hint}")]
    Ambiguous {
        /// Kind of row, e.g. `host`.
        what: &'static str,
        /// Its name.
        name: String,
        /// How to say which.
        hint: String,
    },
    /// A reader of the change log asks for rows from a place that this database has never reached: it was
    /// restored or replaced. The reader starts over with a full read.
    #[error(
        "the change log does not reach as far as reader position {0}; the database was restored or replaced"
    )]
    CursorLost(i64),
    /// A row that was named does not exist.
    #[error("{what} {name:?} does not exist{hint}")]
    Missing {
        /// Kind of row, e.g. `category`.
        what: &'static str,
        /// Its name.
        name: String,
        /// Empty, or what to do instead, beginning with `; `.
        hint: String,
    },
    /// Anything else the engine reported.
    #[error("database: {0}")]
    Db(#[from] DbErr),
}

impl StoreError {
    /// [`StoreError::Missing`] without a hint.
    pub(crate) fn missing(what: &'static str, name: impl std::fmt::Display) -> Self {
        Self::Missing { what, name: name.to_string(), hint: String::new() }
    }

    /// Whether doing the same again may succeed: another transaction was in the way, or the connection was lost.
    pub fn is_transient(&self) -> bool {
        let Self::Db(
            DbErr::Conn(RuntimeErr::SqlxError(e))
            | DbErr::Exec(RuntimeErr::SqlxError(e))
            | DbErr::Query(RuntimeErr::SqlxError(e)),
        ) = self
        else {
            return matches!(self, Self::Db(DbErr::ConnectionAcquire(_)));
        };
        match &**e {
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed => true,
            // SQLSTATE: serialisation failure, deadlock, lock not available, connections, server going down. SQLite:
            // the lower byte of 5 and 6 is busy and locked, the others are kinds of them.
            sqlx::Error::Database(e) => e.code().is_some_and(|code| {
                let sqlite =
                    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)) && code.len() < 5;
                matches!(&*code, "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03")
                    || code.starts_with("08")
                    || sqlite
            }),
            _ => false,
        }
    }

    /// Turns a violated unique key into [`StoreError::Exists`], whatever the key is called.
    pub(crate) fn from_insert(error: DbErr, what: &'static str, name: &str) -> Self {
        match error.sql_err() {
            Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => {
                Self::Exists { what, name: name.to_owned() }
            }
            _ => Self::Db(error),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(e: sqlx::Error) -> Self {
        Self::Db(DbErr::Query(RuntimeErr::SqlxError(Arc::new(e))))
    }
}
