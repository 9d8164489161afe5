//! The reason of a verdict, short enough for a table. The whole of it is in `--json` and in the host's log.
//!
//! What is wrong with a file says more than where it lies, and its name more than the folders above it;
//! so they are shortened in the opposite order.

use crawl::BadFile;

/// Columns that a file's name gets at least.
const NAME: usize = 16;

/// A reason in about `room` columns: that of the first bad file if it is about one, else what is said
/// about the mirror at `url`, without the URL, which whoever reads this knows.
pub fn brief(whole: &str, first_bad: Option<&BadFile>, url: Option<&str>, room: usize) -> String {
    if let Some(bad) = first_bad.filter(|bad| whole.ends_with(&bad.to_string())) {
        let path = match &bad.file {
            Some(file) => format!("{}/{file}", bad.directory),
            None => bad.directory.clone(),
        };
        let reason = end_cut(&bad.reason, room.saturating_sub(NAME + 2));
        let left = room.saturating_sub(reason.chars().count() + 2);
        return format!("{}: {reason}", path_cut(&path, left));
    }
    let rest = url.and_then(|url| whole.strip_prefix(url)).and_then(|rest| rest.strip_prefix(": "));
    end_cut(rest.unwrap_or(whole), room)
}

/// `270/289`, or `-` when no directory was looked at.
pub fn share(current: u32, all: u32) -> String {
    if all == 0 { "-".to_owned() } else { format!("{current}/{all}") }
}

/// The beginning of a text.
pub fn end_cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

/// The end of a path, from a slash on if that is possible; of a name that is too long the middle is left out.
fn path_cut(path: &str, room: usize) -> String {
    if path.chars().count() <= room {
        return path.to_owned();
    }
    let fits = |tail: &&str| tail.chars().count() < room;
    if let Some(tail) = path.match_indices('/').map(|(at, _)| path.split_at(at).1).find(fits) {
        return format!("…{tail}");
    }
    let name: Vec<char> = path.rsplit('/').next().unwrap_or_default().chars().collect();
    if name.len() <= room {
        return name.into_iter().collect();
    }
    let back = room.saturating_sub(1) / 2;
    let front = room.saturating_sub(1 + back);
    let (first, last) = (name.iter().take(front), name.iter().skip(name.len().saturating_sub(back)));
    first.chain(['…'].iter()).chain(last).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_keep_their_end() {
        let path = "pub/epel/10/x86_64/repodata/repomd.xml";
        assert_eq!(path_cut(path, 38), path);
        assert_eq!(path_cut(path, 37), "…/epel/10/x86_64/repodata/repomd.xml");
        assert_eq!(path_cut(path, 21), "…/repodata/repomd.xml");
        assert_eq!(path_cut(path, 20), "…/repomd.xml");
        assert_eq!(path_cut(path, 11), "repomd.xml");
        assert_eq!(path_cut(path, 7), "rep…xml");
        assert_eq!(end_cut("status 404", 8), "status …");
    }

    #[test]
    fn the_file_and_what_is_wrong_with_it_stay() {
        let bad = |file: Option<&str>| BadFile {
            directory: "pub/fedora/linux/releases/42/Everything/x86_64/os/repodata".into(),
            file: file.map(str::to_owned),
            reason: "status 404".into(),
        };
        let of =
            |bad: &BadFile| brief(&format!("3 of 9 directories not current: {bad}"), Some(bad), None, 40);
        assert_eq!(of(&bad(Some("repomd.xml"))), "…/os/repodata/repomd.xml: status 404");
        assert_eq!(of(&bad(None)), "…/x86_64/os/repodata: status 404");
        let dead = "http://h/pub: no connection: connection refused";
        assert_eq!(brief(dead, None, Some("http://h/pub"), 40), "no connection: connection refused");
        assert_eq!(brief(dead, None, None, 9), "http://h…");
        assert_eq!((share(0, 0), share(0, 7)), ("-".to_owned(), "0/7".to_owned()));
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_its_room(path in "[a-zé/.]{0,60}", room in 1usize..70) {
            prop_assert!(path_cut(&path, room).chars().count() <= room);
            prop_assert!(end_cut(&path, room).chars().count() <= room);
        }
    }
}
