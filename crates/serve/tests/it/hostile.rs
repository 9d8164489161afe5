//! Whatever a client puts into a parameter stays a value: in the body, in the headers and in the log.

use std::fs;

use settings::serve::AccessLogFormat;
use snapshot::proto::{FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType};
use testkit::xml;

use crate::support::{Client, Deployment, LIST, Reply, TIME, cache};

const DIRECTORY: &str = "pub/linux/40/x86_64/os";

/// Every byte on its own and what has a meaning somewhere: texts as they are meant.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = (0..=127u8).map(|byte| format!("a{}b", char::from(byte))).collect();
    let odd =
        ['\u{80}', '\u{85}', '\u{a0}', 'ä', '\u{2028}', '\u{202e}', '\u{feff}', '\u{fffe}', '\u{ffff}', '😀'];
    texts.extend(odd.map(|c| format!("a{c}b")));
    let more = [
        "a\r\nset-cookie: x=y\r\n\r\nb",
        "--><script>alert(1)</script><!--",
        "]]>",
        "--",
        "---",
        "-",
        "&amp;",
        "&#0;",
        "%41",
        "a; REPO: b; ARCH: c",
        "../../etc/passwd",
        "\" onload=\"x",
        "{}%s%n$(id)`id`",
        "a\n# repo = x\nhttp://evil.example/",
    ];
    texts.extend(more.map(str::to_owned));
    texts
}

/// All bytes percent-encoded.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Every hostile text without a slash is a file that checksums are known of.
fn hostile_files(deployment: Deployment) -> Deployment {
    let mut cache = cache(TIME, &["first.example"]);
    let details = FileDetailsType { time_stamp: TIME, size: 3, ..FileDetailsType::default() };
    let files = hostile().into_iter().filter(|text| !text.contains('/'));
    cache.file_details_cache.push(FileDetailsCacheDirectoryType {
        directory: DIRECTORY.into(),
        file_details_cache_files: files
            .map(|filename| FileDetailsCacheFilesType { filename, file_details: vec![details.clone()] })
            .collect(),
    });
    deployment.replace(&cache);
    deployment
}

/// In our own mode; the old server decodes nothing and escapes nothing.
fn deployment() -> Deployment {
    hostile_files(Deployment::new())
}

