//! A small deployment, and a client that sees every byte.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::clock::FixedClock;
use serve::{Options, Running, Server};
use settings::answer::{Answer, Compatibility};
use settings::serve::Serve;
use snapshot::proto::{
    self, FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntIntMap,
    IntRepeatedIntMap, IntStringMap, MirrorList, MirrorListCacheType, StringStringMap,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Nothing here takes this long, unless it hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// When the caches of these tests were made.
pub(crate) const TIME: u64 = 1_700_000_000;

/// The address of the one list that every cache here answers.
pub(crate) const LIST: &str = "/mirrorlist?repo=linux-40&arch=x86_64";

/// A cache of one repository, carried by one public host per given name.
pub(crate) fn cache(time: u64, hosts: &[&str]) -> MirrorList {
    let directory = "pub/linux/40/x86_64/os".to_owned();
    let repodata = format!("{directory}/repodata");
    let mut cache = MirrorList { time, ..Default::default() };
    let ids: Vec<i64> = (1..).take(hosts.len()).collect();
    for (id, name) in ids.iter().zip(hosts) {
        cache.hc_url_cache.push(IntStringMap { key: *id, value: format!("http://{name}/linux") });
        cache.host_country_cache.push(IntStringMap { key: *id, value: "DE".into() });
        cache.host_bandwidth_cache.push(IntIntMap { key: *id, value: 100 });
    }
    for (name, below) in [(&directory, "40/x86_64/os"), (&repodata, "40/x86_64/os/repodata")] {
        cache.mirror_list_cache.push(MirrorListCacheType {
            directory: name.clone(),
            global: ids.clone(),
            subpath: Some(below.into()),
            by_host_id: ids.iter().map(|id| IntRepeatedIntMap { key: *id, value: vec![*id] }).collect(),
            ..Default::default()
        });
    }
    cache
        .repo_arch_to_directory_name
        .push(StringStringMap { key: "linux-40+x86_64".into(), value: directory });
    cache.file_details_cache.push(FileDetailsCacheDirectoryType {
        directory: repodata,
        file_details_cache_files: vec![FileDetailsCacheFilesType {
            filename: "repomd.xml".into(),
            file_details: vec![FileDetailsType { time_stamp: time, size: 3, ..Default::default() }],
        }],
    });
    cache
}

/// A cache file in a folder of its own, and settings that name it.
pub(crate) struct Deployment {
    folder: TempDir,
    pub(crate) options: Options,
}

impl Deployment {
    /// One host, `first.example`; nothing is watched.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache_file = folder.path().join("cache.proto");
        proto::write(&cache_file, &cache(TIME, &["first.example"])).unwrap();
        let options = Options {
            serve: Serve {
                listen: ([127, 0, 0, 1], 0).into(),
                control: Some(([127, 0, 0, 1], 0).into()),
                access_log_file: folder.path().join("access.log"),
                cache: cache_file,
                watch_seconds: 0,
                settle_seconds: 0,
                ..Serve::default()
            },
            answer: Answer::default(),
        };
        Self { folder, options }
    }

    /// The same with the old server's answers.
    pub(crate) fn upstream() -> Self {
        let mut deployment = Self::new();
        deployment.options.answer.compatibility = Compatibility::Upstream;
        deployment
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn cache_file(&self) -> &Path {
        &self.options.serve.cache
    }

    /// Puts another cache in place of the one there.
    pub(crate) fn replace(&self, cache: &MirrorList) {
        proto::write(self.cache_file(), cache).unwrap();
    }

    pub(crate) async fn start(&self) -> Running {
        Server::start(&self.options, clock()).await.unwrap()
    }
}

/// Two minutes after the caches were made.
pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(TIME as i64 + 120))
}

/// One answer as it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header_names(&self) -> Vec<&str> {
        self.headers.keys().map(String::as_str).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: Vec::new() }
    }

    /// Sends bytes; that the other end may have closed is for the reader to find out.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    pub(crate) async fn get(&mut self, target: &str) -> Reply {
        self.send(format!("GET {target} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
        self.reply().await.expect("an answer")
    }

    /// The next answer; `None` when the connection ends instead.
    pub(crate) async fn reply(&mut self) -> Option<Reply> {
        self.read_reply(true).await
    }

    /// The next answer, to a HEAD.
    pub(crate) async fn head_reply(&mut self) -> Option<Reply> {
        self.read_reply(false).await
    }

    async fn read_reply(&mut self, with_body: bool) -> Option<Reply> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            if !self.read().await {
                return None;
            }
        };
        let head = String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = match headers.get("content-length") {
            Some(length) if with_body => length.parse().unwrap(),
            _ => 0,
        };
        while self.buffer.len() < length {
            assert!(self.read().await, "the connection ended within a body");
        }
        let body = String::from_utf8(self.buffer.drain(..length).collect()).unwrap();
        Some(Reply { status, headers, body })
    }

    /// Sends bytes; `false` once the other end has closed.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends bytes, waits a moment for an end, and tells whether there was none.
    pub(crate) async fn trickle(&mut self, bytes: &[u8]) -> bool {
        let moment = Duration::from_millis(20);
        self.try_send(bytes).await
            && match tokio::time::timeout(moment, self.stream.read_buf(&mut self.buffer)).await {
                Ok(read) => read.unwrap_or(0) > 0,
                Err(_) => true,
            }
    }

    /// Whether no byte has arrived.
    pub(crate) fn nothing_yet(&self) -> bool {
        let would_block =
            self.stream.try_read(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        self.buffer.is_empty() && would_block
    }

    /// Says that nothing more is sent.
    pub(crate) async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Reads, whatever it is, until the other end closes.
    pub(crate) async fn end(&mut self) {
        while self.read().await {}
    }

    /// Whether the other end has closed, and sent nothing before. Waits for it.
    pub(crate) async fn closed(&mut self) -> bool {
        !self.read().await && self.buffer.is_empty()
    }

    /// `false` at the end, clean or not.
    async fn read(&mut self) -> bool {
        let read = tokio::time::timeout(DEADLINE, self.stream.read_buf(&mut self.buffer)).await;
        read.expect("the server neither answers nor closes").unwrap_or(0) > 0
    }
}

/// One GET on a connection of its own.
pub(crate) async fn get(address: SocketAddr, target: &str) -> Reply {
    Client::connect(address).await.get(target).await
}

/// The list that every cache here answers.
pub(crate) async fn listed(server: &Running) -> String {
    get(server.address(), LIST).await.body
}

/// Whether the metrics have this line.
pub(crate) async fn metric(server: &Running, line: &str) -> bool {
    get(server.control_address().unwrap(), "/metrics").await.body.lines().any(|l| l == line)
}

/// Asks until the condition holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    let polling = async {
        while !condition().await {
            pace.tick().await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, polling).await.is_ok(), "waited in vain: {what}");
}
