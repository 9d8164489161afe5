//! Metalink 3 (spec C.7, M1–M10), byte for byte as clients know it.

use chrono::{DateTime, Utc};
use snapshot::{DigestKind, FileDetail};

use crate::data::Data;
use crate::decide::Decision;
use crate::escape;
use crate::policy::Policy;
use crate::question::Question;
use crate::render::push_number;
use crate::urls::{Choice, Ending};

/// The XML declaration and the first element.
pub(crate) fn push_opening(now: DateTime<Utc>, to: &mut String) {
    use std::fmt::Write as _;
    to.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    to.push_str("<metalink version=\"3.0\" xmlns=\"http://www.metalinker.org/\" type=\"dynamic\" pubdate=\"");
    let _ = write!(to, "{}", now.format("%a, %d %b %Y %H:%M:%S GMT"));
    to.push_str("\" generator=\"mirrormanager\" xmlns:mm0=\"http://fedorahosted.org/mirrormanager\">\n");
}

/// The metalink; `None` when nothing is known about the file (E7).
pub(crate) fn render(
    data: &Data,
    policy: &Policy,
    question: &Question<'_>,
    decision: &Decision<'_>,
    now: DateTime<Utc>,
) -> Option<String> {
    let directory = decision.target.directory;
    let name = decision.target.file.as_deref().unwrap_or_default();
    let file = directory.file(name)?;
    let mut ending = Ending::of(&decision.target, policy);
    if policy.is_native() {
        ending = ending.for_xml();
    }
    let mut body = String::with_capacity(2048 + decision.picks.len() * 2 * (ending.len() + 160));
    push_opening(now, &mut body);
    body.push_str(" <files>\n  <file name=\"");
    if policy.is_native() {
        escape::push_xml(name, &mut body)
    } else {
        body.push_str(name)
    }
    body.push_str("\">\n");
    let mut details = file.details();
    if let Some(current) = details.next() {
        push_detail(current, "   ", &mut body);
    }
    if details.len() > 0 {
        body.push_str("   <mm0:alternates>\n");
        for alternate in details {
            body.push_str("    <mm0:alternate>\n");
            push_detail(alternate, "      ", &mut body);
            body.push_str("    </mm0:alternate>\n");
        }
        body.push_str("   </mm0:alternates>\n");
    }
    body.push_str("   <resources maxconnections=\"");
    let connections =
        if policy.is_native() && name != "repomd.xml" { policy.metalink_connections } else { 1 };
    push_number(connections.into(), &mut body);
    body.push_str("\">\n");
    push_urls(data, policy, question, decision, &ending, &mut body);
    body.push_str("   </resources>\n  </file>\n </files>\n</metalink>\n");
    Some(body)
}

fn push_detail(detail: FileDetail<'_>, indent: &str, to: &mut String) {
    if detail.timestamp() > 0 {
        to.extend([indent, "<mm0:timestamp>"]);
        push_number(detail.timestamp(), to);
        to.push_str("</mm0:timestamp>\n");
    }
    if detail.size() > 0 {
        to.extend([indent, "<size>"]);
        push_number(detail.size(), to);
        to.push_str("</size>\n");
    }
    to.extend([indent, "<verification>\n"]);
    for kind in DigestKind::ALL {
        if detail.has(kind) {
            to.extend([indent, " <hash type=\"", kind.name(), "\">"]);
            detail.push_digest(kind, to);
            to.push_str("</hash>\n");
        }
    }
    to.extend([indent, "</verification>\n"]);
}

fn push_urls(
    data: &Data,
    policy: &Policy,
    question: &Question<'_>,
    decision: &Decision<'_>,
    ending: &Ending,
    to: &mut String,
) {
    let directory = decision.target.directory;
    let public = directory.global();
    let choice = Choice::of(question, policy, decision.protocols.as_deref());
    let mut preference = 100u64;
    let mut middle = String::new();
    for pick in &decision.picks {
        let Some(offer) = directory.offer(pick.host) else { continue };
        middle.clear();
        middle.push_str("\" location=\"");
        if let Some(country) = data.snapshot.host(pick.host).and_then(|host| host.country) {
            push_text(policy, data.snapshot.country_code(country), &mut middle);
        }
        middle.push_str("\" preference=\"");
        push_number(preference, &mut middle);
        middle.push_str(if public.contains(pick.host) { "\">" } else { "\" mm0:private=\"True\">" });
        let mut given = false;
        for url in choice.kept(offer) {
            let Some(base) = ending.base(url) else { continue };
            given = true;
            // Without a colon in the base, what comes after it is part of the word.
            let rest =
                if base.contains(':') { "" } else { ending.after(base).split(':').next().unwrap_or("") };
            to.push_str("    <url protocol=\"");
            push_text(policy, url.protocol(), to);
            to.extend([rest, "\" type=\""]);
            push_text(policy, url.protocol(), to);
            to.extend([rest, &middle]);
            push_text(policy, base, to);
            to.extend([ending.after(base), "</url>\n"]);
        }
        // With `protocol=` a host without a wanted URL is not there at all; without, it uses up its place.
        if given || decision.protocols.is_none() {
            preference = (preference - 1).max(1);
        }
    }
}

fn push_text(policy: &Policy, text: &str, to: &mut String) {
    if policy.is_native() { escape::push_xml(text, to) } else { to.push_str(text) }
}
