//! What Bodhi says about current releases.

use model::propagation::{BodhiPage, releases};

use crate::texts;

/// Any bytes as a page. Each release comes once, and those that are watched have a repository.
pub(crate) fn bodhi_page(input: &[u8]) {
    if let Ok(page) = BodhiPage::parse(input) {
        let all = releases(&[page.clone(), page]);
        assert!(all.iter().all(|release| release.prefix().is_some()));
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

pub(crate) fn bodhi_seeds() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"releases":[{"id_prefix":"FEDORA","version":"42"},{"id_prefix":"FEDORA-EPEL","version":"9","x":[]}],"pages":1}"#,
        r#"{"releases":[],"page":1,"pages":4294967295}"#,
    ])
}
