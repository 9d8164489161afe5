//! Any store, small and mostly active.

use proptest::prelude::*;
use store::export::{Category, CategoryDirectory, FileDetail, Head, Host, HostCategory, HostCategoryUrl};

use crate::tables::Tables;
use crate::{directory, host, netblock};

prop_compose! {
    fn any_host(id: i32)(flags in any::<[bool; 9]>(), country in prop_oneof![Just(None), "[a-zA-Z]{0,2}".prop_map(Some)],
        asn in proptest::option::of(1..3_i32), bandwidth_int in proptest::option::of(any::<i32>())) -> Host {
        let [user_active, admin_active, asn_clients, private, internet2, internet2_clients, a, b, c] = flags;
        // Mostly active, so that there is something to look at.
        Host { user_active: user_active || a, admin_active: admin_active || a, bandwidth_int, country, asn_clients, asn,
            private, internet2, internet2_clients, site_user_active: b || a, site_admin_active: c || a, site_private: b && c && !a,
            ..host(id) }
    }
}

pub(crate) fn any_store() -> impl Strategy<Value = Tables> {
    let hosts = (1..6_i32).map(any_host).collect::<Vec<_>>();
    let names = proptest::collection::vec("[ab](/[ab]){0,3}", 8);
    let category_directories = proptest::collection::btree_set((1..9_i32, 1..4_i32), 0..20);
    let host_categories = proptest::collection::vec(
        (proptest::option::of(1..8_i32), proptest::option::of(1..5_i32), any::<bool>()),
        0..12,
    );
    let held = proptest::collection::vec((1..13_i32, 1..9_i32), 0..60);
    let urls = proptest::collection::vec(1..14_i32, 0..20);
    let netblocks =
        proptest::collection::vec((1..7_i32, "[0-9./:a-f]{0,12}|10\\.[0-9]\\.0\\.0/1[0-9]"), 0..8);
    let details = proptest::collection::vec(
        (
            1..9_i32,
            "[ab]",
            proptest::option::of(-2..5_i64),
            proptest::option::of(-2..5_i64),
            proptest::option::of("[0-9aF]{0,4}"),
        ),
        0..12,
    );
    (hosts, names, category_directories, host_categories, held, urls, netblocks, details).prop_map(
        |(hosts, names, category_directories, host_categories, held, urls, netblocks, details)| Tables {
            head: Head {
                hosts,
                categories: vec![
                    Category { id: 1, topdir_id: Some(1) },
                    Category { id: 2, topdir_id: Some(2) },
                    Category { id: 3, topdir_id: None },
                ],
                host_categories: (1..)
                    .zip(host_categories)
                    .map(|(id, (host_id, category_id, always_up2date))| HostCategory {
                        id,
                        host_id,
                        category_id,
                        always_up2date,
                    })
                    .collect(),
                urls: (1..)
                    .zip(urls)
                    .map(|(id, host_category_id)| HostCategoryUrl {
                        id,
                        host_category_id,
                        url: format!("http://u{id}/"),
                    })
                    .collect(),
                netblocks: (1..).zip(netblocks).map(|(id, (host, text))| netblock(id, host, &text)).collect(),
                ..Head::default()
            },
            directories: (1..).zip(names).map(|(id, name)| directory(id, &name)).collect(),
            category_directories: category_directories
                .into_iter()
                .map(|(directory_id, category_id)| CategoryDirectory { directory_id, category_id })
                .collect(),
            file_details: (1..)
                .zip(details)
                .map(|(id, (directory_id, filename, timestamp, size, sha1))| FileDetail {
                    id,
                    directory_id,
                    filename,
                    timestamp,
                    size,
                    sha1,
                    md5: None,
                    sha256: Some("0a".into()),
                    sha512: None,
                })
                .collect(),
            held,
        },
    )
}
