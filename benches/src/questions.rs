//! What clients ask, as it goes over the wire.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::inputs::{self, Inputs};
use crate::load::Questions;

/// Different questions.
const COUNT: usize = 8192;

/// A kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `/mirrorlist?repo=…&arch=…`
    Mirrorlist,
    /// `/metalink?repo=…&arch=…`
    Metalink,
    /// `/metalink?path=…/repomd.xml`
    MetalinkPath,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mirrorlist, Self::Metalink, Self::MetalinkPath];

    /// Its word in the names of figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mirrorlist => "mirrorlist",
            Self::Metalink => "metalink",
            Self::MetalinkPath => "metalink_path",
        }
    }
}

/// Questions of one kind for any repository from anywhere in the world.
pub fn of(kind: Kind, inputs: &Inputs) -> Questions {
    let mut rng = StdRng::seed_from_u64(2);
    let question = |_| {
        let repository = inputs.repositories.get(rng.random_range(0..inputs.repositories.len()))?;
        let (repo, arch, directory) = (&repository.prefix, &repository.arch, &repository.directory);
        let target = match kind {
            Kind::Mirrorlist => format!("/mirrorlist?repo={repo}&arch={arch}"),
            Kind::Metalink => format!("/metalink?repo={repo}&arch={arch}"),
            Kind::MetalinkPath => format!("/metalink?path={directory}/repodata/repomd.xml"),
        };
        let client = inputs::client(&mut rng);
        let text = format!(
            "GET {target} HTTP/1.1\r\nhost: mirrors.example.org\r\n\
             user-agent: libdnf (Fedora Linux 43; server; Linux.x86_64)\r\naccept: */*\r\n\
             x-forwarded-for: {client}\r\n\r\n"
        );
        Some(text.into_bytes().into())
    };
    (0..COUNT).filter_map(question).collect()
}
