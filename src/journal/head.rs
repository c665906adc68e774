//! The head record: which entry is the last, kept apart from the journal, so that a lost end is found. Two slots of one small file
//! are written in turn, each with a check sum of its own: a crash in the middle of a write leaves the other one.
//!
//! It is written after the entry is on disk and is not waited for: when the power fails it may name an earlier entry than the last,
//! never a later one, and the file then counts for what it is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::files;
use super::seal::{Anchor, digest, hex, unhex};

/// Bytes of a slot: a sector, so that no write touches both.
const SLOT: usize = 512;

/// What the head record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// This is the last entry.
    Is(Anchor),
    /// There is no record, or none that can be read.
    Gone,
}

/// Name of the file.
pub(super) const NAME: &str = "journal.head";

pub(super) fn read(folder: &Path) -> io::Result<Head> {
    match File::open(folder.join(NAME)) {
        Ok(mut file) => Ok(newest(&slots(&mut file)?).map_or(Head::Gone, |(_, anchor)| Head::Is(anchor))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Head::Gone),
        Err(error) => Err(error),
    }
}

/// Writes it. Both slots are written, to disk, where there is no record yet.
pub(super) fn write(folder: &Path, anchor: Anchor) -> io::Result<()> {
    let (mut file, is_new) = files::open(&folder.join(NAME))?;
    let slots = slots(&mut file)?;
    let old = newest(&slots).map(|(at, _)| at);
    for at in [0, 1].into_iter().filter(|at| Some(*at) != old) {
        file.seek(SeekFrom::Start((at * SLOT) as u64))?;
        file.write_all(&slot(anchor))?;
    }
    if is_new {
        file.sync_data()?;
        files::sync_folder(folder)?;
    }
    Ok(())
}

fn slots(file: &mut File) -> io::Result<[Option<Anchor>; 2]> {
    let mut bytes = Vec::with_capacity(2 * SLOT);
    file.take(2 * SLOT as u64).read_to_end(&mut bytes)?;
    let read = |at: usize| parse(bytes.get(at * SLOT..(at + 1) * SLOT)?);
    Ok([read(0), read(1)])
}

fn newest(slots: &[Option<Anchor>; 2]) -> Option<(usize, Anchor)> {
    let filled = slots.iter().enumerate().filter_map(|(at, slot)| Some((at, (*slot)?)));
    filled.max_by_key(|(_, anchor)| anchor.seq)
}

fn slot(Anchor { seq, hash }: Anchor) -> Vec<u8> {
    let said = format!("{seq:020} {}", hex(&hash));
    let mut slot = format!("{said} {}", hex(&digest(said.as_bytes()))).into_bytes();
    slot.resize(SLOT - 1, b' ');
    slot.push(b'\n');
    slot
}

fn parse(bytes: &[u8]) -> Option<Anchor> {
    let text = std::str::from_utf8(bytes).ok()?;
    let seq = text.get(..20)?.parse().ok()?;
    let anchor = Anchor { seq, hash: unhex(text.get(21..85)?.as_bytes())? };
    (slot(anchor) == bytes).then_some(anchor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(seq: u64) -> Anchor {
        Anchor { seq, hash: [seq as u8; 32] }
    }

    #[test]
    fn the_newest_counts_and_a_torn_write_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        assert_eq!(read(folder.path()).unwrap(), Head::Gone);
        for seq in 0..5 {
            write(folder.path(), anchor(seq)).unwrap();
            assert_eq!(read(folder.path()).unwrap(), Head::Is(anchor(seq)));
            let mut bytes = std::fs::read(&path).unwrap();
            assert_eq!(bytes.len(), 2 * SLOT);
            let at = usize::from(parse(&bytes[..SLOT]) != Some(anchor(seq)));
            // Torn in the middle of the slot that was written last.
            for byte in &mut bytes[at * SLOT + 30..(at + 1) * SLOT] {
                *byte = 0;
            }
            if seq > 0 {
                let torn = tempfile::tempdir().unwrap();
                std::fs::write(torn.path().join(NAME), bytes).unwrap();
                assert_eq!(read(torn.path()).unwrap(), Head::Is(anchor(seq - 1)));
            }
        }
        std::fs::write(&path, "").unwrap();
        assert_eq!(read(folder.path()).unwrap(), Head::Gone);
    }
}
