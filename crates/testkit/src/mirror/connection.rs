//! Accepting connections and reading requests.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::answer::{self, Next};
use super::{Behaviour, Request, State, lock};

/// Bytes of one line of a request, and lines of its head, that are read.
const MAX_LINE: u64 = 16 * 1024;
const MAX_LINES: usize = 200;

pub(super) async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    // Connections die with the mirror: they live in this set, which is dropped with the task.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        lock(&state).connections += 1;
        let dead = lock(&state).all == Behaviour::Dead;
        if dead {
            reset(stream);
            continue;
        }
        connections.spawn(serve(stream, Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

/// Closes so that the other side sees a reset, not an end.
pub(super) fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let _ = stream.set_nodelay(true);
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    while let Some(request) = read_request(&mut read).await {
        let (behaviour, folder, number) = {
            let mut state = lock(&state);
            state.requests.push(request.clone());
            let path = request.target.split('?').next().unwrap_or_default();
            let behaviour = state.paths.get(path).unwrap_or(&state.all).clone();
            (behaviour, state.folder.clone(), state.requests.len())
        };
        match answer::send(&mut write, &request, &behaviour, &folder, number).await {
            Ok(Next::Keep) => {}
            Ok(Next::Close) | Err(_) => break,
            Ok(Next::Reset) => {
                if let Ok(stream) = read.into_inner().reunite(write) {
                    reset(stream);
                }
                return;
            }
        }
    }
}

/// Reads one request; `None` at the end of the connection or for what is none. Bodies are not read.
async fn read_request(read: &mut BufReader<OwnedReadHalf>) -> Option<Request> {
    let first = read_line(read).await?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = read_line(read).await?;
        if line.is_empty() {
            return Some(Request { method, target, headers });
        }
        if headers.len() >= MAX_LINES {
            return None;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}

async fn read_line(read: &mut BufReader<OwnedReadHalf>) -> Option<String> {
    let mut line = Vec::new();
    let count = read.take(MAX_LINE).read_until(b'\n', &mut line).await.ok()?;
    if count == 0 || line.last() != Some(&b'\n') {
        return None;
    }
    let text = String::from_utf8(line).ok()?;
    Some(text.trim_end_matches(['\r', '\n']).to_owned())
}
