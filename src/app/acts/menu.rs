//! The actions of the selection: those that all of it has in common, each with why it can't be used, if it can't.

use std::sync::Arc;

use super::layer::{ActLayer, step};
use super::{Registry, form, push};
use crate::actions::ActionDef;
use crate::app::command::Command;
use crate::app::layer::Layer;
use crate::app::msg::Effect;
use crate::app::selection::same;
use crate::app::state::State;
use crate::app::view::View;
use crate::model::{Resource, ResourceId};

/// An action that could be chosen.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Which.
    pub action: &'static ActionDef,
    /// Why it can't be used, if it can't.
    pub cannot: Option<String>,
}

/// The actions of the selection.
#[derive(Clone, Debug)]
pub struct Menu {
    /// On what, as it was when the menu was opened.
    pub targets: Arc<[Resource]>,
    /// What is offered, in the order of the registry.
    pub offers: Vec<Offer>,
    /// Chosen.
    pub at: usize,
}

/// What is offered for these resources: the actions that all their kinds have in common.
pub fn offers(registry: Registry, targets: &[Resource]) -> Vec<Offer> {
    let Some(first) = targets.first() else { return Vec::new() };
    let common = |action: &&ActionDef| targets.iter().all(|target| action.kinds.contains(&target.id.kind));
    let offer = |action: &'static ActionDef| Offer { action, cannot: why_not(action, targets) };
    registry.of_kind(first.id.kind).filter(common).map(offer).collect()
}

fn why_not(action: &ActionDef, targets: &[Resource]) -> Option<String> {
    targets.iter().find_map(|target| {
        let why = (action.applies)(target).err()?;
        Some(if targets.len() == 1 { why } else { format!("{}: {why}", target.name) })
    })
}

/// `a`: opens it on what is marked, else on the selection.
pub(in crate::app) fn open(state: &mut State) {
    let targets = match targets(state) {
        Ok(targets) => targets,
        Err(why) => return state.say(why),
    };
    let offers = offers(state.acts.registry, &targets);
    if offers.is_empty() {
        let mut kinds: Vec<&str> = targets.iter().map(|target| target.id.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        return state.say(match kinds.as_slice() {
            [kind] => format!("there is no action for {kind}"),
            kinds => format!("there is no action for {} together", kinds.join(", ")),
        });
    }
    push(state, ActLayer::Menu(Menu { targets: targets.into(), offers, at: 0 }));
}

/// The marked resources in the order of their list, else the selected one.
fn targets(state: &State) -> Result<Vec<Resource>, String> {
    let ids = marked(state);
    let ids = if ids.is_empty() { state.selected().into_iter().collect() } else { ids };
    if ids.is_empty() {
        return Err("nothing is selected here".to_owned());
    }
    let find = |id: &Arc<ResourceId>| match &state.view {
        View::Detail(detail) if same(&detail.id, id) => detail.resource.clone(),
        _ => state.find(id).cloned(),
    };
    // What is marked and gone is told: an action on fewer than were marked is not what was meant.
    ids.iter().map(|id| find(id).ok_or_else(|| format!("{} is in no list that is known here", id.id))).collect()
}

/// The marked resources of the focused list.
pub(super) fn marked(state: &State) -> Vec<Arc<ResourceId>> {
    let Some((_, pane)) = state.focused() else { return Vec::new() };
    let rows = (0..pane.shown.len()).filter_map(|at| pane.shown.get(at)).map(|row| &row.id);
    let mut ids: Vec<Arc<ResourceId>> = rows.filter(|id| pane.nav.marks.contains(*id)).cloned().collect();
    let mut hidden: Vec<_> = pane.nav.marks.iter().filter(|id| !ids.contains(id)).cloned().collect();
    hidden.sort();
    ids.extend(hidden);
    ids
}

pub(super) fn run(state: &mut State, command: &Command, effects: &mut Vec<Effect>) {
    let Some(Layer::Act(ActLayer::Menu(menu))) = state.layers.last_mut() else { return };
    match command {
        Command::Move(motion) => menu.at = step(*motion, menu.at, menu.offers.len()),
        Command::Close | Command::Back | Command::Actions => drop(state.layers.pop()),
        Command::Open => {
            let Some(offer) = menu.offers.get(menu.at).cloned() else { return };
            if let Some(why) = offer.cannot {
                state.warn(format!("{} can't be used: {why}", offer.action.title));
                return;
            }
            let targets = Arc::clone(&menu.targets);
            state.layers.pop();
            form::open(state, offer.action, &targets, effects);
        }
        _ => {}
    }
}
