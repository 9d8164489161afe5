//! Values that never show: what is printed, logged or serialised is always the redacted form.

use std::fmt;

use model::redact::{HIDDEN, database_url, signed_url};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

/// A URL whose printed forms hide what is secret in it.
macro_rules! url {
    ($(#[$doc:meta])* $name:ident, $redacted:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Wraps a URL; it is checked when it is used.
            pub fn new(url: impl Into<String>) -> Self {
                Self(url.into())
            }

            /// The URL with all that is in it.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text(deserializer).map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", $redacted(&self.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&$redacted(&self.0))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$redacted(&self.0))
            }
        }
    };
}

url! {
    /// A database URL whose printed forms hide the password.
    DatabaseUrl, database_url
}

url! {
    /// A URL to read from, whose printed forms hide a password and the query, which signs it.
    SourceUrl, signed_url
}

/// A text; a value of another type is refused without being repeated in the message.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map_err(|_| de::Error::custom("expected a text in quotes"))
}

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

    #[test]
    fn what_signs_a_url_leaves_every_form_of_it() {
        let url = SourceUrl::new("https://mm:secret@host.example/cache?X-Signature=secret&b=secret");
        let printed = format!("{url} {url:?} {}", toml::Value::try_from(&url).unwrap());
        assert!(!printed.contains("secret"), "{printed}");
        assert_eq!(url.to_string(), "https://mm:***@host.example/cache?***");
        assert_eq!(SourceUrl::new("s3://bucket/key").to_string(), "s3://bucket/key");
    }
}
