//! Results as text: a sheet of columns and rows, written as a table for people, JSON for programs, CSV or Markdown. Pure but for
//! the writer it is given; knows nothing of where rows come from.

mod csv;
mod json;
mod markdown;
mod table;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;

use super::args::Format;
use crate::model::Value;

/// A column of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetColumn {
    /// Name in JSON and CSV.
    pub id: Cow<'static, str>,
    /// Title in tables.
    pub title: Cow<'static, str>,
    /// Numbers are set to the right.
    pub right: bool,
    /// Least characters that make sense where room is short.
    pub least: u16,
    /// Where it stands in tables; `None` is never in tables.
    pub table: Option<Stand>,
}

/// Where a column stands in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// From left to right; equal ones as they come.
    pub place: u8,
    /// Where room is short, the lowest are kept longest.
    pub rank: u8,
}

impl SheetColumn {
    /// A column that tables show.
    pub const fn shown(id: &'static str, title: &'static str, least: u16, place: u8, rank: u8) -> Self {
        let (id, title) = (Cow::Borrowed(id), Cow::Borrowed(title));
        Self { id, title, right: false, least, table: Some(Stand { place, rank }) }
    }

    /// A column for programs only.
    pub const fn data(id: &'static str) -> Self {
        Self { id: Cow::Borrowed(id), title: Cow::Borrowed(""), right: false, least: 0, table: None }
    }
}

/// Columns and rows; every row has as many cells as there are columns.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// The columns, in the order of JSON and CSV.
    pub columns: Vec<SheetColumn>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// What the output goes to.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    /// Characters in a line; `None` where lines may be as long as they need to be.
    pub width: Option<usize>,
    /// Whether colours may be used.
    pub colour: bool,
    /// The time that ages are counted from.
    pub now: Timestamp,
}

/// What a table could not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Titles of the columns for which there was no room.
    pub columns: Vec<String>,
}

impl Sheet {
    /// The columns of tables from left to right, as positions with their ranks.
    fn shown(&self) -> Vec<(usize, u8)> {
        let stands = self.columns.iter().enumerate().filter_map(|(at, column)| Some((column.table?, at)));
        let mut stands: Vec<(Stand, usize)> = stands.collect();
        stands.sort_by_key(|(stand, _)| stand.place);
        stands.into_iter().map(|(stand, at)| (at, stand.rank)).collect()
    }

    /// Writes it.
    pub fn write(&self, format: Format, paper: Paper, out: &mut dyn Write) -> io::Result<LeftOut> {
        match format {
            Format::Table => return table::write(self, paper, out),
            Format::Json => json::write(std::slice::from_ref(self), out)?,
            Format::Csv => csv::write(self, out)?,
            Format::Markdown => markdown::write(self, paper.now, out)?,
        }
        Ok(LeftOut::default())
    }

    /// The rows of all, with the columns of all; of which kind each is stands in tables, too.
    fn merged(sheets: &[Self]) -> Self {
        let mut columns: Vec<SheetColumn> = Vec::new();
        let mut rows = Vec::new();
        for sheet in sheets {
            let place = |column: &SheetColumn| {
                let known = columns.iter().position(|known| known.id == column.id);
                known.unwrap_or_else(|| {
                    columns.push(column.clone());
                    columns.len() - 1
                })
            };
            let places: Vec<usize> = sheet.columns.iter().map(place).collect();
            rows.extend(
                sheet.rows.iter().map(|row| places.iter().copied().zip(row.iter().cloned()).collect::<Vec<_>>()),
            );
        }
        if let Some(kind) = columns.iter_mut().find(|column| column.id == "kind") {
            *kind = SheetColumn::shown("kind", "KIND", 8, 4, 2);
        }
        let whole = |cells: Vec<(usize, Value)>| {
            let mut row = vec![Value::None; columns.len()];
            for (at, cell) in cells {
                row[at] = cell;
            }
            row
        };
        let rows = rows.into_iter().map(whole).collect();
        Self { columns, rows }
    }
}

/// Writes several as one. In JSON every row has the members of its own sheet only; elsewhere all have the columns of all.
pub fn write(sheets: &[Sheet], format: Format, paper: Paper, out: &mut dyn Write) -> io::Result<LeftOut> {
    match (sheets, format) {
        (_, Format::Json) => json::write(sheets, out).map(|()| LeftOut::default()),
        ([sheet], _) => sheet.write(format, paper, out),
        _ => Sheet::merged(sheets).write(format, paper, out),
    }
}

/// Text that needs no cleaning because the model has done it.
pub fn cell(text: &Arc<str>) -> Value {
    if text.is_empty() { Value::None } else { Value::Text(Arc::clone(text)) }
}
