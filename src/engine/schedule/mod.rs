//! Which query is asked when: one flight for each, limits for each environment, cadence with jitter, backoff, cancellation of what
//! nobody looks at any more. All of it is minded by one task that never waits for a fetch or for the main loop. A dead
//! environment fills nothing but its own places. Reads have this lane to themselves; what changes a customer's system shall
//! have one of its own beside it, so that no queue of reads delays it.

mod fetch;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use self::fetch::{Ended, Fetch};
use super::pace;
use super::slot::Slot;
use super::{Interest, Priority, Shared};
use crate::model::{Answer, FaultClass, KindId, Query, Scope};

/// What the scheduler is told.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// The whole set of interests, if it is another one.
    pub(super) interests: Option<Vec<Interest>>,
    /// Asked now, whatever their age and backoff.
    pub(super) refresh: HashSet<Query>,
    /// Watched lists that have moved: environment and region, and kind.
    pub(super) moved: HashSet<(Scope, KindId)>,
    /// Environments that may be had again.
    pub(super) again: HashSet<Arc<str>>,
    /// The environments that there are, if they are others: what was known of the rest is forgotten.
    pub(super) environments: Option<HashSet<Arc<str>>>,
}

/// What is known of an interest.
struct Entry {
    every: Option<Duration>,
    priority: Priority,
    state: Doing,
    /// The last good answer.
    last: Option<Answer>,
    /// Failures in a row.
    failures: u32,
    /// The present fault is one that a sign-in ends.
    of_credentials: bool,
    /// When it was asked and answered last.
    asked: Option<Instant>,
    answered: Option<Instant>,
    /// Asked for again while under way: that answer may be older than what was wanted.
    once_more: bool,
}

enum Doing {
    /// Answered, and not to be asked again.
    Resting,
    /// To be asked then.
    Due(Instant),
    /// Under way.
    Running { flight: AbortHandle, generation: u64, since: Instant },
}

/// Minds all fetches.
pub(super) struct Schedule {
    shared: Arc<Shared>,
    orders: Arc<Slot<Orders>>,
    entries: HashMap<Query, Entry>,
    flights: JoinSet<Ended>,
    generation: u64,
}

impl Schedule {
    pub(super) fn new(shared: Arc<Shared>, orders: Arc<Slot<Orders>>) -> Self {
        Self { shared, orders, entries: HashMap::new(), flights: JoinSet::new(), generation: 0 }
    }

    /// Runs until it is dropped, and with it all that is under way.
    pub(super) async fn run(mut self) {
        loop {
            let wake = self.start_due(Instant::now());
            let orders = Arc::clone(&self.orders);
            tokio::select! {
                orders = orders.take() => self.follow(orders, Instant::now()),
                Some(ended) = self.flights.join_next_with_id() => match ended {
                    Ok((_, ended)) => self.ended(ended, Instant::now()),
                    Err(error) if error.is_panic() => self.lost(&error, Instant::now()),
                    Err(_) => {}
                },
                () = sleep_until_some(wake) => {}
            }
        }
    }

    fn follow(&mut self, orders: Orders, now: Instant) {
        if let Some(environments) = orders.environments {
            for (query, entry) in &mut self.entries {
                if !environments.contains(&query.scope().environment) {
                    entry.last = None;
                }
            }
        }
        if let Some(interests) = orders.interests {
            self.mind(interests, now);
        }
        let urged: HashSet<_> = orders.refresh.iter().map(|query| &query.scope().environment).collect();
        for environment in urged {
            self.shared.sources.urge(environment);
        }
        for query in orders.refresh {
            let fresh = || Entry::new(None, Priority::Screen, now);
            self.entries.entry(query).or_insert_with(fresh).refresh(now, self.shared.pace.refresh);
        }
        if !orders.moved.is_empty() {
            self.moved(&orders.moved, now);
        }
        for (query, entry) in &mut self.entries {
            if orders.again.contains(&query.scope().environment) {
                entry.revive(now);
            }
        }
    }

    /// Asks again what stands on watched lists that have moved. A list is made from what is there already, a detail asks its cluster.
    /// What is not on screen waits for its turn.
    fn moved(&mut self, moved: &HashSet<(Scope, KindId)>, now: Instant) {
        for (query, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.priority == Priority::Screen) {
            let (kind, rest) = match query {
                Query::List { kind, .. } => (*kind, Duration::ZERO),
                Query::Detail(id) => (id.kind, self.shared.pace.refresh),
                Query::Identity(_) | Query::Raw(_) | Query::Changes { .. } => continue,
            };
            if moved.contains(&(query.scope().region_scope(), kind)) {
                entry.refresh(now, rest);
            }
        }
    }

