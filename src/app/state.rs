//! Everything the console knows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::fleet::FleetRow;
use super::layer::Layer;
use super::store::Store;
use super::view::View;
use crate::engine::{ApiStats, MetricsSpent};
use crate::model::Environment;

/// Settings that matter to the state and the screen.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Ask on-screen lists this often at most, in seconds; `None` leaves each kind its own cadence.
    pub refresh: Option<u64>,
    /// Most lines of a log buffer.
    pub log_lines: usize,
    /// Ages count up on the screen; without them nothing is written while nothing changes.
    pub ages: bool,
    /// This is the built-in estate: the header says so.
    pub demo: bool,
    /// Names of the themes, in the order of the theme key.
    pub themes: Vec<String>,
    /// The operator's own time zone, for when times are local (drawing asks no operating system).
    pub zone: jiff::tz::TimeZone,
}

/// A word to the operator that goes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The text.
    pub text: String,
    /// Since when.
    pub at: Timestamp,
    /// It is about something that went wrong.
    pub bad: bool,
}

/// Everything the console knows.
#[derive(Clone, Debug)]
pub struct State {
    /// Now, as the last message had it.
    pub now: Timestamp,
    /// When the console was started.
    pub started: Timestamp,
    /// All environments, in the order of the configuration.
    pub environments: Vec<Arc<Environment>>,
    /// Most recently used first.
    pub recent: Vec<Arc<str>>,
    /// The marked environments by name: what bridge, lists and changes are about. Never empty while there are environments.
    pub marked: BTreeSet<Arc<str>>,
    /// What is known.
    pub store: Store,
    /// One row for each environment, in their order.
    pub fleet: Vec<FleetRow>,
    /// What the sick have in common, where they do.
    pub common: Option<Arc<str>>,
    /// The view on the screen.
    pub view: View,
    /// Views to go back to, the nearest last.
    pub back: Vec<View>,
    /// Views to go forward to, the nearest last.
    pub forward: Vec<View>,
    /// What lies over the view, the top last.
    pub layers: Vec<Layer>,
    /// The newest word to the operator.
    pub notice: Option<Notice>,
    /// Times are local instead of UTC.
    pub local_time: bool,
    /// API calls of each environment.
    pub stats: HashMap<Arc<str>, ApiStats>,
    /// What metrics have cost today.
    pub spent: MetricsSpent,
    /// Settings.
    pub settings: Settings,
    /// When Ctrl-C was last pressed.
    pub interrupted: Option<Timestamp>,
    /// Name of the theme.
    pub theme: String,
}
