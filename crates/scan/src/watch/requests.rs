//! Scans that somebody has asked for. However often one is asked for before it begins, it is one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What was asked for. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    state: Arc<Mutex<State>>,
    pub(super) bell: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    /// Categories that can be asked for.
    known: BTreeSet<String>,
    asked: BTreeSet<String>,
}

impl Requests {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn know(&self, categories: impl IntoIterator<Item = String>) {
        self.state().known.extend(categories);
    }

    /// Asks for a whole scan of a category. `false`: that category is not watched.
    pub fn ask(&self, category: &str) -> bool {
        let mut state = self.state();
        let is_known = state.known.contains(category);
        if is_known {
            state.asked.insert(category.to_owned());
            self.bell.notify_one();
        }
        is_known
    }

    /// Asks for whole scans of all.
    pub fn ask_all(&self) {
        let mut state = self.state();
        state.asked = state.known.clone();
        self.bell.notify_one();
    }

    /// Whether this one is asked for; then no longer.
    pub(super) fn take(&self, category: &str) -> bool {
        self.state().asked.remove(category)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_merged() {
        let requests = Requests::default();
        requests.know(["A".to_owned(), "B".to_owned()]);
        assert!(!requests.ask("C"));
        assert!(requests.ask("A") && requests.ask("A"));
        assert_eq!((requests.take("A"), requests.take("A"), requests.take("B")), (true, false, false));
        requests.ask_all();
        assert_eq!((requests.take("A"), requests.take("B"), requests.take("C")), (true, true, false));
    }
}
