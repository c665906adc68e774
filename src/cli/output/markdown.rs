//! A Markdown table of the columns that people read, for reports.

use std::io::{self, Write};

use jiff::Timestamp;

use super::Sheet;

pub(super) fn write(sheet: &Sheet, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let shown: Vec<usize> = sheet.shown().into_iter().map(|(at, _)| at).collect();
    let titles = shown.iter().map(|at| escape(&sheet.columns[*at].title));
    writeln!(out, "| {} |", titles.collect::<Vec<_>>().join(" | "))?;
    let rules = shown.iter().map(|at| if sheet.columns[*at].right { "---:" } else { "---" });
    writeln!(out, "| {} |", rules.collect::<Vec<_>>().join(" | "))?;
    for row in &sheet.rows {
        let cells = shown.iter().map(|at| escape(&row[*at].show(now)));
        writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))?;
    }
    Ok(())
}

/// Keeps a cell a cell, and text that looks like markup text.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '<' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
