//! Whose habits the cache follows.

/// What the cache looks like where the old `generate-mirrorlist-cache` and we differ.
///
/// In both modes nothing that crashed the old program stops a build, and nothing is published that the
/// old one published by mistake: hosts without a site are left out, a directory is only listed below the
/// top directory of its category, and file details of an unknown time never become the current ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compatibility {
    /// Networks are canonical with host bits masked, each host once per network; countries of networks are
    /// upper-case; inactive hosts are in no table by which clients are matched; the empty repository
    /// prefix is never disabled.
    #[default]
    Native,
    /// As the old program wrote them: host bits kept, countries of networks as typed, inactive hosts in
    /// the table of AS numbers (the answer's header then says so), the empty prefix disabled if a row
    /// says it is.
    Upstream,
}
