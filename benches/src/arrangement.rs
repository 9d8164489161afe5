//! How a server is spread over the cores: one runtime of one thread per core, each with a listening socket
//! of its own, among which the kernel spreads the connections.
//!
//! Both servers of a pair have as many threads, or their figures could not be compared.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;
use tokio::runtime::LocalRuntime;

/// Threads of a server.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `serve` once per thread, on a runtime of its own, all at one free port, which `listening` is told.
/// Ends when one of them does.
///
/// # Errors
/// What the system says about sockets and threads, and what `serve` ends with.
pub fn per_core<F>(
    serve: impl Fn(TcpListener) -> F + Clone + Send + 'static,
    listening: impl FnOnce(SocketAddr),
) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + 'static,
{
    let mut address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut sockets = Vec::new();
    for _ in 0..threads() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(4096)?;
        let socket = std::net::TcpListener::from(socket);
        address = socket.local_addr()?;
        sockets.push(socket);
    }
    let (ended, end) = std::sync::mpsc::channel();
    for socket in sockets {
        let (serve, ended) = (serve.clone(), ended.clone());
        thread::Builder::new().spawn(move || {
            let run = || {
                let runtime = LocalRuntime::new()?;
                runtime.block_on(async { serve(TcpListener::from_std(socket)?).await })
            };
            let _ = ended.send(run());
        })?;
    }
    listening(address);
    end.recv().map_err(io::Error::other)?
}
