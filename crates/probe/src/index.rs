//! Index pages of web servers: which files a directory holds, and how big they are (`spec/crawler.md` 11.3.4).
//!
//! Read are the pages that Apache, nginx (HTML and JSON), lighttpd, Caddy (HTML and JSON) and Python's `http.server`
//! make. Any other page, such as an `index.html` made by hand, is no index. Names are taken from links, never from
//! what is displayed, since servers cut that.

mod html;
mod json;
mod size;

use std::collections::HashMap;

pub use size::Size;

/// Longest page that is read, bytes.
pub const MAX_BYTES: u64 = 8 << 20;

/// Which server made a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Apache's `mod_autoindex`: rounded sizes.
    Apache,
    /// nginx's `autoindex`: exact sizes, unless they were switched off.
    Nginx,
    /// lighttpd's `mod_dirlisting`: rounded sizes.
    Lighttpd,
    /// Caddy's `file_server browse`: exact sizes.
    Caddy,
    /// Python's `http.server`: no sizes.
    Python,
    /// A JSON array, by nginx or Caddy: exact sizes.
    Json,
}

/// A page that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Who made it.
    pub form: Form,
    files: HashMap<Vec<u8>, Size>,
}

impl Index {
    /// Reads a page; `None` when it is no index. `path` is the path of its URL, as it stands there. A fuzz target.
    pub fn read(page: &[u8], path: &str) -> Option<Self> {
        if page.len() as u64 > MAX_BYTES {
            return None;
        }
        if page.trim_ascii_start().starts_with(b"[") {
            return Some(Self { form: Form::Json, files: json::read(page)? });
        }
        let (form, files) = html::read(page, path)?;
        Some(Self { form, files })
    }

    /// What it says about a file; `None` when it does not name it.
    pub fn get(&self, name: &[u8]) -> Option<Size> {
        self.files.get(name).copied()
    }

