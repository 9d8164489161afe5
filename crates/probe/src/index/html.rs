//! Index pages in HTML: links, and what stands behind them.

use std::borrow::Cow;
use std::collections::HashMap;

use html5gum::{StartTag, Token, Tokenizer};
use percent_encoding::percent_decode_str;

use super::size::{digits, in_columns};
use super::{Form, Size};

/// Bytes of the text behind a link that are looked at.
const MAX_COLUMNS: usize = 1024;
/// Bytes of the title that are looked at.
const MAX_TITLE: usize = 4096;

/// The files of a page and who made it; `None` when it is no index.
pub(super) fn read(page: &[u8], path: &str) -> Option<(Form, HashMap<Vec<u8>, Size>)> {
    let mut reading = Reading { path, ..Reading::default() };
    for token in Tokenizer::new(page) {
        let Ok(token) = token;
        reading.token(&token);
    }
    reading.end_row();
    Some((reading.clues.form()?, reading.files))
}

#[derive(Default)]
struct Reading<'a> {
    path: &'a str,
    clues: Clues,
    files: HashMap<Vec<u8>, Size>,
    row: Option<Row>,
    in_title: bool,
}

/// A link and what was read behind it.
struct Row {
    name: Vec<u8>,
    in_link: bool,
    columns: String,
    told: Option<u64>,
}

impl Reading<'_> {
    fn token(&mut self, token: &Token) {
        match token {
            Token::StartTag(tag) => self.start(tag),
            Token::EndTag(tag) => match tag.name.as_slice() {
                b"title" => self.in_title = false,
                b"a" => self.row.iter_mut().for_each(|row| row.in_link = false),
                b"tr" | b"li" | b"pre" => self.end_row(),
                _ => {}
            },
            Token::String(text) => self.text(text.value.as_slice()),
            _ => {}
        }
    }

    fn start(&mut self, tag: &StartTag<()>) {
        let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| value.value.as_slice());
        match tag.name.as_slice() {
            b"title" => self.in_title = true,
            b"hr" => self.clues.rule = true,
            b"pre" => self.clues.preformatted = true,
            b"table" => self.clues.lighttpd |= attribute(b"summary") == Some(b"Directory Listing"),
            b"tr" | b"li" => self.end_row(),
            b"td" => {
                if let Some(row) = &mut self.row {
                    row.columns.push(' ');
                    let told =
                        attribute(b"data-size").and_then(|text| digits(std::str::from_utf8(text).ok()?));
                    row.told = row.told.or(told);
                }
            }
            b"a" => {
                self.end_row();
                let Some(href) = attribute(b"href").and_then(|href| std::str::from_utf8(href).ok()) else {
                    return;
                };
                self.clues.sorting |= href.starts_with("?C=");
                self.clues.caddy |= href.starts_with("https://caddyserver.com");
                let name = name(href, self.path).map(Cow::into_owned);
                self.row = name.map(|name| Row { name, in_link: true, columns: String::new(), told: None });
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        if self.in_title && self.clues.title.len() < MAX_TITLE {
            self.clues.title.push_str(&text);
        }
        match &mut self.row {
            Some(row) if !row.in_link && row.columns.len() < MAX_COLUMNS => row.columns.push_str(&text),
            _ => {}
        }
    }

    fn end_row(&mut self) {
        if let Some(row) = self.row.take() {
            let size = row.told.map_or_else(|| in_columns(&row.columns), Size::Exact);
            self.files.insert(row.name, size);
        }
    }
}

/// What tells who made a page.
#[derive(Default)]
struct Clues {
    title: String,
    rule: bool,
    preformatted: bool,
    sorting: bool,
    lighttpd: bool,
    caddy: bool,
}

impl Clues {
    fn form(&self) -> Option<Form> {
        let title = self.title.trim_start();
        if title.starts_with("Directory listing for ") {
            return Some(Form::Python);
        }
        if !title.starts_with("Index of ") {
            return self.caddy.then_some(Form::Caddy);
        }
        Some(match (self.lighttpd, self.rule && self.preformatted && !self.sorting) {
            (true, _) => Form::Lighttpd,
            (false, true) => Form::Nginx,
            (false, false) => Form::Apache,
        })
    }
}

/// The name of the file in this very directory that a link leads to.
fn name<'a>(href: &'a str, path: &str) -> Option<Cow<'a, [u8]>> {
    let relative = match href.strip_prefix('/') {
        Some(_) => href.strip_prefix(path).filter(|_| path.ends_with('/'))?,
        None => href.strip_prefix("./").unwrap_or(href),
    };
    if relative.is_empty() || relative.contains(['/', '?', '#']) || has_scheme(relative) {
        return None;
    }
    let name: Cow<'a, [u8]> = percent_decode_str(relative).into();
    let is_plain = !matches!(name.as_ref(), b"." | b"..") && !name.contains(&b'/');
    is_plain.then_some(name)
}

/// Whether a link begins with a scheme such as `mailto:`. A name with a colon in its first part is written with
/// `./` or `%3A` before it, or it would not work as a link.
fn has_scheme(href: &str) -> bool {
    let Some((scheme, rest)) = href.split_once(':') else { return false };
    let is_word = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    // nginx writes a colon as it is; "12:00" has no scheme since that begins with a letter.
    is_word && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && !rest.is_empty()
}
