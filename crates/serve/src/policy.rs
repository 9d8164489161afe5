//! The settings as the answer engine wants them.

use answer::Policy;
use settings::answer::{self as wanted, Answer};

use crate::error::StartError;

/// The policy that the settings ask for.
///
/// # Errors
/// A trusted proxy is no network.
pub(crate) fn policy(settings: &Answer) -> Result<Policy, StartError> {
    let base = match settings.compatibility {
        wanted::Compatibility::Native => Policy::default(),
        wanted::Compatibility::Upstream => Policy::upstream(),
    };
    let mut trusted_proxies = Vec::new();
    for network in &settings.trusted_proxies {
        trusted_proxies.push(network.parse().map_err(|_| StartError::Setting {
            setting: "answer.trusted_proxies",
            value: network.clone(),
            expected: "network such as 192.0.2.0/24 or 2001:db8::/32",
        })?);
    }
    Ok(Policy {
        minimum: settings.minimum,
        country_allowed: match settings.country_allowed {
            None => base.country_allowed,
            Some(wanted::CountryAllowed::Strict) => answer::CountryAllowed::Strict,
            Some(wanted::CountryAllowed::Asked) => answer::CountryAllowed::Asked,
        },
        protocol_order: match settings.protocol_order {
            wanted::ProtocolOrder::Stored => answer::ProtocolOrder::Stored,
            wanted::ProtocolOrder::Secure => answer::ProtocolOrder::Secure,
        },
        trusted_proxies,
        metalink_connections: settings.metalink_connections,
        ..base
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_country_rule_follows_the_compatibility_unless_it_is_set() {
        let upstream = Answer { compatibility: wanted::Compatibility::Upstream, ..Answer::default() };
        assert_eq!(policy(&upstream).unwrap(), Policy::upstream());
        assert_eq!(policy(&Answer::default()).unwrap(), Policy::default());
        let strict = Answer { country_allowed: Some(wanted::CountryAllowed::Strict), ..upstream };
        assert_eq!(policy(&strict).unwrap().country_allowed, answer::CountryAllowed::Strict);
    }

    #[test]
    fn a_proxy_that_is_no_network_is_named() {
        let settings = Answer { trusted_proxies: vec!["192.0.2.0/33".into()], ..Answer::default() };
        let message = policy(&settings).unwrap_err().to_string();
        assert!(message.contains("answer.trusted_proxies") && message.contains("192.0.2.0/33"), "{message}");
    }
}
