//! Names to addresses, as a parameter: tests and the demo bring their own table.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;

use futures_util::future::BoxFuture;

/// Turns a host name into its addresses.
pub trait Resolver: std::fmt::Debug + Send + Sync {
    /// All addresses of `host`, which is a name, never a literal address.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// A fixed table. A name that is not in it does not exist.
#[derive(Debug, Clone, Default)]
pub struct TableResolver(
    /// Addresses by name.
    pub HashMap<String, Vec<IpAddr>>,
);

impl Resolver for TableResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let found = self.0.get(host).cloned();
        Box::pin(async move { found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name")) })
    }
}
