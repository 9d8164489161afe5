//! A random question to a random deployment.

use std::net::{IpAddr, Ipv4Addr};

use super::Deployment;
use super::words::{ADDRESSES, ARCHES, COUNTRIES, FILES, PREFIXES};
use crate::rng::Rng;

/// A request as the HTTP layer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Path of the request line.
    pub path: String,
    /// What stands behind the `?`.
    pub query: String,
    /// The values of all `X-Forwarded-For` headers.
    pub forwarded_for: Vec<String>,
    /// The other end of the connection.
    pub peer: IpAddr,
}

impl Question {
    /// A question about something the deployment has, or nearly.
    pub fn random(deployment: &Deployment, rng: &mut Rng) -> Self {
        let path = match rng.below(30) {
            0 => "/",
            1 => "/some/where/metalink",
            2 => "/metalink/",
            3..=15 => "/metalink",
            _ => "/mirrorlist",
        };
        let mut pairs = Vec::new();
        let by_path = rng.percent(30);
        if by_path {
            pairs.push(format!("path={}", path_value(deployment, rng)));
        }
        if !by_path || rng.percent(20) {
            let (repo, arch) = repository(deployment, rng);
            pairs.extend([format!("repo={repo}"), format!("arch={arch}")]);
        }
        choices(&mut pairs, rng);
        match rng.below(30) {
            // One of the names is missing, or there twice.
            0 => drop(pairs.pop()),
            1 => drop(pairs.remove(0)),
            2 => pairs.push("arch=i386".to_owned()),
            3 => pairs.insert(0, "repo=other=more".to_owned()),
            4 => pairs.reverse(),
            _ => {}
        }
        let forwarded_for = match rng.below(10) {
            0..=3 => Vec::new(),
            4..=7 => vec![address(rng)],
            8 => vec![format!("{}, {}", address(rng), address(rng))],
            _ => vec![format!("{},{}", address(rng), address(rng)), address(rng)],
        };
        let peer = if rng.percent(50) { "127.0.0.1".to_owned() } else { address(rng) };
        let peer = peer.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Self { path: path.to_owned(), query: pairs.join("&"), forwarded_for, peer }
    }
}

impl Question {
    /// The same in a form or with a wish that the old server does not know.
    pub fn with_wish(mut self, rng: &mut Rng) -> Self {
        let wishes = [
            "exclude=DE,h3.example",
            "exclude=6,9,xx",
            "limit=3",
            "limit=0",
            "stable=2",
            "stable",
            "format=json",
        ];
        if rng.percent(70) {
            let wish = rng.pick(&wishes).copied().unwrap_or_default();
            self.query = format!("{}&{wish}", self.query);
        }
        if rng.percent(50) {
            let pages = ["/metalink4", "/mirrorlist.json", "/explain", "/allowlist"];
            self.path = rng.pick(&pages).map(|page| (*page).to_owned()).unwrap_or_default();
        }
        self
    }
}

/// What narrows the choice of mirrors, and how the answer looks.
fn choices(pairs: &mut Vec<String>, rng: &mut Rng) {
    let mut sometimes = |percent, name: &str, values: &[&str]| {
        if rng.percent(percent) {
            pairs.push(format!("{name}={}", rng.pick(values).copied().unwrap_or_default()));
        }
    };
    sometimes(
        10,
        "country",
        &["global", "GLOBAL", "DE,global", "", ",", "XX", "DE,,FR", "de,DE", "Global,xx"],
    );
    sometimes(
        35,
        "protocol",
        &[
            "https",
            "http",
            "http,https",
            "https,http,https",
            "rsync",
            "ftp,rsync",
            "HTTP",
            "",
            ",",
            "http%2Chttps",
        ],
    );
    sometimes(20, "netblock", &["1", "0", "", "true"]);
    sometimes(10, "redirect", &["1", ""]);
    sometimes(10, "time", &["1", ""]);
    sometimes(10, "countme", &["1", "4"]);
    if rng.percent(30) {
        let some = (0..=rng.below(2)).map(|_| rng.pick(&COUNTRIES).copied().unwrap_or_default());
        let list = some.collect::<Vec<_>>().join(",");
        pairs.push(format!("country={}", if rng.percent(20) { list.to_lowercase() } else { list }));
    }
    if rng.percent(40) {
        pairs.push(format!("ip={}", address(rng)));
    }
}

/// An address, now and then one that is none.
fn address(rng: &mut Rng) -> String {
    if rng.percent(5) {
        let odd = [
            "",
            "unknown",
            "1.2.3",
            "01.2.3.4",
            "[2001:db8::1]",
            "203.0.113.5:80",
            "2001%3Adb8:30::1",
            " 8.8.8.8",
        ];
        return (*rng.pick(&odd).unwrap_or(&"")).to_owned();
    }
    (*rng.pick(&ADDRESSES).unwrap_or(&"8.8.8.8")).to_owned()
}

/// A repository of the deployment, one that is redirected, or one that may not be there.
fn repository(deployment: &Deployment, rng: &mut Rng) -> (String, String) {
    if rng.percent(85)
        && let Some(pair) = rng.pick(&deployment.cache.repo_arch_to_directory_name)
        && let Some((repo, arch)) = pair.key.rsplit_once('+')
    {
        let repo =
            if rng.percent(10) { repo.replace('-', "%2D").replace('+', "%2b") } else { repo.to_owned() };
        return (repo, arch.to_owned());
    }
    let prefix = match rng.below(8) {
        0 => "current",
        1 => "unknown",
        2 => "",
        _ => rng.pick(&PREFIXES).copied().unwrap_or_default(),
    };
    (prefix.to_owned(), rng.pick(&ARCHES).copied().unwrap_or_default().to_owned())
}

/// A directory of the deployment, or a file in it, or neither.
fn path_value(deployment: &Deployment, rng: &mut Rng) -> String {
    let directory = rng.pick(&deployment.cache.mirror_list_cache).map_or("", |entry| &entry.directory);
    let file = rng
        .pick(&FILES)
        .copied()
        .unwrap_or_default()
        .replace(' ', "%20")
        .replace('<', "%3C")
        .replace('&', "%26");
    let path = match rng.below(10) {
        0..=2 => directory.to_owned(),
        3 => format!("/{directory}//"),
        4 => directory.replace('/', "//"),
        5 => directory.replace('/', "%2f"),
        6 => format!("{directory}/new%00file"),
        7 => file,
        _ => format!("{directory}/{file}"),
    };
    if rng.percent(5) { "pub/nowhere/at/all".to_owned() } else { path }
}
