//! Progress on a terminal; nothing anywhere else.
//!
//! All bars are drawn by one board, so that a log line can ask for the terminal ([`beside`]) and does not
//! end up in the middle of a bar.

mod scan;

use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::Printer;

pub use scan::ScanLine;

static BOARD: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// Tells how much there is to do. What was a counter until then becomes a bar.
pub fn length(bar: &ProgressBar, length: usize) {
    if bar.length().is_none() {
        style(bar, "{msg:28!} [{wide_bar}] {pos}/{len} [{elapsed}]");
    }
    bar.set_length(length as u64);
}

/// A counter without a known end; a silent one when standard error is no terminal.
pub fn counter(out: Printer, what: &str) -> ProgressBar {
    let bar = bar(out, "{spinner} {msg} {human_pos} [{elapsed}]");
    bar.set_message(what.to_owned());
    bar
}

/// A line for a message, which is cut at the edge of the terminal; nothing when standard error is none.
fn line(out: Printer) -> ProgressBar {
    bar(out, "{spinner} [{elapsed}] {wide_msg}")
}

fn bar(out: Printer, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    style(&bar, template);
    if !out.draws_progress() {
        return bar;
    }
    let bar = BOARD.add(bar);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Writes something to standard error while no bar is in the way.
pub fn beside<T>(write: impl FnOnce() -> T) -> T {
    BOARD.suspend(write)
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
}
