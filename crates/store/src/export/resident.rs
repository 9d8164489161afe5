//! An export that stays in memory and is brought up to date by the change log.

use chrono::{DateTime, TimeDelta, Utc};

use super::follow::{Changed, Position};
use super::fresh::Fresh;
use super::head::Head;
use super::reader::Reader;
use super::{Export, whole};
use crate::changes::{self, Cursor};
use crate::connect::Store;
use crate::error::{Result, StoreError};
use crate::written;

/// How long a reader that has nothing to tell stays silent, so that nobody takes it for gone.
const SILENCE: TimeDelta = TimeDelta::hours(1);

/// Rows that are never much.
const MUCH: u64 = 500_000;

/// The tables as they were at some time.
#[derive(Debug)]
pub struct Resident {
    export: Export,
    /// Name of the reader in the change log.
    reader: String,
    /// Without it, every refresh reads everything.
    position: Option<Position>,
    /// What the log was told last of us, and when.
    told: Option<(Cursor, DateTime<Utc>)>,
}

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// Nothing has changed.
    Unchanged,
    /// Some rows were read again.
    Changed {
        /// Directories concerned.
        directories: usize,
        /// Host categories concerned.
        host_categories: usize,
    },
    /// Everything was read again.
    Whole(Why),
}

/// Why everything was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is the first time.
    First,
    /// There is no change log, or this role may not follow it; the text says which.
    NoLog(String),
    /// Somebody who keeps no change log has written.
    Foreign,
    /// The place in the change log is lost: the database was restored, or the reader forgotten.
    Lost,
    /// A newer program has written something that this one does not know.
    Unknown,
    /// So much has changed that it is less work.
    Much,
    /// It was asked for.
    Due,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::First => f.write_str("for the first time"),
            Self::NoLog(reason) => write!(f, "the change log can not be followed: {reason}"),
            Self::Foreign => f.write_str("another program has written directories or what hosts hold"),
            Self::Lost => f.write_str("the place in the change log is lost"),
            Self::Due => f.write_str("it is time"),
            Self::Much => f.write_str("much has changed"),
            Self::Unknown => f.write_str("a newer program has written to the change log"),
        }
    }
}

impl Resident {
    /// Reads everything and registers a reader of the change log under this name, which no other process may
    /// use at the same time.
    ///
    /// # Errors
    /// As [`super::read`]. That the log can not be followed is no error.
    pub async fn read(store: &Store, reader: &str, now: DateTime<Utc>) -> Result<(Self, Why)> {
        let mut resident =
            Self { export: Export::default(), reader: reader.to_owned(), position: None, told: None };
        let why = resident.read_whole(store, now, Why::First).await?;
        Ok((resident, why))
    }

    /// The tables.
    pub fn export(&self) -> &Export {
        &self.export
    }

    /// Whether the next refresh can read only what has changed.
    pub fn follows(&self) -> bool {
        self.position.is_some()
    }

    /// Brings the tables up to date. Afterwards they are as [`super::read`] would give them.
    ///
    /// # Errors
    /// As [`super::read`]; the tables are then as they were, and the next refresh makes up for it.
    pub async fn refresh(&mut self, store: &Store, now: DateTime<Utc>) -> Result<Refreshed> {
        match self.follow(store).await {
            Ok(Ok(refreshed)) => {
                self.tell(store, now).await?;
                Ok(refreshed)
            }
            Ok(Err(why)) => Ok(Refreshed::Whole(self.read_whole(store, now, why).await?)),
            Err(error) => {
                // What was taken out of the log is not in the tables.
                self.position = None;
                Err(error)
            }
        }
    }

    /// Reads everything again, whatever has changed.
    ///
    /// # Errors
    /// As [`super::read`]; the tables are then as they were.
    pub async fn reread(&mut self, store: &Store, now: DateTime<Utc>) -> Result<Why> {
        self.read_whole(store, now, Why::Due).await
    }

