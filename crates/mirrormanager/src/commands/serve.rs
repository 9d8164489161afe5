//! `serve`

use std::sync::Arc;

use model::clock::SystemClock;
use serve::{Options, StartError};
use settings::Settings;

use super::Context;
use crate::arguments::Serve;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// Answers until a signal says to stop.
pub async fn run(arguments: Serve, context: Context) -> Outcome {
    let out = context.out;
    let options = options(arguments, context.settings);
    serve::run(&options, Arc::new(SystemClock), |running| {
        match running.address() {
            address if address.port() > 0 => out.note(format_args!("answering on http://{address}")),
            _ => out.note(format_args!("answering on the Unix socket that was handed over")),
        }
        if let Some(address) = running.control_address() {
            out.note(format_args!("health and metrics on http://{address}"));
        }
    })
    .await
    .map_err(refusal)?;
    Ok(Exit::Success)
}

fn options(arguments: Serve, settings: Settings) -> Options {
    let Settings { mut serve, answer, .. } = settings;
    serve.listen = arguments.listen.unwrap_or(serve.listen);
    serve.control = arguments.control.or(serve.control);
    serve.cache = arguments.cache.unwrap_or(serve.cache);
    Options { serve, answer }
}

/// A value in the settings is for its owner to correct; the rest is the machine's.
fn refusal(error: StartError) -> Failure {
    match error {
        StartError::Setting { .. } => Failure::input(error),
        error => Failure::operation(error),
    }
}