    /// Takes a new set of interests: what is new is due at once, what is gone is dropped with its flight.
    fn mind(&mut self, interests: Vec<Interest>, now: Instant) {
        let mut before = std::mem::take(&mut self.entries);
        for Interest { query, every, priority } in interests {
            let entry = match before.remove(&query) {
                Some(known) => known.adapted(every, priority, now),
                None => match self.entries.remove(&query) {
                    // Named twice: the more urgent counts.
                    Some(twice) => {
                        let priority = priority.max(twice.priority);
                        let every = [every, twice.every].into_iter().flatten().min();
                        twice.adapted(every, priority, now)
                    }
                    None => Entry::new(every, priority, now),
                },
            };
            self.entries.insert(query, entry);
        }
        for gone in before.into_values() {
            if let Doing::Running { flight, .. } = gone.state {
                flight.abort();
            }
        }
    }

    /// Starts what is due, as far as the limits allow: what is on screen first, then what has waited longest. Returns when
    /// there will be something to do without anything happening before.
    fn start_due(&mut self, now: Instant) -> Option<Instant> {
        let (chosen, wake) = self.choose(now);
        for query in chosen {
            self.start(&query, now);
        }
        wake
    }

    fn choose(&self, now: Instant) -> (Vec<Query>, Option<Instant>) {
        let (mut due, mut soon, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for (query, entry) in &self.entries {
            match entry.state {
                Doing::Due(at) if at <= now => due.push((Reverse(entry.priority), at, query)),
                Doing::Due(at) => soon.push((entry, at, query)),
                Doing::Running { .. } | Doing::Resting => {}
            }
        }
        // An idle process sleeps longest where what is asked of an environment is asked together.
        let waking: HashSet<&Arc<str>> = due.iter().map(|(.., query)| &query.scope().environment).collect();
        let goes_along = |entry: &Entry, at, query: &Query| {
            entry.may_be_early(at, now) && waking.contains(&query.scope().environment)
        };
        let mut wake = None;
        for (entry, at, query) in soon {
            if goes_along(entry, at, query) {
                due.push((Reverse(entry.priority), at, query));
            } else {
                wake = Some(earliest(wake, at));
            }
        }
        if due.is_empty() {
            return (chosen, wake);
        }
        due.sort_by_key(|(priority, at, _)| (*priority, *at));
        let mut places = Places::taken(&self.entries, &self.shared, now);
        for (Reverse(priority), _, query) in due {
            if let Some(again) = places.full(now) {
                wake = Some(earliest(wake, again));
                break;
            }
            if places.take(&query.scope().environment, priority, now) {
                chosen.push(query.clone());
            }
        }
        (chosen, wake)
    }

    fn start(&mut self, query: &Query, now: Instant) {
        let Some(entry) = self.entries.get_mut(query) else { return };
        self.generation += 1;
        let fetch = Fetch {
            query: query.clone(),
            generation: self.generation,
            before: entry.last.clone(),
            failures: entry.failures,
            every: entry.every,
            priority: entry.priority,
        };
        let flight = self.flights.spawn(fetch.run(Arc::clone(&self.shared)));
        entry.state = Doing::Running { flight, generation: self.generation, since: now };
        entry.asked = Some(now);
    }

    /// A fetch has panicked elsewhere than over its answer: it has told nothing, and would be taken to be under way for ever. What tells
    /// so takes its place: it may have to wait for room.
    fn lost(&mut self, error: &JoinError, now: Instant) {
        tracing::error!(%error, "a fetch was lost");
        let of = |entry: &Entry| match &entry.state {
            Doing::Running { flight, generation, .. } if flight.id() == error.id() => Some(*generation),
            _ => None,
        };
        let found = self.entries.iter_mut().find_map(|(query, entry)| Some((query, of(entry)?, entry)));
        let Some((query, generation, entry)) = found else { return };
        let (query, failures, every) = (query.clone(), entry.failures, entry.every);
        let lost = fetch::lost(Arc::clone(&self.shared), query, generation, failures, every);
        entry.state = Doing::Running { flight: self.flights.spawn(lost), generation, since: now };
    }

    fn ended(&mut self, ended: Ended, now: Instant) {
        let Some(entry) = self.entries.get_mut(&ended.query) else { return };
        let current = matches!(entry.state, Doing::Running { generation, .. } if generation == ended.generation);
        if current {
            entry.ended(ended, now, self.shared.pace.refresh);
        }
    }
}

impl Entry {
    fn new(every: Option<Duration>, priority: Priority, now: Instant) -> Self {
        Self {
            every,
            priority,
            state: Doing::Due(now),
            last: None,
            failures: 0,
            of_credentials: false,
            asked: None,
            answered: None,
            once_more: false,
        }
    }

