//! What a host offers for a directory: base URLs in the order in which the host wants them used.
//!
//! A host has the same URLs for all directories of a category. So the lists are kept once, and what is the
//! same for every question is known beforehand: where the protocol ends, the text without trailing slashes,
//! the first URL of the common protocol lists.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use frozen::{Column, Damaged, Names, NamesBuilder, Parts, PartsWriter};
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::extras::Families;

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

/// One distinct URL; its number is that of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct UrlRow {
    /// Bytes without trailing slashes.
    trimmed: U32,
    /// Bytes before the first colon.
    protocol: U32,
    /// Of [`PLAIN`] and the families.
    flags: U32,
}

/// Visible ASCII without `&`, `<`, `>`, `"`, and with a colon.
const PLAIN: u32 = 1;
/// Somebody has looked at the families.
const FAMILIES: u32 = 2;
const V4: u32 = 4;
const V6: u32 = 8;

impl<'a> Url<'a> {
    /// As the host's administrator wrote it; empty for a URL whose text is missing.
    #[inline]
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Without trailing slashes.
    #[inline]
    pub fn trimmed(self) -> &'a str {
        self.text.get(..self.row.trimmed.get() as usize).unwrap_or(self.text)
    }

    /// What stands before the first colon, all of it when there is none.
    #[inline]
    pub fn protocol(self) -> &'a str {
        self.text.get(..self.row.protocol.get() as usize).unwrap_or(self.text)
    }

    /// Whether it has a protocol and is made of visible ASCII without `&`, `<`, `>` and `"`, so that it needs
    /// no escaping anywhere. Nearly all are.
    #[inline]
    pub fn is_plain(self) -> bool {
        self.row.flags.get() & PLAIN > 0
    }

    /// The address families under which it can be reached; `None` when nobody has looked.
    #[inline]
    pub fn families(self) -> Option<Families> {
        let flags = self.row.flags.get();
        (flags & FAMILIES > 0).then_some(Families { v4: flags & V4 > 0, v6: flags & V6 > 0 })
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
    /// The numbers of the URLs among all of the snapshot.
    pub(crate) fn numbers(self) -> impl Iterator<Item = u32> + use<'a> {
        self.pool.lists.range(self.row.begin.get(), self.row.end.get()).iter().map(|number| number.get())
    }

    /// All of them.
    #[inline]
    pub fn urls(self) -> impl ExactSizeIterator<Item = Url<'a>> + Clone {
        let pool = self.pool;
        pool.lists
            .range(self.row.begin.get(), self.row.end.get())
            .iter()
            .map(move |number| pool.url(number.get()))
    }

    /// The one to give when only one can be given.
    #[inline]
    pub fn first(self, wanted: Wanted) -> Option<Url<'a>> {
        let number = match wanted {
            Wanted::Transfer => self.row.transfer.get(),
            Wanted::Web => self.row.web.get(),
            Wanted::Secure => self.row.secure.get(),
        };
        (number != NONE).then(|| self.pool.url(number))
    }
}

/// All URLs and all distinct lists of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offers {
    texts: Names,
    urls: Column<UrlRow>,
    lists: Column<U32>,
    rows: Column<OfferRow>,
    /// Whether the families of any URL are known.
    families: bool,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct OfferRow {
    begin: U32,
    end: U32,
    /// URL numbers, or [`NONE`].
    transfer: U32,
    web: U32,
    secure: U32,
}

impl Offers {
    /// The list with this number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<Offer<'_>> {
        Some(Offer { pool: self, row: self.rows.get(number as usize)? })
    }

    /// How many distinct lists there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    #[inline]
    fn url(&self, number: u32) -> Url<'_> {
        match self.urls.get(number as usize) {
            Some(row) => Url { text: self.texts.text(number), row: *row },
            None => {
                Url { text: "", row: UrlRow { trimmed: U32::ZERO, protocol: U32::ZERO, flags: U32::ZERO } }
            }
        }
    }

    /// Whether the families of any URL are known.
    pub(crate) fn knows_families(&self) -> bool {
        self.families
    }

    /// All distinct URLs.
    pub(crate) fn urls(&self) -> impl Iterator<Item = Url<'_>> {
        (0..self.texts.len() as u32).map(|number| self.url(number))
    }

    /// All distinct URLs by their numbers.
    pub(crate) fn texts(&self) -> &Names {
        &self.texts
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        self.texts.write(to);
        to.column(&self.urls);
        to.column(&self.lists);
        to.column(&self.rows);
    }

    pub(crate) fn read(parts: &mut Parts) -> Result<Self, Damaged> {
        let (texts, urls) = (Names::read(parts)?, parts.column()?);
        let families = any_families(&urls);
        let offers = Self { texts, urls, lists: parts.column()?, rows: parts.column()?, families };
        let table = parts.table();
        let urls = offers.urls.as_slice();
        let right = urls.len() == offers.texts.len()
            && urls.iter().zip(offers.texts.iter()).all(|(row, text)| *row == url_row(text, row.flags.get()));
        Damaged::unless(right, table, "a URL that does not fit its text")?;
        let known = |number: U32| (number.get() as usize) < urls.len();
        Damaged::unless(offers.lists.as_slice().iter().all(|n| known(*n)), table, "a URL that is not there")?;
        let right = offers.rows.as_slice().iter().all(|row| {
            let list = offers.lists.as_slice().get(row.begin.get() as usize..row.end.get() as usize);
            let first = |number: U32| number.get() == NONE || known(number);
            list.is_some() && [row.transfer, row.web, row.secure].into_iter().all(first)
        });
        Damaged::unless(right, table, "a list of URLs that is not there")?;
        Ok(offers)
    }
}

