//! Networks as texts.

use std::net::IpAddr;

/// The length of the network's prefix, if the text is a network (`addr/len`) that holds the address.
pub(super) fn holds(network: &str, address: IpAddr) -> Option<u32> {
    let (first, length) = parts(network)?;
    let (first, address, bits) = match (first, address) {
        (IpAddr::V4(first), IpAddr::V4(address)) => {
            (u128::from(u32::from(first)), u128::from(u32::from(address)), 32)
        }
        (IpAddr::V6(first), IpAddr::V6(address)) => (u128::from(first), u128::from(address), 128),
        _ => return None,
    };
    let free = bits - length;
    let same = |address: u128| address.checked_shr(free).unwrap_or(0);
    (same(first) == same(address)).then_some(length)
}

/// Whether a text is a network.
pub(super) fn is_one(network: &str) -> bool {
    parts(network).is_some()
}

/// A bare address stands for itself alone.
pub(super) fn or_address(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => format!("{text}/32"),
        Ok(IpAddr::V6(_)) => format!("{text}/128"),
        Err(_) => text.to_owned(),
    }
}

fn parts(network: &str) -> Option<(IpAddr, u32)> {
    let (first, length) = network.split_once('/')?;
    let (first, length) = (first.parse::<IpAddr>().ok()?, length.parse::<u32>().ok()?);
    (length <= if first.is_ipv4() { 32 } else { 128 }).then_some((first, length))
}
