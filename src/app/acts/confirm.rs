//! The dialogs' keys: the plan's, and what all of them have in common.

use std::sync::Arc;

use super::dialog::{About, Dialog, Planned, Stop, to_arm};
use super::layer::ActLayer;
use super::{Run, arm, ask, dialog_of, leave, push};
use crate::app::command::Command;
use crate::app::layer::Layer;
use crate::app::msg::Effect;
use crate::app::state::State;
use crate::engine::Act;
use crate::guard::{Proposal, Refusal};
use crate::model::{Difference, Fault, Order};

/// Asks for the plan of these orders, and opens its dialog.
pub(super) fn plan(state: &mut State, orders: Vec<Order>, effects: &mut Vec<Effect>) {
    let about = asked(state, orders, effects);
    push(state, ActLayer::Dialog(Box::new(Dialog::new(about))));
}

fn asked(state: &mut State, orders: Vec<Order>, effects: &mut Vec<Effect>) -> About {
    let id = state.acts.next();
    effects.push(ask(Act::Plan(id, orders.clone())));
    About::Plan(Planned { id, orders, asked: state.now, proposal: None, moved: Vec::new(), environments: Vec::new() })
}

/// The plan has been made: the dialog comes up anew with it. A second answer to the same question changes nothing.
pub(super) fn planned(state: &mut State, id: u64, planned: Result<Arc<Proposal>, Arc<Fault>>) {
    let environments = planned.as_ref().map(|proposal| needed(state, proposal)).unwrap_or_default();
    let Some(dialog) = state.plan_mut(id) else { return };
    let About::Plan(plan) = &dialog.about else { return };
    if plan.proposal.is_none() {
        let plan = Planned { proposal: Some(planned), environments, ..plan.clone() };
        *dialog = Dialog::new(About::Plan(plan));
    }
}

fn needed(state: &State, proposal: &Proposal) -> Vec<Arc<str>> {
    to_arm(proposal, |name| state.environment(name).is_some())
}

/// What was confirmed had moved: the new plan takes its place, and everything is to be typed anew.
pub(super) fn moved(state: &mut State, id: u64, moved: Vec<Difference>, proposal: Proposal) {
    let orders = proposal.parts.iter().map(|plan| plan.order.clone()).collect();
    let environments = needed(state, &proposal);
    let plan = Planned { id, orders, asked: state.now, proposal: Some(Ok(Arc::new(proposal))), moved, environments };
    let layer = Layer::Act(ActLayer::Dialog(Box::new(Dialog::new(About::Plan(plan)))));
    if state.layers.is_empty() {
        state.layers.push(layer);
    } else {
        // Not in the middle of what the operator is doing.
        state.layers.insert(0, layer);
        state.warn("what was confirmed has changed in the meantime: a new plan waits below this");
    }
}

/// The answer did not carry.
pub(super) fn refused(state: &mut State, id: u64, refusal: &Refusal) {
    state.acts.runs.retain(|run| run.id != id || run.end.is_some());
    match state.plan_mut(id) {
        Some(dialog) => {
            dialog.waiting = false;
            dialog.focus = Stop::Cancel;
            dialog.error = Some(refusal.to_string());
        }
        None => state.warn(format!("not applied: {refusal}")),
    }
}

/// It is being carried out: the dialog and the form it came from go away.
pub(super) fn began(state: &mut State, id: u64) {
    if state.plan_mut(id).is_none() {
        return;
    }
    state.layers.retain(|layer| match layer {
        Layer::Act(ActLayer::Form(_)) => false,
        Layer::Act(ActLayer::Dialog(dialog)) => !matches!(&dialog.about, About::Plan(plan) if plan.id == id),
        _ => true,
    });
}

