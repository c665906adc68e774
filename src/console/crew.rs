//! Threads that help to filter and sort long lists, for as long as the result is wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::app::rank::Crew;

/// Most of them: more would only wait for the memory.
const MOST: usize = 8;

/// Threads, one for each processor.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    /// Generation of the newest ranking that was asked for in this list, and the own one.
    newest: Arc<AtomicU64>,
    own: u64,
}

impl Threads {
    /// Those for the newest ranking of a list. Whoever works on one before it stops.
    pub fn for_newest(newest: &Arc<AtomicU64>, own: u64) -> Self {
        newest.store(own, Ordering::Relaxed);
        Self { newest: Arc::clone(newest), own }
    }
}

impl Crew for Threads {
    fn is_wanted(&self) -> bool {
        self.newest.load(Ordering::Relaxed) == self.own
    }

    fn size(&self) -> usize {
        std::thread::available_parallelism().map_or(1, |all| all.get().min(MOST))
    }

    fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let help = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return;
                }
                work(at);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.size().min(count) {
                scope.spawn(help);
            }
            help();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_is_done_once() {
        let done: Vec<AtomicUsize> = (0..1_000).map(|_| AtomicUsize::new(0)).collect();
        Threads::default().each(done.len(), &|at| {
            done[at].fetch_add(1, Ordering::Relaxed);
        });
        assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 1));
        Threads::default().each(0, &|_| panic!("there is nothing to do"));
    }

    #[test]
    fn only_the_newest_is_wanted() {
        let newest = Arc::default();
        let first = Threads::for_newest(&newest, 7);
        assert!(first.is_wanted());
        let second = Threads::for_newest(&newest, 8);
        assert!(second.is_wanted() && !first.is_wanted());
    }
}
