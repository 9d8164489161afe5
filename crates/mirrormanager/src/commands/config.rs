//! `config check|dump|default`

use std::collections::BTreeMap;

use serde::Serialize;
use settings::{Settings, docs, dump};

use super::Context;
use crate::arguments::Config;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::printer::Printer;

#[derive(Serialize)]
struct Effective<'a> {
    settings: &'a Settings,
    origins: BTreeMap<&'a str, String>,
}

/// Runs those that need the settings. Reading them was the check.
pub fn run(arguments: &Config, context: &Context) -> Outcome {
    let effective = Effective {
        settings: &context.settings,
        origins: context.origins.iter().map(|(key, origin)| (key.as_str(), origin.to_string())).collect(),
    };
    match arguments {
        Config::Check => {
            context.out.data(&effective.origins, |origins| {
                format!("settings are right; {} set, the others are defaults", origins.len())
            })?;
        }
        Config::Dump => {
            context.out.data(&effective, |_| dump::dump(&context.settings, &context.origins))?;
        }
        Config::Default => return default(context.out),
    }
    Ok(Exit::Success)
}

/// Prints the reference file, which needs no valid settings.
pub fn default(out: Printer) -> Outcome {
    out.raw(docs::default_file().as_bytes())?;
    Ok(Exit::Success)
}
