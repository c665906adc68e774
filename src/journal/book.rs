//! The journal in one folder: how it is added to. Several consoles may do so at once; who holds the lock reads what the others
//! have added.
//!
//! An entry stands on the one that the head record names, even where that one is missing from the file: what was lost leaves a gap
//! in the numbers for ever. Where the file goes further than the record, a crash came between the two, and the file counts. What a
//! crash in the middle of an append has left is kept: the next append starts on a line of its own, with an entry that says how much
//! was left and what its hash is, so that a later reader can tell it from what somebody has changed.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::decent::decent_entry;
use super::entry::{Draft, Entry, Event, Place};
use super::head::{self, Head};
use super::lines::read_line;
use super::seal::{Anchor, START, Sealed, digest, hex, seal};
use super::tail::{self, Backwards, LONGEST};
use super::{Error, files};

/// Name of the file.
pub(super) const NAME: &str = "journal.jsonl";

/// One folder's journal.
#[derive(Debug)]
pub(super) struct Book {
    folder: PathBuf,
    /// Closed to others even where the folder was there before.
    own: bool,
    /// How this process has left it.
    left: Mutex<Option<Left>>,
}

/// How the file was left after an append.
#[derive(Clone, Copy, Debug)]
struct Left {
    length: u64,
    anchor: Anchor,
}

/// The file and the head record at one moment.
pub(super) struct Snapshot {
    /// `None` where nothing was ever written, or the file is gone.
    pub(super) file: Option<File>,
    /// Only so much of it counts: what comes after was added since.
    pub(super) length: u64,
    pub(super) head: Head,
}

impl Snapshot {
    /// Whether there is no journal.
    pub(super) fn is_nothing(&self) -> bool {
        self.file.is_none() && self.head == Head::Gone
    }
}

/// What an append finds.
struct Found {
    length: u64,
    anchor: Anchor,
    /// What stands after the last whole entry.
    remains: Vec<u8>,
    /// The file does not end with a line's end.
    open: bool,
    headless: bool,
}

impl Book {
    pub(super) fn new(folder: PathBuf, own: bool) -> Self {
        Self { folder, own, left: Mutex::default() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn is_own(&self) -> bool {
        self.own
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(NAME)
    }

    pub(super) fn error(&self, source: io::Error) -> Error {
        Error { path: self.path(), source }
    }

    /// Writes an entry, to disk. Where that fails, what was written of it is taken back as far as possible.
    pub(super) fn append(&self, draft: Draft) -> Result<Entry, Error> {
        self.try_append(draft).map_err(|source| self.error(source))
    }

    fn try_append(&self, draft: Draft) -> io::Result<Entry> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let last = left.take();
        let _lock = self.lock()?;
        let (mut file, is_new) = files::open_to_append(&self.path())?;
        let found = self.find(&file, last)?;
        let (bytes, Sealed { entry, anchor, .. }) = lines(draft, &found)?;
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Nobody stands on it yet: without it the file is as it was. Where even this fails, the next append says what is left.
            let _ = file.set_len(found.length);
            return Err(error);
        }
        if is_new {
            files::sync_folder(&self.folder)?;
        }
        head::write(&self.folder, anchor)?;
        *left = Some(Left { length: found.length + bytes.len() as u64, anchor });
        Ok(entry)
    }

    /// Whether an append would find everything it needs.
    pub(super) fn check(&self) -> Result<(), Error> {
        let checked = self.lock().and_then(|_lock| files::open_to_append(&self.path()));
        checked.map(|_| ()).map_err(|source| self.error(source))
    }

    /// Takes the folder, which is made where there is none.
    fn lock(&self) -> io::Result<File> {
        files::folder(&self.folder, self.own)?;
        files::lock(&self.folder.join("journal.lock"))
    }

    /// The file and the head record as one append left them.
    pub(super) fn snapshot(&self) -> io::Result<Snapshot> {
        // Where the folder can't be written nobody appends, and no lock is needed.
        let _lock = if self.folder.exists() { self.lock().ok() } else { None };
        let file = match File::open(self.path()) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let length = file.as_ref().map_or(Ok(0), |file| file.metadata().map(|data| data.len()))?;
        Ok(Snapshot { file, length, head: head::read(&self.folder)? })
    }

