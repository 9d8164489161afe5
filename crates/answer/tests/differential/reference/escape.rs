//! Decision 37: everything echoed is escaped for its place.

/// `%XX` decoded, if what comes out is UTF-8.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits {
            Some(digits) if bytes[at] == b'%' => {
                out.push(u8::from_str_radix(digits, 16).unwrap());
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn percent(text: &str, keep: impl Fn(char) -> bool) -> String {
    let encoded = |c: char| {
        let mut buffer = [0; 4];
        c.encode_utf8(&mut buffer).bytes().map(|byte| format!("%{byte:02X}")).collect::<String>()
    };
    text.chars().map(|c| if keep(c) { c.to_string() } else { encoded(c) }).collect()
}

/// For a line of a plain answer.
pub(super) fn line(text: &str) -> String {
    percent(text, |c| !c.is_control())
}

/// For a value of the access log.
pub(super) fn log_value(text: &str) -> String {
    percent(text, |c| !c.is_control() && !c.is_whitespace() && c != ';')
}

/// For the path of a URL (RFC 3986, 3.3).
pub(super) fn url_path(text: &str) -> String {
    percent(text, |c| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/".contains(c))
}

/// For a header.
pub(super) fn header(text: &str) -> String {
    percent(text, |c| c.is_ascii_graphic())
}

/// For XML.
pub(super) fn xml(text: &str) -> String {
    line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// For a comment in XML.
pub(super) fn comment(text: &str) -> String {
    let mut text = percent(text, |c| !c.is_control() || c == '\n');
    while text.contains("--") {
        text = text.replace("--", "- -");
    }
    text
}
