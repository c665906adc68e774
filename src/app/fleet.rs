//! One row for each environment, summed up from what the store knows.

use std::sync::Arc;

use jiff::Timestamp;

use super::nav::Nav;
use crate::model::{Environment, Fault, Health, Identity};

/// What is counted beside the health of an environment. What can't be read there is no fault of the environment's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tally {
    /// Nothing is known, or there is nothing to count.
    #[default]
    Nothing,
    /// It can't be read.
    Unread,
    /// So many are bad, of how many.
    Of(usize, usize),
}

impl Tally {
    /// Both numbers.
    pub const fn counted(self) -> Option<(usize, usize)> {
        match self {
            Self::Of(bad, all) => Some((bad, all)),
            Self::Nothing | Self::Unread => None,
        }
    }

    /// With what another region has; what is counted outweighs what can't be read.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Of(a, b), Self::Of(c, d)) => Self::Of(a + c, b + d),
            (known @ Self::Of(..), _) | (_, known @ Self::Of(..)) => known,
            (Self::Unread, _) | (_, Self::Unread) => Self::Unread,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        }
    }
}

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
    /// Terraform locks: those held for too long, of all that are held.
    pub locks: Tally,
    /// Certificates of the clusters: those that are not well or end soon, of all.
    pub certificates: Tally,
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
