//! Guarded actions as the operator meets them: menu, form, the dialog that confirms a plan, arming, what is under way, the journal.
//! Nothing here changes anything: it asks the guard's lane, which checks all of it again. Knows no provider.

mod arm;
mod confirm;
mod leave;
#[cfg(test)]
mod tests;

pub mod dialog;
#[cfg(test)]
pub mod fixture;
pub mod form;
pub mod journal;
pub mod layer;
pub mod menu;
pub mod runs;

use std::sync::Arc;

use jiff::Timestamp;

use super::command::Command;
use super::layer::Layer;
use super::msg::{Effect, Msg, Target};
use super::state::State;
use crate::actions::{self, ActionDef};
use crate::engine::{Act, Acted, Request};
use crate::model::KindId;

pub(super) use arm::open as arm;
pub use dialog::{About, Dialog, Stop};
pub use layer::ActLayer;
pub(super) use leave::leave;
pub use runs::Run;

/// The actions there are.
#[derive(Clone, Copy, Debug)]
pub struct Registry(pub &'static [&'static ActionDef]);

impl Registry {
    /// The actions of a kind, in the order of the menu.
    pub fn of_kind(self, kind: KindId) -> impl Iterator<Item = &'static ActionDef> {
        self.0.iter().copied().filter(move |action| action.kinds.contains(&kind))
    }

    /// The action of this id.
    pub fn by_id(self, id: &str) -> Option<&'static ActionDef> {
        self.0.iter().copied().find(|action| action.id == id)
    }
}

/// What is known of actions, arming and the journal.
#[derive(Clone, Debug)]
pub struct Acts {
    /// The actions there are.
    pub registry: Registry,
    /// Nothing can be armed, whatever is asked.
    pub read_only: bool,
    /// The armed environments, and until when.
    pub armed: Vec<(Arc<str>, Timestamp)>,
    /// What is under way or has ended, the newest first.
    pub runs: Vec<Run>,
    /// What was done for a time that is over, and neither taken back nor dismissed.
    pub due: Vec<journal::Record>,
    /// What of it was dismissed, by the position of its entry.
    dismissed: Vec<u64>,
    /// The journal as last read, the newest first; or why it can't be read.
    pub journal: Option<Result<Arc<Vec<journal::Record>>, Arc<str>>>,
    /// The newest number given to a question to the guard's lane.
    last: u64,
}

impl Default for Acts {
    fn default() -> Self {
        Self {
            registry: Registry(actions::ALL),
            read_only: false,
            armed: Vec::new(),
            runs: Vec::new(),
            due: Vec::new(),
            dismissed: Vec::new(),
            journal: None,
            last: 0,
        }
    }
}

impl Acts {
    /// Until when an environment is armed, if it is.
    pub fn armed_until(&self, environment: &str) -> Option<Timestamp> {
        self.armed.iter().find(|(name, _)| **name == *environment).map(|(_, until)| *until)
    }

    /// A number that no question has yet.
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

fn ask(act: Act) -> Effect {
    Effect::Ask(Request::Act(act))
}

/// Takes what the guard's lane reports.
pub(super) fn take(state: &mut State, acted: Acted, effects: &mut Vec<Effect>) {
    match acted {
        Acted::Choices(id, found) => form::found(state, id, found),
        Acted::Planned(id, planned) => confirm::planned(state, id, planned),
        Acted::Refused(id, refusal) => confirm::refused(state, id, &refusal),
        Acted::Report(id, report) => runs::report(state, id, report, effects),
        Acted::Ended(id, ended) => runs::ended(state, id, &ended, effects),
        Acted::NotArmed(environment, refusal) => arm::refused(state, &environment, &refusal),
        Acted::Armed(armed) => arm::armed(state, armed),
        Acted::Journal(entries) => journal::take(state, entries),
        Acted::Due(entries) => journal::due(state, &entries),
        Acted::Orphans(entries) => journal::orphans(state, &entries),
    }
}

/// Whether a message is not heard: keys and clicks for half a second after a dialog has come up; pasted text for as long as it is
/// there, but for the field of a lock id.
pub(super) fn is_deaf(state: &State, msg: &Msg) -> bool {
    let Some(dialog) = state.dialog() else { return false };
    match msg {
        Msg::Paste(_) => !dialog.up.hears(state.now) || dialog.focus != Stop::Lock,
        // Only the key confirms: no click stands for it.
        Msg::Click(Target::Command(Command::Open), _) => true,
        Msg::Do(_) | Msg::Edit(_) | Msg::Click(..) | Msg::Scroll(..) => !dialog.up.hears(state.now),
        _ => false,
    }
}

/// Time has passed; whether that shows even where ages are hidden.
pub(super) fn tick(state: &mut State) -> bool {
    let now = state.now;
    if let Some(dialog) = state.dialog_mut() {
        dialog.up.tick(now);
    }
    arm::tick(state)
}

/// What is on top has been drawn.
pub(super) fn drawn(state: &mut State) {
    if let Some(dialog) = state.dialog_mut() {
        dialog.up.drawn();
    }
}

/// A dialog that something else lies over comes up anew when that is gone.
pub(super) fn cover(state: &mut State) {
    let below = state.layers.len().saturating_sub(1);
    for layer in &mut state.layers[..below] {
        if let Some(dialog) = dialog_of(layer) {
            dialog.up = dialog::Up::New;
        }
    }
}

/// Where a layer that comes by itself belongs: below what the operator is confirming or filling in.
pub(super) fn place_below(layers: &[Layer]) -> usize {
    layers.iter().position(|layer| matches!(layer, Layer::Act(_))).unwrap_or(layers.len())
}

fn dialog_of(layer: &mut Layer) -> Option<&mut Dialog> {
    match layer {
        Layer::Act(ActLayer::Dialog(dialog)) => Some(dialog),
        _ => None,
    }
}

fn push(state: &mut State, layer: ActLayer) {
    state.layers.push(Layer::Act(layer));
}

impl State {
    /// The dialog on top, if one is.
    pub fn dialog(&self) -> Option<&Dialog> {
        match self.layers.last()? {
            Layer::Act(ActLayer::Dialog(dialog)) => Some(dialog),
            _ => None,
        }
    }

    fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        self.layers.last_mut().and_then(dialog_of)
    }

    fn plan_mut(&mut self, id: u64) -> Option<&mut Dialog> {
        let of = |dialog: &&mut Dialog| matches!(&dialog.about, About::Plan(plan) if plan.id == id);
        self.layers.iter_mut().filter_map(dialog_of).find(of)
    }
}
