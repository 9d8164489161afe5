//! Metalink 3 (spec C.7, M1–M10), byte for byte as clients know it.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use snapshot::{DigestKind, File, FileDetail, Url};

use crate::decide::Decision;
use crate::escape;
use crate::policy::Policy;
use crate::render::push_number;
use crate::urls::Ending;

/// The XML declaration and the first element.
pub(crate) fn push_opening(now: DateTime<Utc>, to: &mut String) {
    to.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    to.push_str("<metalink version=\"3.0\" xmlns=\"http://www.metalinker.org/\" type=\"dynamic\" pubdate=\"");
    push_date(now, to);
    to.push_str("\" generator=\"mirrormanager\" xmlns:mm0=\"http://fedorahosted.org/mirrormanager\">\n");
}

/// `Sat, 21 Nov 2026 06:04:36 GMT`. Not by a format string, whose interpretation takes as long as the rest of
/// the document.
fn push_date(now: DateTime<Utc>, to: &mut String) {
    const DAYS: [&str; 7] = ["Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, ", "Sun, "];
    const MONTHS: [&str; 12] = [
        " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ",
        " Dec ",
    ];
    let two = |number: u32, to: &mut String| {
        to.extend([number / 10 % 10, number % 10].map(|digit| char::from_digit(digit, 10).unwrap_or('0')));
    };
    to.push_str(DAYS.get(now.weekday().num_days_from_monday() as usize).copied().unwrap_or_default());
    two(now.day(), to);
    to.push_str(MONTHS.get(now.month0() as usize).copied().unwrap_or_default());
    let year = now.year().unsigned_abs();
    two(year / 100, to);
    two(year % 100, to);
    to.push(' ');
    two(now.hour(), to);
    to.push(':');
    two(now.minute(), to);
    to.push(':');
    two(now.second(), to);
    to.push_str(" GMT");
}

/// What comes after every URL.
const CLOSING: &str = "</url>\n";

/// URLs of a usual mirror, and bytes of a usual line without the ending and of a usual version of a file: for the
/// room that is reserved.
const USUAL_URLS: usize = 3;
const USUAL_LINE: usize = 120;
const USUAL_DETAIL: usize = 480;

/// The metalink; `None` when nothing is known about the file (E7).
pub(crate) fn render(decision: &Decision<'_>, now: DateTime<Utc>) -> Option<String> {
    let policy = decision.policy;
    let directory = decision.target.directory;
    let name = decision.target.file.as_deref().unwrap_or_default();
    let file = directory.file(name)?;
    let mut ending = Ending::of(&decision.target, policy);
    if policy.is_native() {
        ending = ending.for_xml();
    }
    let ending = ending.closed(CLOSING);
    let urls = decision.picks.len() * USUAL_URLS * (ending.len() + USUAL_LINE);
    let mut body = String::with_capacity(1024 + file.details().len() * USUAL_DETAIL + urls);
    push_opening(now, &mut body);
    body.push_str(" <files>\n  <file name=\"");
    if policy.is_native() {
        escape::push_xml(name, &mut body)
    } else {
        body.push_str(name)
    }
    body.push_str("\">\n");
    if decision.has_hashes() {
        push_details(policy, file, now, &mut body);
    }
    body.push_str("   <resources maxconnections=\"");
    let connections =
        if policy.is_native() && name != "repomd.xml" { policy.metalink_connections } else { 1 };
    push_number(connections.into(), &mut body);
    body.push_str("\">\n");
    push_urls(decision, &ending, &mut body);
    body.push_str("   </resources>\n  </file>\n </files>\n</metalink>\n");
    Some(body)
}

