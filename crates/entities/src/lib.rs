//! One SeaORM entity per table of the database, one file each, nothing else.
//!
//! A field is an `Option` if its column may be NULL in any database that upstream's programs ever made
//! (spec database.md 1.4), also where a new one says NOT NULL. Columns that are big, unused pickles or
//! secrets that nothing needs are left out of the structs, so that no ordinary query loads them
//! ([`schema::LEFT_OUT`]). Times are UTC with microseconds.

pub mod access_stat;
pub mod access_stat_category;
pub mod arch;
pub mod category;
pub mod category_directory;
pub mod country;
pub mod country_continent_redirect;
pub mod directory;
pub mod directory_exclusive_host;
pub mod directory_files;
pub mod embargoed_country;
pub mod file_detail;
pub mod file_detail_file_group;
pub mod file_group;
pub mod host;
pub mod host_acl_ip;
pub mod host_category;
pub mod host_category_dir;
pub mod host_category_url;
pub mod host_country;
pub mod host_country_allowed;
pub mod host_location;
pub mod host_netblock;
pub mod host_peer_asn;
pub mod host_stats;
pub mod location;
pub mod mm_group;
pub mod mm_user;
pub mod mm_user_group;
pub mod mm_user_visit;
pub mod netblock_country;
pub mod product;
pub mod propagation_stat;
pub mod repository;
pub mod repository_redirect;
pub mod schema;
pub mod secret;
pub mod site;
pub mod site_admin;
pub mod site_to_site;
pub mod version;
