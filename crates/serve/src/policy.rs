//! The settings as the answer engine wants them.

use std::str::FromStr;

use answer::Policy;
use settings::answer::{self as wanted, Answer};

use crate::error::StartError;

/// The policy that the settings ask for.
///
/// # Errors
/// A text that should be a network is none.
pub fn policy(settings: &Answer) -> Result<Policy, StartError> {
    let base = match settings.compatibility {
        wanted::Compatibility::Native => Policy::default(),
        wanted::Compatibility::Upstream => Policy::upstream(),
    };
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
        redirect_prefixes: settings.redirect_prefixes.clone(),
        family_first: settings.family_first,
        max_first_share: settings.max_first_share,
        distance: match settings.distance {
            wanted::Distance::Off => answer::Distance::Off,
            wanted::Distance::Country => answer::Distance::Country,
            wanted::Distance::Continent => answer::Distance::Continent,
        },
        stable: match settings.stable {
            wanted::Stable::Never => answer::Stable::Never,
            wanted::Stable::Asked => answer::Stable::Asked,
            wanted::Stable::Always => answer::Stable::Always,
        },
        stable_mirrors: settings.stable_mirrors,
        stable_prefix_v4: settings.stable_prefix_v4,
        stable_prefix_v6: settings.stable_prefix_v6,
        alternates: settings.alternates,
        alternates_age: settings.alternates_max_age_days.map(|days| days.saturating_mul(86_400)),
        trusted_proxies: networks("answer.trusted_proxies", &settings.trusted_proxies)?,
        explain: match settings.explain {
            wanted::Explain::Nobody => answer::Explain::Nobody,
            wanted::Explain::Trusted => answer::Explain::Trusted,
            wanted::Explain::Everybody => answer::Explain::Everybody,
        },
        explain_networks: networks("answer.explain_networks", &settings.explain_networks)?,
        link_mirrors: settings.link_mirrors,
        metalink_connections: settings.metalink_connections,
        ..base
    })
}

fn networks<T: FromStr>(setting: &'static str, list: &[String]) -> Result<Vec<T>, StartError> {
    let network = |text: &String| {
        text.parse().map_err(|_| StartError::Setting {
            setting,
            value: text.clone(),
            expected: "network such as 192.0.2.0/24 or 2001:db8::/32",
        })
    };
    list.iter().map(network).collect()
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
