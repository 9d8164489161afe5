//! An explanation for people: plain text, in columns.

use std::fmt::{self, Display};

use crate::escape;
use crate::explain::{Client, Explanation, LeftOut, Mirror};
use crate::place::CountrySource;

/// Width of the words at the beginning of a line.
const WORD: usize = 11;

impl fmt::Display for Explanation {
    /// No value of a client or a mirror can begin a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(4096);
        let question: Vec<String> =
            self.question.iter().map(|(name, value)| format!("{name}={value}")).collect();
        push(&mut text, "question", question.join(" "));
        push(&mut text, "client", client(&self.client));
        for network in &self.client.networks {
            push(&mut text, "", format_args!("in the network {network} of a mirror"));
        }
        push(&mut text, "directory", &self.directory);
        if let Some(file) = &self.file {
            push(&mut text, "file", &file.name);
        }
        push(&mut text, "searched", &self.searched);
        if let Some(network) = self.stable {
            push(&mut text, "stable", format_args!("the same mirrors for all clients of {network}"));
        }
        if let Some(name) = &self.idle_exclusive {
            let note =
                format_args!("{name} is the one mirror of the client's network, but can not give this");
            push(&mut text, "exclusive", note);
        }
        text.push('\n');
        mirrors(&self.mirrors, &mut text);
        for left_out in self.left_out.iter().flatten() {
            text.push('\n');
            push_left_out(left_out, &mut text);
        }
        f.write_str(&text)
    }
}

fn push(text: &mut String, word: &str, value: impl Display) {
    escape::push_line(format!("{word:<WORD$}{value}").trim_end(), text);
    text.push('\n');
}

fn client(client: &Client) -> String {
    let country = client.country.as_deref().unwrap_or("unknown");
    let source = match client.country_source {
        CountrySource::Network => " (set by hand for its network)",
        CountrySource::Database => " (by the country database)",
        CountrySource::Unknown => "",
    };
    let asn = client.asn.as_deref().map_or(String::new(), |asn| format!(", AS {asn}"));
    format!("{}, country {country}{source}{asn}", client.address)
}

fn mirrors(mirrors: &[Mirror], text: &mut String) {
    let width = |cell: fn(&Mirror) -> usize| mirrors.iter().map(cell).max().unwrap_or(0);
    let names = width(|mirror| mirror.name.chars().count());
    let weights = width(|mirror| mirror.weight.to_string().len());
    push(text, "mirrors", if mirrors.is_empty() { "none".to_owned() } else { mirrors.len().to_string() });
    for (place, mirror) in (1..).zip(mirrors) {
        let country = mirror.country.as_deref().unwrap_or("--");
        let distance = mirror.distance_km.map_or(String::new(), |km| format!("  {km:.0} km"));
        let private = if mirror.private { "  private" } else { "" };
        let reached = if mirror.reached == Some(false) { "  not by the client's address family" } else { "" };
        let line = format!(
            "{place:>4}  {:<names$}  {:<9}  {country}  weight {:>weights$}{distance}{private}{reached}",
            mirror.name,
            mirror.tier.name(),
            mirror.weight,
        );
        escape::push_line(line.trim_end(), text);
        text.push('\n');
        for url in &mirror.urls {
            text.push_str("      ");
            escape::push_line(url, text);
            text.push('\n');
        }
    }
}

fn push_left_out(left_out: &LeftOut, text: &mut String) {
    let head = format!("left out ({}): {}", left_out.hosts.len(), left_out.reason.text());
    escape::push_line(&head, text);
    text.push('\n');
    for host in &left_out.hosts {
        text.push_str("      ");
        escape::push_line(&host.name, text);
        text.push('\n');
    }
}
