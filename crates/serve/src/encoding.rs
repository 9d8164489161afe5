//! Answers in gzip, for clients that take it (RFC 9110 section 8.4).
//!
//! The list of all repositories, which error E4 shows to whoever mistypes one, is large and the same for
//! everybody: it is deflated once per cache, and an answer is put together around it, so that compressing costs a
//! request next to nothing. To compress any other body costs more than to make it.

use std::io::Write as _;

use answer::{Answer, Body, Data};
use bytes::Bytes;
use flate2::Crc;
use flate2::write::{DeflateEncoder, GzEncoder};
use hyper::header::{ACCEPT_ENCODING, HeaderMap};
use settings::serve::Compression;

/// Smaller bodies are not worth it: they go in one packet either way.
const LEAST_BYTES: usize = 1400;

/// The first bytes of a gzip file without a name or a time (RFC 1952): deflate, by some Unix.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

/// What is deflated once per cache.
#[derive(Default)]
pub(crate) struct Prepared(Vec<Piece>);

/// A shared piece of bodies, deflated: blocks none of which is the last, up to the end of a byte.
struct Piece {
    plain: Bytes,
    deflated: Bytes,
    crc: Crc,
}

impl Prepared {
    /// Deflates the pieces that bodies share.
    pub(crate) fn of(data: &Data) -> Self {
        let mut prepared = Self::default();
        for plain in data.shared_pieces() {
            if plain.len() >= LEAST_BYTES && prepared.piece(plain).is_none() {
                prepared.0.extend(Piece::of(plain));
            }
        }
        prepared
    }

    /// The very piece, not one that looks like it.
    fn piece(&self, shared: &Bytes) -> Option<&Piece> {
        self.0
            .iter()
            .find(|piece| piece.plain.as_ptr() == shared.as_ptr() && piece.plain.len() == shared.len())
    }
}

impl Piece {
    fn of(plain: &Bytes) -> Option<Self> {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).and_then(|()| encoder.flush()).ok()?;
        let mut crc = Crc::new();
        crc.update(plain);
        Some(Self { plain: plain.clone(), deflated: encoder.get_ref().clone().into(), crc })
    }
}

/// Puts an answer into the encoding that the client asks for, if the settings want that.
pub(crate) fn encode(answer: &mut Answer, wanted: Compression, request: &HeaderMap, prepared: &Prepared) {
    let piece = match wanted {
        Compression::Off => return,
        Compression::Prepared | Compression::All => prepared.piece(&answer.body.shared),
    };
    if piece.is_none() && (wanted != Compression::All || answer.body.len() < LEAST_BYTES) {
        return;
    }
    answer.headers.push(("vary", "accept-encoding".into()));
    if !takes_gzip(request) {
        return;
    }
    let encoded = match piece {
        Some(piece) => around(piece, &answer.body),
        None => whole(&answer.body),
    };
    if let Some(encoded) = encoded {
        answer.body = encoded;
        answer.headers.push(("content-encoding", "gzip".into()));
    }
}

/// A gzip file of the deflated piece with what stands before and after it as it is; `None` if that is too
/// long for one block.
fn around(piece: &Piece, body: &Body) -> Option<Body> {
    let mut crc = Crc::new();
    crc.update(&body.head);
    crc.combine(&piece.crc);
    let mut of_tail = Crc::new();
    of_tail.update(&body.tail);
    crc.combine(&of_tail);
    let length = u32::try_from(body.len()).ok()?;

    let mut head = GZIP_HEADER.to_vec();
    push_stored(0, &body.head, &mut head)?;
    let mut tail = Vec::with_capacity(body.tail.len() + 16);
    push_stored(1, &body.tail, &mut tail)?;
    tail.extend(crc.sum().to_le_bytes());
    tail.extend(length.to_le_bytes());
    Some(Body { head: head.into(), shared: piece.deflated.clone(), tail: tail.into() })
}

/// Appends a stored block (RFC 1951 section 3.2.4).
fn push_stored(is_last: u8, bytes: &[u8], to: &mut Vec<u8>) -> Option<()> {
    let length = u16::try_from(bytes.len()).ok()?;
    to.push(is_last);
    to.extend(length.to_le_bytes());
    to.extend((!length).to_le_bytes());
    to.extend_from_slice(bytes);
    Some(())
}

fn whole(body: &Body) -> Option<Body> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
    for piece in [&body.head, &body.shared, &body.tail] {
        encoder.write_all(piece).ok()?;
    }
    Some(Body { head: encoder.finish().ok()?.into(), ..Body::default() })
}

/// Whether a client takes gzip: by name, or else by `*`, with a weight above 0.
fn takes_gzip(request: &HeaderMap) -> bool {
    let (mut named, mut any) = (None, false);
    for value in request.get_all(ACCEPT_ENCODING) {
        for coding in value.to_str().unwrap_or_default().split(',') {
            let mut words = coding.split(';').map(str::trim);
            let name = words.next().unwrap_or_default();
            let weight = words.find_map(|word| word.strip_prefix("q=").or_else(|| word.strip_prefix("Q=")));
            let taken = weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0));
            if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                named = Some(taken);
            } else if name == "*" {
                any = taken;
            }
        }
    }
    named.unwrap_or(any)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_file_put_together_around_a_piece_is_a_gzip_file() {
        let plain: Bytes = (0..5000).map(|n| format!("# repo=some-{n}\n")).collect::<String>().into();
        let piece = Piece::of(&plain).unwrap();
        assert!(piece.deflated.len() * 3 < plain.len());
        for (head, tail) in [("", ""), ("before\n", ""), ("before\n", "after\n"), ("", "after\n")] {
            let body = Body { head: head.into(), shared: plain.clone(), tail: tail.into() };
            let file = around(&piece, &body).unwrap().to_vec();
            let mut decoder = GzDecoder::new(file.as_slice());
            let mut text = Vec::new();
            decoder.read_to_end(&mut text).unwrap();
            assert_eq!(text, body.to_vec());
            assert!(decoder.into_inner().is_empty(), "one member and nothing behind it");
        }
        let long = Body { head: vec![b'x'; 70_000].into(), shared: plain, tail: Bytes::new() };
        assert!(around(&piece, &long).is_none());
    }

    #[test]
    fn gzip_is_taken_by_those_who_say_so() {
        for (value, taken) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("*;q=0.1, identity", true),
            ("gzip;q=0, *", false),
            ("gzip; q=0.000", false),
            ("identity", false),
            ("gzipped", false),
            ("gzip;q=x", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(takes_gzip(&headers), taken, "{value:?}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
        let mut two = HeaderMap::new();
        two.append(ACCEPT_ENCODING, HeaderValue::from_static("br"));
        two.append(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(takes_gzip(&two));
    }
}
