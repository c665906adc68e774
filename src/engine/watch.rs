//! Looks at what no answer tells: changed files, how many API calls were made, and which watched lists have moved.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

use super::schedule;
use super::slot::Slot;
use super::{Acted, ApiStats, Event, Shared};
use crate::guard::Guard;

/// Looks at files. The guard is told first: nothing is armed that is another environment now.
pub(super) async fn files(shared: Arc<Shared>, schedule: Arc<Slot<schedule::Orders>>, guard: Option<Arc<Guard>>) {
    let Shared { sources, report, pace, .. } = &*shared;
    let mut ticks = interval(pace.files);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let changed = sources.changed().await;
        if let Some(environments) = &changed.environments {
            let names = environments.iter().map(|environment| Arc::clone(&environment.name)).collect();
            if let Some(guard) = guard.clone() {
                let environments = environments.clone();
                // What it disarms stands in the journal, which is a file.
                let told = tokio::task::spawn_blocking(move || guard.set(environments)).await;
                told.unwrap_or_else(|error| tracing::error!(%error, "the guard was not told of the environments"));
            }
            schedule.fold(|orders| orders.environments = Some(names));
            report.tell(Event::Environments(environments.clone())).await;
            // What it has disarmed must not stand there as armed.
            if let Some(guard) = &guard {
                report.tell(Event::Acted(Acted::Armed(guard.armed(sources.now())))).await;
            }
        }
        if !changed.again.is_empty() {
            schedule.fold(|orders| orders.again.extend(changed.again));
        }
    }
}

/// Listens for watched lists that have moved. However many changes there are, a list is made anew once in a while only.
pub(super) async fn moves(shared: Arc<Shared>, schedule: Arc<Slot<schedule::Orders>>) {
    let Shared { sources, pace, .. } = &*shared;
    loop {
        let moved = sources.moved().await;
        schedule.fold(|orders| orders.moved.extend(moved));
        tokio::time::sleep(pace.moves).await;
    }
}

/// Looks at the call counters, and reports those that have changed.
pub(super) async fn stats(shared: Arc<Shared>) {
    let Shared { sources, report, pace, .. } = &*shared;
    let mut told: HashMap<Arc<str>, ApiStats> = HashMap::new();
    let mut ticks = interval(pace.stats);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let news: Vec<_> = sources
            .stats()
            .into_iter()
            .filter(|(name, stats)| told.get(name).copied().unwrap_or_default() != *stats)
            .collect();
        if !news.is_empty() {
            told.extend(news.iter().cloned());
            report.tell(Event::Stats(news)).await;
        }
    }
}
