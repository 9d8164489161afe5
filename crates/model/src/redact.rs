//! Database URLs without their passwords, for messages and logs. One rule for the whole program.

/// What stands in for a hidden value.
pub const HIDDEN: &str = "***";

/// Keys of a query, or of libpq's `key=value` text, whose values are hidden.
const SECRET_KEYS: [&str; 3] = ["password", "sslpassword", "passfile"];

/// A URL, or a libpq `key=value` text, with every password in it replaced by `***`: the one before the
/// host and those of the query. Hides too much rather than too little where the text is ambiguous.
pub fn database_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return words(url) };
    let (place, query) = match rest.split_once('?') {
        // A raw `?` inside of a password: there is an `@` behind it, and something to hide before it.
        Some((place, tail)) if !place.contains('@') && place.contains(':') && tail.contains('@') => {
            (rest, None)
        }
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    // A raw `/` inside a password would end the authority too early, so the last `@` decides.
    let place = match place.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:{HIDDEN}@{host}"),
            None => format!("{user}@{host}"),
        },
        None => place.to_owned(),
    };
    let query = query.map(|query| query.split('&').map(pair).collect::<Vec<_>>().join("&"));
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{scheme}://{place}{query}")
}

/// A URL that may be signed, with its password and its whole query replaced by `***`.
pub fn signed_url(url: &str) -> String {
    let (place, signed) = match url.split_once('?') {
        Some((place, _)) => (place, format!("?{HIDDEN}")),
        None => (url, String::new()),
    };
    database_url(place) + &signed
}

fn pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((key, _)) if SECRET_KEYS.contains(&key.to_ascii_lowercase().as_str()) => {
            format!("{key}={HIDDEN}")
        }
        _ => pair.to_owned(),
    }
}

fn words(text: &str) -> String {
    if text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let lower = text.to_ascii_lowercase();
    let Some((start, key)) = SECRET_KEYS.iter().filter_map(|key| Some((lower.find(key)?, key))).min() else {
        return text.to_owned();
    };
    // Quoting rules of the text form are not worth repeating here: from the first secret on, hide all.
    let head = text.get(..start).unwrap_or_default();
    format!("{head}{key}={HIDDEN}")
}

#[cfg(test)]
mod tests {
    use super::database_url;

    #[test]
    fn passwords_leave_every_form() {
        for (url, shown) in [
            ("postgresql://mm:p@ss@db/mirrors", "postgresql://mm:***@db/mirrors"),
            ("postgresql://mm:p/a@db/mirrors", "postgresql://mm:***@db/mirrors"),
            ("postgresql://mm:p?a@db/mirrors", "postgresql://mm:***@db/mirrors"),
            ("postgresql://mm@db/mirrors", "postgresql://mm@db/mirrors"),
            (
                "postgresql:///mirrors?host=/run&password=x&user=mm",
                "postgresql:///mirrors?host=/run&password=***&user=mm",
            ),
            ("postgresql://db/m?user=a@b&PASSWORD=x@y", "postgresql://db/m?user=a@b&PASSWORD=***"),
            ("host=db user=mm password = 'a b' dbname=m", "host=db user=mm password=***"),
            ("sqlite:/var/lib/mm/a=b.db", "sqlite:/var/lib/mm/a=b.db"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(database_url(url), shown);
        }
    }
}
