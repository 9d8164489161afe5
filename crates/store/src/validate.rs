//! Rules for values that are stored anew. Rows that exist are never rewritten because of them.

use crate::error::{Result, StoreError};

/// The longest name or free text that is taken.
const LONGEST: usize = 255;

fn invalid(what: &'static str, value: &str, reason: impl Into<String>) -> StoreError {
    StoreError::Invalid { what, value: value.chars().take(80).collect(), reason: reason.into() }
}

/// A name: not empty, no control characters, at most 255 bytes; white space at its ends is dropped.
pub(crate) fn name<'a>(what: &'static str, value: &'a str) -> Result<&'a str> {
    let text = value.trim();
    if text.is_empty() {
        return Err(invalid(what, value, "it is empty"));
    }
    if text.len() > LONGEST {
        return Err(invalid(what, value, format!("it is longer than {LONGEST} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(what, value, "it holds a control character"));
    }
    Ok(text)
}

/// A directory below the master root: no empty, `.` or `..` component; slashes at its ends are dropped.
pub(crate) fn directory<'a>(what: &'static str, value: &'a str) -> Result<&'a str> {
    let path = value.trim_matches('/');
    if path.len() > 4096 {
        return Err(invalid(what, value, "it is longer than 4096 bytes"));
    }
    if path.chars().any(char::is_control) {
        return Err(invalid(what, value, "it holds a control character"));
    }
    if !path.is_empty() && path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(invalid(what, value, "it holds an empty part, `.` or `..`"));
    }
    Ok(path)
}

/// A country: two ASCII letters, given back in upper case.
pub(crate) fn country(value: &str) -> Result<String> {
    let code = value.trim();
    if code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()) {
        Ok(code.to_ascii_uppercase())
    } else {
        Err(invalid("country", value, "expected two letters such as DE"))
    }
}

/// A continent's two letters, given back in upper case.
pub(crate) fn continent(value: &str) -> Result<String> {
    let code = value.trim().to_ascii_uppercase();
    if ["AF", "AN", "AS", "EU", "NA", "OC", "SA"].contains(&code.as_str()) {
        Ok(code)
    } else {
        Err(invalid("continent", value, "expected AF, AN, AS, EU, NA, OC or SA"))
    }
}

/// An AS number. The column is a signed 32-bit integer, so those from 2147483648 on do not fit.
pub(crate) fn asn(value: u32) -> Result<i32> {
    match i32::try_from(value) {
        Ok(asn) if asn > 0 => Ok(asn),
        _ => Err(invalid(
            "AS number",
            &value.to_string(),
            "expected 1 to 2147483647 (the column holds no more)",
        )),
    }
}

/// A mirror's base URL: white space at its ends and one slash at its end are dropped.
pub(crate) fn url(value: &str) -> Result<String> {
    let text = value.trim();
    let text = text.strip_suffix('/').unwrap_or(text);
    if text.len() > 2048 {
        return Err(invalid("URL", value, "it is longer than 2048 bytes"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(invalid("URL", value, "it holds white space or a control character"));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(invalid("URL", value, "expected scheme://host/path"));
    };
    if !["http", "https", "ftp", "rsync"].contains(&scheme) {
        return Err(invalid("URL", value, "expected http, https, ftp or rsync"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() || host.starts_with(':') {
        return Err(invalid("URL", value, "it names no host"));
    }
    Ok(text.to_owned())
}

/// A client network: CIDR, address, address with dotted mask, or a DNS name (resolved when exported).
pub(crate) fn netblock(value: &str) -> Result<&str> {
    let text = name("netblock", value)?;
    let plausible =
        text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'/' | b'-' | b'_'));
    if plausible {
        Ok(text)
    } else {
        Err(invalid("netblock", value, "expected a network such as 192.0.2.0/24 or 2001:db8::/32"))
    }
}
