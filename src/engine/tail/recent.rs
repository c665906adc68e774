//! A bounded memory of what was seen lately, by instant and key.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Counts what was seen. When it is full the oldest is forgotten, and it knows up to when it has forgotten.
#[derive(Debug)]
pub(super) struct Recent {
    seen: BTreeMap<(i64, u64), u32>,
    room: usize,
    forgotten: Option<i64>,
}

impl Recent {
    /// A memory for so many.
    pub(super) fn new(room: usize) -> Self {
        Self { seen: BTreeMap::new(), room, forgotten: None }
    }

    /// Adds one; how often it had been seen before.
    pub(super) fn add(&mut self, at: Timestamp, key: u64) -> u32 {
        let count = self.seen.entry((at.as_millisecond(), key)).or_default();
        let before = *count;
        *count += 1;
        while self.seen.len() > self.room {
            if let Some(((at, _), _)) = self.seen.pop_first() {
                self.forgotten = Some(self.forgotten.map_or(at, |before| before.max(at)));
            }
        }
        before
    }

    /// The first instant from which on nothing has been forgotten, if anything has.
    pub(super) fn complete_from(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.forgotten? + 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_forgets_the_oldest() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let mut recent = Recent::new(2);
        assert_eq!([recent.add(at(2), 7), recent.add(at(2), 7), recent.add(at(1), 7)], [0, 1, 0]);
        assert_eq!(recent.complete_from(), None);
        assert_eq!(recent.add(at(3), 7), 0);
        assert_eq!(recent.complete_from(), Some(at(2)));
        assert_eq!(recent.add(at(2), 7), 2, "still known");
        assert_eq!(recent.add(at(0), 7), 0);
        assert_eq!(recent.complete_from(), Some(at(2)), "an old one forgotten at once changes nothing");
    }
}
