//! One row for each environment, summed up from what the store knows.

use std::sync::Arc;

use jiff::Timestamp;

use super::nav::Nav;
use crate::model::{Environment, Fault, Health, Identity};

/// One environment, summed up.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetRow {
    /// The environment.
    pub environment: Arc<Environment>,
    /// Who answers there.
    pub identity: Option<Arc<Identity>>,
    /// Worst of its parts.
    pub health: Health,
    /// Since when it is sick.
    pub sick_since: Option<Timestamp>,
    /// Sick services, of how many; `None` while nothing is known.
    pub services: Option<(usize, usize)>,
    /// Tasks running of desired.
    pub tasks: Option<(i64, i64)>,
    /// Sick databases and caches, of how many.
    pub databases: Option<(usize, usize)>,
    /// Alarms firing, of how many.
    pub alarms: Option<(usize, usize)>,
    /// Newest deployment: when and of what.
    pub deployed: Option<(Timestamp, Arc<str>)>,
    /// The worst present fault of its queries, and since when.
    pub fault: Option<(Arc<Fault>, Timestamp)>,
    /// Oldest of the data it was summed up from.
    pub observed: Option<Timestamp>,
    /// Something of it is being fetched for the first time.
    pub loading: bool,
    /// The words of its sickest part.
    pub reason: Arc<str>,
    /// How many of its parts are sick.
    pub sick: usize,
}

/// The fleet's own view state.
#[derive(Clone, Debug, Default)]
pub struct FleetView {
    /// Cursor, filter, sort, marks, by environment name.
    pub nav: Nav<Arc<str>>,
    /// Indices into the state's fleet rows that pass the filter, in order.
    pub order: Vec<usize>,
}
