//! What people type into forms: URLs, netblocks, countries, AS numbers.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = model::url::MirrorUrl::parse(text);
    let _ = model::netblock::Netblock::parse(text);
    let _ = model::country::CountryCode::parse(text);
    let _ = model::asn::parse(text);
    let _ = probe::Target::parse(text);
});
