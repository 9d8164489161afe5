//! The old crawler's last words: its table of results and its way of writing durations, spec crawler 1.1.

use crawl::{CrawlReport, HostReport, Mode};

/// `1h2m3s` without parts that are zero; at least `0s`.
pub(super) fn duration(seconds: f64) -> String {
    let all = seconds.max(0.0) as u64;
    let parts = [(all / 3600, 'h'), (all % 3600 / 60, 'm'), (all % 60, 's')];
    let text: String =
        parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// The table of results in the old program's frame. A canary run looks at no directories, so it has no
/// columns for them.
pub(super) fn table(report: &CrawlReport) -> String {
    let mut heading = vec!["Host Name", "Status", "Duration"];
    if report.mode != Mode::Canary {
        heading.extend([
            "Total directories",
            "Unreadable directories",
            "Changed to up2date",
            "Changed to NOT up2date",
            "Unchanged",
            "Unknown",
            "HostCategoryDirs created",
            "HostCategoryDirs deleted",
        ]);
    }
    let rows: Vec<Vec<String>> = report.hosts.iter().map(|host| cells(host, report.mode)).collect();
    framed("Crawl results", &heading, &rows)
}

fn cells(host: &HostReport, mode: Mode) -> Vec<String> {
    let clean: String = host.name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let mut cells = vec![
        format!("{clean} ({})", host.id),
        host.status.as_str().to_owned(),
        format!("{}s", host.duration_seconds.round()),
    ];
    if mode != Mode::Canary {
        let s = &host.statistics;
        let numbers = [
            s.total_directories,
            s.unreadable,
            s.up2date,
            s.not_up2date,
            s.unchanged,
            s.unknown,
            s.hcds_created,
            s.hcds_deleted,
        ];
        cells.extend(numbers.map(|n| n.to_string()));
    }
    cells
}

pub(super) fn framed(title: &str, heading: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = heading
        .iter()
        .enumerate()
        .map(|(at, head)| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            cells.chain([head.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |left: &str, fill: &str, middle: &str, right: &str| {
        let parts: Vec<String> = widths.iter().map(|width| fill.repeat(width + 2)).collect();
        format!("{left}{}{right}", parts.join(middle))
    };
    let row = |bar: &str, cells: &mut dyn Iterator<Item = &str>| {
        let parts: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| format!(" {cell:<width$} ", width = *width)).collect();
        format!("{bar}{}{bar}", parts.join(bar))
    };
    let top = line("┏", "━", "┳", "┓");
    let indent = top.chars().count().saturating_sub(title.len()) / 2;
    let mut lines = vec![format!("{}{title}", " ".repeat(indent)), top];
    lines.push(row("┃", &mut heading.iter().copied()));
    lines.push(line("┡", "━", "╇", "┩"));
    lines.extend(rows.iter().map(|cells| row("│", &mut cells.iter().map(String::as_str))));
    lines.push(line("└", "─", "┴", "┘"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_leave_out_what_is_zero() {
        for (seconds, text) in [(0.4, "0s"), (12.9, "12s"), (3603.0, "1h3s"), (3720.0, "1h2m"), (-1.0, "0s")]
        {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn the_frame_is_the_old_one() {
        let rows = [vec!["http-host (1)".to_owned(), "OK".to_owned(), "12s".to_owned()]];
        assert_eq!(
            framed("Crawl results", &["Host Name", "Status", "Duration"], &rows),
            "            Crawl results\n\
             ┏━━━━━━━━━━━━━━━┳━━━━━━━━┳━━━━━━━━━━┓\n\
             ┃ Host Name     ┃ Status ┃ Duration ┃\n\
             ┡━━━━━━━━━━━━━━━╇━━━━━━━━╇━━━━━━━━━━┩\n\
             │ http-host (1) │ OK     │ 12s      │\n\
             └───────────────┴────────┴──────────┘"
        );
    }
}
