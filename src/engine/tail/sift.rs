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
            // What lies before all that is remembered may have been sent: rather a line less than one twice.
            let forgotten = self.knows_from().is_some_and(|from| line.at < from);
            if !forgotten && self.sent.add(line.at, key) == 0 {
                let late = late_before.is_some_and(|before| line.at < before);
                let Found { at, level, text, writer, .. } = line;
                new.push(LogLine { at, source: self.source, writer, level, late, key, text });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::found;

    fn sent(sift: &mut Sift, lines: Vec<Found>) -> Vec<i64> {
        sift.new_lines(lines, &mut Tally::new()).iter().map(|line| line.at.as_second()).collect()
    }

    #[test]
    fn twins_are_two_and_doubles_one() {
        let mut sift = Sift::new(0, 100);
        let twin = |event| found(10, event, "same");
        assert_eq!(sent(&mut sift, vec![twin(Some(1)), twin(Some(1)), twin(Some(2))]), [10, 10]);
        assert_eq!(sent(&mut sift, vec![twin(Some(2)), twin(Some(1))]), [0; 0]);
        assert_eq!(sent(&mut sift, vec![twin(None), twin(None), twin(None)]), [10], "a live tail has seen a third");
    }

    #[test]
    fn late_is_what_is_well_before_what_was_shown() {
        let mut sift = Sift::new(0, 100);
        sent(&mut sift, vec![found(100, None, "a"), found(90, None, "b")]);
        let lines =
            sift.new_lines(vec![found(94, None, "c"), found(96, None, "d"), found(80, None, "e")], &mut Tally::new());
        assert_eq!(
            lines.iter().map(|line| (line.at.as_second(), line.late)).collect::<Vec<_>>(),
            [(80, true), (94, true), (96, false)]
        );
    }

    #[test]
    fn what_has_been_forgotten_is_not_sent_twice() {
        let mut sift = Sift::new(0, 3);
        assert_eq!(sent(&mut sift, (1..=5).map(|at| found(at, None, "x")).collect()), [1, 2, 3, 4, 5]);
        assert_eq!(sift.knows_from().map(Timestamp::as_millisecond), Some(2_001));
        // New lines from elsewhere push out what a pass has yet to come by.
        assert_eq!(sent(&mut sift, vec![found(9, None, "y")]), [9]);
        assert_eq!(sent(&mut sift, (3..=6).map(|at| found(at, None, "x")).collect()), [6]);
    }
}
