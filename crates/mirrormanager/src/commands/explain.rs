//! `explain`

use answer::{Form, Format, Insight, Page, Question};
use settings::Settings;

use super::Context;
use crate::arguments::Explain;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// Prints the decision that the server would make for this question and client.
pub fn run(arguments: Explain, context: &Context) -> Outcome {
    let Settings { serve: mut files, answer: wanted, .. } = context.settings.clone();
    let policy = serve::policy(&wanted).map_err(Failure::input)?;
    files.cache = arguments.cache.unwrap_or(files.cache);
    files.countries = arguments.countries.or(files.countries);
    files.netblocks = arguments.netblocks.or(files.netblocks);
    files.continents = arguments.continents.or(files.continents);
    let data = serve::read_data(&files).map_err(Failure::input)?;
    let format = if arguments.metalink { Format::Metalink } else { Format::Mirrorlist };
    let question = Question {
        path: arguments.path.map(Into::into),
        repo: arguments.repo.map(Into::into),
        arch: arguments.arch.map(Into::into),
        country: arguments.country.map(Into::into),
        protocol: arguments.protocol.map(Into::into),
        exclude: arguments.exclude.map(Into::into),
        limit: arguments.limit.map(|limit| limit.to_string().into()),
        stable: arguments.stable.map(Into::into),
        ..Question::new(format, Page::Explanation(Form::Text))
    };
    let explanation =
        answer::explain(&data, &policy, &question, arguments.ip, Insight::Full, &mut rand::rng())
            .map_err(|failure| Failure::input(failure.text()))?;
    context.out.data(&explanation, ToString::to_string)?;
    Ok(Exit::Success)
}
