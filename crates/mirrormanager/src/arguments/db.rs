//! `db`

use clap::Subcommand;

/// `db`
#[derive(Debug, Subcommand)]
pub enum Db {
    /// Bring the database to the newest schema; creates an SQLite file
    Migrate {
        /// Go on with a revision of upstream's schema that is newer than this program
        #[arg(long)]
        accept_unknown_revision: bool,
    },
    /// Say what differs between the database and the schema this program expects
    Check,
}
