//! The only place that opens a connection to a mirror.
//!
//! The guard sits inside the HTTP client's connector, so that every new connection and every hop of a
//! redirect passes it, and the address that was judged is the address that is connected to: a name
//! that changes its answer in between gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::guard::{AddressGuard, Refusal};
use crate::resolve::Resolver;

/// How long one address is tried alone before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);
/// Addresses of one name that are looked at. More than this is no mirror.
const MAX_ADDRESSES: usize = 64;
/// Addresses of one name that are tried.
const MAX_TRIES: usize = 8;

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The guard said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The name has no address.
    #[error("the host name does not resolve")]
    Name,
    /// Every address failed; this is the last failure.
    #[error("{0}")]
    Io(io::Error),
    /// None of the addresses answered in time.
    #[error("no connection in time")]
    Timeout,
}

/// Connects to checked addresses.
#[derive(Debug, Clone)]
pub struct GuardedConnector {
    guard: Arc<AddressGuard>,
    resolver: Arc<dyn Resolver>,
    timeout: Duration,
}

impl GuardedConnector {
    /// A connector. `timeout` covers resolving and connecting.
    pub fn new(guard: AddressGuard, resolver: Arc<dyn Resolver>, timeout: Duration) -> Self {
        Self { guard: Arc::new(guard), resolver, timeout }
    }

    /// The addresses of `host`, all of them checked. One forbidden address refuses the whole name: a
    /// name that mixes public and private addresses is an attack or a mistake.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ConnectError> {
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.resolver.resolve(host).await.map_err(|_| ConnectError::Name)?,
        };
        if addresses.is_empty() || addresses.len() > MAX_ADDRESSES {
            return Err(ConnectError::Name);
        }
        for address in &addresses {
            self.guard.check_address(*address)?;
        }
        Ok(addresses)
    }

    pub(crate) fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    async fn connect(&self, uri: &Uri) -> Result<TcpStream, ConnectError> {
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        self.guard.check_port(port)?;
        let host = uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        let work = async {
            let addresses = self.addresses(host).await?;
            race(interleaved(addresses).into_iter().map(|address| SocketAddr::new(address, port)).collect())
                .await
        };
        tokio::time::timeout(self.timeout, work).await.map_err(|_| ConnectError::Timeout)?
    }
}

/// The first address of each family in turn, in the resolver's order, so that one dead family costs
/// one head start only.
fn interleaved(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let first_is_v4 = addresses.first().is_some_and(IpAddr::is_ipv4);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv4() == first_is_v4);
    let mut second = second.into_iter();
    let mut mixed = Vec::new();
    for address in first {
        mixed.push(address);
        mixed.extend(second.next());
    }
    mixed.extend(second);
    mixed.truncate(MAX_TRIES);
    mixed
}

pub(crate) async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, ConnectError> {
    let mut waiting = addresses.into_iter();
    let mut running = FuturesUnordered::new();
    let mut failed = None;
    running.extend(waiting.next().map(TcpStream::connect));
    loop {
        tokio::select! {
            done = running.next() => match done {
                Some(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Some(Err(error)) => {
                    failed = Some(error);
                    running.extend(waiting.next().map(TcpStream::connect));
                }
                None => return Err(failed.map_or(ConnectError::Name, ConnectError::Io)),
            },
            () = tokio::time::sleep(HEAD_START), if waiting.len() > 0 => {
                running.extend(waiting.next().map(TcpStream::connect));
            }
        }
    }
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<Self::Response, ConnectError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&uri).await.map(TokioIo::new) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn connector(table: &[(&str, &[&str])]) -> GuardedConnector {
        let table: HashMap<_, _> = table
            .iter()
            .map(|(name, addresses)| {
                ((*name).to_owned(), addresses.iter().map(|a| a.parse().unwrap()).collect::<Vec<IpAddr>>())
            })
            .collect();
        let resolver = Arc::new(crate::TableResolver(table));
        GuardedConnector::new(AddressGuard::default(), resolver, Duration::from_secs(5))
    }

    #[tokio::test]
    async fn one_private_address_among_public_ones_refuses_the_name() {
        let connector = connector(&[
            ("good", &["1.1.1.1", "2600::1"]),
            ("mixed", &["1.1.1.1", "10.0.0.1", "8.8.8.8"]),
            ("empty", &[]),
        ]);
        assert_eq!(connector.addresses("good").await.unwrap().len(), 2);
        assert!(matches!(
            connector.addresses("mixed").await,
            Err(ConnectError::Refused(Refusal::Address(_)))
        ));
        assert!(matches!(connector.addresses("empty").await, Err(ConnectError::Name)));
        assert!(matches!(connector.addresses("unknown").await, Err(ConnectError::Name)));
    }

    #[tokio::test]
    async fn an_address_that_the_resolver_reads_out_of_a_strange_spelling_is_judged() {
        // Should such a spelling ever reach the connector, the system's resolver makes an address of it.
        let connector = GuardedConnector::new(
            AddressGuard::default(),
            Arc::new(crate::SystemResolver),
            Duration::from_secs(5),
        );
        for host in ["127.1", "2130706433", "0x7f.1", "127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let answer = connector.addresses(host).await;
            assert!(
                matches!(answer, Err(ConnectError::Refused(_) | ConnectError::Name)),
                "{host}: {answer:?}"
            );
        }
    }

    #[tokio::test]
    async fn forbidden_ports_are_refused_before_anything_is_resolved() {
        let answer = connector(&[]).connect(&"http://unknown:22/".parse().unwrap()).await;
        assert!(matches!(answer, Err(ConnectError::Refused(Refusal::Port(22)))));
    }

    #[test]
    fn families_take_turns() {
        let of = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect::<Vec<IpAddr>>();
        assert_eq!(
            interleaved(of(&["2600::1", "2600::2", "1.1.1.1", "2600::3"])),
            of(&["2600::1", "1.1.1.1", "2600::2", "2600::3"])
        );
    }
}
