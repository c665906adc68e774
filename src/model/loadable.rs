//! The last good value with its age and the present error, side by side.

use std::sync::Arc;

use jiff::Timestamp;

use super::Fault;

/// A refresh that takes longer than this many seconds is worth a word.
const SLOW: i64 = 2;

/// A fetch under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loading {
    /// Since when.
    pub since: Timestamp,
    /// How many items have come so far.
    pub count: usize,
}

/// Something fetched: an error never empties it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loadable<T> {
    /// The last good value and when it was observed.
    pub value: Option<(T, Timestamp)>,
    /// The present error and since when it lasts; gone with the next good answer.
    pub fault: Option<(Arc<Fault>, Timestamp)>,
    /// The fetch under way.
    pub loading: Option<Loading>,
    /// Answers of an older generation are dropped.
    pub generation: u64,
}

impl<T> Default for Loadable<T> {
    fn default() -> Self {
        Self { value: None, fault: None, loading: None, generation: 0 }
    }
}

impl<T> Loadable<T> {
    /// The last good value.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref().map(|(value, _)| value)
    }

    /// The fetch under way, where it is worth showing. A refresh of what is known goes on unseen as long as it is quick, and so
    /// does another try after a fault until something comes of it.
    pub fn awaited(&self, now: Timestamp) -> Option<Loading> {
        let slow = |loading: &Loading| now.as_second() - loading.since.as_second() > SLOW;
        self.first_fetch().or(self.loading.filter(slow))
    }

    /// The fetch under way, where nothing is known yet.
    pub fn first_fetch(&self) -> Option<Loading> {
        self.loading.filter(|loading| self.value.is_none() && (self.fault.is_none() || loading.count > 0))
    }

    /// When the last good value was observed.
    pub fn observed(&self) -> Option<Timestamp> {
        self.value.as_ref().map(|(_, at)| *at)
    }

    /// Takes a good answer.
    pub fn succeed(&mut self, value: T, at: Timestamp) {
        self.value = Some((value, at));
        self.fault = None;
        self.loading = None;
    }

    /// Takes a failure: the value stays, and `since` of a lasting fault of the same class stays too.
    pub fn fail(&mut self, fault: Arc<Fault>, at: Timestamp) {
        let since = match &self.fault {
            Some((old, since)) if old.class == fault.class => *since,
            _ => at,
        };
        self.fault = Some((fault, since));
        self.loading = None;
    }
}
