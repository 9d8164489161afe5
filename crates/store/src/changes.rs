//! The change log: what may have to be served differently, one row per transaction and subject.
//!
//! Writers append through [`crate::WriteTx::changed`]; readers keep a [`Cursor`] (see [`read_since`]). A
//! transaction that writes rows of directories, their categories, file details or what hosts hold notes so
//! even if nothing has to be served differently, with an empty list of directories, or what it wrote is taken
//! for somebody else's ([`crate::written`]).

mod listen;
mod read;

use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use crate::connect::Engine;
use crate::error::Result;
use crate::sql::Sql;
use crate::written::{self, Accounting};

impl Directories {
    /// Adds those of another note about the same subject.
    pub(crate) fn unite(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::These(ids), Self::These(more)) => {
                ids.extend(more);
                ids.sort_unstable();
                ids.dedup();
            }
            _ => *self = Self::All,
        }
    }
}

impl Change {
    /// Everything of a subject.
    pub fn all(subject: Subject, id: i32) -> Self {
        Self { subject, id, directories: Directories::All }
    }

    /// A subject itself, and nothing of its directories.
    pub fn alone(subject: Subject, id: i32) -> Self {
        Self { subject, id, directories: Directories::These(Vec::new()) }
    }
}

/// What a transaction changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The directories, repositories and file details of a category; with id 0: of directories without one.
    Category,
    /// What a host holds of one category, or its URLs.
    HostCategory,
    /// A host, its networks, countries or flags.
    Host,
    /// A site, so all of its hosts.
    Site,
    /// A repository; with id 0: the table of repository redirects.
    Repository,
    /// Tables that concern everything: redirects of countries, netblocks, arches, products.
    Reference,
    /// Something that only a newer program knows. Anything may have changed.
    Other,
}

impl Subject {
    /// The word stored in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::HostCategory => "host_category",
            Self::Host => "host",
            Self::Site => "site",
            Self::Repository => "repository",
            Self::Reference => "reference",
            Self::Other => "other",
        }
    }

    /// The subject of a stored word.
    pub fn from_word(word: &str) -> Self {
        [Self::Category, Self::HostCategory, Self::Host, Self::Site, Self::Repository, Self::Reference]
            .into_iter()
            .find(|subject| subject.as_str() == word)
            .unwrap_or(Self::Other)
    }
}

/// Which directories of the subject are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directories {
    /// Any of them.
    All,
    /// Just these (ids of `directory`). Empty: only the subject itself.
    These(Vec<i32>),
}

pub use listen::Listener;
pub use read::{
    Cursor, Row, Seen, advance, position, position_in, prune, read_since, register_reader, visible,
};

/// One row of the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind of row that changed.
    pub subject: Subject,
    /// Its id; 0 for [`Subject::Reference`].
    pub id: i32,
    /// The directories concerned.
    pub directories: Directories,
}

const APPEND: Sql =
    Sql::same("INSERT INTO mm3_change (subject, subject_id, directories) VALUES ($1, $2, $3)");

/// Wakes readers that listen. Where the server can, what the session has counted is flushed with the commit
/// ([`crate::written`]).
const NOTIFY: &str = "NOTIFY mm3_change";
const NOTIFY_AND_FLUSH: &str = "SELECT pg_notify('mm3_change', ''), pg_stat_force_next_flush()";

/// Appends rows inside the transaction that made the changes.
pub(crate) async fn append(
    tx: &DatabaseTransaction,
    engine: Engine,
    changes: &[Change],
    accounting: Accounting,
) -> Result<()> {
    for (place, change) in changes.iter().enumerate() {
        let directories = match &change.directories {
            Directories::All => None,
            Directories::These(ids) => Some(serde_json::Value::from(ids.clone()).to_string()),
        };
        let mut values: Vec<Value> =
            vec![change.subject.as_str().into(), change.id.into(), directories.into()];
        let sql = match (place, accounting) {
            (0, Accounting::Flushed) => {
                values.push(0_i64.into());
                written::APPEND
            }
            (0, Accounting::From(count)) => {
                values.push(count.into());
                written::APPEND
            }
            _ => APPEND,
        };
        tx.execute_raw(sql.with(engine, values)).await?;
    }
    if !changes.is_empty() && engine == Engine::Postgres {
        let text = if accounting == Accounting::Flushed { NOTIFY_AND_FLUSH } else { NOTIFY };
        tx.execute_unprepared(text).await?;
    }
    Ok(())
}
