//! A server started by the program, over real sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

/// A running server; stopped by SIGTERM.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts a command that tells its address in a line that begins with `announcement`.
    pub(crate) fn start(mut command: std::process::Command, announcement: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said: Box<dyn Read> = if announcement.starts_with("Listening") {
            Box::new(child.stdout.take().unwrap())
        } else {
            Box::new(child.stderr.take().unwrap())
        };
        let mut seen = String::new();
        for line in BufReader::new(said).lines() {
            let line = line.unwrap();
            if let Some(address) = line.strip_prefix(announcement) {
                return Self { child, address: address.to_owned() };
            }
            seen.push_str(&line);
        }
        let status = child.wait().unwrap();
        panic!("never announced, ended with {status}: {seen}");
    }

    /// The body of an answer with status 200.
    pub(crate) fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        body.to_owned()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn stop(mut self) -> i32 {
        testkit::programs::signal("TERM", self.child.id());
        self.child.wait().unwrap().code().unwrap()
    }

    /// Stops it and gives what it has written to standard error.
    pub(crate) fn stop_and_read(mut self) -> String {
        testkit::programs::signal("TERM", self.child.id());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
