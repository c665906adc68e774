//! How fast the engine goes: limits, patience, and how long it waits after a fault. Numbers and plain functions only.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use crate::model::FaultClass;

/// What the operator sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `GetMetricData` calls a day.
    pub metric_calls: u64,
    /// US dollars a day for metrics.
    pub metric_dollars: f64,
    /// Where what metrics have cost today is kept between runs; in memory only without it.
    pub metric_ledger: Option<PathBuf>,
    /// A following tail that starts far back skips what would not stay in a buffer of so many lines; `None` skips nothing.
    pub log_room: Option<usize>,
    /// Tails are live where they can be had, which AWS charges for by the minute; else they are polled.
    pub live_tails: bool,
}

/// Limits and times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Fetches of one environment at the same time.
    pub(super) at_once: usize,
    /// Of these, fetches for what is not on screen.
    pub(super) background: usize,
    /// Fetches of the whole process that are younger than `fresh`. Older ones don't count: they wait for somebody who may be
    /// dead, and the living must not wait with them.
    pub(super) starts: usize,
    /// How long a fetch counts as just begun.
    pub(super) fresh: Duration,
    /// A refresh asked for again and again is carried out this often at most.
    pub(super) refresh: Duration,
    /// A fetch may take this long,
    pub(super) patience: Duration,
    /// and longer while the last sign of life is not older than this.
    pub(super) silence: Duration,
    /// That something is asked again is told when it takes longer than this.
    pub(super) slow: Duration,
    /// Progress is reported this often at most.
    pub(super) progress: Duration,
    /// The screen stands still this long before metrics are asked for,
    pub(super) settle: Duration,
    /// or moves this long.
    pub(super) settle_at_most: Duration,
    /// Points of a period are there this long after its end.
    pub(super) points_late: Duration,
    /// Between two looks at files and call counters.
    pub(super) looks: Duration,
    /// Between two looks at which watched lists have moved.
    pub(super) moves: Duration,
    /// Log lines are gathered this long before they are sent.
    pub(super) gather: Duration,
    /// Lines of several sources wait this long at most for each other.
    pub(super) order: Duration,
    /// Between two polls of a log group.
    pub(super) poll: Duration,
    /// A live tail that says nothing for so long is dead (it reports every second, even when nothing was logged).
    pub(super) live_silence: Duration,
    /// After a live tail has begun or a gap was filled, lines that took long to be found are looked for once more.
    pub(super) look_again: Duration,
    /// After a live tail could not be had for now, it is tried again.
    pub(super) live_again: Duration,
    /// One second of backoff.
    pub(super) second: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            at_once: 8,
            background: 2,
            starts: 96,
            fresh: Duration::from_secs(2),
            refresh: Duration::from_secs(1),
            patience: Duration::from_mins(1),
            silence: Duration::from_secs(30),
            slow: Duration::from_secs(1),
            progress: Duration::from_millis(50),
            settle: Duration::from_millis(300),
            settle_at_most: Duration::from_secs(1),
            points_late: Duration::from_secs(10),
            looks: Duration::from_secs(5),
            moves: Duration::from_millis(250),
            gather: Duration::from_millis(50),
            order: Duration::from_secs(2),
            poll: Duration::from_secs(2),
            live_silence: Duration::from_secs(30),
            look_again: Duration::from_secs(15),
            live_again: Duration::from_mins(5),
            second: Duration::from_secs(1),
        }
    }
}

impl Pace {
    /// How long to wait after the so many-th failure in a row, without jitter. `every` is the cadence of what failed.
    pub(super) fn backoff(&self, class: &FaultClass, failures: u32, every: Option<Duration>) -> Duration {
        match class {
            FaultClass::Throttled { .. }
            | FaultClass::Unreachable
            | FaultClass::TimedOut
            | FaultClass::Malformed
            | FaultClass::Service => self.second * 2u32.saturating_pow(failures.saturating_sub(1)).min(60),
            // A look costs nothing; renewed files and sign-ins are heard of at once besides.
            FaultClass::Expired { .. } | FaultClass::NeedsCode { .. } | FaultClass::WrongAccount { .. } => {
                self.second * 30
            }
            FaultClass::Denied { .. } => self.second * 300,
            FaultClass::NotFound | FaultClass::Invalid | FaultClass::Bug => {
                every.unwrap_or(self.second * 60).max(self.second * 10)
            }
        }
    }
}

/// Whether waiting may help: else something that is asked once is not asked again.
pub(super) fn passes(class: &FaultClass) -> bool {
    !matches!(class, FaultClass::NotFound | FaultClass::Invalid | FaultClass::Bug)
}

/// Whether it is the credentials' fault: a sign-in or a changed file ends it.
pub(super) fn is_of_credentials(class: &FaultClass) -> bool {
    matches!(class, FaultClass::Expired { .. } | FaultClass::NeedsCode { .. } | FaultClass::WrongAccount { .. })
}

/// What is asked at a cadence is put off by up to this share of it, so that environments and consoles that began together do not
/// stay together.
pub(super) const JITTER: f64 = 0.2;

/// The same time, a little longer.
pub(super) fn jittered(time: Duration) -> Duration {
    time.mul_f64(1.0 + JITTER * share())
}

/// Up to half less: those who failed together must not come back together.
pub(super) fn spread(time: Duration) -> Duration {
    time.mul_f64(0.5 + 0.5 * share())
}

/// At random from 0 to 1. The standard library's hash keys are random enough for this.
pub(super) fn share() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_by_class() {
        let pace = Pace::default();
        let seconds =
            |class: &FaultClass, failures| pace.backoff(class, failures, Some(Duration::from_secs(15))).as_secs();
        let throttled = FaultClass::Throttled { until: None };
        assert_eq!([1, 2, 3, 6, 7, 90].map(|n| seconds(&throttled, n)), [1, 2, 4, 32, 60, 60]);
        assert_eq!([1, 4].map(|n| seconds(&FaultClass::Unreachable, n)), [1, 8]);
        assert_eq!(seconds(&FaultClass::Expired { renew: None, sign_in: true }, 9), 30);
        assert_eq!(seconds(&FaultClass::Denied { permission: None }, 1), 300);
        assert_eq!(seconds(&FaultClass::NotFound, 5), 15);
        assert_eq!(pace.backoff(&FaultClass::Bug, 1, None).as_secs(), 60);
    }

    #[test]
    fn jitter_stays_near_and_moves() {
        let times: Vec<_> = (0..100).map(|_| jittered(Duration::from_secs(10)).as_millis()).collect();
        assert!(times.iter().all(|time| (10_000..=12_000).contains(time)), "{times:?}");
        assert!(times.iter().any(|time| time != &times[0]));
        assert!((0..100).all(|_| (500..=1_000).contains(&spread(Duration::from_secs(1)).as_millis())));
    }
}
