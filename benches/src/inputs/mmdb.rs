//! A country database in the MaxMind format, just enough of a writer for one made-up table.

use std::collections::HashMap;

/// Types of the format.
const TEXT: u8 = 2;
const U16: u8 = 5;
const U32: u8 = 6;
const MAP: u8 = 7;
const U64: u8 = 9;
const ARRAY: u8 = 11;

/// What one side of a node leads to.
#[derive(Clone, Copy)]
enum Side {
    Nothing,
    Node(u32),
    Record(u32),
}

/// A database of networks `(address, length, country)` that do not overlap. IPv4 is `::/96`.
pub fn write(networks: &[(u128, u8, &str)]) -> Vec<u8> {
    let mut nodes = vec![[Side::Nothing; 2]];
    let mut data = Vec::new();
    let mut records = HashMap::new();
    for (address, length, country) in networks {
        let record = *records.entry(*country).or_insert_with(|| {
            let at = data.len() as u32;
            head(&mut data, MAP, 1);
            text(&mut data, "country");
            head(&mut data, MAP, 1);
            text(&mut data, "iso_code");
            text(&mut data, country);
            at
        });
        let depth = u32::from(*length);
        let bit = |at: u32| (address >> (127 - at) & 1) as usize;
        let mut node = 0;
        for at in 0..depth - 1 {
            node = match side(&mut nodes, node, bit(at)) {
                Side::Node(next) => next as usize,
                _ => {
                    nodes.push([Side::Nothing; 2]);
                    let next = nodes.len() - 1;
                    set(&mut nodes, node, bit(at), Side::Node(next as u32));
                    next
                }
            };
        }
        set(&mut nodes, node, bit(depth - 1), Side::Record(record));
    }
    let count = nodes.len() as u32;
    let mut out = Vec::with_capacity(nodes.len() * 8 + data.len() + 256);
    for side in nodes.iter().flatten() {
        let value = match side {
            Side::Nothing => count,
            Side::Node(node) => *node,
            Side::Record(record) => count + 16 + record,
        };
        out.extend(value.to_be_bytes());
    }
    out.extend([0; 16]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    metadata(&mut out, count);
    out
}

fn side(nodes: &mut [[Side; 2]], node: usize, bit: usize) -> Side {
    nodes.get(node).and_then(|sides| sides.get(bit)).copied().unwrap_or(Side::Nothing)
}

fn set(nodes: &mut [[Side; 2]], node: usize, bit: usize, to: Side) {
    if let Some(side) = nodes.get_mut(node).and_then(|sides| sides.get_mut(bit)) {
        *side = to;
    }
}

fn metadata(out: &mut Vec<u8>, nodes: u32) {
    head(out, MAP, 9);
    for (name, kind, value) in [
        ("node_count", U32, u64::from(nodes)),
        ("record_size", U16, 32),
        ("ip_version", U16, 6),
        ("binary_format_major_version", U16, 2),
        ("binary_format_minor_version", U16, 0),
        ("build_epoch", U64, 1_700_000_000),
    ] {
        text(out, name);
        number(out, kind, value);
    }
    text(out, "database_type");
    text(out, "Made-Up-Country");
    text(out, "languages");
    head(out, ARRAY, 1);
    text(out, "en");
    text(out, "description");
    head(out, MAP, 1);
    text(out, "en");
    text(out, "made up");
}

fn text(out: &mut Vec<u8>, value: &str) {
    head(out, TEXT, value.len());
    out.extend(value.as_bytes());
}

fn number(out: &mut Vec<u8>, kind: u8, value: u64) {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    head(out, kind, bytes.len() - zeros);
    out.extend(bytes.iter().skip(zeros));
}

/// Type and size of a value; sizes up to 28 are all that is needed here.
fn head(out: &mut Vec<u8>, kind: u8, size: usize) {
    assert!(size < 29, "this writer has no long values");
    if kind < 8 {
        out.push(kind << 5 | size as u8);
    } else {
        out.extend([size as u8, kind - 7]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_finds_what_was_written() {
        let bytes = write(&[
            (0x0a00_0000, 96 + 8, "DE"),
            (0xc000_0200, 96 + 24, "US"),
            (0xc000_0300, 96 + 24, "DE"),
            (0x2001_0db8 << 96, 32, "FR"),
        ]);
        let countries = geo::Countries::from_bytes(bytes).unwrap();
        let of = |address: &str| countries.of(address.parse().unwrap()).map(str::to_owned);
        assert_eq!(of("10.1.2.3").as_deref(), Some("DE"));
        assert_eq!(of("192.0.2.7").as_deref(), Some("US"));
        assert_eq!(of("192.0.3.7").as_deref(), Some("DE"));
        assert_eq!(of("192.0.4.7"), None);
        assert_eq!(of("2001:db8::7").as_deref(), Some("FR"));
        assert_eq!(of("2001:db9::7"), None);
        assert_eq!(countries.made_at_seconds(), Some(1_700_000_000));
    }
}
