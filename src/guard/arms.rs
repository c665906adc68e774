//! Which environments are armed, and until when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// Which environments are armed.
#[derive(Debug, Default)]
pub(super) struct Arms(Mutex<BTreeMap<Arc<str>, Timestamp>>);

impl Arms {
    fn map(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arms one until then.
    pub(super) fn arm(&self, environment: Arc<str>, until: Timestamp) {
        self.map().insert(environment, until);
    }

    /// Starts the time of one that is armed anew, up to then.
    pub(super) fn renew(&self, environment: &str, now: Timestamp, until: Timestamp) {
        if let Some(old) = self.map().get_mut(environment).filter(|old| now < **old) {
            *old = until;
        }
    }

    /// Disarms one; whether it was armed.
    pub(super) fn disarm(&self, environment: &str, now: Timestamp) -> bool {
        self.map().remove(environment).is_some_and(|until| now < until)
    }

    pub(super) fn is_armed(&self, environment: &str, now: Timestamp) -> bool {
        self.map().get(environment).is_some_and(|until| now < *until)
    }

    /// Whether it was armed and nobody has disarmed it since: its time may have run out.
    pub(super) fn is_not_disarmed(&self, environment: &str) -> bool {
        self.map().contains_key(environment)
    }

    /// Those that are armed, by name.
    pub(super) fn armed(&self, now: Timestamp) -> Vec<(Arc<str>, Timestamp)> {
        let armed = self.map();
        let armed = armed.iter().filter(|(_, until)| now < **until);
        armed.map(|(environment, until)| (Arc::clone(environment), *until)).collect()
    }
}
