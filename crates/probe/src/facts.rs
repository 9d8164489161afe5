//! What is learned about one mirror while it is asked, and shared by all who ask it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::absence::Absences;
use crate::index::Form;

/// Pages in a row that settled nothing before no more are asked for.
const USELESS: u32 = 2;
/// Other machines that are remembered.
const MAX_ELSEWHERE: usize = 16;

/// What index pages of a mirror are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexUse {
    /// So many pages in a row settled nothing.
    Unproven(u32),
    /// They settle questions.
    Useful(Form),
    /// They do not: there are none, or they do not tell sizes.
    Useless,
    /// A page said what was not so. What was believed on the word of pages has to be asked again.
    Contradicted,
}

#[derive(Debug)]
pub(crate) struct Facts {
    head_refused: AtomicBool,
    index: Mutex<IndexUse>,
    absences: Mutex<Absences>,
    elsewhere: Mutex<BTreeSet<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            head_refused: AtomicBool::new(false),
            index: Mutex::new(IndexUse::Unproven(0)),
            absences: Mutex::default(),
            elsewhere: Mutex::default(),
        }
    }
}

impl Facts {
    /// Whether HEAD is refused and GET is not.
    pub(crate) fn is_head_refused(&self) -> bool {
        self.head_refused.load(Ordering::Relaxed)
    }

    pub(crate) fn head_refused(&self) {
        self.head_refused.store(true, Ordering::Relaxed);
    }

    pub(crate) fn index(&self) -> IndexUse {
        *lock(&self.index)
    }

    /// A page settled a question, or it did not.
    pub(crate) fn page(&self, form: Option<Form>, settled: bool) {
        let mut index = lock(&self.index);
        *index = match (*index, form, settled) {
            (IndexUse::Contradicted, ..) => IndexUse::Contradicted,
            (_, Some(form), true) => IndexUse::Useful(form),
            (IndexUse::Unproven(before), ..) if before + 1 < USELESS => IndexUse::Unproven(before + 1),
            (IndexUse::Useful(_), ..) => IndexUse::Unproven(1),
            _ => IndexUse::Useless,
        };
    }

    pub(crate) fn contradicted(&self) {
        *lock(&self.index) = IndexUse::Contradicted;
    }

    pub(crate) fn absences(&self) -> MutexGuard<'_, Absences> {
        lock(&self.absences)
    }

    /// It redirected to another machine. Whether that is news.
    pub(crate) fn redirected(&self, to: &str) -> bool {
        let mut elsewhere = lock(&self.elsewhere);
        elsewhere.len() < MAX_ELSEWHERE && elsewhere.insert(to.to_owned())
    }

    pub(crate) fn elsewhere(&self) -> Vec<String> {
        lock(&self.elsewhere).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_settle_nothing_are_given_up() {
        let facts = Facts::default();
        facts.page(None, false);
        assert_eq!(facts.index(), IndexUse::Unproven(1));
        facts.page(Some(Form::Nginx), true);
        assert_eq!(facts.index(), IndexUse::Useful(Form::Nginx));
        facts.page(Some(Form::Nginx), false);
        facts.page(Some(Form::Nginx), false);
        assert_eq!(facts.index(), IndexUse::Useless);
        facts.contradicted();
        facts.page(Some(Form::Nginx), true);
        assert_eq!(facts.index(), IndexUse::Contradicted);
    }
}
