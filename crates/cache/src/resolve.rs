//! Addresses of host names that were given as networks of a mirror.
//!
//! A parameter of the build, so that a test, or an operator who switched it off, decides what the network
//! says.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;

/// A name has no addresses, or they could not be had in time. The text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResolveError(
    /// What went wrong.
    pub String,
);

/// Looks names up.
pub trait Resolver: Send + Sync {
    /// All IPv4 and IPv6 addresses of a name.
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>>;

    /// How many names may be looked up at the same time.
    fn parallel(&self) -> usize {
        32
    }
}

/// Looks nothing up: names are left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoResolver;

impl Resolver for NoResolver {
    fn addresses<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(std::future::ready(Err(ResolveError("names are not looked up (cache.names)".into()))))
    }
}

/// Asks the name servers that the machine is configured with.
#[derive(Debug, Clone)]
pub struct DnsResolver {
    inner: TokioResolver,
    limit: Duration,
    parallel: usize,
}

impl DnsResolver {
    /// Waits at most `limit` for one name and asks for `parallel` names at the same time.
    ///
    /// # Errors
    /// When the machine's configuration of name servers can not be read.
    pub fn from_system(limit: Duration, parallel: usize) -> Result<Self, ResolveError> {
        let mut builder = TokioResolver::builder_tokio().map_err(|error| ResolveError(error.to_string()))?;
        builder.options_mut().ip_strategy = hickory_resolver::config::LookupIpStrategy::Ipv4AndIpv6;
        let inner = builder.build().map_err(|error| ResolveError(error.to_string()))?;
        Ok(Self { inner, limit, parallel: parallel.max(1) })
    }
}

impl Resolver for DnsResolver {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async move {
            match tokio::time::timeout(self.limit, self.inner.lookup_ip(name)).await {
                Err(_) => Err(ResolveError(format!("no answer within {} s", self.limit.as_secs()))),
                Ok(Err(error)) => Err(ResolveError(error.to_string())),
                Ok(Ok(found)) => Ok(found.iter().collect()),
            }
        })
    }

    fn parallel(&self) -> usize {
        self.parallel
    }
}
