//! Which hosts are served, crawled, private: the flags of host and site put together
//! (`spec/database.md` 2.1).

/// The flags of one host or one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags {
    /// Switched on by the administrators.
    pub admin_active: bool,
    /// Switched on by the owner.
    pub user_active: bool,
    /// Not for the public.
    pub private: bool,
}

/// A host together with its site. Upstream's databases hold hosts without one; those are never served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// The host's flags.
    pub host: Flags,
    /// The site's flags; `None` for a host without site.
    pub site: Option<Flags>,
}

/// Which hosts a crawl takes beside the public active ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CrawlScope {
    /// Also hosts that their owner switched off (`--include-disabled`).
    pub disabled: bool,
    /// Also private hosts and hosts of private sites (`--include-private`; without effect upstream).
    pub private: bool,
}

impl Activity {
    /// Whether the cache names the host: all four switches are on (must match).
    pub fn is_exported(self) -> bool {
        let on = |flags: Flags| flags.admin_active && flags.user_active;
        on(self.host) && self.site.is_some_and(on)
    }

    /// Whether the host or its site is private (must match).
    pub fn is_private(self) -> bool {
        self.host.private || self.site.is_some_and(|site| site.private)
    }

    /// Whether a crawl in this scope checks the host.
    pub fn is_crawled(self, scope: CrawlScope) -> bool {
        let host_on = self.host.admin_active && (self.host.user_active || scope.disabled);
        let site_on = self.site.is_some_and(|site| site.admin_active && site.user_active);
        host_on && site_on && (!self.is_private() || scope.private)
    }

    /// Whether the host reports its content itself; the site's flag does not matter.
    pub fn may_check_in(self) -> bool {
        self.host.private
    }

    /// Whether public pages may name the host, given that it has a public URL and a directory up to date.
    pub fn is_public(self) -> bool {
        self.is_exported() && !self.is_private()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All 64 combinations with their six flags in the order host admin, user, private, site admin, user, private.
    fn all() -> impl Iterator<Item = ([bool; 6], Activity)> {
        (0..64u8).map(|bits| {
            let flags: [bool; 6] = std::array::from_fn(|i| bits & (1 << i) != 0);
            let [a, b, c, d, e, f] = flags;
            let of = |admin_active, user_active, private| Flags { admin_active, user_active, private };
            (flags, Activity { host: of(a, b, c), site: Some(of(d, e, f)) })
        })
    }

    #[test]
    fn exported_needs_all_four_switches() {
        for ([host_admin, host_user, host_private, site_admin, site_user, site_private], activity) in all() {
            let on = host_admin && host_user && site_admin && site_user;
            let private = host_private || site_private;
            assert_eq!(activity.is_exported(), on);
            assert_eq!(activity.is_private(), private);
            assert_eq!(activity.is_public(), on && !private);
            assert_eq!(activity.may_check_in(), host_private);
            assert_eq!(activity.is_crawled(CrawlScope::default()), on && !private);
            assert_eq!(activity.is_crawled(CrawlScope { private: true, disabled: false }), on);
            assert_eq!(
                activity.is_crawled(CrawlScope { private: false, disabled: true }),
                host_admin && site_admin && site_user && !private
            );
        }
    }

    #[test]
    fn a_host_without_site_is_never_served() {
        let on = Flags { admin_active: true, user_active: true, private: false };
        let orphan = Activity { host: on, site: None };
        assert!(!orphan.is_exported() && !orphan.is_public());
        assert!(!orphan.is_crawled(CrawlScope { disabled: true, private: true }));
    }
}
