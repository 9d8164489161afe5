//! Lines out of pieces, with an end to everything: however long a line, however many, a stream of lines from
//! elsewhere costs no more than its limits.

/// What a stream of lines may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineLimits {
    /// Bytes of one line, without its end.
    pub line_bytes: usize,
    /// Lines.
    pub lines: u64,
    /// Bytes in all.
    pub bytes: u64,
}

impl Default for LineLimits {
    /// For listings of whole trees: 32 KiB hold a path of 4 KiB with every byte escaped.
    fn default() -> Self {
        Self { line_bytes: 32 << 10, lines: 20_000_000, bytes: 4 << 30 }
    }
}

/// A limit that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flood {
    /// One line.
    #[error("a line is longer than {0} bytes")]
    Line(usize),
    /// All lines.
    #[error("it has more than {0} lines")]
    Lines(u64),
    /// All bytes.
    #[error("it is longer than {0} bytes")]
    Bytes(u64),
}

/// How a stream of lines ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// With the end of a line, or it was empty.
    Whole,
    /// In the middle of a line, which was handed out as it is.
    Cut,
}

/// Cuts pieces of any size into lines, without their `\n`.
#[derive(Debug)]
pub struct LineSplitter {
    limits: LineLimits,
    begun: Vec<u8>,
    lines: u64,
    bytes: u64,
}

impl LineSplitter {
    /// Nothing read yet.
    pub fn new(limits: LineLimits) -> Self {
        Self { limits, begun: Vec::new(), lines: 0, bytes: 0 }
    }

    /// Takes the next piece and hands out the lines that end in it.
    ///
    /// # Errors
    /// A limit is passed.
    pub fn push(&mut self, piece: &[u8], each: &mut dyn FnMut(&[u8])) -> Result<(), Flood> {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if self.bytes > self.limits.bytes {
            return Err(Flood::Bytes(self.limits.bytes));
        }
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let (line, ends) = match part.strip_suffix(b"\n") {
                Some(line) => (line, true),
                None => (part, false),
            };
            if self.begun.len().saturating_add(line.len()) > self.limits.line_bytes {
                return Err(Flood::Line(self.limits.line_bytes));
            }
            if !ends {
                self.begun.extend_from_slice(line);
                continue;
            }
            self.lines += 1;
            if self.lines > self.limits.lines {
                return Err(Flood::Lines(self.limits.lines));
            }
            if self.begun.is_empty() {
                each(line);
            } else {
                self.begun.extend_from_slice(line);
                each(&self.begun);
                self.begun.clear();
            }
        }
        Ok(())
    }

    /// Hands out a last line that does not end.
    pub fn end(self, each: &mut dyn FnMut(&[u8])) -> Tail {
        if self.begun.is_empty() {
            return Tail::Whole;
        }
        each(&self.begun);
        Tail::Cut
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&[u8]], limits: LineLimits) -> Result<(Vec<Vec<u8>>, Tail), Flood> {
        let mut lines = Vec::new();
        let mut splitter = LineSplitter::new(limits);
        for piece in pieces {
            splitter.push(piece, &mut |line| lines.push(line.to_vec()))?;
        }
        let tail = splitter.end(&mut |line| lines.push(line.to_vec()));
        Ok((lines, tail))
    }

    #[test]
    fn each_limit_is_kept_to_the_byte() {
        let limits = LineLimits { line_bytes: 3, lines: 2, bytes: 8 };
        assert_eq!(split(&[b"abc\nd", b"ef\n"], limits).unwrap().1, Tail::Whole);
        assert_eq!(split(&[b"ab", b"cd"], limits), Err(Flood::Line(3)));
        assert_eq!(split(&[b"\n\n\n"], limits), Err(Flood::Lines(2)));
        assert_eq!(split(&[b"abc\nabc\na"], limits), Err(Flood::Bytes(8)));
    }

    proptest! {
        #[test]
        fn where_the_pieces_are_cut_does_not_matter(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
            size in 1usize..20,
        ) {
            let whole = split(&[&text], LineLimits::default()).unwrap();
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            prop_assert_eq!(&split(&pieces, LineLimits::default()).unwrap(), &whole);
            prop_assert_eq!(whole.1 == Tail::Cut, text.last().is_some_and(|byte| *byte != b'\n'));
        }
    }
}
