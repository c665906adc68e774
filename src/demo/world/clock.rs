//! The time the estate lives by: the system's, or one that a test moves by hand. It knows nothing of the estate.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Where the estate takes the time from. Clones of a manual clock are the same clock.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's clock.
    Real,
    /// A clock that stands still until it is moved: milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start`.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    /// The time by this clock, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        let millis = match self {
            Self::Real => Timestamp::now().as_millisecond(),
            Self::Manual(millis) => millis.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock forward; the system's can't be moved.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Manual(millis) = self {
            millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
        }
    }

    /// Sets a manual clock.
    pub fn set(&self, to: Timestamp) {
        if let Self::Manual(millis) = self {
            millis.store(to.as_millisecond(), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand_and_its_clones_move_with_it() {
        let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Clock::manual(start);
        let clone = clock.clone();
        clock.advance(SignedDuration::from_secs(90));
        assert_eq!(clone.now(), start + SignedDuration::from_secs(90));
        clone.set(start);
        assert_eq!(clock.now(), start);
    }
}
