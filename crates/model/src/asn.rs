//! Autonomous system numbers as entered and as stored.

/// Reads an AS number: `64512` or `AS64512`, trimmed, 1 to 4294967294. `None` when it is none.
pub fn parse(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = match text.get(..2) {
        Some(head) if head.eq_ignore_ascii_case("as") => text.get(2..)?,
        _ => text,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|asn| (1..u32::MAX).contains(asn))
}

/// The AS number of a stored column (a signed integer); `None` for what is no number of a network.
pub fn from_stored(value: i64) -> Option<u32> {
    u32::try_from(value).ok().filter(|asn| (1..u32::MAX).contains(asn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_and_without_prefix() {
        assert_eq!(parse(" AS64512 "), Some(64512));
        assert_eq!(parse("as1"), Some(1));
        assert_eq!(parse("4294967294"), Some(4_294_967_294));
        for bad in ["", "AS", "0", "-1", "+5", "4294967295", "x", "AS 5", "é1"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
        assert_eq!((from_stored(0), from_stored(-5), from_stored(65000)), (None, None, Some(65000)));
    }
}
