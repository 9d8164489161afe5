//! `mm2_crawler`, spec crawler 1.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use crawl::{Ending, Fraction, Job, Mode, Spread};
use model::activity::CrawlScope;
use model::clock::SystemClock;
use settings::log::LogFormat;
use settings::{Log, Settings};
use store::{ConnectOptions, Store};

use super::crawl_results::{duration, framed, table};
use super::flags::{self, Flag, Given, Positional};
use super::old_config;
use super::usage::{self, Program};
use crate::commands::{block_on, crawl as command, propagation as spread};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::printer::{Form, Printer, message};

const PROGRAM: Program = Program { name: "mm2_crawler", synopsis: "[OPTIONS] COMMAND [ARGS]..." };
const CRAWL: Program = Program { name: "mm2_crawler crawl", synopsis: "[OPTIONS]" };
const PROPAGATION: Program = Program { name: "mm2_crawler propagation", synopsis: "[OPTIONS]" };

const CONTINENTS: [&str; 8] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA", "--"];

const fn value(long: &'static str, short: Option<char>, value: &'static str, help: &'static str) -> Flag {
    Flag { long, short, value: Some(value), help }
}

const HELP: Flag = Flag::switch("help", "this text");

const FLAGS: [Flag; 16] = [
    value(
        "config",
        Some('c'),
        "PATH",
        "configuration file [/etc/mirrormanager/mirrormanager2.cfg, or variable MM2_CONFIG]",
    ),
    Flag::switch("include-private", "also check private hosts"),
    Flag::switch("include-disabled", "also check hosts that their owner switched off"),
    Flag::switch("exclude-disabled", "do not (the default)"),
    value("category", None, "NAME", "only this category; may be repeated"),
    value("threads", Some('t'), "N", "hosts checked at the same time [20 for each CPU, at most 100]"),
    value("global-timeout", None, "MIN", "minutes for the whole run [360]"),
    value("host-timeout", None, "MIN", "minutes for one host [no limit]"),
    value("startid", None, "ID", "hosts from this id on"),
    value("stopid", None, "ID", "hosts below this id"),
    value("fraction", Some('f'), "P:S", "part P of S slices of the hosts [1:1]"),
    Flag::switch("disable-fedmsg", "publish no messages"),
    value(
        "continent",
        None,
        "CC",
        "only hosts of this continent, with ^ in front all but these; may be repeated",
    ),
    Flag { long: "debug", short: Some('d'), value: None, help: "say more" },
    Flag::switch("no-fail", "status 0 also when the time was over"),
    HELP,
];

const CRAWL_FLAGS: [Flag; 3] = [
    Flag::switch("canary", "only see whether the mirrors can be reached"),
    Flag::switch("repodata", "only look at repodata directories"),
    HELP,
];

const PROPAGATION_FLAGS: [Flag; 3] = [
    value("product", None, "NAME", "only repositories of this product"),
    value("version", None, "VER", "only repositories of this version"),
    HELP,
];

/// Crawls with the old program's flags, defaults and texts.
pub fn run(arguments: &[OsString]) -> Exit {
    let given = match flags::read(&FLAGS, arguments, Positional::Stop) {
        Ok(given) => given,
        Err(mistake) => return PROGRAM.refuse_mistake(&mistake),
    };
    finish(match group(&given, Printer::new(Form::Text)) {
        Ok(exit) => return exit,
        Err(ended) => ended,
    })
}

