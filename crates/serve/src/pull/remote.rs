//! Where a file is pulled from: a web server or an object store.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::{GetOptions, ObjectStore, path::Path};
use reqwest::header::{ETAG, HeaderValue, IF_NONE_MATCH};
use settings::SourceUrl;
use url::Url;

/// Seconds for a connection to be made.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The URL cannot be used.
    #[error("it is no usable URL: {0}")]
    Url(String),
    /// The server could not be asked, or broke off.
    #[error("{0}")]
    Request(String),
    /// The server's answer is neither 200 nor 304.
    #[error("the server answered with status {0}")]
    Status(u16),
}

/// A file elsewhere.
pub(crate) enum Remote {
    /// On a web server, which gets the URL as it is, query and all.
    Web { client: reqwest::Client, url: Url },
    /// In an object store.
    Store { store: Box<dyn ObjectStore>, path: Path },
}

/// What came back.
pub(crate) enum Fetched {
    /// It is the version that was named.
    Unchanged,
    /// Another one.
    Content {
        /// The version, if the server names it.
        etag: Option<String>,
        /// Bytes, piece by piece.
        pieces: BoxStream<'static, Result<Bytes, FetchError>>,
    },
}

impl Remote {
    /// Takes a URL; `options` are the credentials and other settings of object stores, by the names that they
    /// have in the environment.
    ///
    /// # Errors
    /// The URL makes no sense, or an option.
    pub(crate) fn new(
        url: &SourceUrl,
        options: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, FetchError> {
        // The one provider of cryptography in this program; that it is set already is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let wrong = |error: &dyn std::error::Error| FetchError::Url(said(error));
        let url = Url::parse(url.expose()).map_err(|error| wrong(&error))?;
        if matches!(url.scheme(), "http" | "https") {
            let client = reqwest::Client::builder()
                .user_agent(concat!("mirrormanager/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIME)
                .redirect(reqwest::redirect::Policy::limited(5))
                .build()
                .map_err(|error| wrong(&error))?;
            return Ok(Self::Web { client, url });
        }
        let ours = options
            .filter(|(name, _)| ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix)));
        let (store, path) =
            object_store::parse_url_opts(&url, ours.map(|(name, value)| (name.to_ascii_lowercase(), value)))
                .map_err(|error| wrong(&error))?;
        Ok(Self::Store { store, path })
    }

    /// Asks for the content unless it is the version named by `etag`.
    ///
    /// # Errors
    /// There is no answer, or not the one that was wanted.
    pub(crate) async fn fetch(&self, etag: Option<&str>) -> Result<Fetched, FetchError> {
        match self {
            Self::Web { client, url } => {
                let mut request = client.get(url.clone());
                if let Some(etag) = etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
                    request = request.header(IF_NONE_MATCH, etag);
                }
                let answer = request.send().await.map_err(unsaid)?;
                match answer.status().as_u16() {
                    200 => {
                        let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
                        let etag = etag.map(str::to_owned);
                        Ok(Fetched::Content { etag, pieces: answer.bytes_stream().map_err(unsaid).boxed() })
                    }
                    304 => Ok(Fetched::Unchanged),
                    status => Err(FetchError::Status(status)),
                }
            }
            Self::Store { store, path } => {
                let options = GetOptions { if_none_match: etag.map(str::to_owned), ..GetOptions::default() };
                match store.get_opts(path, options).await {
                    Ok(answer) => {
                        let etag = answer.meta.e_tag.clone();
                        let failed = |error: object_store::Error| FetchError::Request(said(&error));
                        Ok(Fetched::Content { etag, pieces: answer.into_stream().map_err(failed).boxed() })
                    }
                    Err(object_store::Error::NotModified { .. }) => Ok(Fetched::Unchanged),
                    Err(error) => Err(FetchError::Request(said(&error))),
                }
            }
        }
    }
}

/// Without the URL, whose query may be a secret.
fn unsaid(error: reqwest::Error) -> FetchError {
    FetchError::Request(said(&error.without_url()))
}

/// An error and its causes in one line.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request after the other with the given texts; the heads of the requests.
    async fn server(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let mut heads = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
                heads.push(String::from_utf8(head).unwrap().to_ascii_lowercase());
            }
            heads
        });
        (address, serving)
    }

    async fn content(fetched: Fetched) -> (Option<String>, Vec<u8>) {
        let Fetched::Content { etag, pieces } = fetched else { panic!("unchanged") };
        (etag, pieces.try_collect::<Vec<Bytes>>().await.unwrap().concat())
    }

    #[tokio::test]
    async fn object_stores_get_signed_requests_for_what_is_new() {
        let modified = "last-modified: Tue, 14 Nov 2023 22:13:20 GMT\r\nconnection: close\r\n";
        let found = format!("HTTP/1.1 200 OK\r\netag: \"1\"\r\n{modified}content-length: 3\r\n\r\nabc");
        let same = format!("HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n{modified}\r\n");
        let (address, serving) = server(vec![found.clone(), same.clone(), found, same]).await;
        let stores = [
            (
                "s3://bucket/some/key",
                vec![
                    ("AWS_ENDPOINT", address.as_str()),
                    ("AWS_ALLOW_HTTP", "true"),
                    ("AWS_REGION", "eu-central-1"),
                    ("AWS_ACCESS_KEY_ID", "key"),
                    ("AWS_SECRET_ACCESS_KEY", "secret"),
                    ("UNRELATED", "variable"),
                ],
            ),
            (
                "az://container/some/key",
                vec![
                    ("AZURE_STORAGE_ACCOUNT_NAME", "account"),
                    ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0"),
                    ("AZURE_STORAGE_ENDPOINT", address.as_str()),
                    ("AZURE_ALLOW_HTTP", "true"),
                ],
            ),
        ];
        for (url, options) in stores {
            let options = options.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            let remote = Remote::new(&SourceUrl::new(url), options).unwrap();
            assert_eq!(
                content(remote.fetch(None).await.unwrap()).await,
                (Some("\"1\"".into()), b"abc".to_vec())
            );
            assert!(matches!(remote.fetch(Some("\"1\"")).await.unwrap(), Fetched::Unchanged));
        }
        for head in serving.await.unwrap() {
            assert!(head.contains("/some/key ") && head.contains("\r\nauthorization: "), "{head}");
        }
    }

    #[test]
    fn a_url_that_makes_no_sense_is_refused() {
        for url in ["nothing", "s3:/", "https://", "ftp://host/path"] {
            assert!(Remote::new(&SourceUrl::new(url), std::iter::empty()).is_err(), "{url}");
        }
    }
}
