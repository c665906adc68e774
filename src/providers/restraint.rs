//! When a program that gave no credentials is run again. It may ask somebody something in a way of its own, in a browser say: so
//! it is not run by every poll that wants credentials, but when somebody looks, or says so, else after minutes. Knows nothing of
//! what is run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::Fault;

/// After the first failure it is run again if somebody looks so much later, or by itself so much later. Each further failure
/// doubles both, up to the longest.
const LOOKED_AT: (Duration, Duration) = (Duration::from_mins(1), Duration::from_mins(10));
const BY_ITSELF: (Duration, Duration) = (Duration::from_mins(5), Duration::from_hours(1));

/// When somebody looked at an environment last.
#[derive(Debug, Default)]
pub struct Attention(Mutex<Option<Instant>>);

impl Attention {
    /// Somebody looks at it now.
    pub fn look(&self) {
        self.look_at(Instant::now());
    }

    fn look_at(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    fn last(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds one program back.
#[derive(Debug, Default)]
pub struct Restraint {
    attention: Arc<Attention>,
    failed: Mutex<Option<Failed>>,
}

#[derive(Debug)]
struct Failed {
    at: Instant,
    /// Failures in a row.
    times: u32,
    fault: Fault,
}

impl Restraint {
    /// For a program of an environment that gets this attention.
    pub fn new(attention: Arc<Attention>) -> Self {
        Self { attention, failed: Mutex::default() }
    }

    /// What the program gives; while it is held back, why it gave nothing the last time.
    pub async fn run<T>(&self, program: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        if let Some(fault) = self.holds(Instant::now()) {
            return Err(fault);
        }
        let ended = program.await;
        self.ended(ended.as_ref().err(), Instant::now());
        ended
    }

    /// Somebody has done something about it: the next one to ask runs it.
    pub fn forgive(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn holds(&self, now: Instant) -> Option<Fault> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let Failed { at, times, fault } = failed.as_ref()?;
        let after = |(first, most): (Duration, Duration)| *at + (first * 2u32.saturating_pow(times - 1)).min(most);
        let looked = self.attention.last().is_some_and(|last| last >= after(LOOKED_AT));
        (!looked && now < after(BY_ITSELF)).then(|| fault.clone())
    }

    fn ended(&self, fault: Option<&Fault>, now: Instant) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let times = failed.as_ref().map_or(0, |failed| failed.times) + 1;
        *failed = fault.map(|fault| Failed { at: now, times, fault: fault.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FaultClass;

    /// How often a program that always fails is started in this time, when it is wanted every three seconds.
    fn starts(within: Duration, looking: impl Fn(Duration) -> bool) -> u32 {
        let restraint = Restraint::default();
        let (begin, mut count) = (Instant::now(), 0);
        for second in (0..within.as_secs()).step_by(3) {
            let (passed, now) = (Duration::from_secs(second), begin + Duration::from_secs(second));
            if looking(passed) {
                restraint.attention.look_at(now);
            }
            if restraint.holds(now).is_none() {
                count += 1;
                restraint.ended(Some(&Fault::new(FaultClass::Service, "no")), now);
            }
        }
        count
    }

    #[test]
    fn polls_do_not_start_it_again_and_again() {
        let (minutes, hours) = (Duration::from_mins, Duration::from_hours);
        assert_eq!(starts(minutes(5), |_| false), 1);
        // After 5, 15, 35 and 75 minutes, then once an hour.
        assert_eq!(starts(hours(2), |_| false), 5);
        assert_eq!(starts(hours(12), |_| false), 15);
        // On the screen all the time: after 1, 3, 7 and 15 minutes, then every ten.
        assert_eq!(starts(minutes(1), |_| true), 1);
        assert_eq!(starts(hours(1), |_| true), 9);
        // A look soon after starts nothing, a later one does.
        assert_eq!(starts(minutes(4), |passed| passed < Duration::from_secs(50)), 1);
        assert_eq!(starts(minutes(4), |passed| passed == minutes(2)), 2);
    }

    #[tokio::test]
    async fn what_it_said_is_the_answer_until_somebody_does_something() {
        let restraint = Restraint::default();
        let fails = async || Err::<u8, _>(Fault::new(FaultClass::Service, "sign in first"));
        assert_eq!(restraint.run(fails()).await.unwrap_err().summary, "sign in first");
        assert_eq!(restraint.run(async { Ok(1) }).await.unwrap_err().summary, "sign in first");
        restraint.forgive();
        assert_eq!(restraint.run(async { Ok(1) }).await.unwrap(), 1);
        assert!(restraint.run(fails()).await.is_err(), "what has worked is run when it is wanted");
    }
}
