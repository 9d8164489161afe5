//! The types that a client accepts (`Accept`, RFC 9110 section 12.5.1), as far as we give more than one.

/// JSON.
pub(crate) const JSON: &str = "application/json";

/// A metalink 3.
pub(crate) const METALINK: &str = "application/metalink+xml";

/// A metalink 4.
pub(crate) const METALINK4: &str = "application/metalink4+xml";

/// Whether the client names this type and wants it. That it takes anything (`*/*`) is not naming it.
pub(crate) fn names(accept: &str, wanted: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|named| named.eq_ignore_ascii_case(wanted));
        named && !parts.any(is_unwanted)
    })
}

/// `q=0`, with any number of decimals.
fn is_unwanted(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0f32)
}

#[cfg(test)]
mod tests {
    use super::{JSON, names};

    #[test]
    fn a_type_is_named_or_it_is_not() {
        for accept in ["application/json", "text/html, Application/JSON;q=0.5", "*/*,application/json ; x=y"]
        {
            assert!(names(accept, JSON), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json;q=0",
            "application/json; Q = 0.000",
            "x/application/json",
        ] {
            assert!(!names(accept, JSON), "{accept}");
        }
    }
}
