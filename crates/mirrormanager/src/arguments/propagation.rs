//! `propagation`

use clap::Args;

/// What stands behind its flags in `--help`.
pub(super) const HELP: &str = "\
Asks every mirror for one repomd.xml of each current release and counts how old they are. The releases are those of the
setting crawl.releases, or the current ones of Bodhi. With --json one object: `at`, `ending`, `repositories`, each with
`prefix`, the five counts, and seconds until the newest version was on 50, 90 and 99 % of the mirrors (`hosts`) and
of their bandwidth (`bandwidth`).

Exit status: 0 all mirrors were asked; 1 no list of releases, or stopped before the end, nothing is kept then; 2 nothing was
done.";

/// `propagation`
#[derive(Debug, Args)]
pub struct Propagation {
    /// Only this product, e.g. Fedora
    #[arg(long, value_name = "NAME")]
    pub product: Option<String>,
    /// Only this version of it
    #[arg(long, value_name = "VERSION", requires = "product")]
    pub version: Option<String>,
    /// Only mirrors of this category; may be repeated
    #[arg(long = "category", value_name = "NAME")]
    pub categories: Vec<String>,
}
