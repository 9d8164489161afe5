//! Which URL of a host is asked first (`spec/crawler.md` 4.2, must match).

use probe::Target;

/// A URL and what can be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// It can be asked.
    Http {
        /// As stored.
        url: String,
        /// Parsed.
        target: Target,
    },
    /// It is left out, for this reason.
    Skipped {
        /// As stored.
        url: String,
        /// Why.
        reason: String,
    },
}

/// The URLs in the order in which they are tried: `rsync:`, `ftp:`, `http:`, `https:`, others; equal
/// ones in the order given.
pub fn candidates(urls: &[String]) -> Vec<Candidate> {
    let mut urls: Vec<&String> = urls.iter().collect();
    urls.sort_by_key(|url| rank(url));
    urls.into_iter().map(|url| candidate(url)).collect()
}

fn rank(url: &str) -> usize {
    const ORDER: [&str; 4] = ["rsync:", "ftp:", "http:", "https:"];
    ORDER.iter().position(|scheme| url.starts_with(scheme)).unwrap_or(ORDER.len())
}

fn candidate(url: &str) -> Candidate {
    let skipped = |reason: String| Candidate::Skipped { url: url.to_owned(), reason };
    if rank(url) < 2 {
        return skipped("this version asks over http and https only".into());
    }
    match Target::parse(url.trim()) {
        Ok(target) => Candidate::Http { url: url.to_owned(), target },
        Err(error) => skipped(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_what_is_left_out() {
        let urls = [
            "gopher://h/",
            "https://h/",
            "http://h/b",
            "ftp://h/",
            "http://h/a",
            "rsync://h/m/",
            "http://h h/",
        ]
        .map(str::to_owned);
        let (mut tried, mut left) = (Vec::new(), Vec::new());
        for one in candidates(&urls) {
            match one {
                Candidate::Http { url, .. } => tried.push(url),
                Candidate::Skipped { url, .. } => left.push(url),
            }
        }
        assert_eq!(tried, ["http://h/b", "http://h/a", "https://h/"]);
        assert_eq!(left, ["rsync://h/m/", "ftp://h/", "http://h h/", "gopher://h/"]);
    }
}
