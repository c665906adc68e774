//! What is known: the last good answer of every query, with its age and present fault.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::MetricKey;
use crate::kinds::firing::Firing;
use crate::model::{Answer, Detail, Loadable, Points, Query, Rows, Scope};

/// Seconds after the end of a period within which its points are asked for.
const POINTS_LATE: i64 = 60;

/// The last good answer of every query, shared by the panes.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// By query.
    pub answers: HashMap<Query, Loadable<Answer>>,
    /// Series by resource, label and window.
    pub points: HashMap<MetricKey, Loadable<Arc<Points>>>,
    /// The alarms that fire, by region.
    pub(super) firing: HashMap<Scope, Arc<Firing>>,
    /// Rows as they were answered, of the lists that stand among the answers with marks of alarms.
    pub(super) unmarked: HashMap<Query, Arc<Rows>>,
}

impl Store {
    /// What is known of a query.
    pub fn get(&self, query: &Query) -> Option<&Loadable<Answer>> {
        self.answers.get(query)
    }

    /// Keeps what is known of these environments only.
    pub(super) fn retain(&mut self, kept: impl Fn(&Arc<str>) -> bool) {
        self.answers.retain(|query, _| kept(&query.scope().environment));
        self.points.retain(|key, _| kept(&key.resource.scope.environment));
        self.firing.retain(|scope, _| kept(&scope.environment));
        self.unmarked.retain(|query, _| kept(&query.scope().environment));
    }

    /// Forgets what was only asked for the sake of one resource (details, raw JSON, changes, what lies within it) and is wanted no
    /// more. The lists of an environment stay: they are shown at once when it is come back to.
    pub(super) fn forget(&mut self, wanted: &HashSet<Query>) {
        let of_all = |query: &Query| matches!(query, Query::Identity(_) | Query::List { within: None, .. });
        self.answers.retain(|query, _| of_all(query) || wanted.contains(query));
        self.unmarked.retain(|query, _| self.answers.contains_key(query));
    }

    /// Forgets the series that nobody shows. The engine asks for a series once a period, so one that may come back before the next is
    /// kept until then.
    pub(super) fn forget_points(&mut self, wanted: &HashSet<MetricKey>, now: Timestamp) {
        let told = |known: &Loadable<Arc<Points>>| known.observed().max(known.fault.as_ref().map(|(_, since)| *since));
        self.points.retain(|key, known| {
            let kept = i64::from(key.window.period()) + POINTS_LATE;
            let young = |at: Timestamp| now.as_second() - at.as_second() <= kept;
            wanted.contains(key) || told(known).is_some_and(young)
        });
    }

    /// The rows of a list.
    pub fn rows(&self, query: &Query) -> Option<&Arc<Rows>> {
        match self.answers.get(query)?.get()? {
            Answer::Rows(rows) => Some(rows),
            _ => None,
        }
    }

    /// The detail of a resource.
    pub fn detail(&self, query: &Query) -> Option<&Arc<Detail>> {
        match self.answers.get(query)?.get()? {
            Answer::Detail(detail) => Some(detail),
            _ => None,
        }
    }

    /// The raw JSON of a resource.
    pub fn raw(&self, query: &Query) -> Option<&Arc<str>> {
        match self.answers.get(query)?.get()? {
            Answer::Raw(text) => Some(text),
            _ => None,
        }
    }
}