/// Nothing that was sent is a header or a line of its own.
fn check_form(reply: &Reply, upstream: bool, what: &str) {
    assert!([200, 302, 400, 404, 500].contains(&reply.status), "{what}: {reply:?}");
    for (name, value) in &reply.headers {
        assert!(
            ["content-length", "content-type", "date", "location", "link"].contains(&name.as_str()),
            "{what}: {reply:?}"
        );
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{what}: {reply:?}");
    }
    match reply.header("content-type") {
        // The old server's comments may have hyphens in a row.
        Some("application/metalink+xml") if upstream => {}
        Some("application/metalink+xml") => {
            drop(xml::read(&reply.body).unwrap_or_else(|e| panic!("{what}: {e}: {reply:?}")))
        }
        Some("text/plain") => {
            let ours =
                |line: &str| line.starts_with("# ") || line.starts_with("http://first.example/linux/40/");
            assert!(reply.body.lines().all(ours), "{what}: {reply:?}");
        }
        _ => {
            let ours = |line: &str| {
                ["# ", "error: ", "Cannot ", "repo "].iter().any(|begin| line.starts_with(begin))
            };
            assert!(reply.body.lines().all(ours), "{what}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn a_value_of_any_parameter_is_only_a_value() {
    for (deployment, upstream) in [(deployment(), false), (hostile_files(Deployment::upstream()), true)] {
        let server = deployment.start().await;
        let mut client = Client::connect(server.address()).await;
        for value in hostile().iter().map(|text| encoded(text)) {
            for question in [
                format!("repo={value}&arch=x86_64"),
                format!("repo=linux-40&arch={value}"),
                format!("path={DIRECTORY}/{value}"),
                format!("path={value}"),
                format!("path={DIRECTORY}/{value}&redirect=1"),
                format!("repo=linux-40&arch=x86_64&country={value}"),
                format!("repo=linux-40&arch=x86_64&country=DE,{value}"),
                format!("repo=linux-40&arch=x86_64&protocol={value}"),
                format!("repo=linux-40&arch=x86_64&protocol={value},http"),
                format!("repo=linux-40&arch=x86_64&netblock={value}&time={value}"),
                format!("repo=linux-40&arch=x86_64&ip={value}"),
                format!("repo=linux-40&arch=x86_64&{value}={value}"),
            ] {
                for target in [format!("/mirrorlist?{question}"), format!("/metalink?{question}")] {
                    check_form(&client.get(&target).await, upstream, &target);
                }
            }
        }
    }
}

/// A control character is shown as its percent-encoding, since XML can not have it at all.
fn visible(text: &str) -> String {
    let shown = |c: char| match c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') {
        true => c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

#[tokio::test]
async fn a_metalink_names_the_file_that_was_asked_for() {
    let server = deployment().start().await;
    let mut client = Client::connect(server.address()).await;
    for text in hostile().into_iter().filter(|text| !text.contains('/')) {
        let target = format!("/metalink?path={DIRECTORY}/{}", encoded(&text));
        let reply = client.get(&target).await;
        assert_eq!(reply.status, 200, "{text:?}: {reply:?}");
        let root = xml::read(&reply.body).unwrap();
        assert_eq!(root.all("file")[0].attributes["name"], visible(&text));
        // Decoded as clients do, the URL ends with the name.
        let url = &root.all("url")[0].text;
        let name = url.strip_prefix("http://first.example/linux/40/x86_64/os/").unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
        assert_eq!(decoded(name), text);
    }
}

#[tokio::test]
async fn an_error_document_shows_what_was_asked_for() {
    let server = deployment().start().await;
    let mut client = Client::connect(server.address()).await;
    for text in hostile() {
        let reply = client.get(&format!("/metalink?repo={}&arch=x", encoded(&text))).await;
        let root = xml::read(&reply.body).unwrap();
        let [comment] = root.comments.as_slice() else { panic!("{reply:?}") };
        // Of a pair of hyphens the second is moved away.
        let shown = visible(&text).replace("--", "- -").replace("--", "- -");
        assert!(comment.starts_with(&format!(" # repo = {shown} arch = x error: ")), "{text:?}: {comment}");
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// One line per request, and the fields where `mm2_mirrorlist-statistics` looks for them (C.8).
#[tokio::test]
async fn a_log_line_can_be_counted_whatever_was_asked_for() {
    for (mut deployment, upstream) in [(deployment(), false), (Deployment::upstream(), true)] {
        deployment.options.serve.access_log = AccessLogFormat::Upstream;
        let server = deployment.start().await;
        let mut client = Client::connect(server.address()).await;
        for text in hostile() {
            let value = encoded(&text);
            let reply = client.get(&format!("/mirrorlist?path={DIRECTORY}&repo={value}&arch={value}")).await;
            assert_eq!(reply.status, 200);
        }
        server.stop().await;
        let log = fs::read_to_string(&deployment.options.serve.access_log_file).unwrap();
        let lines: Vec<&str> = log.split_terminator('\n').collect();
        assert_eq!(lines.len(), hostile().len(), "{log}");
        for (line, text) in lines.iter().zip(hostile()) {
            // As the job does it, and as an editor would show it.
            let fields: Vec<&str> = line.split_whitespace().collect();
            assert!(line.chars().all(|c| !c.is_control()), "{line:?}");
            assert_eq!((fields.len(), fields[0]), (if upstream { 10 } else { 12 }, "IP:"), "{line:?}");
            assert_eq!(
                (fields[3].get(..10), fields[5].get(..2)),
                (Some("2023-11-14"), Some("N/")),
                "{line:?}"
            );
            for (name, place) in [("REPO:", 6), ("ARCH:", 8)] {
                assert_eq!(fields[place], name, "{line:?}");
                let logged = fields[place + 1].trim_end_matches(';');
                // The old server decodes nothing.
                match upstream {
                    true => assert_eq!(logged, encoded(&text), "{line:?}"),
                    false => assert_eq!(decoded_if_encoded(logged, &text), text, "{line:?}"),
                }
            }
        }
    }
}

/// What was a percent sign in the value is one in the log too, so a line alone does not say whether to decode.
fn decoded_if_encoded(logged: &str, text: &str) -> String {
    if text.contains('%') { logged.to_owned() } else { decoded(logged) }
}

#[tokio::test]
async fn every_header_but_the_forwarded_address_is_ignored() {
    let server = Deployment::new().start().await;
    for byte in (0x21..=0x7e).chain(0x80..=0xff) {
        let mut client = Client::connect(server.address()).await;
        client.send(format!("GET {LIST} HTTP/1.1\r\nhost: t\r\nuser-agent: x")).await;
        client.send([byte]).await;
        client.send("\r\nreferer: y").await;
        client.send([byte]).await;
        client.send("\r\n\r\n").await;
        let reply = client.reply().await.unwrap_or_else(|| panic!("{byte:#04x}: no answer"));
        assert_eq!(reply.status, 200, "{byte:#04x}");
        check_form(&reply, false, "a header");
    }
}