    /// The newest so many entries that are wanted, newest first, none before `since`.
    pub(super) fn newest(
        &self,
        most: usize,
        since: Option<Timestamp>,
        wanted: &dyn Fn(&Entry) -> bool,
    ) -> io::Result<Vec<Entry>> {
        let mut newest = Vec::new();
        let Snapshot { file: Some(file), length, .. } = self.snapshot()? else { return Ok(newest) };
        let mut lines = Backwards::new(&file, length);
        while newest.len() < most
            && let Some(line) = lines.next().transpose()?
        {
            let Ok(entry) = serde_json::from_slice::<Entry>(&line.bytes) else { continue };
            if since.is_some_and(|since| entry.at < since) {
                break;
            }
            if wanted(&entry) {
                newest.push(decent_entry(entry));
            }
        }
        Ok(newest)
    }

    /// Gives out every entry of these runs, in order.
    pub(super) fn of_runs(&self, ids: &[&str], take: &mut dyn FnMut(Entry)) -> io::Result<()> {
        let Snapshot { file: Some(file), length, .. } = self.snapshot()? else { return Ok(()) };
        let mut reader = BufReader::new(file.take(length));
        let mut line = Vec::new();
        while read_line(&mut reader, &mut line)?.is_some() {
            // Most lines need not be parsed.
            if !str::from_utf8(&line).is_ok_and(|line| ids.iter().any(|id| line.contains(id))) {
                continue;
            }
            let entry = serde_json::from_slice::<Entry>(&line).ok();
            entry.filter(|entry| ids.contains(&&*entry.run)).map(decent_entry).into_iter().for_each(&mut *take);
        }
        Ok(())
    }

    fn find(&self, file: &File, left: Option<Left>) -> io::Result<Found> {
        let length = file.metadata()?.len();
        let head = head::read(&self.folder)?;
        if let Some(left) = left.filter(|left| left.length == length && head == Head::Is(left.anchor)) {
            let anchor = left.anchor;
            return Ok(Found { length, anchor, remains: Vec::new(), open: false, headless: false });
        }
        let tail = tail::last(file, length)?;
        let anchor = match (head, tail) {
            (Head::Is(head), Some(tail)) if tail.anchor.seq > head.seq => tail.anchor,
            (Head::Is(head), _) => head,
            (Head::Gone, tail) => tail.map_or(START, |tail| tail.anchor),
        };
        let end = tail.map_or(0, |tail| tail.end);
        let mut rest = Vec::new();
        let mut reader = file;
        // The last byte before tells whether the entry's line has an end.
        reader.seek(SeekFrom::Start(end.saturating_sub(1)))?;
        reader.take(LONGEST as u64 + 1).read_to_end(&mut rest)?;
        let open = rest.last().is_some_and(|byte| *byte != b'\n');
        let remains = if end == 0 { rest } else { rest.split_off(rest.len().min(1)) };
        let headless = head == Head::Gone && length > 0;
        if length == 0 && head == Head::Gone {
            // Before the first entry: from now on there is always a record.
            head::write(&self.folder, START)?;
        }
        Ok(Found { length, anchor, remains, open, headless })
    }
}

/// What an append writes: the entry, and before it, where the file was not as the last append had left it, one that says so.
fn lines(draft: Draft, found: &Found) -> io::Result<(Vec<u8>, Sealed)> {
    let mut bytes = Vec::new();
    let mut anchor = found.anchor;
    if found.open {
        bytes.push(b'\n');
    }
    if !found.remains.is_empty() || found.headless {
        let left = remains(&found.remains);
        let event = Event::Resumed { bytes: left.len() as u64, remains: hex(&digest(left)), headless: found.headless };
        let who = draft.who.clone();
        let resumed = Draft { at: draft.at, run: String::new(), who, place: Place::default(), event };
        let resumed = seal(resumed, anchor)?;
        bytes.extend_from_slice(&resumed.line);
        bytes.push(b'\n');
        anchor = resumed.anchor;
    }
    let sealed = seal(draft, anchor)?;
    if sealed.line.len() > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the entry is longer than any may be"));
    }
    bytes.extend_from_slice(&sealed.line);
    bytes.push(b'\n');
    Ok((bytes, sealed))
}

/// What a reader of lines sees of what was left: without the end of its last line.
pub(super) fn remains(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}
