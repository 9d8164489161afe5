//! A database to make caches from: PostgreSQL with the rows of a large deployment.

use std::io;

use testkit::{fedora, postgres};

/// A throw-away server with one database. It ends when this is dropped.
pub struct Database {
    _cluster: postgres::Cluster,
    url: String,
}

impl Database {
    /// Makes one; `None`, with a line that says so, on a machine without PostgreSQL.
    ///
    /// # Errors
    /// What the system says.
    pub fn make(scale: f64) -> io::Result<Option<Self>> {
        if postgres::installed().is_none() || postgres::program("psql").is_none() {
            eprintln!(
                "no PostgreSQL server found, its rows are left out: install the Debian package postgresql"
            );
            return Ok(None);
        }
        eprintln!("making a database at scale {scale}");
        // Where there is room on a disk: at scale 1 it takes 3 GB.
        let cluster = postgres::Cluster::start_in(&std::env::temp_dir());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let url = runtime.block_on(async {
            let url = cluster.empty_database("fedora").await;
            fedora::create(&url, scale).await;
            url
        });
        Ok(Some(Self { _cluster: cluster, url }))
    }

    /// What `Store::connect` and `psql` take.
    pub fn url(&self) -> &str {
        &self.url
    }
}
