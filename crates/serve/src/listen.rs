//! Listening sockets: TCP, Unix, and those that a service manager opened for us.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Connections that the kernel keeps for us until they are accepted.
const BACKLOG: i32 = 4096;

/// A listening socket that belongs to no thread yet.
#[derive(Debug)]
pub(crate) enum Bound {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

impl Bound {
    /// Another handle of the same socket: connections go to whichever thread is first.
    ///
    /// # Errors
    /// Too many open files.
    pub(crate) fn share(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(listener) => Self::Tcp(listener.try_clone()?),
            Self::Unix(listener) => Self::Unix(listener.try_clone()?),
        })
    }

    /// Its address, if it has one that can be connected to over a network.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }
}

/// Binds `count` sockets to one address and listens on them; the kernel spreads connections over them. Port 0
/// takes a free port, the same for all.
///
/// The first socket is bound alone, so that an address in use is an error even if its owner lets others in.
/// The address may be taken again at once after a stop (`SO_REUSEADDR`).
///
/// # Errors
/// What the kernel says: address in use, no such address, no permission for a low port.
pub(crate) fn tcp(address: SocketAddr, count: usize) -> io::Result<Vec<Bound>> {
    let new = |address: SocketAddr| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
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
    let mut listeners = vec![Bound::Tcp(first)];
    for _ in 1..count {
        let socket = new(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        listeners.push(Bound::Tcp(socket.into()));
    }
    Ok(listeners)
}

/// Listens on a Unix socket with this mode. A file that a server left behind is replaced; one that somebody
/// listens on is not.
///
/// # Errors
/// What the system says.
pub(crate) fn unix(path: &Path, mode: u32) -> io::Result<(Bound, SocketFile)> {
    let left_behind = fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if left_behind {
        match StdUnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
            _ => return Err(io::ErrorKind::AddrInUse.into()),
        }
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&socket2::SockAddr::unix(path)?)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    socket.listen(BACKLOG)?;
    let inode = fs::symlink_metadata(path)?.ino();
    Ok((Bound::Unix(socket.into()), SocketFile { path: path.to_owned(), inode }))
}

/// The file of a Unix socket; removed in the end, unless another server has put its own there.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|meta| meta.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Listening sockets that a service manager opened for this process (systemd's socket activation). They
/// take the place of those that the settings name: one named `control` that of `serve.control`, all others that
/// of `serve.listen` and `serve.unix_socket`.
#[derive(Debug, Default)]
pub struct Inherited {
    pub(crate) public: Vec<Bound>,
    pub(crate) control: Vec<Bound>,
}

impl Inherited {
    /// Takes the sockets that the environment tells of (`LISTEN_FDS`, `LISTEN_PID`, `LISTEN_FDNAMES`). To be
    /// called once.
    ///
    /// # Errors
    /// One of them is no listening stream socket.
    pub fn take() -> io::Result<Self> {
        let mut sockets = ListenFd::from_env();
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut inherited = Self::default();
        for number in 0..sockets.len() {
            let name = names.next().unwrap_or_default();
            let bound = match sockets.take_tcp_listener(number) {
                Ok(listener) => listener.map(Bound::Tcp),
                Err(_) => sockets.take_unix_listener(number)?.map(Bound::Unix),
            };
            let of = if name == "control" { &mut inherited.control } else { &mut inherited.public };
            of.extend(bound);
        }
        Ok(inherited)
    }
}

/// A listener of one thread.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A client.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Takes a socket into the runtime of this thread.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn of(bound: Bound) -> io::Result<Self> {
        match bound {
            Bound::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener).map(Self::Tcp)
            }
            Bound::Unix(listener) => {
                listener.set_nonblocking(true)?;
                UnixListener::from_std(listener).map(Self::Unix)
            }
        }
    }

    /// The next client and its address; of one on this machine that has none, loopback.
    ///
    /// # Errors
    /// What the system says: the client is gone again, or there are too many open files.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, IpAddr)> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, peer)| tcp_client(stream, peer)),
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| unix_client(stream)),
        }
    }

    /// The clients that the kernel has accepted already, asked directly: the runtime may not have heard of them
    /// yet, and gives no more than a share at a time. The listener is closed.
    pub(crate) fn into_waiting(self) -> Vec<(Stream, IpAddr)> {
        let mut waiting = Vec::new();
        match self {
            Self::Tcp(listener) => {
                let Ok(listener) = listener.into_std() else { return waiting };
                while let Ok((stream, peer)) = listener.accept() {
                    let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                    waiting.extend(stream.map(|stream| tcp_client(stream, peer)));
                }
            }
            Self::Unix(listener) => {
                let Ok(listener) = listener.into_std() else { return waiting };
                while let Ok((stream, _)) = listener.accept() {
                    let stream = stream.set_nonblocking(true).and_then(|()| UnixStream::from_std(stream));
                    waiting.extend(stream.map(unix_client));
                }
            }
        }
        waiting
    }
}

fn tcp_client(stream: TcpStream, peer: SocketAddr) -> (Stream, IpAddr) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    (Stream::Tcp(stream), peer.ip())
}

fn unix_client(stream: UnixStream) -> (Stream, IpAddr) {
    (Stream::Unix(stream), Ipv4Addr::LOCALHOST.into())
}
