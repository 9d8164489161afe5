//! `make bench`: prints one line per promise about speed. `SCALE=1` for the full size; 0.02 otherwise.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use benches::figure::{Figure, Target};
use benches::{answering, child, constant, inputs};
use model::clock::SystemClock;
use settings::serve::{AccessLogFormat, Serve};

#[tokio::main]
async fn main() -> io::Result<()> {
    // Cargo adds arguments of its own (`--bench`); ours are the words of the children.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["constant", bytes] => {
            let bytes = bytes.parse().map_err(io::Error::other)?;
            tokio::select! {
                result = constant::serve(bytes, child::tell) => result,
                () = child::parent_gone() => Ok(()),
            }
        }
        ["serve", files @ ..] => serve(files).await,
        _ => report().await,
    }
}

/// Our server, as a child.
async fn serve(files: &[&str]) -> io::Result<()> {
    let mut files = files.iter().map(PathBuf::from);
    let mut options = serve::Options {
        serve: Serve {
            listen: ([127, 0, 0, 1], 0).into(),
            cache: files.next().unwrap_or_default(),
            countries: files.next(),
            netblocks: files.next(),
            continents: files.next(),
            ..Serve::default()
        },
        ..serve::Options::default()
    };
    if let Some(log) = files.next() {
        options.serve.access_log = AccessLogFormat::Upstream;
        options.serve.access_log_file = log;
    }
    let running = serve::Server::start(&options, Arc::new(SystemClock)).await.map_err(io::Error::other)?;
    child::tell(running.address());
    child::parent_gone().await;
    Ok(())
}

async fn report() -> io::Result<()> {
    let scale = std::env::var("SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(0.02);
    let folder = tempfile::tempdir()?;
    eprintln!("making inputs at scale {scale}");
    let inputs = inputs::write(folder.path(), scale)?;
    println!("{}", Figure::heading());

    let questions = answering::mirrorlist_questions(&inputs);
    let silent = answering::start_ours(&inputs, None)?;
    let name = "mirrorlist_cpu_per_request";
    println!("{}", answering::cpu_per_request(name, &silent, &questions, Target::AtMost(2.5)).await?);
    drop(silent);

    let logging = answering::start_ours(&inputs, Some(&folder.path().join("access.log")))?;
    let name = "mirrorlist_cpu_per_request_with_access_log";
    println!("{}", answering::cpu_per_request(name, &logging, &questions, Target::None).await?);
    Ok(())
}
