//! One mirror tried by hand: every request is noted, and what it shows of one directory is judged.

use std::sync::{Arc, Mutex, PoisonError};

use model::url::{MirrorUrl, Scheme};
use serde::Serialize;

use crate::connector::{Connector, DirectoryCheck, Finding, Wanted, WantedFile};
use crate::counters::{Counters, Exchange, Watch};
use crate::ftp::FtpMirror;
use crate::http::Http;
use crate::mirror::{HttpMirror, Trust};
use crate::rsync::{Depth, Expected, Rsync, RsyncMirror};
use crate::target::Target;

/// A file that no mirror has.
const NONSENSE: &str = "mirrormanager-probe-there-is-no-such-file";

/// What is tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The client.
    pub http: Http,
    /// The rsync program.
    pub rsync: Rsync,
    /// The mirror's URL of a category.
    pub url: MirrorUrl,
    /// A directory below it, without slashes at its ends.
    pub directory: String,
    /// What it should hold, if that is known.
    pub files: Option<Vec<WantedFile>>,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TrialReport {
    /// The mirror's URL.
    pub url: String,
    /// The directory below it.
    pub directory: String,
    /// Every request, in the order in which they ended.
    pub requests: Vec<Exchange>,
    /// Whether the mirror is there.
    pub reachable: bool,
    /// What was learned about it.
    pub remarks: Vec<String>,
    /// Files that it shows in the directory, if it shows them.
    pub listed: Option<u64>,
    /// Whether the directory is as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<TrialVerdict>,
    /// Why not, or why the mirror is not reachable.
    pub reason: Option<String>,
    /// The file that decided.
    pub file: Option<String>,
}

/// What would be believed of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TrialVerdict {
    /// It holds what it should.
    Current,
    /// It does not.
    Stale,
    /// It can not be told.
    Unknown,
}

#[derive(Default)]
struct Log(Mutex<Vec<Exchange>>);

impl Watch for Log {
    fn saw(&self, exchange: &Exchange) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(exchange.clone());
    }
}

impl Trial {
    /// Tries it.
    pub async fn run(&self) -> TrialReport {
        let log = Arc::new(Log::default());
        let counters = Arc::new(Counters::watched(Arc::<Log>::clone(&log)));
        let (url, directory) = (self.url.as_str().to_owned(), self.directory.clone());
        let mut report = TrialReport { url, directory, ..TrialReport::default() };
        match self.url.scheme() {
            Scheme::Http | Scheme::Https => self.over_http(counters, &mut report).await,
            Scheme::Ftp => self.over_ftp(counters, &mut report).await,
            Scheme::Rsync => self.over_rsync(counters, &mut report).await,
        }
        report.requests = std::mem::take(&mut *log.0.lock().unwrap_or_else(PoisonError::into_inner));
        report
    }

    fn wanted(&self) -> Option<Wanted<'_>> {
        Some(Wanted { path: &self.directory, files: self.files.as_ref()? })
    }

    async fn over_http(&self, counters: Arc<Counters>, report: &mut TrialReport) {
        let target = match Target::parse(self.url.as_str()) {
            Ok(target) => target,
            Err(error) => return report.reason = Some(error.to_string()),
        };
        let mirror = HttpMirror::new(self.http.clone(), target, counters);
        if let Err(reason) = mirror.base_check().await {
            return report.reason = Some(reason.to_string());
        }
        report.reachable = true;
        let (host, port, scheme) = (self.url.host(), self.url.port(), self.url.scheme());
        if let Some(families) = self.http.connector().families(host, port, scheme).await {
            let names = [(families.v4, "IPv4"), (families.v6, "IPv6")];
            let names: Vec<&str> = names.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
            report.remarks.push(format!("it answers under {}", names.join(" and ")));
        }
        let trust = mirror.measure_trust(NONSENSE).await.unwrap_or(Trust::Answers);
        if trust == Trust::Digests {
            let remark = "it has an answer for files that do not exist; only digests count as proof";
            report.remarks.push(remark.into());
        }
        let mirror = mirror.trusted(trust);
        match self.wanted() {
            Some(wanted) => report.judge(mirror.check(wanted, 0).await),
            None => match mirror.index(&self.directory).await {
                Ok(Some(index)) => {
                    report.remarks.push(format!("an index page as {:?} makes it", index.form));
                    report.listed = Some(index.files().count() as u64);
                }
                Ok(None) => report.remarks.push("no index page".into()),
                Err(failure) => report.remarks.push(format!("no index page: {failure}")),
            },
        }
        for to in mirror.elsewhere() {
            report.remarks.push(format!("it redirects to {to}"));
        }
    }

    async fn over_ftp(&self, counters: Arc<Counters>, report: &mut TrialReport) {
        let Some(mirror) = FtpMirror::new(self.http.clone(), self.url.clone(), counters) else { return };
        if let Err(reason) = mirror.base_check().await {
            return report.reason = Some(reason.to_string());
        }
        report.reachable = true;
        match self.wanted() {
            Some(wanted) => report.judge(mirror.check(wanted, 0).await),
            None => {
                let mut count = 0;
                let listing = mirror.entries(&self.directory, &mut |_| count += 1).await;
                match listing {
                    Ok(()) => report.listed = Some(count),
                    Err(reason) => report.remarks.push(format!("no listing: {reason}")),
                }
            }
        }
    }

    async fn over_rsync(&self, counters: Arc<Counters>, report: &mut TrialReport) {
        let there = MirrorUrl::parse(&self.url.join(&self.directory));
        let mirror = there
            .ok()
            .and_then(|url| RsyncMirror::new(self.http.clone(), self.rsync.clone(), url, counters))
            .map(|mirror| mirror.at_depth(Depth::Directory));
        let Some(mirror) = mirror else {
            return report.reason = Some("the URL names no rsync module".into());
        };
        let files = self.files.as_deref().unwrap_or_default();
        let Some(expected) = Expected::new([Wanted { path: "", files }]) else { return };
        match mirror.list(&expected, &[""], &[]).await {
            Err(error) => report.reason = Some(error.to_string()),
            Ok(listed) => {
                report.reachable = true;
                // The first entry is the directory itself.
                report.listed = Some(listed.entries().saturating_sub(1));
                if self.files.is_some() {
                    report.judge(listed.check(0));
                    report.remarks.push("rsync tells sizes only; digests are asked for over HTTP".into());
                }
            }
        }
    }
}

impl TrialReport {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.reachable && self.verdict.is_none_or(|verdict| verdict == TrialVerdict::Current)
    }

    fn judge(&mut self, check: DirectoryCheck) {
        let (verdict, finding) = match check {
            DirectoryCheck::Current => (TrialVerdict::Current, None),
            DirectoryCheck::Stale(finding) => (TrialVerdict::Stale, Some(finding)),
            DirectoryCheck::Unknown(finding) | DirectoryCheck::TryLater(finding) => {
                (TrialVerdict::Unknown, Some(finding))
            }
        };
        self.verdict = Some(verdict);
        if let Some(Finding { file, reason, .. }) = finding {
            (self.file, self.reason) = (Some(file.to_string()), Some(reason.to_string()));
        }
    }
}
