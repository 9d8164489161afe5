//! Rules for values that are stored anew. Rows that exist are never rewritten because of them.

use model::continent::Continent;
use model::country::CountryCode;
use model::netblock::Netblock;
use model::url::MirrorUrl;

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

/// A country code, given back in upper case.
pub(crate) fn country(value: &str) -> Result<String> {
    match CountryCode::parse(value) {
        Ok(code) => Ok(code.to_string()),
        Err(e) => Err(invalid("country", value, e.to_string())),
    }
}

/// A continent's two letters, given back in upper case.
pub(crate) fn continent(value: &str) -> Result<String> {
    match Continent::named(&value.trim().to_ascii_uppercase()) {
        Some(Continent::Unknown) | None => {
            Err(invalid("continent", value, "expected AF, AN, AS, EU, NA, OC or SA"))
        }
        Some(known) => Ok(known.to_string()),
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

/// A mirror's base URL: white space and slashes at its ends are dropped, scheme and host in lower case.
pub(crate) fn url(value: &str) -> Result<String> {
    match MirrorUrl::parse(value) {
        Ok(url) => Ok(url.as_str().to_owned()),
        Err(e) => Err(invalid("URL", value, e.to_string())),
    }
}

/// A client network: CIDR, address, address with dotted mask, or a DNS name (resolved when exported).
/// It is stored as typed, without white space at its ends.
pub(crate) fn netblock(value: &str) -> Result<&str> {
    match Netblock::parse(value) {
        Ok(_) => Ok(value.trim()),
        Err(e) => Err(invalid("netblock", value, e.to_string())),
    }
}

/// A network, not a name; given back in canonical form without host bits.
pub(crate) fn network(value: &str) -> Result<String> {
    let netblock = Netblock::parse(value).map_err(|e| invalid("network", value, e.to_string()))?;
    match netblock.masked() {
        Some((address, length)) => Ok(format!("{address}/{length}")),
        None => Err(invalid("network", value, "expected a network such as 192.0.2.0/24, not a name")),
    }
}
