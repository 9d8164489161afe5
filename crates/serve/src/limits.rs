//! The limits of a listener.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use settings::serve::Serve;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::deadline::Times;
use crate::error::StartError;

/// The least that hyper takes as the size of its buffer.
const LEAST_BUFFER: usize = 8192;

/// The limits of a listener. What concerns one connection; for all of them see [`Room`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of a request line and its headers.
    pub(crate) header_bytes: usize,
    /// For the things that a connection waits for.
    pub(crate) times: Times,
    /// For open connections to finish when the server stops.
    pub(crate) drain: Duration,
}

impl Limits {
    /// The limits that the settings ask for.
    ///
    /// # Errors
    /// A time of 0, with which no request could be answered.
    pub(crate) fn of(settings: &Serve) -> Result<Self, StartError> {
        let time = |setting, seconds: u64| match seconds {
            0 => {
                Err(StartError::Setting { setting, value: "0".into(), expected: "number of seconds above 0" })
            }
            seconds => Ok(Duration::from_secs(seconds)),
        };
        let age = settings.max_connection_seconds;
        Ok(Self {
            header_bytes: settings.max_header_bytes.max(LEAST_BUFFER),
            times: Times {
                idle: time("serve.idle_timeout_seconds", settings.idle_timeout_seconds)?,
                headers: time("serve.header_timeout_seconds", settings.header_timeout_seconds)?,
                answer: time("serve.answer_timeout_seconds", settings.answer_timeout_seconds)?,
                age: (age > 0).then(|| Duration::from_secs(age)),
            },
            drain: Duration::from_secs(settings.drain_seconds),
        })
    }

    /// The same for a listener whose connections are not worth waiting for.
    pub(crate) fn brief(self) -> Self {
        Self { drain: Duration::from_secs(1), ..self }
    }
}

/// Room for connections, shared by all threads.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    all: Arc<Semaphore>,
    /// `None`: a client may take all of it.
    per_client: Option<Arc<PerClient>>,
}

#[derive(Debug)]
struct PerClient {
    most: u32,
    /// Connections by client; one without any is not in it.
    open: Mutex<HashMap<IpAddr, u32>>,
}

impl Room {
    /// Room for this many connections in all; with `per_client` above 0 for this many of one client.
    pub(crate) fn new(all: usize, per_client: u32) -> Self {
        let per_client =
            (per_client > 0).then(|| Arc::new(PerClient { most: per_client, open: Mutex::default() }));
        Self { all: Arc::new(Semaphore::new(all.clamp(1, Semaphore::MAX_PERMITS))), per_client }
    }

    /// A place among a client's own, `None` if it has too many.
    pub(crate) fn of_client(&self, peer: IpAddr) -> Option<Place> {
        let Some(clients) = &self.per_client else { return Some(Place { taken: None }) };
        let client = client(peer);
        let mut open = clients.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client).or_default();
        if *count >= clients.most {
            return None;
        }
        *count += 1;
        Some(Place { taken: Some((Arc::clone(clients), client)) })
    }

    /// A place among all, once there is one. `None`, which never comes, would mean that there is no limit
    /// any more.
    pub(crate) async fn of_all(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }
}

/// What counts as one client: an IPv4 address, or the 64 bits of an IPv6 address that a site hands out.
fn client(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
    }
}

/// A connection's place among its client's; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Option<(Arc<PerClient>, IpAddr)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((clients, client)) = &self.taken else { return };
        let mut open = clients.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                open.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_own_places_and_a_site_of_ipv6_is_one_client() {
        let room = Room::new(10, 2);
        let of = |address: &str| room.of_client(address.parse().unwrap());
        let first = of("2001:db8::1").unwrap();
        let _second = of("2001:db8::2").unwrap();
        assert!(of("2001:db8::3").is_none());
        assert!(of("2001:db8:0:1::3").is_some());
        let _third = of("192.0.2.1").unwrap();
        let _fourth = of("::ffff:192.0.2.1").unwrap();
        assert!(of("192.0.2.1").is_none() && of("192.0.2.2").is_some());
        drop(first);
        assert!(of("2001:db8::3").is_some());
    }

    #[test]
    fn a_room_without_bound_never_refuses() {
        let free = Room::new(10, 0);
        let _places: Vec<_> = (0..50).map(|_| free.of_client([192, 0, 2, 1].into()).unwrap()).collect();
    }
}
