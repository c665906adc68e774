//! What the journal reminds of: what was done for a time that is over. It is looked at once a minute, and read only where something
//! was written since.

use jiff::Timestamp;

use crate::journal::{self, Entry, Mark};

/// What is known from the last look.
#[derive(Debug, Default)]
pub(super) struct Reminders {
    /// How the journal was.
    mark: Option<Mark>,
    /// What was done for a time, whether it is over or not.
    timed: Vec<Entry>,
    /// What was due.
    due: Vec<Entry>,
}

impl Reminders {
    /// What is due now, if it is other than at the last look. `read` gives the newest entries of a journal that is as `mark` says,
    /// or nothing where it can't be read.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        mark: Mark,
        read: impl FnOnce() -> Option<Vec<Entry>>,
    ) -> Option<&[Entry]> {
        if self.mark.as_ref() != Some(&mark)
            && let Some(entries) = read()
        {
            self.timed = journal::timed(&entries).into_iter().cloned().collect();
            self.mark = Some(mark);
        }
        let due: Vec<Entry> = self.timed.iter().filter(|entry| journal::is_over(entry, now)).cloned().collect();
        (due != self.due).then(|| {
            self.due = due;
            &*self.due
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use jiff::SignedDuration;
    use serde_json::{Value, json};

    use super::*;
    use crate::journal::testing::intent;
    use crate::journal::{Draft, Event, Journal, Outcome};

    #[test]
    fn the_journal_is_read_only_where_something_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(Some(folder.path().to_owned()), None);
        let until: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let mut done = intent("r", 0, 0);
        let Event::Intent { changes, .. } = &mut done.event else { panic!() };
        changes.push(("until".to_owned(), Value::Null, json!(until.to_string())));
        let outcome = Event::Outcome { part: 0, step: 0, outcome: Outcome::Succeeded, request_id: None, fault: None };
        journal.append(done.clone()).unwrap();
        let (mut reminders, reads) = (Reminders::default(), Cell::new(0));
        let mut look = |at: Timestamp| {
            let read = || {
                reads.set(reads.get() + 1);
                journal.newest(100, None, &|_| true).ok()
            };
            (reminders.look(at, journal.mark(), read).map(<[Entry]>::len), reads.get())
        };
        let before = until - SignedDuration::from_mins(1);
        assert_eq!(look(before), (None, 1));
        journal.append(Draft { event: outcome, ..done }).unwrap();
        assert_eq!(look(before), (None, 2));
        assert_eq!(look(before), (None, 2), "nothing was written");
        // Its time is over, although nothing was written.
        assert_eq!(look(until), (Some(1), 2));
        assert_eq!(look(until), (None, 2));
    }
}
