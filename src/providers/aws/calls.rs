//! How often AWS is called and how often it throttles: counted where requests leave, read by the header. Atomics only.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

const SECONDS: u64 = 60;

/// Counters of one environment.
#[derive(Debug)]
pub struct CallStats {
    start: Instant,
    seconds: [Second; SECONDS as usize],
    operations: HashMap<&'static str, Count>,
}

/// What happened within one second of the last minute.
#[derive(Debug, Default)]
struct Second {
    /// Which second since the start.
    number: AtomicU64,
    calls: AtomicU32,
    throttled: AtomicU32,
}

#[derive(Debug, Default)]
struct Count {
    calls: AtomicU64,
    throttled: AtomicU64,
}

/// Counters as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Requests sent in the last minute, repeated ones included.
    pub last_minute: u32,
    /// Throttled answers in the last minute.
    pub throttled: u32,
    /// Each operation called so far: how often, and how often it was throttled. In the order of the alphabet.
    pub operations: Vec<(&'static str, u64, u64)>,
}

impl CallStats {
    /// Counters for these operations.
    pub fn new(operations: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            start: Instant::now(),
            seconds: std::array::from_fn(|_| Second::default()),
            operations: operations.into_iter().map(|operation| (operation, Count::default())).collect(),
        }
    }

    /// A request leaves.
    pub fn called(&self, operation: &str) {
        self.second(self.now()).calls.fetch_add(1, Ordering::Relaxed);
        if let Some(count) = self.operations.get(operation) {
            count.calls.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Its answer says that it came too often.
    pub fn throttled(&self, operation: &str) {
        self.second(self.now()).throttled.fetch_add(1, Ordering::Relaxed);
        if let Some(count) = self.operations.get(operation) {
            count.throttled.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counters now.
    pub fn snapshot(&self) -> Calls {
        self.at(self.now())
    }

    fn now(&self) -> u64 {
        // The slots start out as second 0, which must not look like the last minute.
        self.start.elapsed().as_secs() + 1
    }

    /// The slot of a second, emptied if it still holds that of a minute ago.
    fn second(&self, number: u64) -> &Second {
        let slot = &self.seconds[(number % SECONDS) as usize];
        if slot.number.swap(number, Ordering::Relaxed) != number {
            slot.calls.store(0, Ordering::Relaxed);
            slot.throttled.store(0, Ordering::Relaxed);
        }
        slot
    }

    fn at(&self, now: u64) -> Calls {
        let mut calls = Calls::default();
        for slot in &self.seconds {
            if slot.number.load(Ordering::Relaxed) + SECONDS > now {
                calls.last_minute += slot.calls.load(Ordering::Relaxed);
                calls.throttled += slot.throttled.load(Ordering::Relaxed);
            }
        }
        calls.operations = self
            .operations
            .iter()
            .map(|(name, count)| (*name, count.calls.load(Ordering::Relaxed), count.throttled.load(Ordering::Relaxed)))
            .filter(|(_, calls, _)| *calls > 0)
            .collect();
        calls.operations.sort_unstable();
        calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_slides() {
        let stats = CallStats::new(["ecs:ListServices"]);
        stats.second(10).calls.fetch_add(3, Ordering::Relaxed);
        stats.second(69).calls.fetch_add(2, Ordering::Relaxed);
        assert_eq!(stats.at(69).last_minute, 5);
        assert_eq!(stats.at(70).last_minute, 2);
        stats.second(70).calls.fetch_add(1, Ordering::Relaxed);
        assert_eq!(stats.at(70).last_minute, 3);
        assert_eq!(stats.at(200).last_minute, 0);
    }

    #[test]
    fn operations_add_up() {
        let stats = CallStats::new(["b:B", "a:A", "c:C"]);
        stats.called("b:B");
        stats.called("a:A");
        stats.called("a:A");
        stats.throttled("a:A");
        let calls = stats.snapshot();
        assert_eq!((calls.last_minute, calls.throttled), (3, 1));
        assert_eq!(calls.operations, [("a:A", 2, 1), ("b:B", 1, 0)]);
    }
}
