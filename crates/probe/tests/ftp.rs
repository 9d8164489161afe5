//! The FTP side against two real daemons, with and without `MLSD`, and against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::url::MirrorUrl;
use probe::classify::Reason;
use probe::connector::Proof;
use probe::{
    AddressGuard, Connector, Counters, DirectoryCheck, Exchange, Failure, FtpMirror, Http, Limits, Phase,
    Refusal, TableResolver, Wanted, WantedFile, Watch,
};
use sha2::{Digest, Sha256};
use testkit::ftp::{Pyftpd, Vsftpd};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

fn http() -> Http {
    let limits = Limits {
        first_byte: Duration::from_millis(1000),
        get: Duration::from_millis(2000),
        min_rate_after: Duration::from_millis(300),
        ..Limits::default()
    };
    let guard = AddressGuard::new(["127.0.0.1/32".parse().unwrap()], []);
    let table = [("evil".to_owned(), vec!["127.0.0.1".parse().unwrap(), "10.0.0.1".parse().unwrap()])];
    Http::new(guard, Arc::new(TableResolver(table.into())), limits, None).unwrap()
}

#[derive(Default)]
struct Log(Mutex<Vec<(&'static str, Option<u16>)>>);

impl Watch for Log {
    fn saw(&self, exchange: &Exchange) {
        self.0.lock().unwrap().push((exchange.method, exchange.status));
    }
}

impl Log {
    fn count(&self, method: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|(name, _)| *name == method).count()
    }
}

fn mirror(url: &str) -> (FtpMirror, Arc<Log>) {
    let log = Arc::new(Log::default());
    let counters = Arc::new(Counters::watched(Arc::<Log>::clone(&log)));
    (FtpMirror::new(http(), MirrorUrl::parse(url).unwrap(), counters).unwrap(), log)
}

fn sized(name: &str, size: u64) -> WantedFile {
    WantedFile { name: name.into(), proof: Proof::Size(size) }
}

fn tree(root: &Path) {
    std::fs::create_dir_all(root.join("d/sub dir")).unwrap();
    std::fs::write(root.join("top"), "1").unwrap();
    std::fs::write(root.join("d/two  blanks"), "12345").unwrap();
    std::fs::write(root.join("d/sub dir/-la"), "123").unwrap();
    std::fs::write(root.join("d/repomd.xml"), "<repomd/>").unwrap();
    std::os::unix::fs::symlink("two  blanks", root.join("d/link")).unwrap();
}

async fn judges(url: &str, listing: &str) {
    let (mirror, log) = mirror(url);
    mirror.base_check().await.unwrap();
    let digest: [u8; 32] = Sha256::digest(b"<repomd/>").into();
    let repomd = |sha256| WantedFile {
        name: "repomd.xml".into(),
        proof: Proof::Digest { sha256: Some(sha256), size: Some(9) },
    };
    let check = async |path: &str, files: &[WantedFile]| mirror.check(Wanted { path, files }, 0).await;
    assert_eq!(check("", &[sized("top", 1)]).await, DirectoryCheck::Current);
    let all = [repomd(digest), sized("link", 5), sized("two  blanks", 5)];
    assert_eq!(check("d", &all).await, DirectoryCheck::Current);
    assert_eq!(check("d/sub dir", &[sized("-la", 3)]).await, DirectoryCheck::Current);
    let reason = |check| match check {
        DirectoryCheck::Stale(finding) => (finding.proven, finding.reason),
        other => panic!("{other:?}"),
    };
    let bad = check("d", &[sized("two  blanks", 5), sized("gone", 1)]).await;
    assert_eq!(reason(bad), (1, Reason::NotListed));
    let bad = check("d", &[sized("two  blanks", 6)]).await;
    assert_eq!(reason(bad), (0, Reason::Size { expected: 6, found: 5 }));
    let bad = check("d", &[sized("link", 6)]).await;
    assert_eq!(reason(bad), (0, Reason::Size { expected: 6, found: 5 }));
    let bad = check("d", &[sized("sub dir", 4096)]).await;
    assert_eq!(reason(bad), (0, Reason::NotListed), "a directory is no file");
    let bad = check("d", &[repomd([1; 32])]).await;
    assert_eq!(reason(bad), (0, Reason::Digest { expected: [1; 32], found: digest }));
    let bad = check("nowhere", &[sized("x", 1)]).await;
    assert_eq!(reason(bad), (0, Reason::Status(550)));
    // An end of a line in a name can not begin another command.
    let bad = check("d\r\nQUIT", &[sized("x", 1)]).await;
    assert!(matches!(bad, DirectoryCheck::Unknown(_)), "{bad:?}");
    assert_eq!(log.count("USER"), 1, "one session for all");
    assert!(log.count(listing) >= 8, "{:?}", log.0.lock().unwrap());
}

#[tokio::test]
async fn vsftpd_which_has_no_mlsd() {
    let folder = tempfile::tempdir().unwrap();
    tree(folder.path());
    let server = Vsftpd::serve(folder.path());
    judges(&server.url(), "LIST").await;
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn pyftpdlib_which_has_mlsd() {
    let folder = tempfile::tempdir().unwrap();
    tree(folder.path());
    judges(&Pyftpd::serve(folder.path()).url(), "MLSD").await;
}

/// A server that greets and answers each command by `script`; `None` closes. `DATA text` in an answer opens a
/// listener for one data connection first, writes the text to it, and stands for the number of its port.
async fn scripted(script: fn(&str, u16) -> Option<String>, data: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ftp://{}/pub", listener.local_addr().unwrap());
    let channel = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = channel.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = channel.accept().await {
            data(stream);
        }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                let Some(hello) = script("", port) else { return };
                let _ = write.write_all(hello.as_bytes()).await;
                while let Ok(Some(line)) = lines.next_line().await {
                    let Some(answer) = script(&line, port) else { return };
                    let _ = write.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    url
}

fn polite(line: &str, port: u16) -> String {
    let command = line.split(' ').next().unwrap();
    match command {
        "" => "220 hello\r\n".into(),
        "USER" | "PASS" => "230 in\r\n".into(),
        "EPSV" => format!("229 Entering (|||{port}|)\r\n"),
        "FEAT" => "211-Features:\r\n MLST type*;size*;\r\n211 End\r\n".into(),
        "MLSD" | "LIST" => "150 here\r\n226 done\r\n".into(),
        _ => "200 fine\r\n".into(),
    }
}

async fn ask(url: &str) -> DirectoryCheck {
    mirror(url).0.check(Wanted { path: "d", files: &[sized("f", 3)] }, 0).await
}

fn reason(check: DirectoryCheck) -> Reason {
    match check {
        DirectoryCheck::Stale(finding)
        | DirectoryCheck::Unknown(finding)
        | DirectoryCheck::TryLater(finding) => finding.reason,
        DirectoryCheck::Current => panic!("current"),
    }
}

fn one_file(mut stream: TcpStream) {
    tokio::spawn(async move { stream.write_all(b"type=file;size=3; f\r\n").await });
}

#[tokio::test]
async fn the_data_connection_goes_where_the_control_connection_went() {
    // It names another machine: that is not looked at.
    let elsewhere = |line: &str, port: u16| {
        Some(match line {
            "EPSV" => "500 what?\r\n".into(),
            "PASV" => format!("227 Entering Passive Mode (10,0,0,1,{},{}).\r\n", port >> 8, port & 255),
            _ => polite(line, port),
        })
    };
    assert_eq!(ask(&scripted(elsewhere, one_file).await).await, DirectoryCheck::Current);
    let system = |line: &str, port: u16| {
        Some(if line == "EPSV" { "229 (|||22|)\r\n".into() } else { polite(line, port) })
    };
    let found = reason(ask(&scripted(system, one_file).await).await);
    assert_eq!(found, Reason::Failed(Failure::Refused(Refusal::Port(22))));
    for url in ["ftp://127.0.0.2/", "ftp://evil/", "ftp://127.0.0.1:22/"] {
        let found = reason(ask(url).await);
        assert!(matches!(found, Reason::Failed(Failure::Refused(_))), "{url}: {found:?}");
    }
}

#[tokio::test]
async fn endless_answers_end() {
    fn endless(mut stream: TcpStream) {
        tokio::spawn(async move {
            let line = [b"type=file;size=3; ".as_slice(), &[b'x'; 200], b"\r\n"].concat().repeat(100);
            while stream.write_all(&line).await.is_ok() {}
        });
    }
    fn endless_line(mut stream: TcpStream) {
        tokio::spawn(async move { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} });
    }
    fn silent(stream: TcpStream) {
        tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(stream);
        });
    }
    let good = |line: &str, port: u16| Some(polite(line, port));
    for data in [endless, endless_line] {
        let found = reason(ask(&scripted(good, data).await).await);
        assert!(matches!(found, Reason::Failed(Failure::Protocol(_))), "{found:?}");
    }
    let found = ask(&scripted(good, silent).await).await;
    assert!(matches!(found, DirectoryCheck::TryLater(_)), "{found:?}");
    let long = |line: &str, port: u16| {
        Some(if line.starts_with("CWD") { "2".repeat(100_000) } else { polite(line, port) })
    };
    let many = |line: &str, port: u16| {
        Some(if line.starts_with("CWD") { "250-x\r\n".repeat(2000) } else { polite(line, port) })
    };
    for script in [long, many] {
        let found = reason(ask(&scripted(script, one_file).await).await);
        assert!(matches!(found, Reason::Failed(Failure::Protocol(_))), "{found:?}");
    }
    let mute = |line: &str, port: u16| Some(if line.is_empty() { String::new() } else { polite(line, port) });
    let found = reason(ask(&scripted(mute, one_file).await).await);
    assert_eq!(found, Reason::Failed(Failure::Timeout(Phase::FirstByte)));
}

