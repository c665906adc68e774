//! One JSON array, an object for each row, a member for each column of its sheet.

use std::io::{self, Write};

use serde_json::{Map, Value as Json};

use super::Sheet;

pub(super) fn write(sheets: &[Sheet], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[")?;
    let rows = sheets.iter().flat_map(|sheet| sheet.rows.iter().map(move |row| (sheet, row)));
    let mut none = true;
    for (number, (sheet, row)) in rows.enumerate() {
        let members = sheet.columns.iter().zip(row).map(|(column, cell)| (column.id.to_string(), cell.json()));
        let object = Json::Object(members.collect::<Map<_, _>>());
        out.write_all(if number == 0 { b"\n  " } else { b",\n  " })?;
        serde_json::to_writer(&mut *out, &object)?;
        none = false;
    }
    out.write_all(if none { b"]\n" } else { b"\n]\n" })
}
