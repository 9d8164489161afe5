//! Text that must not appear in logs.

use sea_orm::DeriveValueType;

/// A stored password, token or session key. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
