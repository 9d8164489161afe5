//! A mirror on loopback that serves a folder and misbehaves on command.
//!
//! It speaks HTTP/1.1 by hand instead of through a library, because half of what it is for is sending
//! answers that no library would send: wrong lengths, endless headers, broken framing.

mod answer;
mod behaviour;
mod connection;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use behaviour::Behaviour;

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Headers in their order; names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
struct State {
    folder: PathBuf,
    all: Behaviour,
    paths: HashMap<String, Behaviour>,
    requests: Vec<Request>,
    connections: u64,
}

/// A running mirror. It stops when it is dropped.
#[derive(Debug)]
pub struct Mirror {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mirror {
    /// Serves `folder` at a free port of 127.0.0.1, in sync.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start(folder: impl Into<PathBuf>) -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), folder).await
    }

    /// Serves `folder` at an address, for tests that need several machines (127.0.0.2, …).
    ///
    /// # Errors
    /// When the port can not be opened.
    pub async fn start_at(address: SocketAddr, folder: impl Into<PathBuf>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            folder: folder.into(),
            all: Behaviour::InSync,
            paths: HashMap::new(),
            requests: Vec::new(),
            connections: 0,
        }));
        let server = tokio::spawn(connection::accept(listener, Arc::clone(&state)));
        Ok(Self { address, state, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder it serves.
    pub fn folder(&self) -> PathBuf {
        lock(&self.state).folder.clone()
    }

    /// Serves another folder from now on.
    pub fn serve(&self, folder: impl AsRef<Path>) {
        lock(&self.state).folder = folder.as_ref().to_path_buf();
    }

    /// How it treats every request from now on, but those for paths with a behaviour of their own.
    pub fn behave(&self, behaviour: Behaviour) {
        lock(&self.state).all = behaviour;
    }

    /// How it treats requests for one path (`/a/b`, as sent by the client) from now on.
    pub fn behave_at(&self, path: &str, behaviour: Behaviour) {
        lock(&self.state).paths.insert(path.to_owned(), behaviour);
    }

    /// Forgets all behaviours of single paths.
    pub fn behave_evenly(&self) {
        lock(&self.state).paths.clear();
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state).requests.clone()
    }

    /// How many requests there were so far.
    pub fn count(&self) -> usize {
        lock(&self.state).requests.len()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> u64 {
        lock(&self.state).connections
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        lock(&self.state).requests.clear();
    }

    /// Stops it for good: connections to its port are refused from now on.
    pub async fn stop(mut self) {
        self.server.abort();
        // Only when the task is gone its socket is closed.
        let _ = (&mut self.server).await;
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.server.abort();
    }
}
