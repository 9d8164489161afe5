//! New data for a running server of ours.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::child::Server;
use crate::inputs::Cache;

/// How long new data may take to be in use.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a server is asked whether it is.
const PAUSE: Duration = Duration::from_millis(5);

/// A cache file that is replaced by another one of the same content, again and again.
pub struct Swapped {
    live: Cache,
    next: [PathBuf; 2],
}

impl Swapped {
    /// Copies the cache to a place where it can be replaced.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(cache: &Cache, folder: &Path) -> io::Result<Self> {
        let [live, a, b] = ["live", "a", "b"].map(|name| folder.join(format!("{name}.swapped")));
        for path in [&live, &a, &b] {
            let _ = fs::remove_file(path);
        }
        fs::hard_link(&cache.path, &live)?;
        fs::hard_link(&cache.path, &a)?;
        fs::copy(&cache.path, &b)?;
        Ok(Self { live: Cache { path: live, ..cache.clone() }, next: [b, a] })
    }

    /// The cache that the server is to read.
    pub fn cache(&self) -> &Cache {
        &self.live
    }

    /// Replaces the file, tells the server, and waits until the new one is in use.
    ///
    /// # Errors
    /// The server is gone, or does not take it.
    pub fn swap(&mut self, server: &Server) -> io::Result<()> {
        let before = swaps(server)?;
        let new = self.live.path.with_extension("new");
        let [next, _] = &self.next;
        fs::hard_link(next, &new)?;
        fs::rename(&new, &self.live.path)?;
        self.next.reverse();
        testkit::programs::signal("HUP", server.id());
        let deadline = Instant::now() + PATIENCE;
        while swaps(server)? == before {
            if Instant::now() > deadline {
                return Err(io::Error::other("the server did not take new data"));
            }
            sleep(PAUSE);
        }
        Ok(())
    }
}

/// How often a server has taken new data into use, by its metrics.
fn swaps(server: &Server) -> io::Result<u64> {
    let control = server.control().ok_or_else(|| io::Error::other("the server has no metrics"))?;
    let mut stream = TcpStream::connect(control)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    text.lines()
        .find_map(|line| line.strip_prefix("mirrormanager_serve_data_swaps_total ")?.parse().ok())
        .ok_or_else(|| io::Error::other("the server does not count its swaps"))
}
