//! Metrics of what is on screen: asked for once a period, five hundred to a call, within the day's budget, and not while the
//! operator pages through a list. CloudWatch charges for every one of them.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};

use super::ledger::Ledger;
use super::pace::{share, spread};
use super::schedule::{earliest, sleep_until_some};
use super::slot::Slot;
use super::{Event, MetricKey, MetricWant, MetricsSpent, Shared};
use crate::kinds::metrics::{Budget, QUERIES, Used};
use crate::model::{Fault, FaultClass, MetricSpec, Points, Scope, Window};

/// What is asked in one call: one environment and region, one window.
type Group = (Scope, Window);

/// A call that has come back.
struct Answered {
    group: Group,
    result: Result<(), Fault>,
    /// What has been used on its day, by other consoles too.
    used: Used,
}

/// A group that could not be read.
struct Failed {
    /// So many times in a row.
    times: u32,
    /// Not asked again before.
    until: Instant,
    /// Why.
    fault: Arc<Fault>,
    /// Who has been told.
    told: HashSet<MetricKey>,
}

/// Minds all metrics.
pub(super) struct Metrics {
    shared: Arc<Shared>,
    wanted: Arc<Slot<Option<Vec<MetricWant>>>>,
    budget: Budget,
    ledger: Ledger,
    told: MetricsSpent,
    wants: Vec<MetricWant>,
    /// When a series is asked for next, also of those out of sight: they may come back within their period.
    due: HashMap<MetricKey, Timestamp>,
    /// The screen moves: when it has stood still for long enough, and when it has moved for too long.
    moving: Option<(Instant, Instant)>,
    busy: HashSet<Group>,
    failed: HashMap<Group, Failed>,
    calls: JoinSet<Answered>,
}

impl Metrics {
    pub(super) fn new(shared: Arc<Shared>, wanted: Arc<Slot<Option<Vec<MetricWant>>>>) -> Self {
        let budget = Budget::new(shared.settings.metric_calls, shared.settings.metric_dollars);
        let ledger = Ledger::new(shared.settings.metric_ledger.clone());
        Self {
            shared,
            wanted,
            budget,
            ledger,
            told: MetricsSpent::default(),
            wants: Vec::new(),
            due: HashMap::new(),
            moving: None,
            busy: HashSet::new(),
            failed: HashMap::new(),
            calls: JoinSet::new(),
        }
    }

    /// Runs until it is dropped, and with it all calls under way.
    pub(super) async fn run(mut self) {
        self.budget.learn(self.ledger.read().await);
        loop {
            let wake = self.ask_due(Instant::now()).await;
            let wanted = Arc::clone(&self.wanted);
            tokio::select! {
                wants = wanted.take() => if let Some(wants) = wants {
                    self.want(wants, Instant::now());
                },
                Some(ended) = self.calls.join_next() => self.ended(ended),
                () = sleep_until_some(wake) => {}
            }
        }
    }

    fn want(&mut self, wants: Vec<MetricWant>, now: Instant) {
        self.wants = wants;
        let moved_too_long = self.moving.map_or(now + self.shared.pace.settle_at_most, |(_, end)| end);
        self.moving = Some(((now + self.shared.pace.settle).min(moved_too_long), moved_too_long));
        // A series out of sight that is due would be asked for like one never seen: no need to remember it.
        let clock = self.shared.sources.now();
        self.due.retain(|_, due| *due > clock);
    }

    /// Asks for what is due. Returns when to look again if nothing happens before.
    async fn ask_due(&mut self, now: Instant) -> Option<Instant> {
        if let Some((still, _)) = self.moving {
            if still > now {
                return Some(still);
            }
            self.moving = None;
        }
        let clock = self.shared.sources.now();
        let mut next: Option<Instant> = None;
        let mut groups: HashMap<Group, Vec<MetricSpec>> = HashMap::new();
        let mut seen = HashSet::new();
        for MetricWant { spec, window } in &self.wants {
            let group = (spec.resource.scope.region_scope(), *window);
            let key = key(spec, *window);
            if self.busy.contains(&group) || !seen.insert(key.clone()) {
                continue;
            }
            let rest = self.due.get(&key).and_then(|due| Duration::try_from(due.duration_since(clock)).ok());
            let rest = rest.filter(|rest| !rest.is_zero()).map(|rest| now + rest);
            let backoff = self.failed.get(&group).map(|failed| failed.until).filter(|until| *until > now);
            match rest.max(backoff) {
                Some(later) => next = Some(earliest(next, later)),
                None => groups.entry(group).or_default().push(spec.clone()),
            }
        }
        for (group, specs) in groups {
            if !self.ask(group, specs, clock) {
                // The budget is used up: a new day may begin at any time.
                let soon = now + self.shared.pace.second * 60;
                next = Some(earliest(next, soon));
            }
        }
        self.tell_failures(now, clock).await;
        self.tell_spent(clock).await;
        next
    }

