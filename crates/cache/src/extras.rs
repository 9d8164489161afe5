//! What the interchange format has no field for.

use ipnet::IpNet;
use snapshot::{Coordinates, Exclusive, Extras, Families, HostFacts};
use store::export::Head;

use crate::report::BuildReport;

/// Names and places of hosts, address families of URLs, exclusive networks. Notes what can not be used.
pub(crate) fn of(head: &Head, report: &mut BuildReport) -> Extras {
    let hosts = head.hosts.iter().map(|host| {
        let place = head.places.binary_search_by_key(&host.id, |place| place.id);
        let place = place.ok().and_then(|at| head.places.get(at));
        let coordinates = place.and_then(|place| coordinates(place.latitude, place.longitude));
        if place.is_some() && coordinates.is_none() {
            report.skip("host", host.id, "its coordinates are nowhere on Earth; left out, correct them");
        }
        HostFacts { id: host.id.into(), name: host.name.clone(), coordinates }
    });
    let hosts = hosts.collect();
    let families = head
        .families
        .iter()
        .map(|row| (row.host_category_url_id.into(), Families { v4: row.v4, v6: row.v6 }))
        .collect();
    let mut exclusive = Vec::with_capacity(head.exclusive.len());
    for row in &head.exclusive {
        match row.netblock.parse::<IpNet>() {
            Ok(network) => {
                exclusive.push(Exclusive { network, host: row.host_id.into(), hashes: row.hashes });
            }
            Err(_) => report.skip(
                "mm3_exclusive_netblock",
                row.id,
                format!("{:?} is no network; left out, remove it", row.netblock),
            ),
        }
    }
    Extras { hosts, families, exclusive }
}

fn coordinates(latitude: f64, longitude: f64) -> Option<Coordinates> {
    let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    on_earth.then_some(Coordinates { latitude: latitude as f32, longitude: longitude as f32 })
}

#[cfg(test)]
mod tests {
    use store::export::{ExclusiveNetblock, Host, Place, UrlFamily};

    use super::*;

    fn host(id: i32) -> Host {
        Host {
            id,
            name: format!("h{id}"),
            user_active: true,
            admin_active: true,
            bandwidth_int: None,
            country: None,
            asn_clients: false,
            asn: None,
            max_connections: 1,
            private: false,
            internet2: false,
            internet2_clients: false,
            site_user_active: true,
            site_admin_active: true,
            site_private: false,
        }
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_named() {
        let exclusive = |id, netblock: &str| ExclusiveNetblock {
            id,
            netblock: netblock.into(),
            host_id: 1,
            hashes: false,
        };
        let head = Head {
            hosts: vec![host(1), host(2), host(3)],
            places: vec![
                Place { id: 1, latitude: 50.5, longitude: -8.25 },
                Place { id: 3, latitude: 91.0, longitude: 0.0 },
            ],
            families: vec![UrlFamily { host_category_url_id: 7, v4: true, v6: false }],
            exclusive: vec![exclusive(1, "10.0.0.0/8"), exclusive(2, "x")],
            ..Head::default()
        };
        let mut report = BuildReport::default();
        let extras = of(&head, &mut report);
        let places: Vec<_> = extras.hosts.iter().map(|host| host.coordinates).collect();
        assert_eq!(places, [Some(Coordinates { latitude: 50.5, longitude: -8.25 }), None, None]);
        assert_eq!(extras.hosts[1].name, "h2");
        assert_eq!(extras.families, [(7, Families { v4: true, v6: false })]);
        assert_eq!(extras.exclusive.len(), 1);
        assert_eq!(
            report.skipped.iter().map(|row| row.table).collect::<Vec<_>>(),
            ["host", "mm3_exclusive_netblock"]
        );
    }
}