/// How a run ended early: a wrong command line, or something that failed later.
enum Ended {
    Usage(Program, String),
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

fn finish(ended: Ended) -> Exit {
    match ended {
        Ended::Usage(program, reason) => program.refuse(reason),
        Ended::Failure(failure) => usage::failed(&failure),
    }
}

fn group(given: &Given, out: Printer) -> Result<Exit, Ended> {
    let usage = |reason: String| Ended::Usage(PROGRAM, reason);
    if given.has("help") {
        out.line(format_args!(
            "{}\n\nOptions:\n{}\n\nCommands:\n  crawl        check what the mirrors hold\n  \
             propagation  see how far new content has spread",
            PROGRAM.line(),
            flags::describe(&FLAGS)
        ))?;
        return Ok(Exit::Success);
    }
    let Some((subcommand, rest)) = given.positional.split_first() else {
        return Err(usage("Missing command.".into()));
    };
    let rest: Vec<OsString> = rest.iter().map(OsString::from).collect();
    match subcommand.as_str() {
        "crawl" => {
            let own = subcommand_flags(CRAWL, &CRAWL_FLAGS, &rest, out)?;
            let Some(own) = own else { return Ok(Exit::Success) };
            crawl(given, &own, out)
        }
        "propagation" => {
            let own = subcommand_flags(PROPAGATION, &PROPAGATION_FLAGS, &rest, out)?;
            let Some(own) = own else { return Ok(Exit::Success) };
            if own.has("version") && !own.has("product") {
                let reason = "if you select a version, you must select a product.";
                return Err(Ended::Usage(PROPAGATION, reason.into()));
            }
            propagation(given, &own, out)
        }
        other => Err(usage(format!("No such command '{other}'."))),
    }
}

/// The flags behind the subcommand; `None` when its help was asked for and given.
fn subcommand_flags(
    program: Program,
    known: &[Flag],
    arguments: &[OsString],
    out: Printer,
) -> Result<Option<Given>, Ended> {
    let given = flags::read(known, arguments, Positional::Mixed)
        .map_err(|mistake| Ended::Usage(program, Program::describe(&mistake)))?;
    if given.has("help") {
        out.line(format_args!("{}\n\nOptions:\n{}", program.line(), flags::describe(known)))?;
        return Ok(None);
    }
    match given.positional.first() {
        Some(stray) => Err(Ended::Usage(program, format!("Got unexpected extra argument ({stray})"))),
        None => Ok(Some(given)),
    }
}

/// Settings and task, from the flags of the group, those of the subcommand, and the configuration file.
fn begin(given: &Given, own: &Given) -> Result<(Settings, Job), Ended> {
    let mut job = job(given, own)?;
    check_continents(given)?;
    let threads = number(given, "threads", "'-t' / '--threads'")?;
    let host_timeout = number(given, "host-timeout", "'--host-timeout'")?;
    let global_timeout = number(given, "global-timeout", "'--global-timeout'")?.unwrap_or(360);
    job.run_limit = Some(Duration::from_secs(global_timeout.saturating_mul(60)));
    let level = if given.has("debug") { "debug" } else { "info" };
    logging::start(&Log { level: level.into(), format: LogFormat::Text })?;
    let mut settings =
        old_config::read(&old_config::path(given.last("config"))).map_err(Failure::operation)?.settings;
    settings.crawl.hosts_in_parallel =
        usize::try_from(threads.unwrap_or_else(usual_threads)).unwrap_or(100).max(1);
    settings.crawl.host_timeout_seconds = host_timeout.unwrap_or(0).saturating_mul(60);
    Ok((settings, job))
}

fn crawl(given: &Given, own: &Given, out: Printer) -> Result<Exit, Ended> {
    let (settings, job) = begin(given, own)?;
    Ok(block_on(run_crawl(settings, job, given.has("no-fail"), out))?)
}

async fn connect(settings: &Settings, job: &Job) -> Outcome<Store> {
    let store = Store::connect(settings.database.url.expose(), &ConnectOptions::default())
        .await
        .map_err(Failure::operation)?;
    match unknown_category(&store, &job.categories).await? {
        Some(unknown) => Err(Failure::input(unknown)),
        None => Ok(store),
    }
}

async fn run_crawl(settings: Settings, job: Job, no_fail: bool, out: Printer) -> Outcome {
    let store = connect(&settings, &job).await?;
    let (report, exit) = command::crawl(&store, &settings, &job, Arc::new(SystemClock), out).await?;
    out.line(table(&report))?;
    // The old program knows no such guard and has no exit status for it; it must not pass unseen, though.
    if let Some(mass) = report.mass_failure {
        message(mass);
    }
    end(report.ending, exit, &duration(report.duration_seconds), no_fail, out)
}

/// The last line, and the status of the program.
fn end(ending: Ending, exit: Exit, duration: &str, no_fail: bool, out: Printer) -> Outcome {
    match ending {
        Ending::Finished => {
            out.line(format_args!("Crawler finished after {duration}"))?;
            Ok(Exit::Success)
        }
        Ending::TimeLimit | Ending::Cancelled => {
            let why = match ending {
                Ending::Cancelled => "interrupted",
                _ => "maximum run time reached",
            };
            let text = format!("Crawler failed after {duration}: {why}, some host statuses are unknown");
            if no_fail && ending == Ending::TimeLimit {
                out.line(text)?;
                return Ok(Exit::Success);
            }
            usage::error(text);
            Ok(exit)
        }
    }
}

fn propagation(given: &Given, own: &Given, out: Printer) -> Result<Exit, Ended> {
    let (settings, job) = begin(given, own)?;
    let (product, version) = (own.last("product").map(str::to_owned), own.last("version").map(str::to_owned));
    Ok(block_on(run_propagation(settings, job, (product, version), given.has("no-fail"), out))?)
}

async fn run_propagation(
    settings: Settings,
    job: Job,
    (product, version): (Option<String>, Option<String>),
    no_fail: bool,
    out: Printer,
) -> Outcome {
    let store = connect(&settings, &job).await?;
    let clock = Arc::new(SystemClock);
    let began = std::time::Instant::now();
    let (report, exit) = spread::propagation(&store, &settings, &job, product, version, clock).await?;
    let heading = ["Repo", "same_day", "one_day", "two_day", "older", "no_info"];
    let row = |one: &Spread| {
        let counts = [one.same_day, one.one_day, one.two_day, one.older, one.no_info].map(|n| n.to_string());
        [vec![one.prefix.clone()], counts.to_vec()].concat()
    };
    let rows: Vec<Vec<String>> = report.repositories.iter().map(row).collect();
    out.line(framed("Propagation results", &heading, &rows))?;
    end(report.ending, exit, &duration(began.elapsed().as_secs_f64()), no_fail, out)
}

async fn unknown_category(store: &Store, wanted: &[String]) -> Outcome<Option<String>> {
    let rows = store::categories::list(store).await?;
    let known: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    Ok(wanted
        .iter()
        .find(|name| !known.contains(&name.as_str()))
        .map(|name| format!("Category {name} does not exist. Available categories: {}", known.join(", "))))
}

fn job(given: &Given, own: &Given) -> Result<Job, Ended> {
    let fraction = match given.last("fraction") {
        None => Fraction::ALL,
        Some(text) => text.parse().map_err(|error: crawl::fraction::FractionError| {
            Ended::Usage(PROGRAM, format!("Invalid value for '-f' / '--fraction': {error}"))
        })?,
    };
    let id = |flag: &str| {
        let number = number(given, flag, &format!("'--{flag}'"))?.unwrap_or(0);
        Ok::<_, Ended>(i32::try_from(number).unwrap_or(i32::MAX))
    };
    let (start_id, stop_id) = (id("startid")?, id("stopid")?);
    if !fraction.is_all() && (start_id != 0 || stop_id != 0) {
        return Err(Ended::Usage(PROGRAM, "Cannot use --fraction with --startid or --stopid".into()));
    }
    let disabled = given.has_last_of("include-disabled", "exclude-disabled");
    Ok(Job {
        categories: given.all("category"),
        scope: CrawlScope { disabled, private: given.has("include-private") },
        start_id,
        stop_id,
        fraction,
        mode: match (own.has("canary"), own.has("repodata")) {
            (true, _) => Mode::Canary,
            (false, true) => Mode::Repodata,
            (false, false) => Mode::Full,
        },
        run_limit: None,
        silent: given.has("disable-fedmsg"),
    })
}

fn number(given: &Given, flag: &str, shown: &str) -> Result<Option<u64>, Ended> {
    let Some(text) = given.last(flag) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Ended::Usage(PROGRAM, format!("Invalid value for {shown}: '{text}' is not a valid integer."))
    })
}

/// Known continents are accepted; hosts are not told apart by them yet, which is said.
fn check_continents(given: &Given) -> Result<(), Ended> {
    let wanted = given.all("continent");
    for continent in &wanted {
        let name = continent.trim_start_matches('^').to_ascii_uppercase();
        if !CONTINENTS.contains(&name.as_str()) {
            let reason = format!(
                "Invalid value for '--continent': Unknown continent {name}. Known continents: {}",
                CONTINENTS.join(", ")
            );
            return Err(Ended::Usage(PROGRAM, reason));
        }
    }
    if !wanted.is_empty() {
        message("warning: --continent is not used by this version, hosts of all continents are checked");
    }
    Ok(())
}

fn usual_threads() -> u64 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (20 * processors as u64).min(100)
}
