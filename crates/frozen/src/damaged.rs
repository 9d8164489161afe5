//! Why bytes are not the table they should be.

/// The bytes are not what was written: which table, and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{table}: {what}")]
pub struct Damaged {
    /// The table.
    pub table: &'static str,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Damaged {
    /// An error about a table.
    pub const fn new(table: &'static str, what: &'static str) -> Self {
        Self { table, what }
    }

    /// `Ok` if it is as it should be.
    ///
    /// # Errors
    /// This table is damaged in this way, if it is not.
    pub fn unless(right: bool, table: &'static str, what: &'static str) -> Result<(), Self> {
        if right { Ok(()) } else { Err(Self::new(table, what)) }
    }
}
