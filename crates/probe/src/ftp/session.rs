//! One FTP session: the control connection, and a data connection for each listing or file.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, timeout};

use super::data::{epsv_port, pasv_port};
use super::reply::{self, Reply};
use crate::connect::race;
use crate::counters::{Counters, Exchange};
use crate::guard::Refusal;
use crate::http::{Failure, Phase};
use crate::limits::Limits;
use crate::outcome::connect_failure;

/// Bytes read at once.
const PIECE: usize = 16 << 10;

/// A session that is logged in.
pub(super) struct Session {
    peer: SocketAddr,
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    /// Whether the server has `MLSD`.
    pub(super) has_mlsd: bool,
    /// Whether another command may be sent.
    pub(super) is_usable: bool,
    /// Whether the server has `EPSV`, as far as is known.
    has_epsv: bool,
}

/// What came of a command that has data.
pub(super) enum Transfer {
    /// All of it was taken, or the taker had enough.
    Done,
    /// The server said no.
    Refused(Reply),
}

/// What a session works with.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub(super) limits: &'a Limits,
    pub(super) counters: &'a Counters,
    /// The mirror's URL, for notes.
    pub(super) url: &'a str,
}

impl Session {
    /// Connects to one of these addresses, all of which the guard has judged, and logs in.
    pub(super) async fn open(
        addresses: Vec<SocketAddr>,
        tools: Tools<'_>,
    ) -> Result<Result<Self, Reply>, Failure> {
        let connected = timeout(tools.limits.connect, race(addresses)).await;
        let stream =
            connected.map_err(|_| Failure::Timeout(Phase::Connect))?.map_err(|e| connect_failure(&e))?;
        let peer = stream.peer_addr().map_err(|error| Failure::Lost(error.kind().to_string()))?;
        let (read, write) = stream.into_split();
        let mut session = Self {
            peer,
            read: BufReader::new(read),
            write,
            has_mlsd: false,
            is_usable: true,
            has_epsv: true,
        };
        let hello = session.reply(tools).await?;
        if !hello.is_good() {
            return Ok(Err(hello));
        }
        let user = session.command("USER", "anonymous", tools).await?;
        if user.code == 331 {
            let password = session.command("PASS", "mirrormanager-crawler@", tools).await?;
            if !password.is_good() {
                return Ok(Err(password));
            }
        } else if !user.is_good() {
            return Ok(Err(user));
        }
        session.command("TYPE", "I", tools).await?;
        let features = session.command("FEAT", "", tools).await?;
        session.has_mlsd = features.is_good() && features.text.to_ascii_uppercase().contains("MLST");
        Ok(Ok(session))
    }

    async fn reply(&mut self, tools: Tools<'_>) -> Result<Reply, Failure> {
        let read = timeout(tools.limits.first_byte, reply::read(&mut self.read)).await;
        read.map_err(|_| Failure::Timeout(Phase::FirstByte))?
    }

    /// Sends a command and reads its reply. The argument has been checked for ends of lines.
    pub(super) async fn command(
        &mut self,
        name: &'static str,
        argument: impl AsRef<[u8]>,
        tools: Tools<'_>,
    ) -> Result<Reply, Failure> {
        let began = Instant::now();
        let argument = argument.as_ref();
        tools.counters.asked();
        let mut line = name.as_bytes().to_vec();
        if !argument.is_empty() {
            line.push(b' ');
            line.extend_from_slice(argument);
        }
        line.extend_from_slice(b"\r\n");
        let outcome = match self.write.write_all(&line).await {
            Ok(()) => self.reply(tools).await,
            Err(error) => Err(Failure::Lost(error.kind().to_string())),
        };
        if outcome.is_ok() {
            tools.counters.answered();
        }
        let time = began.elapsed();
        tools.counters.ended(time, || Exchange {
            method: name,
            url: match name {
                "USER" | "PASS" | "TYPE" => tools.url.to_owned(),
                _ => String::from_utf8_lossy(argument).into_owned(),
            },
            status: outcome.as_ref().ok().map(|reply| reply.code),
            length: None,
            bytes: 0,
            time,
            failure: outcome.as_ref().err().map(ToString::to_string),
        });
        outcome
    }