    /// The same with another cadence and urgency. What comes on screen is due by the new cadence, and at once if its answer has
    /// outlived that; a backoff stays.
    fn adapted(mut self, every: Option<Duration>, priority: Priority, now: Instant) -> Self {
        if (every, priority) != (self.every, self.priority) && self.failures == 0 {
            let next = self.answered.zip(every).map(|(answered, every)| match answered + every {
                over if over <= now => now,
                _ => answered + pace::jittered(every),
            });
            self.state = match (self.state, next) {
                (Doing::Due(_) | Doing::Resting, Some(next)) => Doing::Due(next),
                (Doing::Due(_), None) if self.answered.is_some() => Doing::Resting,
                (state, _) => state,
            };
        }
        self.every = every;
        self.priority = priority;
        self
    }

    /// Whether what is due then may be asked now already: jitter has put it off by as much. A backoff is not cut short.
    fn may_be_early(&self, at: Instant, now: Instant) -> bool {
        self.failures == 0 && self.every.is_some_and(|every| at <= now + every.mul_f64(pace::JITTER))
    }

    /// To be asked now, but not faster than `rest` allows.
    fn refresh(&mut self, now: Instant, rest: Duration) {
        match self.state {
            Doing::Running { .. } => self.once_more = true,
            Doing::Due(_) | Doing::Resting => self.state = Doing::Due(self.rested(now, rest)),
        }
    }

    fn rested(&self, now: Instant, rest: Duration) -> Instant {
        self.asked.map_or(now, |asked| now.max(asked + rest))
    }

    /// Its environment may be had again.
    fn revive(&mut self, now: Instant) {
        match self.state {
            Doing::Running { .. } => self.once_more = true,
            Doing::Due(_) | Doing::Resting if self.of_credentials => self.state = Doing::Due(now),
            Doing::Due(_) | Doing::Resting => {}
        }
    }

    fn ended(&mut self, ended: Ended, now: Instant, rest: Duration) {
        self.answered = Some(now);
        // The cadence may have changed while it was under way.
        let mut pause = ended.pause.or_else(|| self.every.map(pace::jittered));
        match ended.result {
            Ok(answer) => {
                self.last = Some(answer);
                self.failures = 0;
                self.of_credentials = false;
                pause = pause.zip(self.every).map(|(pause, _)| pause);
            }
            Err(fault) => {
                self.failures += 1;
                self.of_credentials = pace::is_of_credentials(&fault.class);
                // The screen drops what another account may have answered, so an equal answer is news again.
                if matches!(fault.class, FaultClass::WrongAccount { .. }) {
                    self.last = None;
                }
                if self.every.is_none() && !pace::passes(&fault.class) {
                    pause = None;
                }
            }
        }
        self.state = if std::mem::take(&mut self.once_more) {
            Doing::Due(self.rested(now, rest))
        } else {
            pause.map_or(Doing::Resting, |pause| Doing::Due(now + pause))
        };
    }
}

/// The places for fetches, and who has them.
struct Places {
    shared: Arc<Shared>,
    /// Of each environment: all, and those for what is not on screen.
    taken: HashMap<Arc<str>, (usize, usize)>,
    /// When the fetches began that count as just begun.
    fresh: Vec<Instant>,
}

impl Places {
    fn taken(entries: &HashMap<Query, Entry>, shared: &Arc<Shared>, now: Instant) -> Self {
        let mut places = Self { shared: Arc::clone(shared), taken: HashMap::new(), fresh: Vec::new() };
        for (query, entry) in entries {
            let Doing::Running { since, .. } = entry.state else { continue };
            places.enter(&query.scope().environment, entry.priority);
            if since + shared.pace.fresh > now {
                places.fresh.push(since);
            }
        }
        places
    }

    fn enter(&mut self, environment: &Arc<str>, priority: Priority) {
        let (all, background) = self.taken.entry(Arc::clone(environment)).or_default();
        *all += 1;
        *background += usize::from(priority == Priority::Background);
    }

    /// Takes a place of an environment, if it has one left.
    fn take(&mut self, environment: &Arc<str>, priority: Priority, now: Instant) -> bool {
        let (all, background) = self.taken.get(environment).copied().unwrap_or_default();
        let free = match priority {
            Priority::Screen => all - background < self.shared.pace.at_once,
            Priority::Background => background < self.shared.pace.background,
        };
        if free {
            self.enter(environment, priority);
            self.fresh.push(now);
        }
        free
    }

    /// When the process has begun as much as it may: when that is over at the latest.
    fn full(&self, now: Instant) -> Option<Instant> {
        let oldest = self.fresh.iter().min().copied().unwrap_or(now);
        (self.fresh.len() >= self.shared.pace.starts).then(|| oldest + self.shared.pace.fresh)
    }
}

pub(super) fn earliest(one: Option<Instant>, other: Instant) -> Instant {
    one.map_or(other, |one| one.min(other))
}

/// Sleeps until then, or for ever.
pub(super) async fn sleep_until_some(wake: Option<Instant>) {
    match wake {
        Some(wake) => sleep_until(wake).await,
        None => std::future::pending().await,
    }
}
