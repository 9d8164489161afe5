//! C.6 and C.7: URLs and the forms of the answer.

use answer::ProtocolOrder;
use snapshot::proto::{FileDetailsType, MirrorListCacheType};

use super::target::{Failure, Target};
use super::{Asked, Group, Question, World, escape};

/// An answer, but for the line of the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) status: u16,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

const METALINK: &str = "application/metalink+xml";

fn opening(asked: Asked<'_>) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <metalink version=\"3.0\" xmlns=\"http://www.metalinker.org/\" type=\"dynamic\" pubdate=\"{}\" \
         generator=\"mirrormanager\" xmlns:mm0=\"http://fedorahosted.org/mirrormanager\">\n",
        asked.date
    )
}

/// An error that is never wrapped.
pub(super) fn plain_error(status: u16, text: &str) -> Rendered {
    Rendered { status, content_type: None, location: None, body: text.to_owned() }
}

/// E1 to E7. `header` is the beginning of a list, or for E7 the name of the file.
pub(super) fn error(
    world: &World<'_>,
    asked: Asked<'_>,
    question: &Question,
    failure: Failure,
    header: &str,
) -> Rendered {
    let (status, text) = match failure {
        Failure::Parameters => (200, "# either path=, or repo= and arch= must be specified".to_owned()),
        Failure::Path => (404, "error: invalid path".to_owned()),
        Failure::Disabled => (200, "repo disabled".to_owned()),
        Failure::Repository => (404, format!("{header}{}", repositories(world))),
        Failure::Cache => return plain_error(500, "mirrorlist cache index out of range, you broke it!"),
        // Decision 36.
        Failure::Address => {
            (if world.native() { 400 } else { 500 }, "Cannot parse client IP address. Aborting.".to_owned())
        }
        Failure::File => (404, format!("{header} not found or has not metalink")),
    };
    if !question.metalink {
        return plain_error(status, &text);
    }
    let text = if world.native() { escape::comment(&text) } else { text };
    let body = format!("{}<!-- {text}\n-->\n</metalink>\n", opening(asked));
    Rendered { content_type: Some(METALINK), ..plain_error(status, &body) }
}

/// E4.
fn repositories(world: &World<'_>) -> String {
    let mut keys: Vec<&str> =
        world.cache.repo_arch_to_directory_name.iter().map(|pair| pair.key.as_str()).collect();
    keys.sort_unstable();
    let pairs = keys.iter().map(|key| key.split('+').collect::<Vec<_>>()).filter(|parts| parts.len() == 2);
    let lines: String = pairs.map(|parts| format!("# repo={}&arch={}\n", parts[0], parts[1])).collect();
    format!("error: invalid repo or arch\n# following repositories are available:\n{lines}")
}

/// The base URLs of a host, in its order.
pub(super) fn urls_of(world: &World<'_>, directory: &MirrorListCacheType, host: i64) -> Vec<String> {
    let ids = directory.by_host_id.iter().find(|pair| pair.key == host);
    let text = |id: &i64| world.cache.hc_url_cache.iter().find(|pair| pair.key == *id);
    let texts = ids.into_iter().flat_map(|pair| &pair.value).map(text);
    texts.map(|pair| pair.map_or(String::new(), |pair| pair.value.clone())).collect()
}

/// Whether a URL is of one of the protocols.
pub(super) fn is_of(url: &str, protocols: &[&str]) -> bool {
    protocols.iter().any(|protocol| url.starts_with(&format!("{protocol}:")))
}

/// A list of mirrors but for the order inside of the tiers.
pub(crate) struct Listing {
    pub(crate) groups: Vec<Group>,
    metalink: bool,
    redirect: bool,
    native: bool,
    /// What comes before the URLs and after them.
    around: (String, String),
    /// For each host, whether it is there at all, and its lines.
    hosts: Vec<(i64, Host)>,
}

#[derive(Debug, Clone)]
struct Host {
    /// Without a wanted protocol a host is not there and uses up no place.
    there: bool,
    private: bool,
    country: String,
    urls: Vec<String>,
}

impl Listing {
    pub(super) fn new(
        world: &World<'_>,
        asked: Asked<'_>,
        question: Question,
        target: Target<'_>,
        header: String,
        groups: Vec<Group>,
    ) -> Self {
        let around = match question.metalink {
            true => metalink_around(world, asked, &target),
            false => (mirrorlist_header(world, &question, header), String::new()),
        };
        let all = groups.iter().flat_map(|group| &group.hosts);
        let hosts = all.map(|host| (*host, Host::new(world, &question, &target, *host))).collect();
        Self {
            groups,
            metalink: question.metalink,
            redirect: question.redirect,
            native: world.native(),
            around,
            hosts,
        }
    }

