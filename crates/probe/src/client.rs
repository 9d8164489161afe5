//! The HTTP clients below [`Http`](crate::Http): one that speaks HTTP/2 where TLS agrees on it, and one for mirrors
//! that make a mess of it.
//!
//! No proxies, no `.netrc`, no cookies, no decompression.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::connect::GuardedConnector;
use crate::http::SetUpError;
use crate::limits::Limits;

pub(crate) type Inner = Client<HttpsConnector<GuardedConnector>, Empty<Bytes>>;

/// Both clients. Each keeps its connections.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    /// HTTP/2 where TLS agrees on it, else HTTP/1.1.
    pub(crate) any: Inner,
    /// HTTP/1.1 only.
    pub(crate) http1: Inner,
}

impl Clients {
    pub(crate) fn new(
        connector: &GuardedConnector,
        limits: &Limits,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Self, SetUpError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for authority in authorities {
            roots.add(authority.clone()).map_err(|error| SetUpError(error.to_string()))?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| SetUpError(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = || HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
        let any = http().enable_http1().enable_http2().wrap_connector(connector.clone());
        let http1 = http().enable_http1().wrap_connector(connector.clone());
        Ok(Self { any: client(any, limits), http1: client(http1, limits) })
    }
}

fn client(connector: HttpsConnector<GuardedConnector>, limits: &Limits) -> Inner {
    let header_bytes = limits.header_bytes.max(8192);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(limits.idle_connections)
        .http1_max_buf_size(header_bytes)
        .http1_max_headers(limits.headers)
        .http2_max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .build(connector)
}
