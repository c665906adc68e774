//! One fetch of one query, from its beginning to its answer. It may be dropped at any point.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep, sleep_until};

use crate::engine::pace::{Pace, jittered, spread};
use crate::engine::report::Report;
use crate::engine::{Event, Priority, Shared};
use crate::model::{Answer, Fault, FaultClass, Query};

/// What a fetch needs to know.
pub(super) struct Fetch {
    pub(super) query: Query,
    pub(super) generation: u64,
    /// The answer before, to tell whether anything changed.
    pub(super) before: Option<Answer>,
    /// Failures in a row before this fetch.
    pub(super) failures: u32,
    /// The cadence.
    pub(super) every: Option<Duration>,
    /// Whether it is for the screen.
    pub(super) priority: Priority,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) query: Query,
    pub(super) generation: u64,
    pub(super) result: Result<Answer, Arc<Fault>>,
    /// How long to wait before it is asked again.
    pub(super) pause: Option<Duration>,
}

impl Fetch {
    /// Asks, and reports what comes of it.
    pub(super) async fn run(self, shared: Arc<Shared>) -> Ended {
        let Shared { sources, report, pace, .. } = &*shared;
        let Self { query, generation, before, failures, every, priority } = self;
        let started = Event::Started { query: query.clone(), generation, at: sources.now() };
        let late = if before.is_some() || failures > 0 {
            Some(started)
        } else {
            report.tell(started).await;
            None
        };
        let pulse = Pulse::new(&query, generation, report, pace.progress);
        let asked = AssertUnwindSafe(async { sources.fetch(&query, priority, &|count| pulse.beat(count)).await });
        let answered = tokio::select! {
            answered = asked.catch_unwind() => answered.unwrap_or_else(|_| Err(broken(&query))),
            fault = pulse.stops(pace) => Err(fault),
            never = tell_late(report, late, pace.slow) => match never {},
        };
        let at = sources.now();
        let (result, pause) = match answered {
            Ok(answer) => (Ok(answer), every.map(jittered)),
            Err(mut fault) => {
                let pause = wait_for(&mut fault, failures + 1, every, pace, at);
                (Err(Arc::new(fault)), Some(pause))
            }
        };
        // Comparing thousands of rows is better done here than where all fetches are minded. Of two equal answers the one before
        // is kept, which the screen has too: the same rows twice would cost twice the memory.
        let (result, told) = match (result, before) {
            (Ok(answer), Some(before)) if answer == before => (Ok(before), Ok(None)),
            (Ok(answer), _) => (Ok(answer.clone()), Ok(Some(answer))),
            (Err(fault), _) => (Err(Arc::clone(&fault)), Err(fault)),
        };
        report.tell(Event::Done { query: query.clone(), generation, at, result: told }).await;
        Ended { query, generation, result, pause }
    }
}

/// Tells that something is asked again once it takes long: of the others nobody need know, and most end in the blink of an eye.
async fn tell_late(report: &Report, started: Option<Event>, slow: Duration) -> Infallible {
    if let Some(started) = started {
        sleep(slow).await;
        report.tell(started).await;
    }
    std::future::pending().await
}

/// Reports that a fetch has ended by a panic of its own.
pub(super) async fn lost(
    shared: Arc<Shared>,
    query: Query,
    generation: u64,
    failures: u32,
    every: Option<Duration>,
) -> Ended {
    let (mut fault, at) = (broken(&query), jiff::Timestamp::now());
    let pause = wait_for(&mut fault, failures + 1, every, &shared.pace, at);
    let fault = Arc::new(fault);
    shared.report.tell(Event::Done { query: query.clone(), generation, at, result: Err(Arc::clone(&fault)) }).await;
    Ended { query, generation, result: Err(fault), pause: Some(pause) }
}

/// How long to wait after a fault. A throttled one is told until when.
fn wait_for(fault: &mut Fault, failures: u32, every: Option<Duration>, pace: &Pace, now: jiff::Timestamp) -> Duration {
    let mut pause = spread(pace.backoff(&fault.class, failures, every));
    if let FaultClass::Throttled { until } = &mut fault.class {
        let asked_for = until.and_then(|until| Duration::try_from(until.duration_since(now)).ok());
        // A service that names hours would keep the screen dark after the trouble is over.
        pause = pause.max(asked_for.unwrap_or_default().min(pace.second * 300));
        *until = now.checked_add(pause).ok();
    }
    pause
}

fn broken(query: &Query) -> Fault {
    tracing::error!(?query, "a fetch panicked");
    Fault::new(FaultClass::Bug, "the console failed over this answer; its own log says where")
}

/// The signs of life of a fetch.
struct Pulse<'a> {
    query: &'a Query,
    generation: u64,
    report: &'a Report,
    /// Least time between two reports.
    rest: Duration,
    began: Instant,
    last: Mutex<Beat>,
}

struct Beat {
    count: usize,
    at: Instant,
    told: Option<Instant>,
}

impl<'a> Pulse<'a> {
    fn new(query: &'a Query, generation: u64, report: &'a Report, rest: Duration) -> Self {
        let began = Instant::now();
        let last = Mutex::new(Beat { count: 0, at: began, told: None });
        Self { query, generation, report, rest, began, last }
    }

    /// More items have come.
    fn beat(&self, more: usize) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.count += more;
        last.at = Instant::now();
        if last.told.is_none_or(|told| last.at.duration_since(told) >= self.rest) {
            last.told = Some(last.at);
            let (query, generation, count) = (self.query.clone(), self.generation, last.count);
            self.report.hint(Event::Progress { query, generation, count });
        }
    }

    /// Returns when the fetch has taken too long: patience is at an end and there has been no progress lately.
    async fn stops(&self, pace: &Pace) -> Fault {
        loop {
            let (count, last) = {
                let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                (last.count, last.at)
            };
            let end = if count == 0 {
                self.began + pace.patience
            } else {
                (last + pace.silence).max(self.began + pace.patience)
            };
            if end <= Instant::now() {
                let after = end.duration_since(self.began).as_secs();
                let words = match count {
                    0 => format!("no answer within {after} s"),
                    _ => format!("the answer stopped after {count} items"),
                };
                return Fault::new(FaultClass::TimedOut, words);
            }
            sleep_until(end).await;
        }
    }
}
