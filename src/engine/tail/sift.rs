//! Drops doubles and marks late lines of one source, however they were read.

use jiff::{SignedDuration, Timestamp};

use super::recent::Recent;
use crate::kinds::logs::Found;
use crate::model::LogLine;

/// Lines of a source usually come in within so long of each other; what is older than that beside shown lines is late.
const LATE: SignedDuration = SignedDuration::from_secs(5);

/// Lines of one pass that are told apart by their event ids, and by how often the same was there before.
const IN_PASS: usize = 16_384;

/// What has come in one pass over a source, or in one live tail.
pub(super) struct Tally {
    events: Recent,
    prints: Recent,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { events: Recent::new(IN_PASS), prints: Recent::new(IN_PASS) }
    }

    /// A key that is the same for the same line in every pass. A live tail has no event ids, so the key stands on what both
    /// have; lines alike in everything are told apart by their number. `None` for an event that had come already.
    fn key(&mut self, line: &Found) -> Option<u64> {
        if line.event.is_some_and(|event| self.events.add(line.at, event) > 0) {
            return None;
        }
        let number = u64::from(self.prints.add(line.at, line.print));
        Some(line.print.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

/// What has been sent of a source.
pub(super) struct Sift {
    source: u16,
    sent: Recent,
    newest: Option<Timestamp>,
}

impl Sift {
    /// Knows so many lines again.
    pub(super) fn new(source: u16, room: usize) -> Self {
        Self { source, sent: Recent::new(room), newest: None }
    }

    /// The lines that are new.
    pub(super) fn new_lines(&mut self, lines: Vec<Found>, tally: &mut Tally) -> Vec<LogLine> {
        let late_before = self.newest.and_then(|newest| newest.checked_sub(LATE).ok());
        let mut new = Vec::new();
        for line in lines {
            let Some(key) = tally.key(&line) else { continue };
            if self.sent.add(line.at, key) == 0 {
                let late = late_before.is_some_and(|before| line.at < before);
                let Found { at, level, text, .. } = line;
                new.push(LogLine { at, source: self.source, level, late, key, text });
            }
        }
        new.sort_by_key(|line| line.at);
        self.newest = self.newest.max(new.last().map(|line| line.at));
        new
    }

    /// From when on every line that was sent would be known again: reading from before would bring doubles.
    pub(super) fn knows_from(&self) -> Option<Timestamp> {
        self.sent.complete_from()
    }
}
