//! The demo as a person sees it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crawl::Ending;
use model::clock::SystemClock;
use serve::{Options, Running, Server};
use settings::log::LogFormat;
use settings::{Log, Origins};
use tempfile::TempDir;

use super::stage::{Stage, settings_path};
use super::world::Character;
use super::{ask, verdicts};
use crate::arguments::Demo;
use crate::commands::{Context, scan};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;
use crate::signals;

/// The repository of the example questions.
const QUESTION: &str = "repo=fedora-42&arch=x86_64";
/// The two ways to ask it.
const QUESTIONS: [&str; 2] = ["mirrorlist", "metalink"];

/// The demo tells what it does itself, so its log is for trouble only, and for people, unless something
/// else was asked for.
pub fn quieter(log: &mut Log, origins: &Origins) {
    if !origins.contains_key("log.level") {
        log.level = "warn".into();
    }
    if !origins.contains_key("log.format") {
        log.format = LogFormat::Text;
    }
}

/// Goes the whole way once and then serves until Ctrl-C, or with `--once` until one answer was served.
pub async fn run(arguments: Demo, context: Context) -> Outcome {
    let begun = Instant::now();
    let out = context.out;
    let (folder, _temporary) = folder(arguments.dir)?;
    out.note(format_args!("demo in {}", folder.display()));
    let mut stage = Stage::set_up(&folder, &context.settings, Arc::new(SystemClock), out).await?;
    stage.settings.serve.listen.set_port(arguments.port);
    out.note(format_args!(
        "master tree with {} directories and {} files, {} mirrors",
        stage.world.tree.directories,
        stage.world.tree.files,
        stage.world.mirrors.len()
    ));
    let scanned = stage.scan().await?;
    out.note(scan::report::describe(&scanned));
    if scan::exit(&scanned) != Exit::Success {
        return Err(Failure::operation("the scan failed"));
    }
    let crawled = stage.crawl().await?;
    if crawled.ending == Ending::Cancelled {
        return Ok(Exit::Interrupted);
    }
    stage.build_cache().await?;
    let options = Options { serve: stage.settings.serve.clone(), answer: stage.settings.answer.clone() };
    let server = Server::start(&options, Arc::new(SystemClock)).await.map_err(Failure::operation)?;
    let serving_after = begun.elapsed();

    out.line(verdicts::render(&verdicts::of(&crawled, &stage.world)))?;
    out.line(format_args!(
        "serving after {:.1} s on http://{}",
        serving_after.as_secs_f64(),
        server.address()
    ))?;
    prove(&server, &stage).await?;
    let ended = if arguments.once {
        out.line(asked(&server))?;
        Ok(())
    } else {
        out.line(to_try(&server, &stage, &folder))?;
        until_told(out).await
    };
    server.stop().await;
    ended?;
    Ok(Exit::Success)
}

fn folder(named: Option<PathBuf>) -> Outcome<(PathBuf, Option<TempDir>)> {
    if let Some(folder) = named {
        let folder = std::path::absolute(&folder)?;
        return Ok((folder, None));
    }
    let temporary = tempfile::Builder::new()
        .prefix("mirrormanager-demo-")
        .tempdir()
        .map_err(|e| Failure::operation(format!("cannot make a temporary folder: {e}")))?;
    Ok((temporary.path().to_path_buf(), Some(temporary)))
}

/// Asks both questions over a real socket and looks for the mirror that has everything.
async fn prove(server: &Running, stage: &Stage) -> Outcome<()> {
    let good = stage.world.mirror(Character::InSync).map(|mirror| mirror.url.clone()).unwrap_or_default();
    for path in QUESTIONS.map(|kind| format!("/{kind}?{QUESTION}")) {
        let answer = ask::get(server.address(), &path)
            .await
            .map_err(|e| Failure::operation(format!("{path} was not answered: {e}")))?;
        if answer.status != 200 || !answer.body.contains(&good) {
            return Err(Failure::operation(format!(
                "{path} was answered with status {} and without the mirror {good}",
                answer.status
            )));
        }
    }
    Ok(())
}

fn to_try(server: &Running, stage: &Stage, folder: &Path) -> String {
    let address = server.address();
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("mirrormanager"));
    let command = format!("  {} --config {}", program.display(), settings_path(folder).display());
    let mirror =
        stage.world.mirror(Character::InSync).map(|mirror| mirror.folder.clone()).unwrap_or_default();
    let mut lines = vec![
        "try:".to_owned(),
        format!("  curl 'http://{address}/mirrorlist?{QUESTION}'"),
        format!("  curl 'http://{address}/metalink?{QUESTION}'"),
        format!("  curl 'http://{address}/mirrorlist?repo=epel-9&arch=x86_64&country=us'"),
        format!("  curl 'http://{address}/explain?{QUESTION}'"),
    ];
    lines.extend(server.control_address().map(control_lines).into_iter().flatten());
    lines.push(format!("remove a file below {}, then:", mirror.display()));
    lines.push(format!("{command} crawl"));
    lines.push(format!("{command} cache build"));
    lines.push("the server takes the new cache by itself; Ctrl-C ends it".to_owned());
    lines.join("\n")
}

fn control_lines(address: SocketAddr) -> [String; 2] {
    [format!("  curl http://{address}/metrics"), format!("  curl http://{address}/health/ready")]
}

/// What was asked before it ends, for who wants to ask it, too.
fn asked(server: &Running) -> String {
    let address = server.address();
    let mut lines = vec![format!("both answered with {}:", Character::InSync.host())];
    lines.extend(QUESTIONS.iter().map(|kind| format!("  curl 'http://{address}/{kind}?{QUESTION}'")));
    lines.push("it ends now; run it without --once to ask for yourself".to_owned());
    lines.join("\n")
}

/// Waits for Ctrl-C or SIGTERM.
async fn until_told(out: Printer) -> Outcome<()> {
    signals::told_to_stop().await?;
    out.note("stopping");
    Ok(())
}
