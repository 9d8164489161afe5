//! Transactions. A writing one carries what it changed and appends it to the change log as it commits.

use sea_orm::{ConnectionTrait, DatabaseTransaction, ExecResult, QueryResult, Value};

use crate::changes::{self, Change};
use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::sql::Sql;
use crate::written::Accounting;

/// Reads one state of the whole database.
#[derive(Debug)]
pub struct ReadTx {
    tx: DatabaseTransaction,
    engine: Engine,
}

impl ReadTx {
    pub(crate) fn new(tx: DatabaseTransaction, engine: Engine) -> Self {
        Self { tx, engine }
    }

    /// The engine it runs on.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The connection, for SeaORM queries.
    pub fn db(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

/// Writes, all or nothing. Dropped without [`WriteTx::commit`] it leaves no trace.
#[derive(Debug)]
pub struct WriteTx {
    tx: DatabaseTransaction,
    engine: Engine,
    log: bool,
    accounting: Accounting,
    changes: Vec<Change>,
}

impl WriteTx {
    pub(crate) async fn begin(store: &Store, tx: DatabaseTransaction) -> Result<Self> {
        let accounting = Accounting::begin(store, &tx).await?;
        let log = store.has_own_tables();
        Ok(Self { tx, engine: store.engine(), log, accounting, changes: Vec::new() })
    }

    /// The engine it runs on.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The connection, for SeaORM queries.
    pub fn db(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// Runs one statement of the pair and tells what it did.
    pub async fn execute(&self, sql: Sql, values: impl IntoIterator<Item = Value>) -> Result<ExecResult> {
        Ok(self.tx.execute_raw(sql.with(self.engine, values)).await?)
    }

    /// Runs one statement of the pair and gives its rows.
    pub async fn query(&self, sql: Sql, values: impl IntoIterator<Item = Value>) -> Result<Vec<QueryResult>> {
        Ok(self.tx.query_all_raw(sql.with(self.engine, values)).await?)
    }

    /// Notes that something which may be served has changed. Appended to the change log at commit, one
    /// row a subject: what is noted twice is united.
    pub fn changed(&mut self, change: Change) {
        match self.changes.iter_mut().find(|c| c.subject == change.subject && c.id == change.id) {
            Some(noted) => noted.directories.unite(change.directories),
            None => self.changes.push(change),
        }
    }

    /// Appends the change log rows and commits. On PostgreSQL it also notifies waiting readers.
    pub async fn commit(self) -> Result<()> {
        if self.log {
            changes::append(&self.tx, self.engine, &self.changes, self.accounting).await?;
        }
        self.tx.commit().await?;
        Ok(())
    }
}
