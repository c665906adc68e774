//! Leaving the console: while something is being sent it is asked for first.

use super::dialog::{About, Dialog};
use super::layer::ActLayer;
use super::{Run, push};
use crate::app::msg::Effect;
use crate::app::state::State;

/// Leaves, or asks where something is being sent. Who asks to leave once more while that is on the screen means it.
pub(in crate::app) fn leave(state: &mut State, effects: &mut Vec<Effect>) {
    let asked = matches!(state.dialog(), Some(Dialog { about: About::Leave, .. }));
    if asked || !state.acts.runs.iter().any(Run::is_sending) {
        effects.push(Effect::Quit);
    } else {
        state.leaving = None;
        push(state, ActLayer::Dialog(Box::new(Dialog::new(About::Leave))));
    }
}

/// It was asked for, and is wanted all the same.
pub(super) fn anyway(effects: &mut Vec<Effect>) {
    effects.push(Effect::Quit);
}
