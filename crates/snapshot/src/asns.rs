//! The hosts that want the clients of an autonomous system.

use frozen::{Column, Damaged, Parts, PartsWriter};
use zerocopy::little_endian::{I64, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::hosts::{HostList, HostNo};

/// Hosts by AS number.
#[derive(Debug, Clone, Default)]
pub(crate) struct AsnHosts {
    /// By number.
    rows: Column<AsnRow>,
    hosts: Column<U32>,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct AsnRow {
    asn: I64,
    begin: U32,
    end: U32,
}

impl AsnHosts {
    /// Builds the table; of two entries for one number the first counts. `None` when there is no room.
    pub(crate) fn new(mut entries: Vec<(i64, Vec<HostNo>)>) -> Option<Self> {
        // Stable: the first entry of an ASN counts.
        entries.sort_by_key(|(asn, _)| *asn);
        entries.dedup_by_key(|(asn, _)| *asn);
        let mut all = Vec::new();
        let mut rows = Vec::with_capacity(entries.len());
        for (asn, hosts) in entries {
            let begin = u32::try_from(all.len()).ok()?;
            all.extend(hosts.into_iter().map(|host| U32::new(host.0)));
            let end = u32::try_from(all.len()).ok()?;
            rows.push(AsnRow { asn: asn.into(), begin: begin.into(), end: end.into() });
        }
        Some(Self { rows: rows.into(), hosts: all.into() })
    }

    /// The hosts of a number, in the order of the file.
    #[inline]
    pub(crate) fn of(&self, asn: i64) -> HostList<'_> {
        let rows = self.rows.as_slice();
        let row = rows.binary_search_by_key(&asn, |row| row.asn.get()).ok().and_then(|place| rows.get(place));
        HostList(row.map(|row| self.hosts.range(row.begin.get(), row.end.get())).unwrap_or_default())
    }

    /// All numbers with their hosts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, HostList<'_>)> {
        let list = |row: &AsnRow| HostList(self.hosts.range(row.begin.get(), row.end.get()));
        self.rows.as_slice().iter().map(move |row| (row.asn.get(), list(row)))
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        to.column(&self.rows);
        to.column(&self.hosts);
    }

    pub(crate) fn read(parts: &mut Parts, hosts: usize) -> Result<Self, Damaged> {
        let asns = Self { rows: parts.column()?, hosts: parts.column()? };
        let rows = asns.rows.as_slice();
        let ordered = rows.is_sorted_by(|one, next| one.asn.get() < next.asn.get());
        let right =
            |row: &AsnRow| row.begin.get() <= row.end.get() && row.end.get() as usize <= asns.hosts.len();
        Damaged::unless(ordered && rows.iter().all(right), parts.table(), "an AS number without hosts")?;
        let known = asns.hosts.as_slice().iter().all(|host| (host.get() as usize) < hosts);
        Damaged::unless(known, parts.table(), "an AS number of a host that is not there")?;
        Ok(asns)
    }
}
