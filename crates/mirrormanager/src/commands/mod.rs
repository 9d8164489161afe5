//! One file per command: arguments and settings in, one call of a library, its result printed.

pub mod cache;
pub mod category;
pub mod completions;
pub mod config;
pub mod crawl;
pub mod db;
pub mod explain;
pub mod file_detail;
pub mod host;
pub mod host_parts;
pub mod man;
pub mod named;
pub mod netblock;
pub mod probe;
pub mod product;
pub mod propagation;
mod resident;
pub mod scan;
pub mod serve;
pub mod site;

use std::future::Future;

use serde::Serialize;
use settings::{Origins, Settings, Sources};
use store::{ConnectOptions, Store};

use crate::arguments::{Cli, Command, Config, Global};
use crate::demo;
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::printer::{Form, Printer};

/// What every command gets.
#[derive(Debug)]
pub struct Context {
    /// The settings in effect.
    pub settings: Settings,
    /// Where those that are no defaults come from.
    pub origins: Origins,
    /// Where output goes.
    pub out: Printer,
}

#[derive(Serialize)]
struct Added<'a> {
    id: i32,
    name: &'a str,
}

/// Runs one command to its end.
pub fn run(cli: Cli) -> Outcome {
    let out = Printer::new(if cli.global.json { Form::Json } else { Form::Text });
    let load = || Context::load(cli.global.clone(), out);
    match cli.command {
        Command::Demo(arguments) => {
            block_on(demo::run(arguments, Context::load_with(cli.global, out, demo::quieter)?))
        }
        Command::Scan(arguments) => block_on(scan::run(arguments, &load()?)),
        Command::FileDetail(arguments) => block_on(file_detail::run(arguments, &load()?)),
        Command::Crawl(arguments) => block_on(crawl::run(arguments, &load()?)),
        Command::Probe(arguments) => block_on(probe::run(arguments, &load()?)),
        Command::Propagation(arguments) => block_on(propagation::run(arguments, &load()?)),
        Command::Cache(arguments) => block_on(cache::run(arguments, &load()?)),
        Command::Serve(arguments) => block_on(serve::run(arguments, load()?)),
        Command::Explain(arguments) => explain::run(arguments, &load()?),
        Command::Config(Config::Default) => config::default(out),
        Command::Config(arguments) => config::run(&arguments, &load()?),
        Command::Db(arguments) => block_on(db::run(&arguments, &load()?)),
        Command::Product(arguments) => block_on(product::run(arguments, &load()?)),
        Command::Category(arguments) => block_on(category::run(arguments, &load()?)),
        Command::Site(arguments) => block_on(site::run(arguments, &load()?)),
        Command::Host(arguments) => block_on(host::run(arguments, &load()?)),
        Command::Netblock(arguments) => block_on(netblock::run(arguments, &load()?)),
        Command::Completions { shell } => completions::run(shell, out),
        Command::Man { folder } => man::run(folder.as_deref(), out),
    }
}

impl Context {
    fn load(global: Global, out: Printer) -> Outcome<Self> {
        Self::load_with(global, out, |_, _| ())
    }

    /// With other defaults of the log than usual; `-q` and `-v` come after them.
    fn load_with(
        global: Global,
        out: Printer,
        usual: impl FnOnce(&mut settings::Log, &Origins),
    ) -> Outcome<Self> {
        let (mut settings, origins) =
            settings::load(&Sources::of_process(global.config, global.assignments))?;
        usual(&mut settings.log, &origins);
        match (global.quiet, global.verbose) {
            (true, _) => settings.log.level = "warn".into(),
            (false, 0) => {}
            (false, 1) => settings.log.level = "debug".into(),
            (false, _) => settings.log.level = "trace".into(),
        }
        logging::start(&settings.log)?;
        Ok(Self { settings, origins, out })
    }

    /// Reports a new row.
    pub fn added(&self, what: &str, id: i32, name: &str) -> Outcome<()> {
        self.out.data(&Added { id, name }, |_| format!("added {what} {name:?}, id {id}"))
    }

    /// Opens the database, which must exist.
    pub async fn store(&self) -> Outcome<Store> {
        self.open(false).await
    }

    /// Opens the database; an SQLite file that does not exist is created.
    pub async fn new_store(&self) -> Outcome<Store> {
        self.open(true).await
    }

    async fn open(&self, create: bool) -> Outcome<Store> {
        let database = &self.settings.database;
        let options = ConnectOptions {
            max_connections: database.max_connections,
            acquire_timeout: std::time::Duration::from_secs(database.acquire_timeout_seconds),
            create,
        };
        Ok(Store::connect(database.url.expose(), &options).await?)
    }
}

/// Runs an asynchronous command on all cores.
pub fn block_on(command: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::operation(format!("cannot start the runtime: {e}")))?
        .block_on(command)
}
