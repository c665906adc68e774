//! The audit record: what was intended, sent and came of it, written before and after, never changed. Knows files and the model,
//! nothing of who asks.
//!
//! A file of JSON lines, `journal.jsonl`, that only its owner can read; each line holds the hash of the one before and its own, and
//! `journal.head` names the last one. What is appended is on disk when the append returns. How a crash in the middle of an append is
//! got over, and how several consoles share the file, is told in `book.rs`; what is found by reading it again in `verify.rs`. Where
//! the first folder can't be written a second one may stand in, with a chain of its own.
//!
//! Everything here waits for the disk: it is to be called off the runtime.

mod book;
mod decent;
mod due;
mod entry;
mod files;
mod head;
mod lines;
mod runs;
mod seal;
mod tail;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod verify;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;

use book::Book;
pub use due::{is_over, timed};
pub use entry::{Draft, Entry, Event, Outcome, Place, Who};
use runs::LeftBehind;
pub use runs::Run;
pub use verify::{Finding, Verified, Wrong};

/// Why the journal could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Error {
    path: PathBuf,
    source: io::Error,
}

/// The journal of this machine's user.
#[derive(Debug)]
pub struct Journal {
    /// The first that can be written is written.
    books: Vec<Book>,
}

impl Journal {
    /// In the console's own folder, and in a second one for when that can't be written. Touches neither yet.
    pub fn new(own: Option<PathBuf>, second: Option<PathBuf>) -> Self {
        let own = own.map(|folder| Book::new(folder, true));
        Self { books: own.into_iter().chain(second.map(|folder| Book::new(folder, false))).collect() }
    }

    /// Writes an entry, to disk. Secrets are masked and text is cleaned before.
    pub fn append(&self, draft: Draft) -> Result<Entry, Error> {
        let draft = decent::decent(draft);
        self.first(|book| book.append(draft.clone()))
    }

    /// Starts a run of an action, where an append would find everything it needs.
    pub fn start(&self, at: Timestamp) -> Result<Run, Error> {
        self.first(|book| {
            book.check()?;
            Run::start(book.folder(), book.is_own(), at).map_err(|source| book.error(source))
        })
    }

    /// Does something with the first folder that lets it. What is wrong with the first one is what is told.
    fn first<T>(&self, attempt: impl Fn(&Book) -> Result<T, Error>) -> Result<T, Error> {
        let mut first = None;
        for book in &self.books {
            match attempt(book) {
                Ok(done) => return Ok(done),
                Err(error) => {
                    tracing::warn!("the journal: {error}");
                    first.get_or_insert(error);
                }
            }
        }
        let nowhere = || Error {
            path: PathBuf::from(book::NAME),
            source: io::Error::new(io::ErrorKind::NotFound, "there is no folder to keep it in"),
        };
        Err(first.unwrap_or_else(nowhere))
    }

    /// What tells whether anything was written since: as long as this is the same, so is what can be read.
    pub fn mark(&self) -> Mark {
        let look = |book: &Book| {
            let found = std::fs::metadata(book.path()).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        Mark(self.books.iter().map(look).collect())
    }

    /// The newest so many entries that are wanted, newest first, none before `since`. Lines that are no entries are left out:
    /// [`Journal::verify`] tells of them.
    pub fn newest(
        &self,
        most: usize,
        since: Option<Timestamp>,
        wanted: &dyn Fn(&Entry) -> bool,
    ) -> Result<Vec<Entry>, Error> {
        let mut newest = Vec::new();
        for book in &self.books {
            let read = book.newest(most, since, wanted).map_err(|source| book.error(source))?;
            newest.extend(read);
        }
        if self.books.len() > 1 {
            // Stable: entries of one folder stay in their order.
            newest.sort_by_key(|entry| std::cmp::Reverse(entry.at));
            newest.truncate(most);
        }
        Ok(newest)
    }

    /// Whether everything is as it was written, for each folder that has a journal.
    pub fn verify(&self) -> Result<Vec<Verified>, Error> {
        let one = |book: &Book| {
            let snapshot = book.snapshot()?;
            if snapshot.is_nothing() { Ok(None) } else { verify::verify(book.path(), snapshot).map(Some) }
        };
        let verified = self.books.iter().map(|book| one(book).map_err(|source| book.error(source)).transpose());
        verified.flatten().collect()
    }

    /// The intents of consoles that ended before the outcome was known, each told once: what nobody has written an outcome for is
    /// journalled as unknown.
    pub fn orphans(&self, at: Timestamp, who: &Who) -> Vec<Entry> {
        let left: Vec<LeftBehind> = self.books.iter().flat_map(|book| runs::left_behind(book.folder())).collect();
        if left.is_empty() {
            return Vec::new();
        }
        let Ok(open) = self.open(&left).inspect_err(|error| tracing::error!("the journal can't be read: {error}"))
        else {
            return Vec::new();
        };
        let mut all_told = true;
        let mut intents = Vec::new();
        for ((run, (part, step)), Open { intent, outcome }) in open {
            let Some(intent) = intent else { continue };
            if outcome.is_none() {
                let fault = Some("the console ended before an answer came".to_owned());
                let event = Event::Outcome { part, step, outcome: Outcome::Unknown, request_id: None, fault };
                let place = intent.place.clone();
                all_told &= self.append(Draft { at, run, who: who.clone(), place, event }).is_ok();
            }
            intents.push(intent);
        }
        if all_told {
            left.into_iter().for_each(LeftBehind::clear);
        }
        intents
    }

    /// Steps of these runs whose outcome is not known.
    fn open(&self, runs: &[LeftBehind]) -> Result<BTreeMap<Step, Open>, Error> {
        let ids: Vec<&str> = runs.iter().map(|run| &*run.id).collect();
        let mut open: BTreeMap<Step, Open> = BTreeMap::new();
        let mut take = |entry: Entry| {
            let Some(at) = entry.event.step() else { return };
            let step = open.entry((entry.run.clone(), at)).or_default();
            match entry.event {
                Event::Intent { .. } => step.intent = Some(entry),
                // Whatever is known counts, whichever folder it stands in.
                Event::Outcome { outcome: Outcome::Unknown, .. } => {
                    step.outcome.get_or_insert(Outcome::Unknown);
                }
                Event::Outcome { outcome, .. } => step.outcome = Some(outcome),
                _ => {}
            }
        };
        for book in &self.books {
            book.of_runs(&ids, &mut take).map_err(|source| book.error(source))?;
        }
        open.retain(|_, open| matches!(open.outcome, None | Some(Outcome::Unknown)));
        Ok(open)
    }
}

/// When the files were changed last, and how long they were then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(Vec<Option<(SystemTime, u64)>>);

/// A step of a run.
type Step = (String, (usize, usize));

/// What is known of a step.
#[derive(Default)]
struct Open {
    intent: Option<Entry>,
    outcome: Option<Outcome>,
}
