//! Being told how a crawl gets on. All functions are called from the crawl's tasks and must be quick.

use model::ids::HostId;

use crate::report::HostReport;

/// Somebody who watches a crawl.
pub trait Progress: Send + Sync {
    /// This many hosts will be checked.
    fn run_started(&self, _hosts: usize) {}
    /// A host is being checked.
    fn host_started(&self, _host: HostId, _name: &str) {}
    /// This many directories of a host's category have a result.
    fn directories(&self, _host: HostId, _category: &str, _done: usize, _all: usize) {}
    /// A host is through. It may be reported a second time when it is tried again at the end.
    fn host_finished(&self, _report: &HostReport) {}
    /// The hosts are through; about this many nothing is decided yet, they are tried again if that can help.
    fn trying_again(&self, _hosts: usize) {}
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
