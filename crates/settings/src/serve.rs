//! `[serve]`: the mirrorlist server, its sockets and files. What a client is told is in `[answer]`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::secret::{Secret, SourceUrl};

/// The sockets, files and limits of the mirrorlist server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Serve {
    /// Address and port of the public listener, `127.0.0.1:3000` or `[::1]:3000`. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// A Unix socket for proxies on this machine, beside `listen`. Their `X-Forwarded-For` is believed. Not set:
    /// none.
    pub unix_socket: Option<PathBuf>,
    /// Who may connect to it, as the mode of its file in octal digits.
    pub unix_socket_mode: String,
    /// Address and port for `/health/live`, `/health/ready` and `/metrics`. Not set: no such listener.
    pub control: Option<SocketAddr>,
    /// Threads that answer, each with a listening socket of its own. 0: one per processor.
    pub threads: usize,
    /// The cache file, `mirrorlist_cache.proto`.
    pub cache: PathBuf,
    /// `global_netblocks.txt`: prefixes and their AS numbers. Not set: nobody is matched by AS number.
    pub netblocks: Option<PathBuf>,
    /// `country_continent.csv`. Not set: the table that is built in.
    pub continents: Option<PathBuf>,
    /// The country database, a `.mmdb` file. Not set: every client's country is unknown.
    pub countries: Option<PathBuf>,
    /// Where `cache` is pulled from: `https://…` or `http://…`, also presigned, or an object store, `s3://BUCKET/KEY`,
    /// `gs://BUCKET/KEY`, `az://CONTAINER/KEY`, whose credentials come from the environment (`AWS_…`,
    /// `GOOGLE_…`, `AZURE_…`) or the machine. Not set: somebody else puts the file there.
    pub cache_url: Option<SourceUrl>,
    /// Likewise for `netblocks`.
    pub netblocks_url: Option<SourceUrl>,
    /// Likewise for `continents`.
    pub continents_url: Option<SourceUrl>,
    /// Likewise for `countries`.
    pub countries_url: Option<SourceUrl>,
    /// Seconds between two pulls of one file, give or take a tenth. After a failure it is more, up to an hour.
    pub pull_seconds: u64,
    /// Seconds that one pull may take.
    pub pull_timeout_seconds: u64,
    /// Bytes that are pulled at most.
    pub pull_max_bytes: u64,
    /// The access log: `off`, `upstream` (one line per request for a repository, in the form that
    /// `mm2_mirrorlist-statistics` reads) or `json` (one object per line, of every request).
    pub access_log: AccessLogFormat,
    /// The file of the access log.
    pub access_log_file: PathBuf,
    /// Lines that may wait for the disk. Further ones are dropped and counted, never waited for.
    pub access_log_queue: usize,
    /// Addresses of clients in the access log: `whole`, `truncated` (to 24 bits of IPv4, 48 bits of IPv6) or
    /// `hashed` (with `access_log_key`; the same client has the same hash while the key is the same).
    pub access_log_addresses: AccessLogAddresses,
    /// The secret for hashed addresses, best as `${file:/path}`. Whoever has it can find out the addresses;
    /// change it, and restart, as often as no client should be followed any longer.
    pub access_log_key: Option<Secret>,
    /// Seconds between two looks at the input files for a change. 0: only on SIGHUP.
    pub watch_seconds: u64,
    /// Seconds that a changed file must have stayed the same before it is loaded. A file that is
    /// renamed into place is never half-written and may have 0 here.
    pub settle_seconds: u64,
    /// Take a cache whose serial is lower than that of the one in use (of a protobuf file, which has none: that
    /// was made before it). Without it, such a file is refused until the next start or SIGUSR1, since it
    /// is most likely a mistake of whoever copied it.
    pub accept_older: bool,
    /// Refuse a cache that has fewer directories, repositories or hosts than the one in use by more than so
    /// many per cent, until the next start or SIGUSR1. One without any is refused in any case.
    pub max_fall_percent: u8,
    /// Files of ed25519 public keys (PEM). Not empty: only a cache signed by one of them is used; a protobuf
    /// file has no signature.
    pub trusted_keys: Vec<PathBuf>,
    /// Use a native cache file where it lies instead of reading it into memory, so that several servers share
    /// it. Nobody may then write into the file in place; replace it by renaming, as all our commands do.
    pub map_cache: bool,
    /// Bodies in gzip for clients that take it: `off`; `prepared`, only the large list of error E4, which is
    /// compressed once per cache; `all`, every body of 1400 bytes or more: a metalink of 28 kB becomes 3 kB for
    /// 40 µs of a processor, several times of what it costs to make it. Always off in upstream compatibility.
    pub compression: Compression,
    /// Connections at one time. Further ones wait.
    pub max_connections: usize,
    /// Connections at one time of one client, which is an IPv4 address or an IPv6 /64; further ones are
    /// closed at once. 0: no bound; behind proxies, which have many connections, nothing else makes sense.
    pub max_connections_per_client: u32,
    /// Bytes of a request line and its headers together; more is answered with 431. At least 8192.
    pub max_header_bytes: usize,
    /// Bytes of a request's body that are read and thrown away; after a longer one the connection ends.
    pub max_body_bytes: usize,
    /// Seconds for the headers of a request to arrive in full, counted from their first byte.
    pub header_timeout_seconds: u64,
    /// Seconds for the body of a request to arrive in full; after a later one the connection ends.
    pub body_timeout_seconds: u64,
    /// Seconds for a client to take an answer in full.
    pub answer_timeout_seconds: u64,
    /// Seconds that a connection is kept without a request.
    pub idle_timeout_seconds: u64,
    /// Seconds after which a connection is ended between two requests, however busy it is. 0: never.
    pub max_connection_seconds: u64,
    /// Seconds that connections have to finish when the server is told to stop.
    pub drain_seconds: u64,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000),
            unix_socket: None,
            unix_socket_mode: "0666".into(),
            control: None,
            threads: 0,
            cache: "/var/lib/mirrormanager/mirrorlist_cache.proto".into(),
            netblocks: None,
            continents: None,
            countries: None,
            cache_url: None,
            netblocks_url: None,
            continents_url: None,
            countries_url: None,
            pull_seconds: 60,
            pull_timeout_seconds: 300,
            pull_max_bytes: 2 << 30,
            access_log: AccessLogFormat::Off,
            access_log_file: "/var/log/mirrormanager/mirrorlist.log".into(),
            access_log_queue: 16_384,
            access_log_addresses: AccessLogAddresses::Whole,
            access_log_key: None,
            watch_seconds: 5,
            settle_seconds: 2,
            accept_older: false,
            max_fall_percent: 20,
            trusted_keys: Vec::new(),
            map_cache: false,
            compression: Compression::Prepared,
            max_connections: 10_000,
            max_connections_per_client: 0,
            max_header_bytes: 65_536,
            max_body_bytes: 65_536,
            header_timeout_seconds: 30,
            body_timeout_seconds: 30,
            answer_timeout_seconds: 60,
            idle_timeout_seconds: 30,
            max_connection_seconds: 3600,
            drain_seconds: 30,
        }
    }
}

/// The form of the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessLogFormat {
    /// No access log.
    Off,
    /// `IP: …; DATE: …; COUNTRY: …; REPO: …; ARCH: …`.
    Upstream,
    /// One JSON object per line.
    Json,
}

/// How addresses of clients are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessLogAddresses {
    /// As they are.
    Whole,
    /// Without their ends.
    Truncated,
    /// As keyed hashes.
    Hashed,
}

/// Which bodies are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// None.
    Off,
    /// Those whose compressed form is there already.
    Prepared,
    /// All that are large enough.
    All,
}