    /// The answer with the hosts in this order.
    pub(crate) fn rendered(&self, order: &[i64]) -> Rendered {
        let host = |id: &i64| &self.hosts.iter().find(|(own, _)| own == id).unwrap().1;
        let there: Vec<&Host> = order.iter().map(host).filter(|host| host.there).collect();
        let ok = Rendered { status: 200, content_type: None, location: None, body: String::new() };
        if self.redirect {
            let first = there.iter().find_map(|host| host.urls.first());
            let safe = |url: &&String| self.native || url.chars().all(|c| (' '..='~').contains(&c));
            let location =
                first.filter(safe).map(|url| if self.native { escape::header(url) } else { url.clone() });
            let status = if location.is_some() { 302 } else { 404 };
            return Rendered { status, content_type: Some("text/plain"), location, ..ok };
        }
        let (before, behind) = &self.around;
        let mut body = before.clone();
        if !self.metalink {
            let lines = there.iter().flat_map(|host| &host.urls).map(|url| escape::line(url) + "\n");
            body.extend(lines);
            return Rendered { content_type: Some("text/plain"), body, ..ok };
        }
        for (place, host) in there.iter().enumerate() {
            let preference = 100usize.saturating_sub(place).max(1);
            let private = if host.private { " mm0:private=\"True\"" } else { "" };
            let text = |text: &str| if self.native { escape::xml(text) } else { text.to_owned() };
            for url in &host.urls {
                let protocol = text(url.split(':').next().unwrap_or(""));
                body.push_str(&format!(
                    "    <url protocol=\"{protocol}\" type=\"{protocol}\" location=\"{}\" \
                     preference=\"{preference}\"{private}>{}</url>\n",
                    text(&host.country),
                    text(url)
                ));
            }
        }
        body.push_str(behind);
        Rendered { content_type: Some(METALINK), body, ..ok }
    }
}

impl Host {
    fn new(world: &World<'_>, question: &Question, target: &Target<'_>, host: i64) -> Self {
        let mut urls = urls_of(world, target.directory, host);
        let protocols = question.protocols();
        if let Some(protocols) = &protocols {
            keep(&mut urls, protocols, protocols.len());
        }
        if question.redirect {
            keep(&mut urls, &["http", "https"], 1);
        } else if protocols.is_none() && !question.metalink {
            assert_eq!(
                world.policy.protocol_order,
                ProtocolOrder::Stored,
                "the other order is not written here"
            );
            keep(&mut urls, &["http", "https", "ftp"], 1);
        }
        let there = !urls.is_empty() || protocols.is_none();
        if world.native() {
            // A base without text is no URL.
            urls.retain(|base| !base.trim_end_matches('/').is_empty());
        }
        let country = world.cache.host_country_cache.iter().find(|pair| pair.key == host);
        Self {
            there,
            private: !target.directory.global.contains(&host),
            country: country.map(|pair| pair.value.to_uppercase()).unwrap_or_default(),
            urls: urls.iter().map(|base| whole(world, target, base)).collect(),
        }
    }
}

fn keep(urls: &mut Vec<String>, protocols: &[&str], most: usize) {
    urls.retain(|url| is_of(url, protocols));
    urls.truncate(most);
}

/// Base, path below the category, file name.
fn whole(world: &World<'_>, target: &Target<'_>, base: &str) -> String {
    let subpath = target.directory.subpath.as_deref().unwrap_or("");
    let mut url = base.to_owned();
    let mut end = String::new();
    if world.native() {
        // Decision 25.
        url = url.trim_end_matches('/').to_owned();
    }
    if !subpath.is_empty() {
        end.push_str(&format!("/{subpath}"));
    }
    match &target.file {
        None => end.push('/'),
        Some(file) => {
            if !format!("{url}{end}").ends_with('/') {
                end.push('/');
            }
            end.push_str(file);
        }
    }
    url + &if world.native() { escape::url_path(&end) } else { end }
}

fn mirrorlist_header(world: &World<'_>, question: &Question, mut header: String) -> String {
    if let Some(protocol) = &question.protocol {
        header.push_str(&format!("protocol = {}", escape::line(protocol)));
    }
    if question.time {
        header.push_str(&format!("\n# database creation time: {}", world.cache.time));
    }
    header + "\n"
}

/// M2 and M3.
fn metalink_around(world: &World<'_>, asked: Asked<'_>, target: &Target<'_>) -> (String, String) {
    let details = target.details(world).unwrap_or_default();
    let name = target.file.as_deref().unwrap_or("");
    let name = if world.native() { escape::xml(name) } else { name.to_owned() };
    let mut before = format!("{} <files>\n  <file name=\"{name}\">\n", opening(asked));
    if let Some((current, alternates)) = details.split_first() {
        before.push_str(&detail(current, 3));
        if !alternates.is_empty() {
            before.push_str("   <mm0:alternates>\n");
            for alternate in alternates {
                let inside = detail(alternate, 6);
                before.push_str(&format!("    <mm0:alternate>\n{inside}    </mm0:alternate>\n"));
            }
            before.push_str("   </mm0:alternates>\n");
        }
    }
    before.push_str("   <resources maxconnections=\"1\">\n");
    (before, "   </resources>\n  </file>\n </files>\n</metalink>\n".to_owned())
}

fn detail(detail: &FileDetailsType, indent: usize) -> String {
    let blanks = " ".repeat(indent);
    let mut text = String::new();
    if detail.time_stamp != 0 {
        text.push_str(&format!("{blanks}<mm0:timestamp>{}</mm0:timestamp>\n", detail.time_stamp));
    }
    if detail.size != 0 {
        text.push_str(&format!("{blanks}<size>{}</size>\n", detail.size));
    }
    text.push_str(&format!("{blanks}<verification>\n"));
    let hashes = [
        ("md5", &detail.md5),
        ("sha1", &detail.sha1),
        ("sha256", &detail.sha256),
        ("sha512", &detail.sha512),
    ];
    for (kind, hash) in hashes {
        if let Some(hash) = hash.as_deref().filter(|hash| !hash.is_empty()) {
            text.push_str(&format!("{blanks} <hash type=\"{kind}\">{hash}</hash>\n"));
        }
    }
    text + &format!("{blanks}</verification>\n")
}
