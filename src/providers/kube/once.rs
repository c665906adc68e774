//! Something that is made when it is wanted and kept while it is good: one maker at a time, whoever asks, and a fresh failure is the
//! answer to whoever asks next. Nobody waits twice for the same trouble.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::Fault;

/// What is kept.
#[derive(Debug)]
pub(super) struct Once<T> {
    good: Mutex<Option<T>>,
    failed: Mutex<Option<(Instant, Fault)>>,
    making: tokio::sync::Mutex<()>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { good: Mutex::default(), failed: Mutex::default(), making: tokio::sync::Mutex::default() }
    }
}

impl<T: Clone> Once<T> {
    /// What is kept if it is still good, else what `make` makes. A failure younger than `fresh` is told again instead.
    pub(super) async fn get(
        &self,
        still_good: impl Fn(&T) -> bool + Copy,
        fresh: Duration,
        make: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        if let Some(good) = self.kept().filter(still_good) {
            return Ok(good);
        }
        let _making = self.making.lock().await;
        if let Some(good) = self.kept().filter(still_good) {
            return Ok(good);
        }
        if let Some(fault) = self.failed_within(fresh) {
            return Err(fault);
        }
        let made = make.await;
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) =
            made.as_ref().err().map(|fault| (Instant::now(), fault.clone()));
        if let Ok(new) = &made {
            *self.good.lock().unwrap_or_else(PoisonError::into_inner) = Some(new.clone());
        }
        made
    }

    /// What is kept, good or not.
    pub(super) fn kept(&self) -> Option<T> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What failed may work now.
    pub(super) fn forgive(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Forgets what is kept if it is the one that `is` knows.
    pub(super) fn drop_if(&self, is: impl Fn(&T) -> bool) {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.as_ref().is_some_and(is) {
            *good = None;
        }
    }

    fn failed_within(&self, fresh: Duration) -> Option<Fault> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().filter(|(at, _)| at.elapsed() < fresh).map(|(_, fault)| fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::model::FaultClass;

    const FRESH: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn many_who_ask_share_one_making_and_one_failure() {
        let (once, made) = (Once::<u32>::default(), AtomicU32::new(0));
        let ask = || {
            once.get(|_| true, FRESH, async {
                tokio::task::yield_now().await;
                match made.fetch_add(1, Ordering::Relaxed) {
                    0 => Err(Fault::new(FaultClass::Unreachable, "no")),
                    count => Ok(count),
                }
            })
        };
        let (first, second) = tokio::join!(ask(), ask());
        assert!(first.is_err() && second.is_err());
        assert_eq!(made.load(Ordering::Relaxed), 1);
        once.forgive();
        let (first, second) = tokio::join!(ask(), ask());
        assert_eq!((first.unwrap(), second.unwrap()), (1, 1));
        assert_eq!(once.get(|_| false, FRESH, async { Ok(7) }).await.unwrap(), 7);
        once.drop_if(|kept| *kept == 6);
        assert_eq!(once.kept(), Some(7));
    }
}
