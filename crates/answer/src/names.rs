//! What a host is called.

use snapshot::{Directory, HostNo};

use crate::data::Data;

/// The host's name as it is shown: its own, else that in its first URL for this directory, else its number.
pub(crate) fn shown(data: &Data, directory: Directory<'_>, host: HostNo) -> String {
    if let Some(name) = data.snapshot.host_name(host) {
        return name.to_owned();
    }
    let in_url = directory.offer(host).and_then(|offer| offer.urls().find_map(|url| of_url(url.text())));
    match (in_url, data.snapshot.host(host)) {
        (Some(name), _) => name.to_owned(),
        (None, Some(known)) => format!("host {}", known.id),
        (None, None) => String::new(),
    }
}

/// The host name or address in a URL, without user and port.
pub(crate) fn of_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or(host),
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::of_url;

    #[test]
    fn a_url_names_its_host() {
        for (url, host) in [
            ("http://a.example/f/", Some("a.example")),
            ("https://a.example:8443", Some("a.example")),
            ("ftp://user:word@a.example?x", Some("a.example")),
            ("http://[2001:db8::1]:80/", Some("2001:db8::1")),
            ("http://", None),
            ("nothing", None),
            ("", None),
        ] {
            assert_eq!(of_url(url), host, "{url}");
        }
    }
}
