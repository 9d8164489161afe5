//! Plain tables for people: columns padded with blanks, no frame, so that they can be cut and grepped.

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
