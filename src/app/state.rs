//! Everything the console knows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::acts::Acts;
use super::fleet::{FleetRow, FleetView};
use super::layer::{Layer, PaletteEntry};
use super::store::Store;
use super::view::View;
use super::wants::Asked;
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
    /// It answers a key, and goes with the next one; what came by itself stays for its time.
    pub answers: bool,
}

/// A view and the environments it was about: what `[` and `]` go through.
#[derive(Clone, Debug)]
pub struct Place {
    /// The view.
    pub view: View,
    /// The marked environments.
    pub marked: BTreeSet<Arc<str>>,
}

/// Everything the console knows.
#[derive(Clone, Debug)]
pub struct State {
    /// Now, as the last message had it.
    pub now: Timestamp,
    /// When somebody last pressed a key or used the mouse.
    pub touched: Timestamp,
    /// The time for which ages were last drawn because of the time alone.
    pub(super) hand: Timestamp,
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
    /// Places to go back to, the nearest last.
    pub back: Vec<Place>,
    /// Places to go forward to, the nearest last.
    pub forward: Vec<Place>,
    /// What lies over the view, the top last.
    pub layers: Vec<Layer>,
    /// Visible rows of the top layer, as the last frame had them.
    pub layer_height: usize,
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
    /// When a key that leaves when pressed twice was last pressed.
    pub leaving: Option<Timestamp>,
    /// Environments whose code was asked for and not given: not asked again until looked at anew.
    pub dismissed_codes: BTreeSet<Arc<str>>,
    /// Commands as the palette shows them, from the keymap.
    pub commands: Arc<[PaletteEntry]>,
    /// What was last asked of the engine.
    pub asked: Asked,
    /// Name of the theme.
    pub theme: String,
    /// Actions, arming, the journal.
    pub acts: Acts,
    /// How many rankings were asked for: two lists never wait for the same one.
    pub rankings: u64,
}

/// With more environments than this, the fleet is the first screen.
const FLEET_FROM: usize = 10;

impl State {
    /// The state at the start: the most recently used environment, or the first.
    pub fn new(
        environments: Vec<Arc<Environment>>,
        recent: Vec<Arc<str>>,
        settings: Settings,
        commands: Arc<[PaletteEntry]>,
        theme: String,
        now: Timestamp,
    ) -> Self {
        let known = |name: &&Arc<str>| environments.iter().any(|environment| environment.name == **name);
        let first = recent.iter().find(known).or_else(|| environments.first().map(|environment| &environment.name));
        let marked = if environments.len() <= FLEET_FROM && recent.is_empty() {
            environments.iter().map(|environment| Arc::clone(&environment.name)).collect()
        } else {
            first.into_iter().cloned().collect()
        };
        let many = environments.len() > FLEET_FROM;
        let mut state = Self {
            now,
            touched: now,
            hand: now,
            environments,
            recent,
            marked,
            store: Store::default(),
            fleet: Vec::new(),
            common: None,
            view: View::Fleet(FleetView::default()),
            back: Vec::new(),
            forward: Vec::new(),
            layers: Vec::new(),
            layer_height: 10,
            notice: None,
            local_time: false,
            stats: HashMap::new(),
            spent: MetricsSpent::default(),
            settings,
            leaving: None,
            dismissed_codes: BTreeSet::new(),
            commands,
            asked: Asked { stale: true, ..Asked::default() },
            theme,
            acts: Acts::default(),
            rankings: 0,
        };
        super::summary::rebuild(&mut state);
        if !many {
            state.view = super::open::bridge(&state);
        }
        state
    }
}
