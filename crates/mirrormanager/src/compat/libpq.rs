//! Connection strings of libpq: a URL stays one, `key=value` words become one.

use std::collections::BTreeMap;

/// The variables of libpq that matter for a connection and their names in a URL's query.
const VARIABLES: [(&str, &str); 10] = [
    ("PGHOST", "host"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGDATABASE", "dbname"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGOPTIONS", "options"),
];

/// Makes a URL of a libpq connection string. `variables` are lines of the configuration file that libpq
/// would have seen as its environment; what the string itself says wins.
///
/// # Errors
/// What is wrong with a text that is neither a URL nor `key=value` words; without its values.
pub fn url(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let text = text.trim();
    if text.starts_with("sqlite:") {
        return Ok(text.to_owned());
    }
    let (mut url, given): (String, Vec<String>) = if text.contains("://") {
        let query = text.split_once('?').map_or("", |(_, query)| query);
        let mut names: Vec<String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, _)| name.to_owned())
            .collect();
        names.extend(named_by_url(text));
        (with_host(text), names)
    } else {
        let words = words(text)?;
        let mut url = "postgresql://".to_owned();
        for (name, value) in &words {
            append(&mut url, name, value);
        }
        (url, words.into_iter().map(|(name, _)| name).collect())
    };
    for (variable, name) in VARIABLES {
        if let Some(value) = variables.get(variable).filter(|_| !given.iter().any(|g| g == name)) {
            append(&mut url, name, value);
        }
    }
    Ok(url)
}

/// A URL with a user and no host (`postgres://mm@/mm?host=/run/postgresql`), which libpq takes and a general
/// reader of URLs does not, with the host that its query replaces.
fn with_host(url: &str) -> String {
    let end = url.find('?').unwrap_or(url.len());
    let (base, query) = url.split_at_checked(end).unwrap_or((url, ""));
    let authority = base.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = base.split_at_checked(authority).unwrap_or((base, ""));
    let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((user, host)) if host.is_empty() || host.starts_with(':') => {
            format!("{scheme}{user}@localhost{host}{path}{query}")
        }
        _ => url.to_owned(),
    }
}

/// What the part of a URL before its query decides.
fn named_by_url(url: &str) -> Vec<String> {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let named = [
        ("user", !user.is_empty()),
        ("password", user.contains(':')),
        ("host", !host.is_empty()),
        ("port", host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())),
        ("dbname", !database.is_empty()),
    ];
    named.into_iter().filter(|(_, is)| *is).map(|(name, _)| name.to_owned()).collect()
}

fn append(url: &mut String, name: &str, value: &str) {
    url.push(if url.contains('?') { '&' } else { '?' });
    url.push_str(name);
    url.push('=');
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// `key=value` words: blanks around `=` are allowed, values may be quoted by `'`, `\` escapes.
fn words(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) =
            rest.split_once('=').ok_or("expected a URL or key=value words as connection string")?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err("expected a URL or key=value words as connection string".into());
        }
        let (value, tail) = word(after.trim_start(), name)?;
        out.push((name.to_owned(), value));
        rest = tail.trim_start();
    }
    Ok(out)
}

fn word<'a>(text: &'a str, name: &str) -> Result<(String, &'a str), String> {
    let quoted = text.strip_prefix('\'');
    let body = quoted.unwrap_or(text);
    let mut value = String::new();
    let mut characters = body.char_indices();
    while let Some((at, c)) = characters.next() {
        let end = at + c.len_utf8();
        match c {
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            '\'' if quoted.is_some() => return Ok((value, body.get(end..).unwrap_or_default())),
            c if c.is_whitespace() && quoted.is_none() => {
                return Ok((value, body.get(end..).unwrap_or_default()));
            }
            c => value.push(c),
        }
    }
    if quoted.is_some() {
        return Err(format!("the value of {name} in the connection string has no closing quote"));
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        url(text, &variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn words_become_a_url() {
        assert_eq!(
            with("host=/run/pg user = mm password='it\\'s &x' dbname=mirrors", &[]).unwrap(),
            "postgresql://?host=/run/pg&user=mm&password=it%27s%20%26x&dbname=mirrors"
        );
        assert_eq!(with("", &[("PGHOST", "db")]).unwrap(), "postgresql://?host=db");
        assert!(with("nonsense", &[]).is_err());
        assert!(with("password='open", &[]).unwrap_err().contains("closing quote"));
    }

    #[test]
    fn a_url_wins_over_the_variables() {
        let variables = [("PGSSLMODE", "require"), ("PGUSER", "other"), ("PGPORT", "1"), ("HOME", "/")];
        assert_eq!(
            with("postgres://mm:x@db/mm?sslmode=disable", &variables).unwrap(),
            "postgres://mm:x@db/mm?sslmode=disable&port=1"
        );
        assert_eq!(
            with("postgres://db:5432/mm", &variables).unwrap(),
            "postgres://db:5432/mm?user=other&sslmode=require"
        );
    }

    #[test]
    fn the_words_reach_the_server_they_name() {
        let url = with("host=/run/pg port=5433 user=mm password='a b' dbname=mirrors", &[]).unwrap();
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        assert_eq!(options.get_port(), 5433);
        assert_eq!(options.get_username(), "mm");
        assert_eq!(options.get_database(), Some("mirrors"));
        assert_eq!(options.get_socket().map(|p| p.display().to_string()), Some("/run/pg".into()));
    }

    #[test]
    fn a_url_with_a_user_and_no_host_reaches_the_socket_in_its_query() {
        for (text, user) in [
            ("postgres://mm@/mirrors?host=/run/pg", "mm"),
            ("postgresql://m%20m:x@/mirrors?host=%2Frun%2Fpg&sslmode=disable", "m m"),
            ("postgres://mm@:5433/mirrors?host=/run/pg", "mm"),
        ] {
            let options: sqlx::postgres::PgConnectOptions = with(text, &[]).unwrap().parse().unwrap();
            assert_eq!(options.get_username(), user);
            assert_eq!(options.get_database(), Some("mirrors"));
            assert_eq!(options.get_socket().map(|p| p.display().to_string()), Some("/run/pg".into()));
        }
        let options: sqlx::postgres::PgConnectOptions =
            with("postgres://mm@/mirrors", &[("PGHOST", "/run/other")]).unwrap().parse().unwrap();
        assert_eq!(options.get_socket().map(|p| p.display().to_string()), Some("/run/other".into()));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|([a-z ]{0,3}=['\\\\ aé=]{0,9} )*") {
            let _ = url(&text, &BTreeMap::new());
        }
    }
}
