//! Asking about parents of directories that are not there (`spec/crawler.md` 11.3.5).

use model::directory_name::parent;

use super::{HttpMirror, Trust};
use crate::classify::Reason;
use crate::connector::{DirectoryCheck, Wanted};

impl HttpMirror {
    /// Takes from a check what it says about the parents of a directory, and asks about one that is suspect.
    pub(super) async fn learn_about_parents(&self, wanted: Wanted<'_>, check: &DirectoryCheck) {
        if wanted.files.is_empty() || self.trust == Trust::Digests {
            return;
        }
        let suspect = match check {
            DirectoryCheck::Stale(finding) if finding.proven == 0 => match finding.reason {
                Reason::Status(404 | 410) => self.facts.absences().missed(wanted.path),
                Reason::Size { .. } | Reason::Digest { .. } => {
                    self.facts.absences().saw(wanted.path);
                    None
                }
                _ => None,
            },
            DirectoryCheck::Current | DirectoryCheck::Stale(_) => {
                self.facts.absences().saw(wanted.path);
                None
            }
            DirectoryCheck::Unknown(_) | DirectoryCheck::TryLater(_) => None,
        };
        if let Some(suspect) = suspect {
            self.climb(suspect).await;
        }
    }

    /// Goes up from a suspect directory to the first that is there; all below it on this way are gone.
    async fn climb(&self, suspect: String) {
        let mut at = suspect;
        let mut gone = None;
        loop {
            match self.is_missing(&at).await {
                Some(true) => {}
                Some(false) => break,
                // It can not be told: nothing is concluded.
                None => return,
            }
            let Some(above) = parent(&at).map(str::to_owned) else {
                // Not even the top directory has an answer of its own, so such answers say nothing.
                self.facts.absences().useless();
                return;
            };
            gone = Some(std::mem::replace(&mut at, above));
        }
        if let Some(gone) = gone {
            tracing::debug!(base = %self.base, path = gone, "{gone} is not there, nor what lies below it");
            self.facts.absences().gone(gone);
        }
    }

    async fn is_missing(&self, path: &str) -> Option<bool> {
        let target = self.directory(path).ok()?;
        match self.head(&target).await.ok()?.status {
            404 | 410 => Some(true),
            200..=399 | 401 | 403 => Some(false),
            _ => None,
        }
    }
}
