//! What an answered request leaves in the access log (spec C.8).

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Datelike as _, Utc};

use crate::escape;

/// What the access log says of a request. Its `Display` is the old server's line, without the newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRecord {
    /// Who the answer is for, by `ip=`, header or socket.
    pub client: IpAddr,
    /// Who really asked, by header or socket, when that is to be logged (decision 11).
    pub peer: Option<IpAddr>,
    /// When; the line has the day only.
    pub time: DateTime<Utc>,
    /// The client's country, `N/A` when unknown.
    pub country: String,
    /// The client's autonomous system, as the routing table names it; only if everything is recorded.
    pub asn: Option<String>,
    /// The repository that was asked for, if it was one.
    pub repository: Option<Named>,
    /// The first host of the answer, by its row in the database.
    pub host: Option<i64>,
}

/// A repository by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The prefix, before any redirection.
    pub repo: String,
    /// The architecture.
    pub arch: String,
}

impl fmt::Display for AccessRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(|address| address, f)
    }
}

impl AccessRecord {
    /// `IP: A; DATE: Y-M-D; COUNTRY: C; REPO: R; ARCH: A`, and `; PEER: A` behind it when the peer is to be
    /// logged; addresses as `show` has them, without blanks. The job that counts splits at blanks and looks at
    /// the fields up to ARCH, so no value has a blank, a control character or a semicolon: they are
    /// percent-encoded.
    ///
    /// # Errors
    /// What `to` says.
    pub fn write<T: fmt::Display>(
        &self,
        show: impl Fn(IpAddr) -> T,
        to: &mut impl fmt::Write,
    ) -> fmt::Result {
        let date = self.time.date_naive();
        let (year, month, day) = (date.year(), date.month(), date.day());
        write!(to, "IP: {}; DATE: {year:04}-{month:02}-{day:02}; COUNTRY: ", show(self.client))?;
        escape::write_log(&self.country, to)?;
        to.write_str("; REPO: ")?;
        let (repo, arch) = match &self.repository {
            Some(named) => (named.repo.as_str(), named.arch.as_str()),
            None => ("", ""),
        };
        escape::write_log(repo, to)?;
        to.write_str("; ARCH: ")?;
        escape::write_log(arch, to)?;
        match self.peer {
            Some(peer) => write!(to, "; PEER: {}", show(peer)),
            None => Ok(()),
        }
    }

    /// The line with its newline, to be written in one go.
    pub fn line(&self) -> String {
        format!("{self}\n")
    }
}
