//! One JSON array, an object for each row, a member for each column.

use std::io::{self, Write};

use serde_json::{Map, Value as Json};

use super::Sheet;

pub(super) fn write(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (number, row) in sheet.rows.iter().enumerate() {
        let members = sheet.columns.iter().zip(row).map(|(column, cell)| (column.id.to_string(), cell.json()));
        let object = Json::Object(members.collect::<Map<_, _>>());
        out.write_all(if number == 0 { b"\n  " } else { b",\n  " })?;
        serde_json::to_writer(&mut *out, &object)?;
    }
    out.write_all(if sheet.rows.is_empty() { b"]\n" } else { b"\n]\n" })
}
