//! The narrow rows of the small tables, one struct per statement.
//!
//! A field is `Option` when the column may be NULL in any variant of the schema (`database.md` 1.4): what
//! a NULL means is the cache builder's business, not a reason to stop reading.

use sea_orm::FromQueryResult;

/// A host with its site's flags.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Host {
    /// Row id.
    pub id: i32,
    /// Name, unique within its site only.
    pub name: String,
    /// The owner's switch.
    pub user_active: bool,
    /// The administrators' switch.
    pub admin_active: bool,
    /// Mbit/s.
    pub bandwidth_int: Option<i32>,
    /// Two letters in any case.
    pub country: Option<String>,
    /// Prefer this host for clients of its own AS.
    pub asn_clients: bool,
    /// Its own AS number.
    pub asn: Option<i32>,
    /// Exported, used by nobody.
    pub max_connections: i32,
    /// Not listed publicly.
    pub private: bool,
    /// Member of Internet2.
    pub internet2: bool,
    /// Serves Internet2 clients even when private.
    pub internet2_clients: bool,
    /// The site owner's switch.
    pub site_user_active: bool,
    /// The administrators' switch of the site.
    pub site_admin_active: bool,
    /// The whole site is not listed publicly.
    pub site_private: bool,
}

/// A public base URL of a host's copy of a category.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct HostCategoryUrl {
    /// Row id; appears in the cache.
    pub id: i32,
    /// Whose URL.
    pub host_category_id: i32,
    /// The URL as stored.
    pub url: String,
}

/// One country that a host serves; a host without rows serves all.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct CountryAllowed {
    /// Row id.
    pub id: i32,
    /// The host.
    pub host_id: Option<i32>,
    /// Two letters in any case.
    pub country: String,
}

/// A client network that prefers a host, in any of the forms of `mirrorlist.md` B.4.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct HostNetblock {
    /// Row id.
    pub id: i32,
    /// The host.
    pub host_id: Option<i32>,
    /// The text as typed.
    pub netblock: Option<String>,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Category {
    /// Row id.
    pub id: i32,
    /// Its top directory.
    pub topdir_id: Option<i32>,
}

/// A host carries a category.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct HostCategory {
    /// Row id.
    pub id: i32,
    /// The host.
    pub host_id: Option<i32>,
    /// The category.
    pub category_id: Option<i32>,
    /// Counts as holding every directory of the category.
    pub always_up2date: bool,
}

/// A repository that clients may ask for. Directory, version and arch are never NULL here.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Repository {
    /// Row id.
    pub id: i32,
    /// The `repo=` value.
    pub prefix: Option<String>,
    /// The category.
    pub category_id: Option<i32>,
    /// The version.
    pub version_id: i32,
    /// The arch.
    pub arch_id: i32,
    /// The directory.
    pub directory_id: i32,
    /// The server answers "repo disabled".
    pub disabled: bool,
}

/// An architecture.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Arch {
    /// Row id.
    pub id: i32,
    /// The `arch=` value.
    pub name: String,
}

/// An alias of a repository prefix.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct RepositoryRedirect {
    /// Row id.
    pub id: i32,
    /// The requested prefix.
    pub from_repo: String,
    /// The prefix that is served instead.
    pub to_repo: Option<String>,
}

/// A country that counts as part of another continent.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ContinentRedirect {
    /// Row id.
    pub id: i32,
    /// Two letters.
    pub country: String,
    /// Two letters.
    pub continent: String,
}

/// A network whose clients count as from a certain country.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct NetblockCountry {
    /// Row id.
    pub id: i32,
    /// CIDR as typed.
    pub netblock: String,
    /// Two letters in any case.
    pub country: String,
}

/// Where a host stands.
#[derive(Debug, Clone, Copy, PartialEq, FromQueryResult)]
pub struct Place {
    /// The host.
    pub id: i32,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// Under which address families a base URL answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct UrlFamily {
    /// The row of the URL.
    pub host_category_url_id: i32,
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

/// A network whose clients get one host and no other.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ExclusiveNetblock {
    /// Row id.
    pub id: i32,
    /// Canonical, without host bits.
    pub netblock: String,
    /// The host.
    pub host_id: i32,
    /// Whether metalinks for these clients have checksums.
    pub hashes: bool,
}
