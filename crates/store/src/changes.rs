//! The change log: what may have to be served differently, one row per transaction and subject.
//!
//! Writers append through [`crate::WriteTx::changed`]; readers keep a [`Cursor`] (see [`read_since`]).

mod read;

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::connect::Engine;
use crate::error::Result;
use crate::sql::Sql;

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
}

/// What a transaction changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The directories, repositories and file details of a category.
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
        }
    }

    /// The subject of a stored word; `None` for one of a newer program.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Category, Self::HostCategory, Self::Host, Self::Site, Self::Repository, Self::Reference]
            .into_iter()
            .find(|subject| subject.as_str() == word)
    }
}

/// Which directories of the subject are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directories {
    /// Any of them.
    All,
    /// Just these (ids of `directory`).
    These(Vec<i32>),
}

pub use read::{Cursor, Row, advance, position, prune, read_since, register_reader};

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

const APPEND: Sql = Sql {
    postgres: "INSERT INTO mm3_change (subject, subject_id, directories) VALUES ($1, $2, $3)",
    sqlite: "INSERT INTO mm3_change (subject, subject_id, directories) VALUES (?1, ?2, ?3)",
};

/// Appends rows inside the transaction that made the changes.
pub(crate) async fn append(tx: &DatabaseTransaction, engine: Engine, changes: &[Change]) -> Result<()> {
    for change in changes {
        let directories = match &change.directories {
            Directories::All => None,
            Directories::These(ids) => Some(serde_json::Value::from(ids.clone()).to_string()),
        };
        tx.execute_raw(
            APPEND.with(engine, [change.subject.as_str().into(), change.id.into(), directories.into()]),
        )
        .await?;
    }
    if !changes.is_empty() && engine == Engine::Postgres {
        tx.execute_unprepared("NOTIFY mm3_change").await?;
    }
    Ok(())
}
