//! What a host offers for a directory: base URLs in the order in which the host wants them used.
//!
//! A host has the same URLs for all directories of a category. So the lists are kept once, and what is the
//! same for every question is known beforehand: where the protocol ends, the text without trailing slashes,
//! the first URL of the common protocol lists.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::fast::FixedState;

use crate::extras::Families;
use crate::names::Names;

/// No URL.
const NONE: u32 = u32::MAX;

/// Which URL of a host is wanted when only one can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The first of http, https and ftp, in the host's order.
    Transfer,
    /// The first of http and https, in the host's order.
    Web,
    /// The first https, else the first http, else the first ftp.
    Secure,
}

/// A base URL.
#[derive(Debug, Clone, Copy)]
pub struct Url<'a> {
    text: &'a str,
    row: UrlRow,
}

#[derive(Debug, Clone, Copy)]
struct UrlRow {
    text: u32,
    /// Bytes without trailing slashes.
    trimmed: u32,
    /// Bytes before the first colon.
    protocol: u32,
    form: Form,
    families: Option<Families>,
}

/// What a URL is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Visible ASCII without `&`, `<`, `>`, `"`, and with a colon.
    Plain,
    /// Anything else.
    Odd,
}

impl<'a> Url<'a> {
    /// As the host's administrator wrote it; empty for a URL whose text is missing.
    #[inline]
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Without trailing slashes.
    #[inline]
    pub fn trimmed(self) -> &'a str {
        self.text.get(..self.row.trimmed as usize).unwrap_or(self.text)
    }

    /// What stands before the first colon, all of it when there is none.
    #[inline]
    pub fn protocol(self) -> &'a str {
        self.text.get(..self.row.protocol as usize).unwrap_or(self.text)
    }

    /// Whether it has a protocol and is made of visible ASCII without `&`, `<`, `>` and `"`, so that it needs
    /// no escaping anywhere. Nearly all are.
    #[inline]
    pub fn is_plain(self) -> bool {
        self.row.form == Form::Plain
    }

    /// The address families under which it can be reached; `None` when nobody has looked.
    #[inline]
    pub fn families(self) -> Option<Families> {
        self.row.families
    }

    /// Whether it begins with this protocol and a colon.
    #[inline]
    pub fn has_protocol(self, protocol: &str) -> bool {
        self.text.strip_prefix(protocol).is_some_and(|rest| rest.starts_with(':'))
    }
}

/// The URLs of a host for a directory, in order. May be empty.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    pool: &'a Offers,
    row: &'a OfferRow,
}

impl<'a> Offer<'a> {
    /// All of them.
    #[inline]
    pub fn urls(self) -> impl ExactSizeIterator<Item = Url<'a>> + Clone {
        let pool = self.pool;
        let range = self.row.begin as usize..self.row.end as usize;
        pool.lists.get(range).unwrap_or_default().iter().map(move |number| pool.url(*number))
    }

    /// The one to give when only one can be given.
    #[inline]
    pub fn first(self, wanted: Wanted) -> Option<Url<'a>> {
        let number = match wanted {
            Wanted::Transfer => self.row.transfer,
            Wanted::Web => self.row.web,
            Wanted::Secure => self.row.secure,
        };
        (number != NONE).then(|| self.pool.url(number))
    }
}

/// All URLs and all distinct lists of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offers {
    texts: Names,
    urls: Vec<UrlRow>,
    lists: Vec<u32>,
    rows: Vec<OfferRow>,
}

#[derive(Debug, Clone, Copy)]
struct OfferRow {
    begin: u32,
    end: u32,
    transfer: u32,
    web: u32,
    secure: u32,
}

/// While lists are added: URL by id, list by ids.
#[derive(Debug, Default)]
pub(crate) struct OfferIndex {
    url_of_id: HashMap<i64, u32, FixedState>,
    row_of_ids: HashMap<Box<[i64]>, u32, FixedState>,
}

impl Offers {
    /// Adds the text of a URL id; the first text of an id counts. `None` when there is no room.
    pub(crate) fn add_url(&mut self, index: &mut OfferIndex, id: i64, text: &str) -> Option<()> {
        if let Entry::Vacant(free) = index.url_of_id.entry(id) {
            free.insert(self.add_text(text)?);
        }
        Some(())
    }

    /// Notes the families of a URL id that was added.
    pub(crate) fn set_families(&mut self, index: &OfferIndex, id: i64, families: Families) {
        let url = index.url_of_id.get(&id).and_then(|number| self.urls.get_mut(*number as usize));
        if let Some(url) = url {
            url.families = Some(families);
        }
    }

    /// The number of the list of these URL ids. An unknown id is a URL without text.
    pub(crate) fn intern(&mut self, index: &mut OfferIndex, ids: &[i64]) -> Option<u32> {
        if let Some(number) = index.row_of_ids.get(ids) {
            return Some(*number);
        }
        let begin = u32::try_from(self.lists.len()).ok()?;
        for id in ids {
            let url = match index.url_of_id.get(id) {
                Some(url) => *url,
                None => self.add_text("")?,
            };
            self.lists.push(url);
        }
        let end = u32::try_from(self.lists.len()).ok()?;
        let list = self.lists.get(begin as usize..)?;
        let first = |protocols: &[&str]| {
            let wanted = |url: &&u32| protocols.iter().any(|protocol| self.url(**url).has_protocol(protocol));
            list.iter().find(wanted).copied()
        };
        let transfer = first(&["http", "https", "ftp"]).unwrap_or(NONE);
        let web = first(&["http", "https"]).unwrap_or(NONE);
        let secure = first(&["https"]).or(first(&["http"])).or(first(&["ftp"])).unwrap_or(NONE);
        let number = u32::try_from(self.rows.len()).ok()?;
        self.rows.push(OfferRow { begin, end, transfer, web, secure });
        index.row_of_ids.insert(ids.into(), number);
        Some(number)
    }

    /// The list with this number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<Offer<'_>> {
        Some(Offer { pool: self, row: self.rows.get(number as usize)? })
    }

    /// How many distinct lists there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Gives back the room kept for more.
    pub(crate) fn freeze(&mut self) {
        self.texts.freeze();
        self.urls.shrink_to_fit();
        self.lists.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    fn add_text(&mut self, text: &str) -> Option<u32> {
        let number = self.texts.intern(text)?;
        if number as usize == self.urls.len() {
            self.urls.push(UrlRow {
                text: number,
                trimmed: u32::try_from(text.trim_end_matches('/').len()).ok()?,
                protocol: u32::try_from(text.find(':').unwrap_or(text.len())).ok()?,
                form: form(text),
                families: None,
            });
        }
        Some(number)
    }

    #[inline]
    fn url(&self, number: u32) -> Url<'_> {
        match self.urls.get(number as usize) {
            Some(row) => Url { text: self.texts.text(row.text), row: *row },
            None => Url {
                text: "",
                row: UrlRow { text: 0, trimmed: 0, protocol: 0, form: Form::Odd, families: None },
            },
        }
    }
}

fn form(text: &str) -> Form {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"&<>\"".contains(&byte);
    if text.contains(':') && text.bytes().all(plain) { Form::Plain } else { Form::Odd }
}
