//! What is known about the queries that stand behind a list: age, progress, faults. Reads the store, draws nothing.

use std::sync::Arc;

use jiff::Timestamp;

use super::cx::Seen;
use crate::app::State;
use crate::app::pane::Pane;
use crate::model::{Fault, Loading, Query, Resource};

/// What is known about some queries together.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    /// When the oldest answer was observed.
    pub(super) oldest: Option<Timestamp>,
    /// Fetches are under way that an operator waits for: since when the first of them, and how many items have come so far.
    pub(super) loading: Option<Loading>,
    /// Queries without any answer yet.
    pub(super) unread: usize,
    /// Present faults.
    pub(super) troubles: Vec<Trouble<'a>>,
}

/// A present fault of a query.
#[derive(Debug)]
pub(super) struct Trouble<'a> {
    /// The query.
    pub(super) query: Query,
    /// Why.
    pub(super) fault: &'a Arc<Fault>,
    /// Since when.
    pub(super) since: Timestamp,
}

impl<'a> Facts<'a> {
    /// Looks up the queries of a pane.
    pub(super) fn of_pane(state: &'a State, now: Timestamp, pane: &Pane) -> Self {
        Self::of(state, now, state.queries(pane))
    }

    /// Looks up queries.
    pub(super) fn of(state: &'a State, now: Timestamp, queries: impl IntoIterator<Item = Query>) -> Self {
        let mut facts = Self::default();
        for query in queries {
            facts.add(state, now, query);
        }
        facts
    }

    fn add(&mut self, state: &'a State, now: Timestamp, query: Query) {
        let Some(known) = state.store.get(&query) else {
            self.unread += 1;
            return;
        };
        match known.observed() {
            Some(at) => self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at))),
            None => self.unread += 1,
        }
        if let Some(loading) = known.awaited(now) {
            let first = self.loading.unwrap_or(Loading { count: 0, ..loading });
            self.loading = Some(Loading { since: first.since.min(loading.since), count: first.count + loading.count });
        }
        if let Some((fault, since)) = &known.fault {
            self.troubles.push(Trouble { query, fault, since: *since });
        }
    }

    /// Whether a row comes from a query that can't be read now.
    pub(super) fn is_stale(&self, row: &Resource) -> bool {
        self.troubles.iter().any(|trouble| {
            let scope = trouble.query.scope();
            let kind = matches!(&trouble.query, Query::List { kind, .. } if *kind == row.id.kind);
            kind && scope.environment == row.id.scope.environment && scope.region == row.id.scope.region
        })
    }

    /// Adds itself to what the header tells about the screen.
    pub(super) fn tell(&self, seen: &mut Seen<'a>) {
        seen.oldest = [seen.oldest, self.oldest].into_iter().flatten().min();
        seen.loading |= self.loading.is_some();
        for trouble in &self.troubles {
            seen.fault(&trouble.query.scope().environment, trouble.fault, trouble.since);
        }
    }
}
