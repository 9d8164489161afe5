//! The mirrorlist HTTP server around the answer engine: sockets, files, swaps, logs and numbers; what is
//! said to a client is decided in `answer`.
//!
//! # For operators
//!
//! **Data.** The server reads the cache file (`serve.cache`), and, if given, the country database, the
//! AS numbers and the continents. It looks at them every `serve.watch_seconds` and takes a changed file
//! into use by itself, once it has stayed the same for `serve.settle_seconds`; SIGHUP does it at once. No
//! request fails meanwhile. A file that can not be used (damaged, not signed by a key of
//! `serve.trusted_keys`, older than the one in use, or with `serve.max_fall_percent` less in it) changes nothing:
//! the reason is logged once, `mirrormanager_serve_data_refusals_total` rises under that reason and
//! `mirrormanager_serve_reload_failed` is 1 until a good file is there. SIGUSR1 says that the files as they are
//! now are meant so, and takes them even if older or smaller. At the start every file has to be good. A
//! native cache file may bring AS numbers and a country database; where there is a file of its own too, the
//! newer one is used: `mirrormanager_serve_data_source` says which.
//!
//! **Pulling.** `serve.cache_url` and its like name a web server or an object store to get files from, every
//! `serve.pull_seconds`, asking only for another version than the last one. What can be read takes the local
//! file's place, so that the next start needs nobody else, and is then verified as any change. At the first start,
//! when there is no file, it is waited for. `mirrormanager_serve_pulls_total` counts by part and result; failures
//! are logged and make the pauses longer.
//!
//! **Signals.** SIGHUP reloads the files that look different and reopens the access log, SIGUSR1 see above. SIGTERM and SIGINT stop: readiness turns
//! 503, nothing new is accepted, open connections finish, at most `serve.drain_seconds` later the rest is
//! cut off, and the access log is written to its end. A second signal exits at once.
//!
//! **Sockets.** `serve.listen` is a TCP address, `serve.unix_socket` a Unix socket beside it, whose clients count
//! as loopback. Sockets that systemd hands over (socket activation) take the place of both, and one that is
//! named `control` (`FileDescriptorName=control`) that of `serve.control`; so nothing is refused while the server
//! is replaced. With `Type=notify-reload` systemd is told when clients are answered, while data is reloaded
//! and when the server stops.
//!
//! **Control.** `serve.control` is the address of a second listener for `/health/live`, `/health/ready` and
//! `/metrics`. They are not on the public port.
//!
//! **Access log.** `serve.access_log = "upstream"` writes the lines that `mm2_mirrorlist-statistics` reads, of
//! requests for a repository; `"json"` writes an object per request: `time`, `client`, `peer`, `country`, `asn`,
//! `repo`, `arch`, `path` (without the query), `kind`, `status`, `tier`, `host` (the first one's row in the database),
//! `bytes`, `duration_us`, `user_agent`; what is not known is left out. Writing never delays an answer: what the
//! disk can not take is dropped and counted in `mirrormanager_serve_access_log_dropped_lines_total`. In
//! `answer.compatibility = "upstream"` each old line is written before its answer is sent, as the old server
//! did. Rotate by renaming and SIGHUP. `serve.access_log_addresses` cuts or hashes addresses in either form. To rotate the key of the hashes, write
//! a new secret and restart; without the old one nobody can tell whose the older hashes are, nor compare
//! them with newer ones.
//!
//! **Clients.** GET, HEAD and POST are answered, others get 405 (in `answer.compatibility = "upstream"` every
//! method is answered like GET). HTTP/1.0, 1.1 with keep-alive and pipelining, and HTTP/2 without TLS by prior
//! knowledge. Bodies are read up to `serve.max_body_bytes` and ignored. Whatever a connection waits for has a
//! total deadline: the headers and the body of a request, that its answer is taken, the next request
//! (`serve.…_timeout_seconds`); a trickle of bytes puts none of them off. What is cut off is counted by
//! cause in `mirrormanager_serve_connections_cut_off_total`.
//!
//! **Compression.** Large errors are sent in gzip to whoever takes it, from what is compressed once per cache;
//! `serve.compression = "all"` compresses lists and metalinks too, which costs several times what it costs to
//! make them. The list for firewalls has an `ETag`, so that asking for it again is cheap. Neither is done in
//! `answer.compatibility = "upstream"`.
//!
//! **Threads.** `serve.threads` threads answer, one per processor by default, each with a listening socket
//! of its own, over which the kernel spreads connections. Data is loaded by a thread of low priority.
//!
//! # For developers
//!
//! [`Server::start`] brings it all up in this process (port 0 takes a free one) and returns [`Running`];
//! [`run`](fn@run) adds the signals. Follow a request: `worker` (threads), `http` (connections; `socket` and
//! `deadline` beside it), `public` (request to question, answer to response), then `answer::answer`.

mod access_log;
mod body;
mod conditional;
mod control;
mod data;
mod deadline;
mod drain;
mod encoding;
mod error;
mod http;
mod limits;
mod listen;
mod loader;
mod metrics;
mod policy;
mod public;
mod pull;
mod run;
mod server;
mod socket;
mod watch;
mod worker;

pub use data::read_data;
pub use error::{DataError, StartError};
pub use listen::Inherited;
pub use policy::policy;
pub use pull::PullError;
pub use run::run;
pub use server::{Options, Running, Server};
