//! A server in a process of its own, and its CPU time.
//!
//! The benchmark starts itself again with a word that says which server to be. The child prints its
//! address and serves until its standard input ends, which happens when the parent goes away too.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// Clock ticks of `/proc/PID/stat` in one second; Linux never tells another number.
const TICKS_PER_SECOND: f64 = 100.0;

/// A server in a child process. It ends when this is dropped.
pub struct Server {
    process: Child,
    stdin: Option<ChildStdin>,
    address: SocketAddr,
}

impl Server {
    /// Starts this same program with these arguments and waits for its address.
    ///
    /// # Errors
    /// The process can not be started, or ends without telling an address.
    pub fn start(arguments: &[&str]) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = process.stdin.take();
        let stdout = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().parse().map_err(|_| {
            io::Error::other(format!("the server {arguments:?} told {line:?} instead of an address"))
        })?;
        Ok(Self { process, stdin, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time of all its threads since it was started, in user and kernel.
    ///
    /// # Errors
    /// The process is gone.
    pub fn cpu(&self) -> io::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The second field is a name in brackets that may hold anything; user and system time are the
        // 14th and 15th field.
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let ticks: u64 =
            after.split_ascii_whitespace().skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum();
        Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
    }

    /// Anonymous and file pages in memory now, in bytes.
    ///
    /// # Errors
    /// The process is gone.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let kilobytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_ascii_whitespace().next())
            .and_then(|number| number.parse::<u64>().ok());
        Ok(kilobytes.unwrap_or_default() * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.process.wait();
    }
}

/// In the child: tells the parent where it listens.
pub fn tell(address: SocketAddr) {
    println!("{address}");
}

/// In the child: until the parent closes the pipe or is gone.
pub async fn parent_gone() {
    let _ = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await;
}
