//! Comma-separated values: a line of column names, then a line for each row, with exact values.

use std::io::{self, Write};

use serde_json::Value as Json;

use super::Sheet;
use crate::model::Value;

pub(super) fn write(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(sheet.columns.iter().map(|column| &*column.id)).map_err(plain)?;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(text)).map_err(plain)?;
    }
    writer.flush()
}

/// The writer's own error: the crate's conversion hides its kind, and with it that a reader has gone away.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// As exact as JSON, in one field.
fn text(cell: &Value) -> String {
    match cell {
        Value::Count { .. } | Value::List(_) => cell.show_exact().into_owned(),
        other => match other.json() {
            Json::Null => String::new(),
            Json::String(text) => text,
            number => number.to_string(),
        },
    }
}