    /// Sends a command whose answer comes on a data connection, and hands that on until `take` says `false`.
    pub(super) async fn transfer(
        &mut self,
        name: &'static str,
        argument: &[u8],
        tools: Tools<'_>,
        take: &mut (dyn FnMut(&[u8]) -> bool + Send),
    ) -> Result<Transfer, Failure> {
        let data = match self.passive(tools).await? {
            Ok(data) => data,
            Err(reply) => return Ok(Transfer::Refused(reply)),
        };
        let begun = self.command(name, argument, tools).await?;
        if !begun.is_preliminary() && !begun.is_good() {
            return Ok(Transfer::Refused(begun));
        }
        let is_whole = receive(data, tools, take).await?;
        if !is_whole {
            // The server still talks of the transfer that we have broken off.
            self.is_usable = false;
            return Ok(Transfer::Done);
        }
        if begun.is_preliminary() {
            let end = self.reply(tools).await?;
            if !end.is_good() {
                return Ok(Transfer::Refused(end));
            }
        }
        Ok(Transfer::Done)
    }

    /// A data connection to the address of the control connection.
    async fn passive(&mut self, tools: Tools<'_>) -> Result<Result<TcpStream, Reply>, Failure> {
        let mut port = None;
        if self.has_epsv {
            let reply = self.command("EPSV", "", tools).await?;
            self.has_epsv = reply.code == 229;
            match reply.is_unknown_command() {
                false if !self.has_epsv => return Ok(Err(reply)),
                _ => port = epsv_port(&reply),
            }
        }
        if !self.has_epsv && self.peer.is_ipv4() {
            let reply = self.command("PASV", "", tools).await?;
            if reply.code != 227 {
                return Ok(Err(reply));
            }
            port = pasv_port(&reply);
        }
        let port = port.ok_or_else(|| Failure::Protocol("no port for the data connection".into()))?;
        // Whatever listens there is the mirror's own; only that a service of the system is meant is out of the question.
        if port < 1024 {
            return Err(Failure::Refused(Refusal::Port(port)));
        }
        let at = SocketAddr::new(self.peer.ip(), port);
        let connected = timeout(tools.limits.connect, race(vec![at])).await;
        Ok(Ok(connected
            .map_err(|_| Failure::Timeout(Phase::Connect))?
            .map_err(|error| connect_failure(&error))?))
    }
}

/// Reads a data connection to its end; `false` when the taker had enough before.
async fn receive(
    mut data: TcpStream,
    tools: Tools<'_>,
    take: &mut (dyn FnMut(&[u8]) -> bool + Send),
) -> Result<bool, Failure> {
    let limits = tools.limits;
    let mut piece = vec![0; PIECE];
    let (began, mut size) = (Instant::now(), 0u64);
    loop {
        let elapsed = began.elapsed();
        let left = limits.get.saturating_sub(elapsed);
        if left == Duration::ZERO {
            return Err(Failure::Timeout(Phase::Total));
        }
        let read = timeout(limits.first_byte.min(left), data.read(&mut piece)).await;
        let count = read
            .map_err(|_| Failure::Timeout(Phase::Rate))?
            .map_err(|error| Failure::Lost(error.kind().to_string()))?;
        if count == 0 {
            return Ok(true);
        }
        tools.counters.received(count);
        size = size.saturating_add(count as u64);
        if !take(piece.get(..count).unwrap_or_default()) {
            return Ok(false);
        }
        if elapsed > limits.min_rate_after && (size as f64) < limits.min_rate as f64 * elapsed.as_secs_f64() {
            return Err(Failure::Timeout(Phase::Rate));
        }
    }
}