/// The good versions of the file: the newest one, and as many alternates as the operator allows (decision 10).
fn push_details(policy: &Policy, file: File<'_>, now: DateTime<Utc>, to: &mut String) {
    let mut details = file.details();
    if let Some(current) = details.next() {
        push_detail(current, "   ", to);
    }
    let oldest =
        policy.alternates_age.map_or(0, |age| now.timestamp().max(0).unsigned_abs().saturating_sub(age));
    let is_young = |detail: &FileDetail<'_>| detail.timestamp() == 0 || detail.timestamp() >= oldest;
    let alternates = details.filter(is_young).take(policy.alternates.unwrap_or(usize::MAX));
    let mut alternates = alternates.peekable();
    if alternates.peek().is_some() {
        to.push_str("   <mm0:alternates>\n");
        for alternate in alternates {
            to.push_str("    <mm0:alternate>\n");
            push_detail(alternate, "      ", to);
            to.push_str("    </mm0:alternate>\n");
        }
        to.push_str("   </mm0:alternates>\n");
    }
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

fn push_urls(decision: &Decision<'_>, ending: &Ending, to: &mut String) {
    let Decision { data, policy, .. } = *decision;
    let directory = decision.target.directory;
    let (public, offers) = (directory.global(), directory.offers());
    let choice = decision.choice();
    let mut preference = 100u64;
    let mut middle = String::with_capacity(64);
    for pick in &decision.picks {
        let Some(offer) = offers.of(pick.host) else { continue };
        middle.clear();
        if let Some(country) = data.snapshot.host(pick.host).and_then(|host| host.country) {
            middle.push_str(match policy.is_native() {
                true => data.country_in_xml(country),
                false => data.snapshot.country_code(country),
            });
        }
        middle.push_str("\" preference=\"");
        push_number(preference, &mut middle);
        middle.push_str(if public.contains(pick.host) { "\">" } else { "\" mm0:private=\"True\">" });
        let mut given = false;
        choice.each(offer, |url| {
            let Some(base) = ending.base(url) else { return };
            given = true;
            match url.is_plain().then(|| opening(url.protocol())).flatten() {
                Some(opening) => to.extend([opening, &middle, base]),
                None => push_odd(policy, url, &middle, base, ending, to),
            }
            to.push_str(ending.after(base));
        });
        // With `protocol=` a host without a wanted URL is not there at all; without, it uses up its place.
        if given || decision.protocols.is_none() {
            preference = (preference - 1).max(1);
        }
    }
}

/// The beginning of a line, up to the country, for the usual protocols.
fn opening(protocol: &str) -> Option<&'static str> {
    macro_rules! opening {
        ($protocol:literal) => {
            concat!("    <url protocol=\"", $protocol, "\" type=\"", $protocol, "\" location=\"")
        };
    }
    Some(match protocol {
        "https" => opening!("https"),
        "http" => opening!("http"),
        "rsync" => opening!("rsync"),
        "ftp" => opening!("ftp"),
        _ => return None,
    })
}

/// The beginning of a line, up to the base, for a URL that is not usual or may need escaping.
fn push_odd(policy: &Policy, url: Url<'_>, middle: &str, base: &str, ending: &Ending, to: &mut String) {
    // Without a colon in the base, what comes after it is part of the word before the first colon.
    let after = ending.after(base).strip_suffix(CLOSING).unwrap_or_default();
    let rest = if base.contains(':') { "" } else { after.split(':').next().unwrap_or("") };
    to.push_str("    <url protocol=\"");
    push_text(policy, url.protocol(), to);
    to.extend([rest, "\" type=\""]);
    push_text(policy, url.protocol(), to);
    to.extend([rest, "\" location=\"", middle]);
    push_text(policy, base, to);
}

fn push_text(policy: &Policy, text: &str, to: &mut String) {
    if policy.is_native() { escape::push_xml(text, to) } else { to.push_str(text) }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::push_date;

    #[test]
    fn dates_are_those_of_the_format_string() {
        for seconds in [0, 951_782_400, 1_700_000_000, 1_735_689_599, 1_791_000_003, 4_102_444_799i64] {
            for hours in 0..400 {
                let now = DateTime::from_timestamp(seconds + hours * 3601 * 7, 0).unwrap();
                let mut date = String::new();
                push_date(now, &mut date);
                assert_eq!(date, now.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
            }
        }
    }
}
