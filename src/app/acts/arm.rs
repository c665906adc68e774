//! Arming: the console starts read-only, and an environment accepts actions only for a while after its name was typed.

use std::sync::Arc;

use jiff::Timestamp;

use super::dialog::{About, Dialog, Stop};
use super::layer::ActLayer;
use super::{ask, confirm, menu, push};
use crate::app::layer::Layer;
use crate::app::msg::Effect;
use crate::app::state::State;
use crate::app::view::View;
use crate::engine::Act;
use crate::guard::{Denial, Refusal};

/// `!`: arms the environments of what is marked or selected; offers to disarm them where all of them are armed.
pub(in crate::app) fn open(state: &mut State) {
    if state.acts.read_only {
        return state.say("the console is read-only: nothing can be armed");
    }
    let environments = meant(state);
    if environments.is_empty() {
        return state.say("put the cursor on something of the environment that is to be armed");
    }
    let unarmed: Vec<Arc<str>> =
        environments.iter().filter(|name| state.acts.armed_until(name).is_none()).cloned().collect();
    if unarmed.is_empty() {
        push(state, ActLayer::Dialog(Box::new(Dialog::new(About::Disarm(environments)))));
    } else {
        ask_for(state, unarmed);
    }
}

/// Asks for the names of these environments, one by one.
pub(super) fn ask_for(state: &mut State, environments: Vec<Arc<str>>) {
    if !environments.is_empty() {
        push(state, ActLayer::Dialog(Box::new(Dialog::new(About::Arm { environments, reason: false }))));
    }
}

/// The environments of what is marked, else of the selection, else the only one that is looked at.
fn meant(state: &State) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = match &state.view {
        View::Fleet(fleet) => fleet.nav.marks.iter().cloned().collect(),
        _ => menu::marked(state).iter().map(|id| Arc::clone(&id.scope.environment)).collect(),
    };
    if names.is_empty() {
        names.extend(state.selected_place());
    }
    names.sort();
    names.dedup();
    names
}

/// The name was typed.
pub(super) fn apply(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(dialog) = state.dialog() else { return };
    let About::Arm { environments, .. } = &dialog.about else { return };
    let Some(name) = environments.first().cloned() else { return };
    let reason = Some(dialog.reason.value().trim().to_owned()).filter(|reason| !reason.is_empty());
    effects.push(ask(Act::Arm(name, dialog.text.value().to_owned(), reason)));
    confirm::wait(state);
}

/// These are armed now. Whoever asked for one of them goes on to the next.
pub(super) fn armed(state: &mut State, armed: Vec<(Arc<str>, Timestamp)>) {
    let before = std::mem::replace(&mut state.acts.armed, armed);
    let acts = &state.acts;
    let names = |new: &[(Arc<str>, Timestamp)], old: &[(Arc<str>, Timestamp)]| {
        let is_new = |name: &&Arc<str>| !old.iter().any(|(known, _)| known == *name);
        new.iter().map(|(name, _)| name).filter(is_new).map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let (gained, lost) = (names(&acts.armed, &before), names(&before, &acts.armed));
    if !lost.is_empty() {
        state.say(format!("{lost}: read-only again"));
    }
    if !gained.is_empty() {
        state.say(format!("{gained}: armed"));
    }
    go_on(state);
}

/// Drops what is armed from the dialog that asks for it, and the dialog when nothing is left to ask for.
fn go_on(state: &mut State) {
    let State { layers, acts, .. } = &mut *state;
    let of = |dialog: &&mut Dialog| matches!(dialog.about, About::Arm { .. });
    let Some(dialog) = layers.iter_mut().filter_map(super::dialog_of).find(of) else { return };
    let About::Arm { environments, .. } = &dialog.about else { return };
    let left: Vec<Arc<str>> = environments.iter().filter(|name| acts.armed_until(name).is_none()).cloned().collect();
    if left.len() == environments.len() {
        return;
    }
    let over = left.is_empty();
    *dialog = Dialog::new(About::Arm { environments: left, reason: false });
    if over {
        state.layers.retain(|layer| !is_over(layer));
    }
}

fn is_over(layer: &Layer) -> bool {
    let Layer::Act(ActLayer::Dialog(dialog)) = layer else { return false };
    matches!(&dialog.about, About::Arm { environments, .. } if environments.is_empty())
}

/// It was not armed: where a reason would do, it is asked for.
pub(super) fn refused(state: &mut State, environment: &Arc<str>, refusal: &Refusal) {
    let of = |dialog: &&mut Dialog| matches!(&dialog.about, About::Arm { environments, .. } if environments.first() == Some(environment));
    let Some(dialog) = state.layers.iter_mut().filter_map(super::dialog_of).find(of) else {
        return state.warn(format!("{environment} is not armed: {refusal}"));
    };
    dialog.waiting = false;
    dialog.error = Some(refusal.to_string());
    let wanted = matches!(refusal, Refusal::Reason | Refusal::Denied(Denial::Policy { breakable: true, .. }));
    if let About::Arm { reason, .. } = &mut dialog.about {
        *reason |= wanted;
        dialog.focus = if wanted { Stop::Reason } else { Stop::Cancel };
    }
}

/// Disarms what has been armed for long enough; whether there was something.
pub(super) fn tick(state: &mut State) -> bool {
    let now = state.now;
    let over: Vec<String> =
        state.acts.armed.iter().filter(|(_, until)| *until <= now).map(|(name, _)| name.to_string()).collect();
    if over.is_empty() {
        return false;
    }
    state.acts.armed.retain(|(_, until)| *until > now);
    state.warn(format!("{}: the time is over, read-only again", over.join(", ")));
    true
}

impl State {
    /// The environment of the selection, else the only one that is looked at.
    pub fn selected_place(&self) -> Option<Arc<str>> {
        let selected = self.selected().map(|id| Arc::clone(&id.scope.environment));
        let only = || self.marked.first().filter(|_| self.marked.len() == 1).cloned();
        selected.or_else(|| self.selected_environment()).or_else(only)
    }
}
