//! Files that are pulled from a web server.

use std::fs;
use std::sync::{Arc, Mutex};

use serve::{PullError, Running, Server, StartError};
use settings::SourceUrl;
use snapshot::proto::encode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Deployment, TIME, cache, clock, listed, metric, until};

/// What the web server does.
#[derive(Clone)]
enum Answer {
    /// Gives this content, with a version if it has one.
    Content(Option<&'static str>, Vec<u8>),
    /// Gives a status and no content.
    Status(u16),
    /// Gives bytes for ever.
    Endless,
    /// Gives a few bytes, and no more.
    Stuck,
}

/// A web server with one file.
struct Web {
    url: String,
    answer: Arc<Mutex<Answer>>,
    /// The heads of all requests.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://mm:secret@{}/cache?X-Signature=secret", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(answer));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, heads) = (Arc::clone(&answer), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answers, heads) = (Arc::clone(&answers), Arc::clone(&heads));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(stream.read_u8().await?);
                    }
                    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
                    let answer = answers.lock().unwrap().clone();
                    heads.lock().unwrap().push(head.clone());
                    let start = |status: u16, more: &str| {
                        format!("HTTP/1.1 {status} x\r\nconnection: close\r\n{more}\r\n")
                    };
                    match answer {
                        Answer::Content(Some(tag), _)
                            if head.contains(&format!("if-none-match: {tag}\r\n")) =>
                        {
                            stream.write_all(start(304, "").as_bytes()).await?;
                        }
                        Answer::Content(tag, bytes) => {
                            let tag = tag.map(|tag| format!("etag: {tag}\r\n")).unwrap_or_default();
                            let more = format!("{tag}content-length: {}\r\n", bytes.len());
                            stream.write_all(start(200, &more).as_bytes()).await?;
                            stream.write_all(&bytes).await?;
                        }
                        Answer::Status(status) => {
                            stream.write_all(start(status, "content-length: 0\r\n").as_bytes()).await?;
                        }
                        Answer::Endless => {
                            stream.write_all(start(200, "").as_bytes()).await?;
                            while stream.write_all(&[0; 4096]).await.is_ok() {}
                        }
                        Answer::Stuck => {
                            stream.write_all(start(200, "content-length: 9999\r\n").as_bytes()).await?;
                            stream.write_all(b"some").await?;
                            let _ = stream.read_u8().await;
                        }
                    }
                    std::io::Result::Ok(())
                });
            }
        });
        Self { url, answer, asked }
    }

    fn now(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn requests(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn content(tag: &'static str, time: u64, host: &str) -> Answer {
    Answer::Content(Some(tag), encode(&cache(time, &[host])))
}

/// A deployment without a cache file, which pulls it.
fn pulling(web: &Web) -> Deployment {
    let mut deployment = Deployment::new();
    fs::remove_file(deployment.cache_file()).unwrap();
    deployment.options.serve.cache_url = Some(SourceUrl::new(&web.url));
    deployment.options.serve.pull_seconds = 1;
    deployment
}

async fn pulled(server: &Running, result: &str, times: usize) -> bool {
    let line = format!("mirrormanager_serve_pulls_total{{part=\"cache\",result=\"{result}\"}} {times}");
    metric(server, &line).await
}

/// Files beside the cache file that should not be there.
fn left_over(deployment: &Deployment) -> Vec<String> {
    let folder = deployment.cache_file().parent().unwrap();
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with('.')).collect()
}

#[tokio::test]
async fn a_server_needs_nothing_but_a_url_and_asks_only_for_what_is_new() {
    let web = Web::start(content("\"1\"", TIME, "first.example")).await;
    let deployment = pulling(&web);
    let server = deployment.start().await;
    assert!(listed(&server).await.contains("first.example"));
    until("it asks whether there is another", || pulled(&server, "unchanged", 1)).await;
    let requests = web.requests();
    let second = requests.last().unwrap();
    assert!(second.starts_with("get /cache?x-signature=secret http/1.1\r\n"), "{second}");
    assert!(second.contains("if-none-match: \"1\"\r\n"), "{second}");
    assert!(second.contains("authorization: basic "), "{second}");

    let second = encode(&cache(TIME + 1, &["second.example"]));
    web.now(Answer::Content(Some("\"2\""), second.clone()));
    until("the new host is listed", || async { listed(&server).await.contains("second.example") }).await;
    assert_eq!(fs::read(deployment.cache_file()).unwrap(), second, "the file is what is in use");
    assert_eq!(left_over(&deployment), Vec::<String>::new());
    server.stop().await;

    // The next start needs no web server for that.
    web.now(Answer::Status(500));
    let server = deployment.start().await;
    assert!(listed(&server).await.contains("second.example"));
}

#[tokio::test]
async fn what_can_not_be_used_changes_neither_the_file_nor_the_answers() {
    let web = Web::start(content("\"1\"", TIME, "first.example")).await;
    let deployment = pulling(&web);
    let server = deployment.start().await;
    let good = fs::read(deployment.cache_file()).unwrap();
    web.now(Answer::Content(Some("\"torn\""), good[..good.len() - 5].to_vec()));
    until("it is refused", || pulled(&server, "refused", 1)).await;
    assert!(metric(&server, "mirrormanager_serve_data_refusals_total{reason=\"damaged\"} 1").await);
    assert!(metric(&server, "mirrormanager_serve_reload_failed 1").await);
    assert_eq!(fs::read(deployment.cache_file()).unwrap(), good);
    assert_eq!(left_over(&deployment), Vec::<String>::new());
    assert!(listed(&server).await.contains("first.example"));
    until("it does not come again", || pulled(&server, "unchanged", 1)).await;

    web.now(content("\"older\"", TIME - 1, "older.example"));
    until("the older one is refused", || pulled(&server, "refused", 2)).await;
    assert!(listed(&server).await.contains("first.example"));
    server.accept_now().await.unwrap();
    assert!(listed(&server).await.contains("older.example"), "until somebody says that it is meant so");
}

#[tokio::test]
async fn failures_change_nothing_and_are_counted() {
    for (answer, limit) in
        [(Answer::Status(404), None), (Answer::Endless, Some("bytes")), (Answer::Stuck, Some("time"))]
    {
        let web = Web::start(content("\"1\"", TIME, "first.example")).await;
        let mut deployment = pulling(&web);
        match limit {
            Some("bytes") => deployment.options.serve.pull_max_bytes = 100_000,
            Some(_) => deployment.options.serve.pull_timeout_seconds = 1,
            None => {}
        }
        let server = deployment.start().await;
        web.now(answer);
        until("it is counted", || pulled(&server, "failed", 1)).await;
        assert_eq!(left_over(&deployment), Vec::<String>::new());
        assert!(listed(&server).await.contains("first.example"));
        web.now(content("\"2\"", TIME + 1, "second.example"));
        until("it goes on", || async { listed(&server).await.contains("second.example") }).await;
    }
}

#[tokio::test]
async fn every_part_can_be_pulled() {
    let web = Web::start(Answer::Content(None, b"192.0.2.0/24 64500\n".to_vec())).await;
    let mut deployment = Deployment::new();
    deployment.options.serve.netblocks = Some(deployment.path("netblocks.txt"));
    deployment.options.serve.netblocks_url = Some(SourceUrl::new(&web.url));
    deployment.options.serve.pull_seconds = 1;
    let server = deployment.start().await;
    let line = "mirrormanager_serve_data_source{part=\"netblocks\",source=\"file\"} 1";
    assert!(metric(&server, line).await);
    web.now(Answer::Content(None, b"no networks\n".to_vec()));
    until("it is refused", || {
        metric(&server, "mirrormanager_serve_data_refusals_total{reason=\"netblocks\"} 1")
    })
    .await;
}

#[tokio::test]
async fn without_a_file_and_a_source_there_is_no_start_and_no_secret_in_the_message() {
    let web = Web::start(Answer::Status(403)).await;
    let deployment = pulling(&web);
    let refusal = |options| async move {
        match Server::start(&options, clock()).await {
            Ok(_) => panic!("started"),
            Err(error) => error,
        }
    };
    let error = refusal(deployment.options.clone()).await;
    assert!(matches!(error, StartError::Pull(PullError::Fetch { .. })), "{error}");
    let text = error.to_string();
    assert!(text.contains("/cache?***") && text.contains("403") && !text.contains("secret"), "{text}");

    // A server that speaks no TLS, and one that is not there.
    for url in [web.url.replace("http://", "https://"), "http://127.0.0.1:1/x?secret".to_owned()] {
        let mut options = deployment.options.clone();
        options.serve.cache_url = Some(SourceUrl::new(url));
        let text = refusal(options).await.to_string();
        assert!(text.starts_with("failed to pull http") && !text.contains("secret"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
