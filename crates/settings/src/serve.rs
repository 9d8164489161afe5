//! `[serve]` and `[answer]`: the mirrorlist server, and how it answers.
//!
//! Two groups in one file, because they are only ever used together: `serve` is about sockets and
//! files, `answer` about what a client is told.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The sockets, files and limits of the mirrorlist server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Serve {
    /// Address and port of the public listener, `127.0.0.1:3000` or `[::1]:3000`. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Address and port for `/health/live`, `/health/ready` and `/metrics`. Not set: no such listener.
    pub control: Option<SocketAddr>,
    /// The cache file, `mirrorlist_cache.proto`.
    pub cache: PathBuf,
    /// `global_netblocks.txt`: prefixes and their AS numbers. Not set: nobody is matched by AS number.
    pub netblocks: Option<PathBuf>,
    /// `country_continent.csv`. Not set: the table that is built in.
    pub continents: Option<PathBuf>,
    /// The country database, a `.mmdb` file. Not set: every client's country is unknown.
    pub countries: Option<PathBuf>,
    /// The access log: `off`, or `upstream` (one line per request for a repository, in the form that
    /// `mm2_mirrorlist-statistics` reads).
    pub access_log: AccessLogFormat,
    /// The file of the access log.
    pub access_log_file: PathBuf,
    /// Lines that may wait for the disk. Further ones are dropped and counted, never waited for.
    pub access_log_queue: usize,
    /// Seconds between two looks at the input files for a change. 0: only on SIGHUP.
    pub watch_seconds: u64,
    /// Seconds that a changed file must have stayed the same before it is loaded. A file that is
    /// renamed into place is never half-written and may have 0 here.
    pub settle_seconds: u64,
    /// Take a cache that was made before the one in use. Without it, such a file is refused until the
    /// next start, since it is most likely a mistake of whoever copied it.
    pub accept_older: bool,
    /// Connections at one time. Further ones wait in the kernel's queue.
    pub max_connections: usize,
    /// Bytes of a request line and its headers together; more is answered with 431. At least 8192.
    pub max_header_bytes: usize,
    /// Bytes of a request's body that are read and thrown away; after a longer one the connection ends.
    pub max_body_bytes: usize,
    /// Seconds for the headers of a request to arrive in full, counted from the connection or from the
    /// answer before, so it is also how long an unused connection is kept.
    pub header_timeout_seconds: u64,
    /// Seconds without a single byte in either direction after which a connection is cut off.
    pub idle_timeout_seconds: u64,
    /// Seconds that connections have to finish when the server is told to stop.
    pub drain_seconds: u64,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000),
            control: None,
            cache: "/var/lib/mirrormanager/mirrorlist_cache.proto".into(),
            netblocks: None,
            continents: None,
            countries: None,
            access_log: AccessLogFormat::Off,
            access_log_file: "/var/log/mirrormanager/mirrorlist.log".into(),
            access_log_queue: 16_384,
            watch_seconds: 5,
            settle_seconds: 2,
            accept_older: false,
            max_connections: 10_000,
            max_header_bytes: 65_536,
            max_body_bytes: 65_536,
            header_timeout_seconds: 30,
            idle_timeout_seconds: 30,
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
}

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// `native`, or `upstream` for the old server's answers in every detail.
    pub compatibility: Compatibility,
    /// With fewer mirrors than this near the client, mirrors of the whole world are added. 0: never.
    pub minimum: usize,
    /// To whom a mirror's list of allowed countries applies: `strict`, to all clients but those in the
    /// mirror's own networks and AS; `asked`, only where the client named a country and to mirrors of the
    /// whole world. Not set: `strict`, and `asked` in upstream compatibility.
    pub country_allowed: Option<CountryAllowed>,
    /// Which URL of a mirror a plain list gives: `stored`, the first in the mirror's own order; `secure`,
    /// https before http before ftp.
    pub protocol_order: ProtocolOrder,
    /// Networks whose `X-Forwarded-For` is believed, `192.0.2.0/24`. Loopback and private addresses always
    /// are, and in upstream compatibility everybody is.
    pub trusted_proxies: Vec<String>,
    /// `maxconnections` of metalinks for other files than `repomd.xml`, for which it is 1.
    pub metalink_connections: u16,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            compatibility: Compatibility::Native,
            minimum: 5,
            country_allowed: None,
            protocol_order: ProtocolOrder::Stored,
            trusted_proxies: Vec::new(),
            metalink_connections: 1,
        }
    }
}

/// Whose answers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compatibility {
    /// Ours.
    Native,
    /// The old mirrorlist-server's, but for its panics.
    Upstream,
}

/// To which clients a mirror's list of allowed countries applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CountryAllowed {
    /// To all but those in the mirror's own networks and AS.
    Strict,
    /// Where the client named a country, and to mirrors of the whole world.
    Asked,
}

/// Which URL of a mirror a plain list gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProtocolOrder {
    /// The first in the mirror's own order.
    Stored,
    /// https before http before ftp.
    Secure,
}
