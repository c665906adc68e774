//! Reads lines from front to back, none of them larger than an entry can be.

use std::io::{self, BufRead};

use super::tail::LONGEST;

/// How a line ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As it should.
    Newline,
    /// With the file.
    OfFile,
    /// It is longer than any entry; what was too much is not kept.
    TooLong,
}

/// Reads the next line into `line`, without its end. Keeps no more than the longest entry could have.
pub(super) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<End>> {
    line.clear();
    let mut too_long = false;
    loop {
        let read = reader.fill_buf()?;
        if read.is_empty() {
            return Ok(if too_long { Some(End::TooLong) } else { (!line.is_empty()).then_some(End::OfFile) });
        }
        let newline = read.iter().position(|byte| *byte == b'\n');
        let content = &read[..newline.unwrap_or(read.len())];
        too_long |= line.len() + content.len() > LONGEST;
        if !too_long {
            line.extend_from_slice(content);
        }
        let used = content.len() + usize::from(newline.is_some());
        reader.consume(used);
        if newline.is_some() {
            return Ok(Some(if too_long { End::TooLong } else { End::Newline }));
        }
    }
}
