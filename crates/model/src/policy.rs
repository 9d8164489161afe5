//! Which of upstream's two scanners is followed, and the path rules that come with it (decision 20).
//!
//! Both scanners are one engine here; a policy is only a set of defaults.

use serde::{Deserialize, Serialize};

/// Upstream's two scanners. Decision 30: `umdl` unless the program was called by the other's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// `mm2_update-master-directory-list`.
    #[default]
    Umdl,
    /// `scan-primary-mirror`.
    Spm,
}

impl std::str::FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "umdl" => Ok(Self::Umdl),
            "spm" => Ok(Self::Spm),
            _ => Err(format!("unknown policy {text:?}: use \"umdl\" or \"spm\"")),
        }
    }
}