/// URLs and lists while they are added.
#[derive(Debug, Default)]
pub(crate) struct OffersBuilder {
    texts: NamesBuilder,
    urls: Vec<UrlRow>,
    lists: Vec<U32>,
    rows: Vec<OfferRow>,
    url_of_id: HashMap<i64, u32, FixedState>,
    row_of_ids: HashMap<Box<[i64]>, u32, FixedState>,
}

impl OffersBuilder {
    /// Adds the text of a URL id; the first text of an id counts. `None` when there is no room.
    pub(crate) fn add_url(&mut self, id: i64, text: &str) -> Option<()> {
        if self.url_of_id.contains_key(&id) {
            return Some(());
        }
        let number = self.add_text(text)?;
        self.url_of_id.insert(id, number);
        Some(())
    }

    /// Notes the families of a URL id that was added.
    pub(crate) fn set_families(&mut self, id: i64, families: Families) {
        let url = self.url_of_id.get(&id).and_then(|number| self.urls.get_mut(*number as usize));
        if let Some(url) = url {
            let plain = url.flags.get() & PLAIN;
            let bit = |set: bool, bit: u32| if set { bit } else { 0 };
            url.flags.set(plain | FAMILIES | bit(families.v4, V4) | bit(families.v6, V6));
        }
    }

    /// The number of the list of these URL ids. An unknown id is a URL without text.
    pub(crate) fn intern(&mut self, ids: &[i64]) -> Option<u32> {
        if let Some(number) = self.row_of_ids.get(ids) {
            return Some(*number);
        }
        let begin = u32::try_from(self.lists.len()).ok()?;
        for id in ids {
            let url = match self.url_of_id.get(id) {
                Some(url) => *url,
                None => self.add_text("")?,
            };
            self.lists.push(url.into());
        }
        let end = u32::try_from(self.lists.len()).ok()?;
        let list = self.lists.get(begin as usize..)?;
        let protocol = |url: &U32| {
            let text = self.texts.text(url.get());
            text.split_once(':').map_or("", |(protocol, _)| protocol)
        };
        let first = |protocols: &[&str]| list.iter().find(|url| protocols.contains(&protocol(url))).copied();
        let none = U32::new(NONE);
        let row = OfferRow {
            begin: begin.into(),
            end: end.into(),
            transfer: first(&["http", "https", "ftp"]).unwrap_or(none),
            web: first(&["http", "https"]).unwrap_or(none),
            secure: first(&["https"]).or(first(&["http"])).or(first(&["ftp"])).unwrap_or(none),
        };
        let number = u32::try_from(self.rows.len()).ok()?;
        self.rows.push(row);
        self.row_of_ids.insert(ids.into(), number);
        Some(number)
    }

    pub(crate) fn freeze(self) -> Offers {
        let urls = self.urls.into();
        Offers {
            texts: self.texts.freeze(),
            families: any_families(&urls),
            urls,
            lists: self.lists.into(),
            rows: self.rows.into(),
        }
    }

    fn add_text(&mut self, text: &str) -> Option<u32> {
        // Lengths are below 2³², or there would be no room for the text.
        let number = self.texts.intern(text)?;
        if number as usize == self.urls.len() {
            self.urls.push(url_row(text, 0));
        }
        Some(number)
    }
}

fn any_families(urls: &Column<UrlRow>) -> bool {
    urls.as_slice().iter().any(|row| row.flags.get() & FAMILIES > 0)
}

/// The row of a URL with this text and the families of these flags.
fn url_row(text: &str, flags: u32) -> UrlRow {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"&<>\"".contains(&byte);
    let is_plain = text.contains(':') && text.bytes().all(plain);
    UrlRow {
        trimmed: (text.trim_end_matches('/').len() as u32).into(),
        protocol: (text.find(':').unwrap_or(text.len()) as u32).into(),
        flags: (flags & (FAMILIES | V4 | V6) | if is_plain { PLAIN } else { 0 }).into(),
    }
}
