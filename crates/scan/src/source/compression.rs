//! Listings that are compressed, known by their first bytes.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// Bytes read at once.
const ROOM: usize = 64 << 10;

/// What `from` holds, decompressed if it is gzip, zstd or bzip2. What it may become is for the reader to limit.
pub(super) fn decompressed(mut from: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::with_capacity(4);
    (&mut from).take(4).read_to_end(&mut head)?;
    let kind = head.clone();
    let whole = BufReader::with_capacity(ROOM, io::Cursor::new(head).chain(from));
    Ok(match kind.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole)),
        [b'B', b'Z', b'h', b'1'..=b'9'] => Box::new(bzip2::bufread::MultiBzDecoder::new(whole)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::with_buffer(whole)?),
        _ => Box::new(whole),
    })
}