#[tokio::test]
async fn what_a_reply_means() {
    type Case = (fn(&str, u16) -> Option<String>, fn(&DirectoryCheck) -> bool);
    let cases: [Case; 5] = [
        (
            |line, port| Some(if line.is_empty() { "421 too many\r\n".into() } else { polite(line, port) }),
            |check| matches!(check, DirectoryCheck::TryLater(f) if f.reason == Reason::Status(421)),
        ),
        (
            |line, port| {
                Some(if line.starts_with("USER") { "530 no\r\n".into() } else { polite(line, port) })
            },
            |check| matches!(check, DirectoryCheck::TryLater(f) if f.reason == Reason::Status(530)),
        ),
        (
            |line, port| Some(if line == "MLSD" { "550 no\r\n".into() } else { polite(line, port) }),
            |check| matches!(check, DirectoryCheck::Stale(f) if f.reason == Reason::Status(550)),
        ),
        (
            |line, port| {
                Some(if line == "MLSD" { "150 x\r\n451 bad disk\r\n".into() } else { polite(line, port) })
            },
            |check| matches!(check, DirectoryCheck::Unknown(f) if f.reason == Reason::Status(451)),
        ),
        (
            |line, port| (line != "MLSD").then(|| polite(line, port)),
            |check| matches!(check, DirectoryCheck::TryLater(f) if matches!(f.reason, Reason::Failed(Failure::Lost(_)))),
        ),
    ];
    for (number, (script, is_right)) in cases.into_iter().enumerate() {
        let check = ask(&scripted(script, one_file).await).await;
        assert!(is_right(&check), "{number}: {check:?}");
    }
}
