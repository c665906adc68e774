//! Reads a file's lines from its end, as many as are wanted, however long the file is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::seal::{Anchor, Seal};

/// Read at once.
const CHUNK: u64 = 64 * 1024;

/// A line is never longer; what is longer is no journal.
pub(super) const LONGEST: usize = 1024 * 1024;

/// A line and where it stands.
pub(super) struct Line {
    pub(super) start: u64,
    /// Without its end.
    pub(super) bytes: Vec<u8>,
    /// Whether it has one.
    pub(super) ended: bool,
}

/// The lines of the first `length` bytes of a file, the last one first.
pub(super) struct Backwards<'f> {
    file: &'f File,
    /// What has been read of what is still to be given out.
    read: Vec<u8>,
    /// Where that starts.
    start: u64,
}

impl<'f> Backwards<'f> {
    pub(super) fn new(file: &'f File, length: u64) -> Self {
        Self { file, read: Vec::new(), start: length }
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        if self.read.is_empty() && !self.fill()? {
            return Ok(None);
        }
        let ended = self.read.last() == Some(&b'\n');
        loop {
            let content = self.read.len() - usize::from(ended);
            let before = self.read[..content].iter().rposition(|byte| *byte == b'\n');
            if let Some(before) = before {
                return Ok(Some(self.give(before + 1, ended)));
            }
            if self.read.len() > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than any entry"));
            }
            if !self.fill()? {
                return Ok(Some(self.give(0, ended)));
            }
        }
    }

    /// Gives out what was read from there on.
    fn give(&mut self, from: usize, ended: bool) -> Line {
        let mut bytes = self.read.split_off(from);
        if ended {
            bytes.pop();
        }
        Line { start: self.start + from as u64, bytes, ended }
    }

    /// Reads what stands before; whether there was anything.
    fn fill(&mut self) -> io::Result<bool> {
        let size = CHUNK.min(self.start);
        if size == 0 {
            return Ok(false);
        }
        self.start -= size;
        let mut chunk = vec![0; size as usize];
        let mut file = self.file;
        file.seek(SeekFrom::Start(self.start))?;
        file.read_exact(&mut chunk)?;
        chunk.append(&mut self.read);
        self.read = chunk;
        Ok(true)
    }
}

impl Iterator for Backwards<'_> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

/// The last line that is an entry and has stayed as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    pub(super) anchor: Anchor,
    /// Where its line ends.
    pub(super) end: u64,
}

/// The last whole entry of a file of this length. What comes after it is not part of the journal.
pub(super) fn last(file: &File, length: u64) -> io::Result<Option<Tail>> {
    for line in Backwards::new(file, length) {
        let line = line?;
        if let Some(seal) = Seal::read(&line.bytes).filter(Seal::holds) {
            let end = line.start + line.bytes.len() as u64 + u64::from(line.ended);
            return Ok(Some(Tail { anchor: seal.anchor(), end }));
        }
        if length - line.start > LONGEST as u64 {
            break;
        }
    }
    if length > LONGEST as u64 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no entry at its end: it is no journal"));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_come_backwards_whatever_their_length() {
        let long = "x".repeat(CHUNK as usize * 2 + 7);
        for lines in [vec![], vec!["a"], vec!["", "", "b"], vec!["a", &long, "b", &long], vec![&long; 3]] {
            for ended in [true, false] {
                let mut text = lines.join("\n");
                if ended && !lines.is_empty() {
                    text.push('\n');
                }
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(text.as_bytes()).unwrap();
                let read: Vec<Line> = Backwards::new(&file, text.len() as u64).map(Result::unwrap).collect();
                let mut expected = lines.clone();
                expected.reverse();
                assert_eq!(read.iter().map(|line| str::from_utf8(&line.bytes).unwrap()).collect::<Vec<_>>(), expected);
                for line in &read {
                    assert!(text[line.start as usize..].starts_with(str::from_utf8(&line.bytes).unwrap()));
                }
            }
        }
    }
}
