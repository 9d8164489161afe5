//! Programs of ours in processes of their own, so that their CPU time and memory can be told from the
//! benchmark's.
//!
//! The benchmark starts itself again with a word that says what to be. The child says one line when it is
//! ready and stays until its standard input ends, which happens when the parent goes away too.

use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};

/// A child process. It ends when this is dropped.
pub struct Child {
    process: Process,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Child {
    /// Starts this same program with these arguments.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(arguments: &[String]) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = process.stdin.take();
        let stdout = BufReader::new(process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        Ok(Self { process, stdin, stdout })
    }

    /// The next line that it says.
    ///
    /// # Errors
    /// It has ended.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stdout.read_line(&mut line)? == 0 {
            return Err(io::Error::other("a child of the benchmark ended before it was ready"));
        }
        Ok(line.trim().to_owned())
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.process.wait();
    }
}

/// A child that listens.
pub struct Server {
    child: Child,
    address: SocketAddr,
    control: Option<SocketAddr>,
}

impl Server {
    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(arguments: &[String]) -> io::Result<Self> {
        let mut child = Child::start(arguments)?;
        let line = child.line()?;
        let mut addresses = line.split(' ').map(str::parse);
        match (addresses.next(), addresses.next().transpose()) {
            (Some(Ok(address)), Ok(control)) => Ok(Self { child, address, control }),
            _ => Err(io::Error::other(format!("a server told {line:?} instead of its addresses"))),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its metrics are.
    pub fn control(&self) -> Option<SocketAddr> {
        self.control
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

/// In the child: says that it listens, and where.
pub fn tell(address: SocketAddr, control: Option<SocketAddr>) {
    match control {
        Some(control) => println!("{address} {control}"),
        None => println!("{address}"),
    }
}

/// In the child: waits until the parent closes the pipe or is gone.
pub fn wait_for_parent() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}

/// In the child: ends the process as soon as the parent is gone.
pub fn end_with_parent() {
    std::thread::spawn(|| {
        wait_for_parent();
        std::process::exit(0);
    });
}
