//! Going from view to view, back and forward, and from environment to environment.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::msg::Effect;
use super::state::{Place, State};
use super::view::View;
use super::{data, open};

/// Most places kept to go back to.
const HISTORY: usize = 50;

/// Goes to a view; the present one can be gone back to.
pub(super) fn go(state: &mut State, view: View, effects: &mut Vec<Effect>) {
    let marked = state.marked.clone();
    go_with(state, view, marked, effects);
}

/// Goes to a view that is about these environments.
pub(super) fn go_with(state: &mut State, view: View, marked: BTreeSet<Arc<str>>, effects: &mut Vec<Effect>) {
    let left = swap(state, Place { view, marked });
    state.back.push(left);
    if state.back.len() > HISTORY {
        state.back.remove(0);
    }
    state.forward.clear();
    arrive(state, effects);
}

/// Goes back; false at the first place.
pub(super) fn back(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let Some(place) = state.back.pop() else { return false };
    let left = swap(state, place);
    state.forward.push(left);
    arrive(state, effects);
    true
}

/// Goes forward again.
pub(super) fn forward(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(place) = state.forward.pop() else { return };
    let left = swap(state, place);
    state.back.push(left);
    arrive(state, effects);
}

/// Goes to a place; what is left is a place in the history from now on.
fn swap(state: &mut State, place: Place) -> Place {
    let mut left = Place {
        view: std::mem::replace(&mut state.view, place.view),
        marked: std::mem::replace(&mut state.marked, place.marked),
    };
    left.view.rest();
    left
}

/// Fills the view from what is known; what is wanted is asked for afterwards.
fn arrive(state: &mut State, effects: &mut Vec<Effect>) {
    state.asked.stale = true;
    data::fill(state, effects);
}

/// Switches to one environment.
pub(super) fn switch(state: &mut State, name: &Arc<str>, effects: &mut Vec<Effect>) {
    mark_environments(state, BTreeSet::from([Arc::clone(name)]), effects);
}

/// Shows these environments: on the bridge, or, from a list that is about all the marked, in the same list.
pub(super) fn mark_environments(state: &mut State, names: BTreeSet<Arc<str>>, effects: &mut Vec<Effect>) {
    if names.is_empty() {
        return;
    }
    for name in names.iter().rev() {
        state.recent.retain(|recent| recent != name);
        state.recent.insert(0, Arc::clone(name));
    }
    effects.push(Effect::Remember(state.recent.clone()));
    let view = match &state.view {
        View::List(pane) if pane.within.is_none() => open::list_like(pane),
        _ => open::bridge(state),
    };
    go_with(state, view, names, effects);
}
