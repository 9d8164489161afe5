//! Under which address families a machine can be connected (decision 22).

use std::io;
use std::net::{IpAddr, SocketAddr};

use model::url::Scheme;

use crate::connect::{ConnectError, GuardedConnector, race};

/// Address families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl GuardedConnector {
    /// Opens one connection for each family that the name has addresses of, and closes it again.
    ///
    /// Where we have no network of a family ourselves, its addresses are believed. `None`: nothing can be said,
    /// since the name is refused or unknown, or the machine is silent.
    pub async fn families(&self, host: &str, port: u16, scheme: Scheme) -> Option<Families> {
        self.guard().check_port_of(port, scheme).ok()?;
        let addresses = tokio::time::timeout(self.timeout(), self.addresses(host)).await.ok()?.ok()?;
        let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = addresses.into_iter().partition(IpAddr::is_ipv4);
        let (v4, v6) = tokio::join!(self.answers(v4, port), self.answers(v6, port));
        let answered = [v4, v6].contains(&Answer::Yes);
        let is_good = |answer: Answer| matches!(answer, Answer::Yes | Answer::NoNetwork);
        answered.then_some(Families { v4: is_good(v4), v6: is_good(v6) })
    }

    async fn answers(&self, addresses: Vec<IpAddr>, port: u16) -> Answer {
        if addresses.is_empty() {
            return Answer::No;
        }
        let sockets = addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        match tokio::time::timeout(self.timeout(), race(sockets)).await {
            Ok(Ok(_)) => Answer::Yes,
            Ok(Err(ConnectError::Io(error))) if is_ours(&error) => Answer::NoNetwork,
            Ok(Err(_)) | Err(_) => Answer::No,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    NoNetwork,
}

/// Failures of our own machine, before a packet is sent.
fn is_ours(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;
    use crate::{AddressGuard, TableResolver};

    fn connector(addresses: &[(&str, &[&str])]) -> GuardedConnector {
        let table: HashMap<String, Vec<IpAddr>> = addresses
            .iter()
            .map(|(name, list)| ((*name).to_owned(), list.iter().map(|text| text.parse().unwrap()).collect()))
            .collect();
        let allowed = ["127.0.0.0/8", "::1/128"].map(|net| net.parse().unwrap());
        let guard = AddressGuard::new(allowed, []);
        GuardedConnector::new(guard, Arc::new(TableResolver(table)), Duration::from_secs(5))
    }

    #[tokio::test]
    async fn a_family_counts_when_it_has_an_address_that_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connector = connector(&[
            ("four", &["127.0.0.1"]),
            ("both", &["127.0.0.1", "::1"]),
            ("second", &["127.0.0.2", "127.0.0.1"]),
            ("six", &["::1"]),
            ("private", &["127.0.0.1", "10.0.0.1"]),
        ]);
        let only_v4 = Some(Families { v4: true, v6: false });
        assert_eq!(connector.families("four", port, Scheme::Http).await, only_v4);
        assert_eq!(connector.families("127.0.0.1", port, Scheme::Http).await, only_v4);
        assert_eq!(connector.families("second", port, Scheme::Http).await, only_v4);
        assert_eq!(connector.families("six", port, Scheme::Http).await, None, "nobody answers");
        assert_eq!(connector.families("private", port, Scheme::Http).await, None, "the guard refuses it");
        assert_eq!(connector.families("unknown", port, Scheme::Http).await, None);
        assert_eq!(connector.families("four", 22, Scheme::Http).await, None);
        // Whether ::1 is refused or there is no such network depends on the machine.
        assert!(connector.families("both", port, Scheme::Http).await.is_some_and(|families| families.v4));
    }

    #[tokio::test]
    async fn both_families_are_seen_where_the_machine_has_both() {
        let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
        let port = listener.local_addr().unwrap().port();
        let found = connector(&[("six", &["::1"])]).families("six", port, Scheme::Http).await;
        assert_eq!(found, Some(Families { v4: false, v6: true }));
    }
}
