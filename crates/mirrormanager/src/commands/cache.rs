//! `cache build|inspect|convert|diff|verify|rollback|keygen|sign`

pub mod build;
mod differences;
mod files;
mod keys;

use super::Context;
use crate::arguments::Cache;
use crate::exit::Exit;
use crate::failure::Outcome;

/// Runs one of them.
pub async fn run(arguments: Cache, context: &Context) -> Outcome {
    let settings = &context.settings.cache;
    match arguments {
        Cache::Build(arguments) => return build::run(arguments, context).await,
        Cache::Diff { first, second } => return differences::run(&first, &second, context.out),
        Cache::Inspect { file } => files::inspect(&files::or_default(file, settings), context.out)?,
        Cache::Convert { input, output } => files::convert(&input, &output, settings, context.out)?,
        Cache::Verify { file, keys } => {
            files::verify(&files::or_default(file, settings), &keys, context.out)?;
        }
        Cache::Rollback { file, number } => {
            files::rollback(&files::or_default(file, settings), number.into(), settings, context.out)?;
        }
        Cache::Keygen { file } => keys::make(&file, context.out)?,
        Cache::Sign { file, key } => keys::sign(file, key, settings, context.out)?,
    }
    Ok(Exit::Success)
}
