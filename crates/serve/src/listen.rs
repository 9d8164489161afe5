//! Listening sockets.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// Connections that the kernel keeps for us until they are accepted.
const BACKLOG: i32 = 4096;

/// Binds `count` sockets to one address and listens on them; the kernel spreads connections over them. Port 0
/// takes a free port, the same for all.
///
/// The first socket is bound alone, so that an address in use is an error even if its owner lets others in.
/// The address may be taken again at once after a stop (`SO_REUSEADDR`).
///
/// # Errors
/// What the kernel says: address in use, no such address, no permission for a low port.
pub(crate) fn tcp(address: SocketAddr, count: usize) -> io::Result<Vec<std::net::TcpListener>> {
    let new = |address: SocketAddr| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        io::Result::Ok(socket)
    };
    let first = new(address)?;
    first.bind(&address.into())?;
    if count > 1 {
        first.set_reuse_port(true)?;
    }
    first.listen(BACKLOG)?;
    let first = std::net::TcpListener::from(first);
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        let socket = new(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        listeners.push(socket.into());
    }
    Ok(listeners)
}

/// A listener of one thread.
pub(crate) enum Listener {
    Tcp(TcpListener),
}

/// A client.
pub(crate) enum Stream {
    Tcp(TcpStream),
}

impl Listener {
    /// Takes a socket into the runtime of this thread.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn tcp(listener: std::net::TcpListener) -> io::Result<Self> {
        TcpListener::from_std(listener).map(Self::Tcp)
    }

    /// The next client and its address.
    ///
    /// # Errors
    /// What the system says: the client is gone again, or there are too many open files.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, IpAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "failed to set TCP_NODELAY");
                }
                Ok((Stream::Tcp(stream), peer.ip()))
            }
        }
    }
}