    /// Reads everything, and from then on follows the log if that is possible.
    async fn read_whole(&mut self, store: &Store, now: DateTime<Utc>, why: Why) -> Result<Why> {
        let (position, reader, why) = match self.start(store, now).await? {
            Ok((reader, position)) => (Some(position), reader, why),
            Err(reason) => (None, Reader::open(store).await?, Why::NoLog(reason)),
        };
        self.position = None;
        self.export = whole(&reader).await?;
        self.position = position;
        self.tell(store, now).await?;
        Ok(why)
    }

    /// Where to follow the log from, and a transaction for reading the tables as of there; or why that can not be.
    async fn start(
        &self,
        store: &Store,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<(Reader, Position), String>> {
        if !store.accounts() {
            return Ok(Err("the database has no change log; run `mirrormanager db migrate`".to_owned()));
        }
        // Registering is also how it is known whether this role may write.
        if let Err(error) = changes::register_reader(store, &self.reader, now).await {
            return Ok(Err(error.to_string()));
        }
        let Some(base) = written::total(store).await? else {
            return Ok(Err("the server does not count rows (track_counts is off)".to_owned()));
        };
        let reader = Reader::open(store).await?;
        let cursor = changes::position_in(reader.tx()).await?;
        let (seen, _) = changes::visible(reader.tx(), cursor).await?;
        let position = Position::start(cursor, &seen, base);
        Ok(Ok((reader, position)))
    }

    /// Tells the log how far we are, so that it can be pruned.
    async fn tell(&mut self, store: &Store, now: DateTime<Utc>) -> Result<()> {
        let Some(cursor) = self.position.as_ref().map(|position| position.cursor) else { return Ok(()) };
        if self.told.is_some_and(|(told, when)| told == cursor && now - when < SILENCE) {
            return Ok(());
        }
        match changes::advance(store, &self.reader, cursor, now).await {
            Err(StoreError::Missing { .. }) => {
                // Forgotten, so rows that we have not seen may be gone.
                self.position = None;
                Ok(())
            }
            Ok(()) => {
                self.told = Some((cursor, now));
                Ok(())
            }
            failed => failed,
        }
    }

    /// Reads what the log names; or says why that does not do.
    async fn follow(&mut self, store: &Store) -> Result<std::result::Result<Refreshed, Why>> {
        let Some(position) = &mut self.position else { return Ok(Err(Why::Lost)) };
        let Some(total) = written::total(store).await? else { return Ok(Err(Why::Lost)) };
        let tx = store.begin_read().await?;
        let (seen, cursor) = match changes::visible(&tx, position.cursor).await {
            Err(StoreError::CursorLost(_)) => return Ok(Err(Why::Lost)),
            other => other?,
        };
        let changed = position.advance(cursor, &seen);
        if changed.anything {
            return Ok(Err(Why::Unknown));
        }
        if position.has_foreign(&total) {
            return Ok(Err(Why::Foreign));
        }
        let head = Head::read(&tx).await?;
        if changed == Changed::default() && head == self.export.head {
            return Ok(Ok(Refreshed::Unchanged));
        }
        if self.export.is_much(&changed) {
            return Ok(Err(Why::Much));
        }
        let fresh = Fresh::read(&tx, &self.export, head, &changed).await?;
        let (directories, host_categories) = fresh.counts();
        fresh.apply(&mut self.export);
        Ok(Ok(Refreshed::Changed { directories, host_categories }))
    }
}

impl Export {
    /// Whether reading everything is less work than reading what has changed.
    fn is_much(&self, changed: &Changed) -> bool {
        let whole = changed.host_categories.iter().filter_map(|id| self.up_to_date.of(*id));
        let rows = whole.map(|set| set.len() as u64).sum::<u64>()
            + changed.held.values().map(|directories| directories.len() as u64).sum::<u64>();
        rows > MUCH && rows > self.up_to_date.pairs() / 4
    }
}
