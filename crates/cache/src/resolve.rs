//! Addresses of host names that were given as networks of a mirror.
//!
//! A parameter of the build, so that a test, or an operator who switched it off, decides what the network
//! says.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use tokio::time::Instant;

/// A name has no addresses, or they could not be had in time. The text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResolveError(
    /// What went wrong.
    pub String,
);

/// All IPv4 and IPv6 addresses of a name.
pub type Addresses = Result<Vec<IpAddr>, ResolveError>;

/// Looks names up.
pub trait Resolver: Send + Sync {
    /// All IPv4 and IPv6 addresses of a name.
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Addresses>;

    /// How many names may be looked up at the same time.
    fn parallel(&self) -> usize {
        32
    }
}

/// Looks nothing up: names are left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoResolver;

impl Resolver for NoResolver {
    fn addresses<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Addresses> {
        Box::pin(std::future::ready(Err(ResolveError("names are not looked up (cache.names)".into()))))
    }
}

/// Asks the name servers that the machine is configured with.
///
/// The machine's configuration is read when the first name is asked for: without names, a machine without name
/// servers builds its cache like any other.
#[derive(Debug)]
pub struct DnsResolver {
    inner: OnceLock<Result<TokioResolver, ResolveError>>,
    limit: Duration,
    parallel: usize,
}

impl DnsResolver {
    /// Waits at most `limit` for one name and asks for `parallel` names at the same time.
    pub fn new(limit: Duration, parallel: usize) -> Self {
        Self { inner: OnceLock::new(), limit, parallel: parallel.max(1) }
    }

    fn inner(&self) -> Result<&TokioResolver, ResolveError> {
        let built = self.inner.get_or_init(|| {
            let builder = TokioResolver::builder_tokio().map_err(|error| unreadable(&error))?;
            finished(builder).map_err(|error| unreadable(&error))
        });
        built.as_ref().map_err(Clone::clone)
    }
}

/// Remembers answers for some time, for those who build again and again.
#[derive(Debug)]
pub struct Remembering<R> {
    inner: R,
    /// How long.
    time: Duration,
    answers: Mutex<HashMap<String, (Instant, Addresses)>>,
}

impl<R: Resolver> Remembering<R> {
    /// Asks `inner` and remembers what it says for this long, failures too.
    pub fn new(inner: R, time: Duration) -> Self {
        Self { inner, time, answers: Mutex::default() }
    }

    fn known(&self, name: &str) -> Option<Addresses> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, answer) = answers.get(name)?;
        (asked.elapsed() < self.time).then(|| answer.clone())
    }
}

impl<R: Resolver> Resolver for Remembering<R> {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Addresses> {
        Box::pin(async move {
            if let Some(answer) = self.known(name) {
                return answer;
            }
            let answer = self.inner.addresses(name).await;
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.insert(name.to_owned(), (Instant::now(), answer.clone()));
            answer
        })
    }

    fn parallel(&self) -> usize {
        self.inner.parallel()
    }
}

impl Resolver for Box<dyn Resolver> {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Addresses> {
        self.as_ref().addresses(name)
    }

    fn parallel(&self) -> usize {
        self.as_ref().parallel()
    }
}

fn finished(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> Result<TokioResolver, NetError> {
    builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    builder.build()
}

fn unreadable(error: &NetError) -> ResolveError {
    ResolveError(format!("the machine's name servers are unknown: {error}"))
}

impl Resolver for DnsResolver {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Addresses> {
        Box::pin(async move {
            match tokio::time::timeout(self.limit, self.inner()?.lookup_ip(name)).await {
                Err(_) => Err(ResolveError(format!("no answer within {:?}", self.limit))),
                Ok(Err(error)) => Err(ResolveError(error.to_string())),
                Ok(Ok(found)) => Ok(found.iter().collect()),
            }
        })
    }

    fn parallel(&self) -> usize {
        self.parallel
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
    use std::sync::atomic::{AtomicU32, Ordering};

    use hickory_resolver::config::{NameServerConfig, ResolverConfig};

    use super::*;

    /// A resolver that knows only this name server.
    fn asking(server: SocketAddr, limit: Duration) -> DnsResolver {
        let mut name_server = NameServerConfig::udp(server.ip());
        for connection in &mut name_server.connections {
            connection.port = server.port();
        }
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![name_server]);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let resolver = DnsResolver::new(limit, 4);
        resolver.inner.set(Ok(finished(builder).unwrap())).unwrap();
        resolver
    }

    fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    /// Answers one question with one record of the type that was asked for, or that there is no such name.
    fn answer(question: &[u8]) -> Vec<u8> {
        let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
        let known = question[12..].starts_with(b"\x06mirror\x07example\x00");
        let kind = question[end - 3];
        let mut reply = question[..2].to_vec();
        reply.extend([0x81, if known { 0x80 } else { 0x83 }, 0, 1, 0, u8::from(known), 0, 0, 0, 0]);
        reply.extend(&question[12..end]);
        if known {
            reply.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60]);
            match kind {
                1 => reply.extend([0, 4, 192, 0, 2, 7]),
                _ => reply.extend([0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
            }
        }
        reply
    }

    #[tokio::test]
    async fn a_name_has_addresses_of_both_families() {
        let (socket, address) = socket();
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((size, from)) = socket.recv_from(&mut buffer) {
                let _ = socket.send_to(&answer(&buffer[..size]), from);
            }
        });
        let resolver = asking(address, Duration::from_secs(20));
        let found = resolver.addresses("mirror.example").await.unwrap();
        assert_eq!(found, ["192.0.2.7", "2001:db8::7"].map(|text| text.parse::<IpAddr>().unwrap()));
        assert!(resolver.addresses("gone.example").await.is_err());
    }

    struct Counting(AtomicU32);

    impl Resolver for Counting {
        fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Addresses> {
            let asked = self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move { if asked == 0 { Err(ResolveError("no".into())) } else { Ok(Vec::new()) } })
        }
    }

    #[tokio::test]
    async fn an_answer_is_remembered_for_its_time() {
        let remembering = |time| Remembering::new(Counting(AtomicU32::new(0)), time);
        let resolver = remembering(Duration::from_secs(3600));
        assert!(resolver.addresses("a").await.is_err());
        assert!(resolver.addresses("a").await.is_err(), "failures too");
        assert!(resolver.addresses("b").await.is_ok());
        assert_eq!(resolver.inner.0.into_inner(), 2);
        let resolver = remembering(Duration::ZERO);
        assert!(resolver.addresses("a").await.is_err());
        assert!(resolver.addresses("a").await.is_ok());
    }

    #[tokio::test]
    async fn a_silent_name_server_is_not_waited_for() {
        let (_kept_silent, address) = socket();
        let resolver = asking(address, Duration::from_millis(50));
        let error = resolver.addresses("mirror.example").await.unwrap_err();
        assert_eq!(error.to_string(), "no answer within 50ms");
    }
}
