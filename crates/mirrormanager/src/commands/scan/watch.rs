//! `scan --watch`

use std::sync::Arc;

use model::clock::SystemClock;
use scan::watch::{Event, Requests, Watch, WatchError};
use scan::{Metrics, Progress, ScanOptions};
use serde::Serialize;
use settings::Settings;
use store::Store;

use super::{failure, report, write_metrics};
use crate::commands::resident::Resident;
use crate::failure::{Failure, Outcome};
use crate::printer::{Form, Printer};
use crate::progress::ScanLine;
use crate::signals::Hangups;

#[derive(Serialize)]
struct Scanned<'a, T> {
    why: String,
    #[serde(flatten)]
    summary: &'a T,
}

/// Scans whenever something has changed, until it is told to stop.
pub(super) async fn run(store: &Store, settings: &Settings, options: &ScanOptions, out: Printer) -> Outcome {
    let (requests, metrics) = (Requests::default(), Metrics::default());
    let progress: Arc<dyn Progress> = Arc::new(ScanLine::new(out));
    let watch = Watch {
        store,
        settings: &settings.scan,
        options,
        clock: &SystemClock,
        progress,
        requests: requests.clone(),
        metrics: metrics.clone(),
    };
    let mut resident = Resident::start()?;
    let stop = resident.stop();
    let _hangups = Hangups::start(move || requests.ask_all())?;
    let ended = watch
        .run(&stop, |event| {
            if let (Some(file), Event::Scanned { .. }) = (&settings.scan.metrics_file, &event) {
                write_metrics(file, &metrics);
            }
            resident.told(tell(&event, out));
        })
        .await;
    let ended = match ended {
        Err(WatchError::Scan(error)) => Err(failure(error, store, settings).await?),
        Err(error) => Err(Failure::input(error)),
        Ok(()) => Ok(()),
    };
    resident.end(ended).await
}

fn tell(event: &Event<'_>, out: Printer) -> Outcome<()> {
    match event {
        Event::Begins(Some(address)) => out.note(format!("answering on http://{address}")),
        Event::Begins(None) => {}
        // Both are said in the log as well when they are mistakes.
        Event::Busy { category, marker } => out.note(format!("{category}: waiting, {marker} is there")),
        Event::Unknown { .. } => {}
        Event::Scanned { why, report } => {
            let summary = &report::summary(report, false);
            return match out.form() {
                // One object a line.
                Form::Json => {
                    let line = serde_json::to_string(&Scanned { why: why.to_string(), summary });
                    out.line(line.map_err(anyhow::Error::from)?)
                }
                Form::Text => out.line(format!("{why}:\n{}", report::describe(report))),
            };
        }
    }
    Ok(())
}