pub(super) fn run(state: &mut State, command: &Command, effects: &mut Vec<Effect>) {
    let State { layers, acts, .. } = &mut *state;
    let Some(dialog) = layers.last_mut().and_then(dialog_of) else { return };
    // What could be chosen a moment ago may be gone: an environment is no longer armed.
    if !dialog.stops(acts).contains(&dialog.focus) {
        dialog.focus = Stop::Cancel;
    }
    match command {
        Command::Close | Command::Back => cancel(state, effects),
        Command::NextPane => dialog.turn(acts, true),
        Command::PreviousPane => dialog.turn(acts, false),
        Command::Sideways(cells) => dialog.turn(acts, *cells > 0),
        Command::Move(motion) => dialog.scroll.by(*motion),
        Command::Mark if dialog.focus == Stop::Glass => dialog.glass = !dialog.glass,
        Command::Copy => copy(state, effects),
        Command::Arm => arm_plan(state),
        Command::Refresh => again(state, effects),
        Command::Open => match dialog.focus {
            Stop::Cancel => cancel(state, effects),
            Stop::Glass => dialog.glass = !dialog.glass,
            Stop::Arm => arm_plan(state),
            Stop::Apply => apply(state, effects),
            Stop::Text | Stop::Lock | Stop::Reason | Stop::Ticket => dialog.turn(acts, true),
        },
        _ => {}
    }
}

/// Leaves the dialog on top. A confirmed plan goes on; one that is not is given back.
fn cancel(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(Dialog { about: About::Plan(plan), waiting: false, .. }) = state.dialog() {
        effects.push(ask(Act::Abandon(plan.id)));
    }
    state.layers.pop();
}

/// Apply was chosen: everything that is demanded is looked at once more.
fn apply(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(dialog) = state.dialog().filter(|dialog| !dialog.waiting && dialog.ready(&state.acts)) else { return };
    match &dialog.about {
        About::Plan(plan) => {
            let Some(proposal) = dialog.proposal().cloned() else { return };
            let (id, consent) = (plan.id, dialog.consent(&proposal));
            // Of what had moved, the same number goes on: what was done before it stays, for its undo.
            let has_undo = |run: &Run| run.end.as_ref().is_some_and(|end| !end.undo.is_empty());
            state.acts.runs.retain(|run| run.id != id || has_undo(run));
            state.acts.runs.insert(0, Run::new(id, proposal, state.now));
            effects.push(ask(Act::Confirm(id, consent)));
            wait(state);
        }
        About::Arm { .. } => arm::apply(state, effects),
        About::Disarm(environments) => {
            effects.extend(environments.iter().map(|name| ask(Act::Disarm(Arc::clone(name)))));
            state.layers.pop();
        }
        About::Leave => leave::anyway(effects),
    }
}

pub(super) fn wait(state: &mut State) {
    if let Some(dialog) = state.dialog_mut() {
        dialog.waiting = true;
        dialog.focus = Stop::Cancel;
        dialog.error = None;
    }
}

/// Copies the commands that do the same.
fn copy(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(proposal) = state.dialog().and_then(Dialog::proposal) else { return };
    let commands: Vec<&str> = proposal.parts.iter().map(|plan| &*plan.command).collect();
    let text = commands.join("\n");
    state.say(if commands.len() == 1 { "the command is copied" } else { "the commands are copied" });
    effects.push(Effect::Copy(text));
}

/// Arms what the plan needs.
fn arm_plan(state: &mut State) {
    let Some(dialog) = state.dialog() else { return };
    if !dialog.stops(&state.acts).contains(&Stop::Arm) {
        return;
    }
    let environments = dialog.unarmed(&state.acts).cloned().collect();
    arm::ask_for(state, environments);
}

/// Plans the same orders anew.
fn again(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog { about: About::Plan(plan), waiting: false, .. }) = state.dialog() else { return };
    let (old, orders) = (plan.id, plan.orders.clone());
    effects.push(ask(Act::Abandon(old)));
    let about = asked(state, orders, effects);
    if let Some(dialog) = state.dialog_mut() {
        *dialog = Dialog::new(about);
    }
}