    /// The names of files and what is said about them, in no order.
    pub fn files(&self) -> impl Iterator<Item = (&[u8], Size)> {
        self.files.iter().map(|(name, size)| (name.as_slice(), *size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page: &str) -> Index {
        Index::read(page.as_bytes(), "/pub/d/").unwrap()
    }

    #[test]
    fn apache_fancy_and_as_a_table_and_plain() {
        let fancy = read(
            r#"<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><html><head><title>Index of /pub/d</title></head>
<body><h1>Index of /pub/d</h1>
<pre>      <a href="?C=N;O=D">Name</a>                    <a href="?C=M;O=A">Last modified</a>      <a href="?C=S;O=A">Size</a>  <a href="?C=D;O=A">Description</a><hr>      <a href="/pub/">Parent Directory</a>                             -   
<img src="x"> <a href="a%20%26%20b.rpm">a &amp; b.rpm</a>               2026-11-21 05:55  1.2M  x 12:00 7
<img src="x"> <a href="small">small</a>               2026-11-21 05:55  123   
<img src="x"> <a href="sub/">sub/</a>               2026-11-21 05:55    -   
</pre></body></html>"#,
        );
        assert_eq!(fancy.form, Form::Apache);
        assert_eq!(fancy.get(b"a & b.rpm"), Some(Size::Rounded));
        assert_eq!(fancy.get(b"small"), Some(Size::Exact(123)));
        assert_eq!(fancy.files().count(), 2);
        let table = read(
            r#"<title>Index of /pub/d</title><table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="x.rpm">x.rpm</a></td><td align="right">2026-11-21 05:55  </td><td align="right"> 90 </td><td>&nbsp;</td></tr>
<tr><td><a href="y.rpm">y.rpm</a></td><td align="right">2026-11-21 05:55  </td><td align="right">4.0K</td><td>&nbsp;</td></tr></table>"#,
        );
        assert_eq!((table.get(b"x.rpm"), table.get(b"y.rpm")), (Some(Size::Exact(90)), Some(Size::Rounded)));
        let plain = read(r#"<title>Index of /pub/d</title><ul><li><a href="x"> x</a></li></ul>"#);
        assert_eq!((plain.form, plain.get(b"x")), (Form::Apache, Some(Size::Unknown)));
    }

    #[test]
    fn nginx_html_and_json() {
        let html = read(
            "<html>\r\n<head><title>Index of /pub/d/</title></head>\r\n<body>\r\n<h1>Index of /pub/d/</h1><hr><pre><a href=\"../\">../</a>\r\n\
             <a href=\"a-very-long-name-that-nginx-cuts-when-it-shows-it-to-you.rpm\">a-very-long-name-that-nginx-cuts-when-it-show..&gt;</a> 21-Nov-2026 05:55             1234567\r\n\
             <a href=\"k\">k</a>      21-Nov-2026 05:55    12K\r\n\
             <a href=\"12:00%20x\">12:00 x</a>      21-Nov-2026 05:55    5\r\n\
             </pre><hr></body>\r\n</html>\r\n",
        );
        assert_eq!(html.form, Form::Nginx);
        let long = b"a-very-long-name-that-nginx-cuts-when-it-shows-it-to-you.rpm";
        assert_eq!(html.get(long), Some(Size::Exact(1_234_567)));
        assert_eq!((html.get(b"k"), html.get(b"12:00 x")), (Some(Size::Rounded), Some(Size::Exact(5))));
        let json = read(
            "[\n{ \"name\":\"sub\", \"type\":\"directory\", \"mtime\":\"Sat\" },\n{ \"name\":\"f\", \"type\":\"file\", \"mtime\":\"x\", \"size\":17 }\n]",
        );
        assert_eq!((json.form, json.get(b"f"), json.get(b"sub")), (Form::Json, Some(Size::Exact(17)), None));
        let caddy = read(
            r#"[{"name":"f","size":3,"url":"./f","mode":436,"is_dir":false,"is_symlink":false},{"name":"d/","size":4096,"url":"./d/","is_dir":true}]"#,
        );
        assert_eq!((caddy.get(b"f"), caddy.files().count()), (Some(Size::Exact(3)), 1));
    }

    #[test]
    fn lighttpd_caddy_and_python() {
        let lighttpd = read(
            r#"<title>Index of /pub/d/</title><h2>Index of /pub/d/</h2><div class="list"><table summary="Directory Listing" cellpadding="0">
<thead><tr><th class="n">Name</th></tr></thead><tbody><tr class="d"><td class="n"><a href="../">..</a>/</td><td class="m">&nbsp;</td><td class="s">- &nbsp;</td><td class="t">Directory</td></tr>
<tr><td class="n"><a href="x">x</a></td><td class="m">2026-Nov-21 05:55:23</td><td class="s">1.5K</td><td class="t">application/octet-stream</td></tr></tbody></table></div>"#,
        );
        assert_eq!((lighttpd.form, lighttpd.get(b"x")), (Form::Lighttpd, Some(Size::Rounded)));
        let caddy = read(
            r#"<title>d/</title><table><tr class="file"><td></td><td><a href="./x%2By"><span class="name">x+y</span></a></td>
<td class="size" data-size="5000"><div class="sizebar"><div class="sizebar-text">4.9 KiB</div></div></td><td class="timestamp"><time datetime="2026">05:55</time></td></tr></table>
<footer>Served with <a rel="noopener noreferrer" href="https://caddyserver.com">x</a></footer>"#,
        );
        assert_eq!((caddy.form, caddy.get(b"x+y")), (Form::Caddy, Some(Size::Exact(5000))));
        let python = read(
            r#"<title>Directory listing for /pub/d/</title><h1>Directory listing for /pub/d/</h1><hr><ul><li><a href="x">x</a></li><li><a href="/pub/d/y">y</a></li></ul>"#,
        );
        assert_eq!(python.form, Form::Python);
        assert_eq!((python.get(b"x"), python.get(b"y")), (Some(Size::Unknown), Some(Size::Unknown)));
    }

    #[test]
    fn links_that_lead_elsewhere_are_no_files() {
        let index = read(
            r##"<title>Index of /pub/d</title><a href="http://h/x">x</a> <a href="//h/x">x</a> <a href="/other/x">x</a>
<a href="#x">x</a> <a href="?x">x</a> <a href="a/b">x</a> <a href="..">x</a> <a href="%2e%2e">x</a> <a href="a%2fb">x</a> <a href="mailto:x">x</a> <a href="f?download">x</a>"##,
        );
        assert_eq!(index.files().count(), 0, "{index:?}");
    }

    #[test]
    fn other_pages_are_no_index() {
        for page in [
            "",
            "<html><title>Welcome</title><a href=\"f\">f</a>",
            "not found",
            "{}",
            "[",
            "[1]",
            "<title>Index of",
        ] {
            assert_eq!(Index::read(page.as_bytes(), "/"), None, "{page}");
        }
    }
}
