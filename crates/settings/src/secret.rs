//! Values that never show: what is printed, logged or serialised is always the redacted form.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What stands in for a hidden value.
pub const HIDDEN: &str = "***";

/// A password, key or token. `Debug`, `Display` and `Serialize` give `***`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

/// A database URL whose printed forms hide the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Wraps a URL; it is checked when the database is opened.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with its password.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", redact_url(&self.0))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact_url(&self.0))
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&redact_url(&self.0))
    }
}

/// A text; a value of another type is refused without being repeated in the message.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map_err(|_| de::Error::custom("expected a text in quotes"))
}

/// A URL, or a libpq `key=value` text, with every password in it replaced by `***`: the one before the
/// host, the query parameters `password`, `sslpassword` and `passfile`, and the same keys of the text form.
pub fn redact_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return redact_words(url) };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    // A raw `/` inside a password would end the authority too early, so the last `@` decides.
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:{HIDDEN}@{host}"),
            None => format!("{user}@{host}"),
        },
        None => rest.to_owned(),
    };
    let query = query.map(|query| {
        let parts: Vec<String> = query.split('&').map(redact_pair).collect();
        format!("?{}", parts.join("&"))
    });
    format!("{scheme}://{rest}{}", query.unwrap_or_default())
}

fn redact_words(text: &str) -> String {
    if !text.contains('=') || text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Some(start) = SECRET_KEYS.iter().filter_map(|key| text.find(&format!("{key}="))).min() else {
        return text.to_owned();
    };
    // Quoting rules of the text form are not worth repeating here: from the first secret on, hide all.
    let (head, tail) = text.split_at(start);
    let key = tail.split('=').next().unwrap_or_default();
    format!("{head}{key}={HIDDEN}")
}

fn redact_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((key, _)) if SECRET_KEYS.contains(&key.to_ascii_lowercase().as_str()) => {
            format!("{key}={HIDDEN}")
        }
        _ => pair.to_owned(),
    }
}

const SECRET_KEYS: [&str; 3] = ["password", "sslpassword", "passfile"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_printed_form_of_a_secret_shows_it() {
        let secret = Secret::new("hunter2");
        let printed = format!("{secret} {secret:?} {}", toml::Value::try_from(&secret).unwrap());
        assert!(!printed.contains("hunter2"), "{printed}");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn passwords_leave_every_form_of_a_database_url() {
        for (url, shown) in [
            ("postgresql://mm:p@ss@db/mirrors", "postgresql://mm:***@db/mirrors"),
            ("postgresql://mm:p/a@db/mirrors", "postgresql://mm:***@db/mirrors"),
            ("postgresql://mm@db/mirrors", "postgresql://mm@db/mirrors"),
            (
                "postgresql:///mirrors?host=/run&password=x&user=mm",
                "postgresql:///mirrors?host=/run&password=***&user=mm",
            ),
            ("host=db user=mm password='a b' dbname=m", "host=db user=mm password=***"),
            ("sqlite:/var/lib/mm/a=b.db", "sqlite:/var/lib/mm/a=b.db"),
        ] {
            let url = DatabaseUrl::new(url);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("{shown:?}"));
            assert_eq!(toml::Value::try_from(&url).unwrap().as_str(), Some(shown));
        }
    }
}
