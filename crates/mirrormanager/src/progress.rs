//! Progress on a terminal; nothing anywhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::Printer;

/// A bar with a known length, or a silent one when standard error is no terminal.
pub fn bar(out: Printer, what: &str, length: u64) -> ProgressBar {
    start(
        out,
        what,
        ProgressBar::with_draw_target(Some(length), target(out)),
        "{msg} {wide_bar} {pos}/{len} {eta}",
    )
}

/// A counter without a known end.
pub fn counter(out: Printer, what: &str) -> ProgressBar {
    start(
        out,
        what,
        ProgressBar::with_draw_target(None, target(out)),
        "{spinner} {msg} {human_pos} [{elapsed}]",
    )
}

fn target(out: Printer) -> ProgressDrawTarget {
    if out.draws_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

fn start(out: Printer, what: &str, bar: ProgressBar, template: &str) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    if out.draws_progress() {
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}
