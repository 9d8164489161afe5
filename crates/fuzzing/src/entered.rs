//! What people type into forms: netblocks, URLs, countries, AS numbers.

use model::netblock::Netblock;

use crate::texts;

/// Any text as a netblock. Its canonical form is a netblock too, and the same.
pub(crate) fn netblock(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(netblock) = Netblock::parse(text) else { return };
    assert_eq!(Netblock::parse(&netblock.to_string()).as_ref(), Ok(&netblock), "{text:?}");
    match (&netblock, netblock.masked()) {
        (Netblock::Network { address, length }, Some((first, masked_length))) => {
            assert_eq!((first.is_ipv4(), masked_length), (address.is_ipv4(), *length), "{text:?}");
            assert!(first <= *address && *length <= if first.is_ipv4() { 32 } else { 128 }, "{text:?}");
            let again = Netblock::Network { address: first, length: *length };
            assert_eq!(again.masked(), Some((first, *length)), "{text:?}");
        }
        (Netblock::Name(name), None) => assert_eq!(*name, name.to_ascii_lowercase()),
        other => panic!("{text:?}: {other:?}"),
    }
}

pub(crate) fn netblock_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "192.0.2.0/24",
        " 192.0.2.77/24 ",
        "192.0.2.1",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/255.0.255.0",
        "10.0.0.0/33",
        "2001:DB8::1",
        "2001:db8::/32",
        "2001:db8::/ffff:ffff::",
        "::ffff:192.0.2.1/128",
        "0.0.0.0/0",
        "mirror.example.org",
        "MIRROR.example.",
        "1.2.3",
        "10.1.2.3/bad",
        "xn--mnchen-3ya.example",
    ])
}

/// Any text as everything else that is entered.
pub(crate) fn text(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = model::url::MirrorUrl::parse(text);
    let _ = model::country::CountryCode::parse(text);
    let _ = model::asn::parse(text);
    let _ = probe::Target::parse(text);
}

pub(crate) fn text_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "https://mirror.example.org/pub/fedora/linux/",
        "http://user:secret@[2001:db8::1]:8080/a%20b/?x=y#z",
        "rsync://mirror.example.org/fedora",
        "ftp://mirror.example.org:21//pub",
        "HTTP://MIRROR.EXAMPLE",
        "http://127.0.0.1/",
        "http://0x7f.1/",
        "https://b\u{fc}cher.example/\u{fc}",
        "DE",
        "de",
        "AS64512",
        "64512",
        "4294967295",
    ])
}
