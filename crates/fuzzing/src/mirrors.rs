//! What mirrors answer: index pages and FTP listings.

use probe::Index;
use probe::ftp::{list_line, mlsd_line};

use crate::texts;

/// Any bytes as an index page: whatever comes out of it, is the name of a file in that directory.
pub(crate) fn index_page(input: &[u8]) {
    let Some(index) = Index::read(input, "/pub/d/") else { return };
    let html = !input.trim_ascii_start().starts_with(b"[");
    for (name, _) in index.files() {
        assert!(!html || !name.is_empty() && !name.contains(&b'/') && !matches!(name, b"." | b".."));
    }
    // A page is taken for the same, whatever stands above it.
    if html {
        let again = Index::read(&[b"<!-- -->", input].concat(), "/pub/d/");
        assert_eq!(again.map(|again| again.form), Some(index.form));
    }
}

pub(crate) fn index_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "<title>Index of /pub/d</title><pre><a href=\"?C=N;O=D\">Name</a><hr><a href=\"/pub/\">Parent Directory</a>  -\n\
         <img src=x> <a href=\"a%20b&amp;c.rpm\">a b&amp;c.rpm</a>  2026-11-21 05:55  1.2M  \n<a href=\"s\">s</a> 2026-11-21 05:55  12  </pre>",
        "<html><head><title>Index of /pub/d/</title></head><h1>Index of /pub/d/</h1><hr><pre><a href=\"../\">../</a>\n\
         <a href=\"x.rpm\">x.rp..&gt;</a> 21-Nov-2026 05:55   1234\n</pre><hr>",
        "<title>Index of /pub/d/</title><table summary=\"Directory Listing\"><tr><td class=\"n\"><a href=\"x\">x</a></td>\
         <td class=\"m\">2026-Nov-21 05:55:23</td><td class=\"s\">1.5K</td></tr></table>",
        "<title>d/</title><tr><td><a href=\"./x%2By\">x</a></td><td data-size=\"5\">5 B</td></tr><a href=\"https://caddyserver.com\">c</a>",
        "<title>Directory listing for /pub/d/</title><ul><li><a href=\"x\">x</a></li><li><a href=\"/pub/d/y\">y</a></li></ul>",
        "[{\"name\":\"f\",\"type\":\"file\",\"mtime\":\"x\",\"size\":17},{\"name\":\"d\",\"is_dir\":true,\"size\":1}]",
    ])
}

/// Any bytes as lines of an FTP listing.
pub(crate) fn ftp_listing(input: &[u8]) {
    for line in input.split(|byte| *byte == b'\n') {
        for entry in [mlsd_line(line), list_line(line)].into_iter().flatten() {
            assert!(!entry.name.is_empty() && !entry.name.contains(&b'/') && entry.name.len() < line.len());
            assert!(!matches!(entry.name, b"." | b".."));
        }
    }
}

pub(crate) fn ftp_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "type=file;size=1234;modify=20261121055523;UNIX.mode=0644; a b.rpm\r\nType=dir;sizd=4096; d\r\ntype=cdir; .\r\n\
         type=OS.unix=slink:/x;size=3; l\r\n",
        "total 12\r\n-rw-r--r--    1 0        0            5000 Nov 21 05:55 five-k\r\ndrwxr-xr-x 2 ftp ftp 4096 Jan  1  2025 d\r\n\
         lrwxrwxrwx 1 0 0 3 Nov 21 05:55 link -> to\r\n-rw-r--r-- 1 ftp 77 Jan  1  2025  two  blanks \r\n",
    ])
}