    /// Tells why there is nothing for now of what is wanted, also of what came on screen while its group rests after a fault.
    async fn tell_failures(&mut self, now: Instant, clock: Timestamp) {
        let mut news: HashMap<Group, (Arc<Fault>, Vec<MetricKey>)> = HashMap::new();
        for MetricWant { spec, window } in &self.wants {
            let group = (spec.resource.scope.region_scope(), *window);
            let Some(failed) = self.failed.get_mut(&group).filter(|failed| failed.until > now) else { continue };
            let key = key(spec, *window);
            if failed.told.insert(key.clone()) {
                news.entry(group).or_insert_with(|| (Arc::clone(&failed.fault), Vec::new())).1.push(key);
            }
        }
        for (fault, keys) in news.into_values() {
            self.shared.report.tell(Event::NoPoints(keys, fault, clock)).await;
        }
    }

    /// Asks for the first of these; the others follow when it has come back. Whether the budget allowed it.
    fn ask(&mut self, group: Group, mut specs: Vec<MetricSpec>, clock: Timestamp) -> bool {
        specs.truncate(self.budget.allows(clock, specs.len().min(QUERIES)));
        if specs.is_empty() {
            return false;
        }
        let booked = self.budget.spend(clock, specs.len());
        let due = next_period(clock, group.1, self.shared.pace.points_late);
        self.due.extend(specs.iter().map(|spec| (key(spec, group.1), due)));
        self.busy.insert(group.clone());
        let (shared, ledger) = (Arc::clone(&self.shared), self.ledger.clone());
        self.calls.spawn(async move {
            let used = ledger.book(booked).await;
            let result = fetch(&shared, &group, &specs).await;
            Answered { group, result, used }
        });
        true
    }

    fn ended(&mut self, ended: Result<Answered, JoinError>) {
        let Ok(Answered { group, result, used }) = ended else {
            tracing::error!("a call for metrics was lost");
            self.busy.clear();
            return;
        };
        self.busy.remove(&group);
        self.budget.learn(used);
        match result {
            Ok(()) => {
                self.failed.remove(&group);
            }
            Err(fault) => {
                tracing::warn!(scope = %group.0, %fault, "metrics can't be read");
                let times = self.failed.get(&group).map_or(0, |failed| failed.times) + 1;
                let period = Duration::from_secs(group.1.period().unsigned_abs().into());
                let pause = spread(self.shared.pace.backoff(&fault.class, times, Some(period)));
                self.due.retain(|key, _| (key.resource.scope.region_scope(), key.window) != group);
                let (until, fault) = (Instant::now() + pause, Arc::new(fault));
                self.failed.insert(group, Failed { times, until, fault, told: HashSet::new() });
            }
        }
    }

    /// Reports what metrics have cost, if that has changed.
    async fn tell_spent(&mut self, clock: Timestamp) {
        let spent = self.budget.spent(clock);
        if spent != self.told {
            self.told = spent;
            self.shared.report.tell(Event::Spent(spent)).await;
        }
    }
}

/// Fetches points and reports them, and which of them the answer leaves out.
async fn fetch(shared: &Shared, group: &Group, specs: &[MetricSpec]) -> Result<(), Fault> {
    let Shared { sources, report, pace, .. } = shared;
    let (scope, window) = group;
    let asked = AssertUnwindSafe(async { sources.metrics(scope, specs, *window).await }).catch_unwind();
    let answer = match timeout(pace.patience, asked).await {
        Ok(Ok(answer)) => answer?,
        Ok(Err(_)) => return Err(Fault::new(FaultClass::Bug, "the console failed over these metrics")),
        Err(_) => return Err(Fault::new(FaultClass::TimedOut, "no metrics in time")),
    };
    let mut missing: Vec<Option<MetricKey>> = specs.iter().map(|spec| Some(key(spec, *window))).collect();
    let named = |(at, points): (usize, Points)| Some((missing.get_mut(at)?.take()?, Arc::new(points)));
    let points: Vec<_> = answer.into_iter().filter_map(named).collect();
    if !points.is_empty() {
        report.tell(Event::Points(points, sources.now())).await;
    }
    let missing: Vec<MetricKey> = missing.into_iter().flatten().collect();
    if !missing.is_empty() {
        let fault = Fault::new(FaultClass::Service, "CloudWatch could not read this metric");
        report.tell(Event::NoPoints(missing, Arc::new(fault), sources.now())).await;
    }
    Ok(())
}

fn key(spec: &MetricSpec, window: Window) -> MetricKey {
    MetricKey { resource: Arc::clone(&spec.resource), label: spec.label, window }
}

/// When the points of the present period are there: for all series alike, so that they go in one call.
fn next_period(now: Timestamp, window: Window, late: Duration) -> Timestamp {
    let period = i64::from(window.period());
    let end = now.as_second() - now.as_second().rem_euclid(period) + period;
    // A little apart from everybody else's.
    let late = late.mul_f64(1.0 + 0.5 * share());
    let due = Timestamp::from_second(end).ok().zip(SignedDuration::try_from(late).ok());
    due.and_then(|(end, late)| end.checked_add(late).ok()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_after_the_end_of_the_period() {
        let now: Timestamp = "2025-08-22T10:33:42Z".parse().unwrap();
        let seconds = |window| {
            let due = next_period(now, window, Duration::from_secs(10));
            due.duration_since("2025-08-22T10:30:00Z".parse().unwrap()).as_secs()
        };
        assert!((250..=256).contains(&seconds(Window::Hour)), "10:34:10 to 10:34:15");
        assert!((310..=316).contains(&seconds(Window::Day)), "10:35:10 to 10:35:15");
    }
}
