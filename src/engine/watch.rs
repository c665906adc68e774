//! Looks at what no answer tells: changed files, how many API calls were made, and which watched lists have moved.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

use super::schedule;
use super::slot::Slot;
use super::{Acted, ApiStats, Event, Shared};
use crate::guard::Guard;

/// Looks at the files and at the counters, both at once: to wake up costs an idle console more than to look.
pub(super) async fn looks(shared: Arc<Shared>, schedule: Arc<Slot<schedule::Orders>>, guard: Option<Arc<Guard>>) {
    let mut ticks = interval(shared.pace.looks);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = HashMap::new();
    loop {
        ticks.tick().await;
        files(&shared, &schedule, guard.as_ref()).await;
        stats(&shared, &mut told).await;
    }
}

/// The guard is told first: nothing is armed that is another environment now.
async fn files(Shared { sources, report, .. }: &Shared, schedule: &Slot<schedule::Orders>, guard: Option<&Arc<Guard>>) {
    let changed = sources.changed().await;
    if let Some(environments) = &changed.environments {
        let names = environments.iter().map(|environment| Arc::clone(&environment.name)).collect();
        if let Some(guard) = guard.cloned() {
            let environments = environments.clone();
            // What it disarms stands in the journal, which is a file.
            let told = tokio::task::spawn_blocking(move || guard.set(environments)).await;
            told.unwrap_or_else(|error| tracing::error!(%error, "the guard was not told of the environments"));
        }
        schedule.fold(|orders| orders.environments = Some(names));
        report.tell(Event::Environments(environments.clone())).await;
        // What it has disarmed must not stand there as armed.
        if let Some(guard) = guard {
            report.tell(Event::Acted(Acted::Armed(guard.armed(sources.now())))).await;
        }
    }
    if !changed.again.is_empty() {
        schedule.fold(|orders| orders.again.extend(changed.again));
    }
}

/// Reports the call counters that have changed.
async fn stats(Shared { sources, report, .. }: &Shared, told: &mut HashMap<Arc<str>, ApiStats>) {
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

/// Listens for watched lists that have moved. However many changes there are, a list is made anew once in a while only.
pub(super) async fn moves(shared: Arc<Shared>, schedule: Arc<Slot<schedule::Orders>>) {
    let Shared { sources, pace, .. } = &*shared;
    loop {
        let moved = sources.moved().await;
        schedule.fold(|orders| orders.moved.extend(moved));
        tokio::time::sleep(pace.moves).await;
    }
}
