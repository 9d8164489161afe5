//! What a redirect says beside its target: further mirrors and the metalink (`Link`, RFC 6249) and the
//! digest of the file (`Repr-Digest`, RFC 9530).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use snapshot::{DigestKind, FileDetail};

use crate::decide::Decision;
use crate::escape;
use crate::render::{METALINK4, metalink4, push_number};
use crate::urls::Ending;

/// The headers of a redirect.
pub(crate) fn headers(decision: &Decision<'_>) -> Vec<(&'static str, String)> {
    let mut headers = Vec::with_capacity(2);
    let mut link = duplicates(decision);
    let name = decision.target.file.as_deref();
    let known = name.and_then(|name| decision.target.directory.file(name));
    if let Some(file) = known.filter(|_| decision.has_hashes()) {
        push_metalink(decision, &mut link);
        if let Some(digest) = file.details().next().and_then(digest) {
            headers.push(("repr-digest", digest));
        }
    }
    if !link.is_empty() {
        headers.push(("link", link));
    }
    headers
}

/// The first mirrors, each by the URL that a redirect to it would give; the first one is where the client is
/// sent.
fn duplicates(decision: &Decision<'_>) -> String {
    let Decision { data, policy, .. } = *decision;
    let ending = Ending::of(&decision.target, policy);
    let choice = decision.choice();
    let urls = decision.picks.iter().filter_map(|pick| {
        let offer = decision.target.directory.offer(pick.host)?;
        Some((pick.host, choice.kept(offer).find_map(|url| ending.base(url))?))
    });
    let mut link = String::with_capacity(policy.link_mirrors.min(100) * 128);
    for (priority, (host, base)) in (1..).zip(urls.take(policy.link_mirrors)) {
        link.push_str(if link.is_empty() { "<" } else { ", <" });
        escape::push_link(&ending.joined(base), &mut link);
        link.push_str(">; rel=duplicate; pri=");
        push_number(priority, &mut link);
        if let Some(country) = metalink4::country(data, host) {
            link.extend(["; geo=", &country]);
        }
    }
    link
}

/// The metalink of the same file, as a reference relative to the request: `/any/mirrorlist` has a `metalink4`
/// beside it, and a path of the tree gives it itself.
fn push_metalink(decision: &Decision<'_>, link: &mut String) {
    link.push_str(if link.is_empty() { "<" } else { ", <" });
    if decision.question.whole_path {
        link.push_str("?format=metalink4");
    } else {
        link.push_str("metalink4?path=");
        escape::push_query(decision.target.directory.name(), link);
        link.push('/');
        escape::push_query(decision.target.file.as_deref().unwrap_or_default(), link);
    }
    link.extend([">; rel=describedby; type=\"", METALINK4, "\""]);
}

/// The strong digests that are known.
fn digest(detail: FileDetail<'_>) -> Option<String> {
    let mut digests = String::new();
    for (kind, name) in [(DigestKind::Sha256, "sha-256"), (DigestKind::Sha512, "sha-512")] {
        let Some(bytes) = detail.digest(kind) else { continue };
        digests.push_str(if digests.is_empty() { "" } else { ", " });
        digests.extend([name, "=:", &STANDARD.encode(bytes), ":"]);
    }
    (!digests.is_empty()).then_some(digests)
}
