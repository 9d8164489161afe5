//! Plain tables for people: columns padded with blanks, no frame, so that they can be cut and grepped.

/// Columns of a table that still reads well.
const WIDTH: usize = 120;
/// Columns that a last cell of text gets, however wide the others are.
const LEAST: usize = 32;

/// How many columns are left on a line for one more cell behind those of `rows`.
pub fn room(heading: &[&str], rows: &[Vec<String>]) -> usize {
    let width = |column: usize, head: &&str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head.chars().count()]).max().unwrap_or(0) + 2
    };
    let used: usize = heading.iter().enumerate().map(|(column, head)| width(column, head)).sum();
    WIDTH.saturating_sub(used).max(LEAST)
}

/// Renders a heading and rows. Control characters in cells become `?`.
pub fn render(heading: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |cell: &str| cell.chars().map(|c| if c.is_control() { '?' } else { c }).collect::<String>();
    let head: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
    let rows: Vec<Vec<String>> =
        std::iter::once(head).chain(rows.iter().map(|row| row.iter().map(|c| clean(c)).collect())).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_line_up_and_no_control_character_gets_out() {
        let text = super::render(
            &["NAME", "SITE"],
            &[vec!["a\x1b[31m".into(), "x".into()], vec!["é".into(), "y".into()]],
        );
        assert_eq!(text, "NAME    SITE\na?[31m  x\né       y\n");
    }
}
