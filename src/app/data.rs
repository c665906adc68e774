//! What the engine reports, and what it changes on the screen.

use std::sync::Arc;

use super::layer::Layer;
use super::logs::LogsView;
use super::msg::Effect;
use super::pane::{Pane, PaneKey};
use super::rank::{AT_ONCE, RankJob, places};
use super::selection::EKS;
use super::state::State;
use super::view::{ChangesView, Link, View, changes_query};
use super::{acts, alarms, layers, open, summary, types};
use crate::engine::{Event, Request, SignInState, TailEvent};
use crate::kinds::{self, Relation};
use crate::model::filter::Sieve;
use crate::model::{Answer, Change, Fault, FaultClass, Filter, Health, Loading, Query, ResourceId};

/// Services whose logs the bridge shows: more would only blur.
const BRIDGE_LOGS: usize = 3;

/// Takes an event; whether something visible may have changed.
pub(super) fn take(state: &mut State, event: Event, effects: &mut Vec<Effect>) -> bool {
    match event {
        Event::Started { query, generation, at } => {
            let environment = Arc::clone(&query.scope().environment);
            let known = state.store.answers.entry(query).or_default();
            known.generation = known.generation.max(generation);
            known.loading = Some(Loading { since: at, count: 0 });
            let first = known.first_fetch().is_some();
            if first {
                summary::refresh(state, &environment, at);
            }
            first
        }
        Event::Progress { query, generation, count } => progress(state, &query, generation, count),
        Event::Done { query, generation, at, result } => done(state, &query, generation, at, result, effects),
        Event::Points(points, at) => {
            for (key, points) in points {
                state.store.points.entry(key).or_default().succeed(points, at);
            }
            true
        }
        Event::NoPoints(keys, fault, at) => {
            for key in keys {
                state.store.points.entry(key).or_default().fail(Arc::clone(&fault), at);
            }
            true
        }
        Event::Spent(spent) => {
            state.spent = spent;
            true
        }
        Event::LogSources(of, result) => log_sources(state, &of, result),
        Event::Tail(id, event) => tail(state, id, event),
        Event::SignIn(environment, progress) => sign_in(state, &environment, progress),
        Event::Code(environment, result) => code(state, &environment, result),
        Event::Environments(environments) => {
            environments_changed(state, environments, effects);
            true
        }
        Event::Acted(acted) => {
            acts::take(state, acted, effects);
            true
        }
        Event::Stats(stats) => {
            state.stats.extend(stats);
            // Counters move all the time, and are worth no frame of their own: the next tick shows them. Who hides ages wants a
            // screen on which nothing moves by itself.
            false
        }
    }
}

fn progress(state: &mut State, query: &Query, generation: u64, count: usize) -> bool {
    let Some(known) = state.store.answers.get_mut(query) else { return false };
    match &mut known.loading {
        Some(loading) if known.generation == generation => {
            loading.count = count;
            known.first_fetch().is_some()
        }
        _ => false,
    }
}

fn done(
    state: &mut State,
    query: &Query,
    generation: u64,
    at: jiff::Timestamp,
    result: Result<Option<Answer>, Arc<Fault>>,
    effects: &mut Vec<Effect>,
) -> bool {
    let known = state.store.answers.entry(query.clone()).or_default();
    if generation < known.generation {
        return false;
    }
    known.generation = generation;
    let unchanged = match &result {
        Ok(answer) => answer.is_none() && known.fault.is_none(),
        // What can't be reached says so again and again.
        Err(fault) => known.awaited(at).is_none() && known.fault.as_ref().is_some_and(|(old, _)| old.is_as(fault)),
    };
    let mut replaced = matches!(result, Ok(Some(_)));
    match result {
        Ok(answer) => {
            known.loading = None;
            known.fault = None;
            if let Some(answer) = answer.or_else(|| known.value.take().map(|(same, _)| same)) {
                let missing = answer.missing().cloned();
                known.succeed(answer, at);
                if let Some(fault) = missing {
                    known.fail(Arc::new(fault), at);
                }
            }
        }
        Err(fault) => {
            // Rows of another account must not stand, not even dimmed.
            if matches!(fault.class, FaultClass::WrongAccount { .. }) {
                known.value = None;
                replaced = true;
            }
            ask_for_code(state, query, &fault);
            let known = state.store.answers.entry(query.clone()).or_default();
            known.fail(fault, at);
        }
    }
    // Which environments have clusters decides what is asked of them.
    if replaced && matches!(query, Query::List { kind: EKS, within: None, .. }) {
        state.asked.stale = true;
    }
    let mut touched = if replaced { alarms::join(&mut state.store, query) } else { Vec::new() };
    summary::refresh(state, &query.scope().environment, at);
    if !unchanged {
        if types::concerns(query) {
            layers::refresh_palette(state);
        }
        touched.push(query.clone());
        refill(state, &touched, effects);
    }
    !unchanged
}

/// Fills the view from what is known: on arriving at it.
pub(super) fn fill(state: &mut State, effects: &mut Vec<Effect>) {
    let keys: Vec<PaneKey> = state.panes().into_iter().map(|(key, _)| key).collect();
    for key in keys {
        rank(state, key, effects);
    }
    summary::order_fleet(state);
    gather_changes(state);
    refresh_detail(state);
    choose_bridge_logs(state, effects);
    if matches!(state.view, View::Journal(_)) {
        acts::journal::order(state);
        acts::journal::read(effects);
    }
    // The answer to where the logs are may have come while another view had the screen, and nobody took it.
    if let Some(tail) = state.tail().filter(|tail| tail.sources.is_empty() && tail.fault.is_none())
        && !tail.of.is_empty()
    {
        effects.push(Effect::Ask(Request::FindLogs(tail.of.clone())));
    }
}

/// Brings the parts of the view that stand on these queries up to date.
fn refill(state: &mut State, queries: &[Query], effects: &mut Vec<Effect>) {
    if queries.iter().any(|query| matches!(query, Query::Changes { .. })) {
        gather_changes(state);
    }
    if !queries.iter().any(|query| matches!(query, Query::List { .. })) {
        return;
    }
    let stands_on = |pane: &Pane| state.queries(pane).iter().any(|query| queries.contains(query));
    let keys: Vec<PaneKey> =
        state.panes().into_iter().filter(|(_, pane)| stands_on(pane)).map(|(key, _)| key).collect();
    for key in keys {
        rank(state, key, effects);
    }
    let here = |id: &ResourceId| queries.iter().any(|query| query.scope().environment == id.scope.environment);
    if matches!(&state.view, View::Detail(detail) if here(&detail.id)) {
        refresh_detail(state);
    }
    choose_bridge_logs(state, effects);
}

/// Filters and sorts a list anew: at once if it is small, else off the loop.
pub(super) fn rank(state: &mut State, key: PaneKey, effects: &mut Vec<Effect>) {
    let now = state.now;
    let known = state.panes().into_iter().find(|(at, _)| *at == key);
    let Some(queries) = known.map(|(_, pane)| state.queries(pane)) else { return };
    state.rankings += 1;
    let generation = state.rankings;
    let Some(pane) = state.pane_mut(key) else { return };
    pane.generation = generation;
    let (filter, sort, before) = (pane.nav.filter.clone(), pane.nav.sort.clone(), pane.shown.clone());
    let parts = queries.iter().filter_map(|query| state.store.rows(query).cloned()).collect();
    let job = RankJob { pane: key, generation, parts, filter, sort, before, now };
    let at_once = job.len() <= AT_ONCE;
    let Some(pane) = state.pane_mut(key) else { return };
    if at_once {
        open::show(pane, job.run());
    } else {
        pane.ranking = true;
        effects.push(Effect::Rank(job));
    }
}

/// The resource of the detail as last seen, and what it leads to.
fn refresh_detail(state: &mut State) {
    let View::Detail(detail) = &state.view else { return };
    let Some(found) = state.find(&detail.id).cloned() else { return };
    let relations = kinds::by_id(found.id.kind).map(|kind| (kind.relations)(&found)).unwrap_or_default();
    let link = |relation: Relation| Link { known: known(state, &relation), relation };
    let relations: Vec<Link> = relations.into_iter().map(link).collect();
    if let View::Detail(detail) = &mut state.view {
        detail.at = detail.at.min(relations.len().saturating_sub(1));
        detail.relations = relations;
        detail.resource = Some(found);
    }
}

/// What a relation leads to as far as it is known: counted when an answer comes, so that drawing looks at no rows.
fn known(state: &State, relation: &Relation) -> Option<(usize, usize)> {
    if let Query::Detail(id) = &relation.query {
        return state.find(id).map(|row| (1, usize::from(row.health.is_sick())));
    }
    let rows = state.store.rows(&relation.query)?;
    let filter = Filter::parse(relation.filter.as_deref().unwrap_or_default()).ok()?;
    // What takes long to filter is filtered only when it is opened.
    if !filter.is_empty() && rows.items.len() > AT_ONCE {
        return None;
    }
    let places = places(&rows.titles);
    let mut sieve = Sieve::new(&filter, &places, state.now);
    let matching = rows.items.iter().filter(|row| sieve.passes(row));
    Some(matching.fold((0, 0), |(all, sick), row| (all + 1, sick + usize::from(row.health.is_sick()))))
}

/// Merges the changes of the marked environments, newest first.
fn gather_changes(state: &mut State) {
    let View::Changes(view) = &state.view else { return };
    let mut rows: Vec<Change> = Vec::new();
    for scope in state.marked_scopes() {
        let known = state.store.get(&changes_query(&scope, view)).and_then(|known| known.get());
        if let Some(Answer::Changes(changes)) = known {
            rows.extend(changes.rows.iter().cloned());
        }
    }
    rows.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    if let View::Changes(view) = &mut state.view {
        view.failed = rows.iter().filter(|change| change.failed).count();
        view.rows = Arc::new(rows);
    }
    order_changes(state);
}

/// Filters the changes anew; the cursor follows its change.
pub(super) fn order_changes(state: &mut State) {
    let now = state.now;
    let View::Changes(view) = &mut state.view else { return };
    let passes = |change: &Change| view.nav.filter.matches(change, now);
    view.order = (0..view.rows.len()).filter(|at| passes(&view.rows[*at])).collect();
    let ChangesView { nav, rows, order, .. } = view;
    let here = nav.cursor.as_ref().and_then(|id| order.iter().position(|row| rows[*row].id == *id));
    nav.at = here.unwrap_or(nav.at).min(order.len().saturating_sub(1));
}

/// The bridge tails its sickest services, else the first: chosen when they change, never while lines are being read.
fn choose_bridge_logs(state: &mut State, effects: &mut Vec<Effect>) {
    let View::Bridge(bridge) = &state.view else { return };
    if !bridge.logs.follow {
        return;
    }
    let services = &bridge.panes[1].shown;
    let rows = services
        .sorted
        .iter()
        .filter_map(|row| services.parts.get(row.part as usize).and_then(|part| part.items.get(row.row as usize)));
    let mut wanted: Vec<Arc<ResourceId>> = Vec::new();
    let rows = rows.filter(|row| kinds::by_id(row.id.kind).is_some_and(|kind| kind.has_logs));
    for row in rows.take(BRIDGE_LOGS) {
        if matches!(row.health, Health::Failed | Health::Degraded) || wanted.is_empty() {
            wanted.push(Arc::clone(&row.id));
        }
    }
    // A service that has recovered keeps its logs on screen until another one is sick.
    if wanted.is_empty() || bridge.logs.of == wanted || (services.sick == 0 && !bridge.logs.of.is_empty()) {
        return;
    }
    effects.push(Effect::Ask(Request::FindLogs(wanted.clone())));
    let fresh = open::logs_view(wanted, state.settings.log_lines);
    if let View::Bridge(bridge) = &mut state.view {
        let height = bridge.logs.height;
        bridge.logs = LogsView { height, ..fresh };
    }
}

fn log_sources(
    state: &mut State,
    of: &[Arc<ResourceId>],
    result: Result<Vec<crate::model::LogSource>, Arc<Fault>>,
) -> bool {
    let Some(tail) = state.tail_mut().filter(|tail| tail.of == of) else { return false };
    match result {
        Ok(sources) if sources.is_empty() => {
            tail.fault = Some(Arc::new(Fault::new(FaultClass::NotFound, "no log group is configured for this")));
        }
        Ok(sources) => tail.restart(sources),
        Err(fault) => tail.fault = Some(fault),
    }
    true
}

fn tail(state: &mut State, id: u64, event: TailEvent) -> bool {
    let Some(tail) = state.tail_mut().filter(|tail| tail.tail == id) else { return false };
    tail.take(event);
    true
}

fn sign_in(state: &mut State, environment: &Arc<str>, progress: SignInState) -> bool {
    if let SignInState::Done(revived) = &progress {
        let names: Vec<&str> = revived.iter().map(|name| &**name).collect();
        state.layers.retain(|layer| !matches!(layer, Layer::SignIn { .. }));
        state.say(format!("signed in: {}", names.join(", ")));
        return true;
    }
    let open = state.layers.iter_mut().find_map(|layer| match layer {
        Layer::SignIn { environment: whose, state } if whose == environment => Some(state),
        _ => None,
    });
    match (open, &progress) {
        (Some(shown), _) => *shown = Some(progress),
        (None, SignInState::Failed(fault)) => state.warn(format!("sign-in for {environment}: {fault}")),
        (None, _) => {}
    }
    true
}

fn code(state: &mut State, environment: &Arc<str>, result: Result<(), Arc<Fault>>) -> bool {
    let at = state
        .layers
        .iter()
        .position(|layer| matches!(layer, Layer::Code { environment: whose, .. } if whose == environment));
    let Some(at) = at else { return false };
    match result {
        Ok(()) => {
            state.layers.remove(at);
            state.say(format!("{environment}: the code was accepted"));
        }
        Err(fault) => {
            if let Layer::Code { error, waiting, input, .. } = &mut state.layers[at] {
                *error = Some(fault.to_string());
                *waiting = false;
                input.reset();
            }
        }
    }
    true
}

/// Asks for an MFA code, only for an environment that is being looked at, and only once at a time.
fn ask_for_code(state: &mut State, query: &Query, fault: &Fault) {
    let FaultClass::NeedsCode { serial } = &fault.class else { return };
    let environment = &query.scope().environment;
    let asked = state.layers.iter().any(|layer| matches!(layer, Layer::Code { .. }));
    if asked || !state.marked.contains(environment) || matches!(state.view, View::Fleet(_)) {
        return;
    }
    if state.dismissed_codes.contains(environment) {
        return;
    }
    let code = Layer::Code {
        environment: Arc::clone(environment),
        serial: serial.clone(),
        input: tui_input::Input::default(),
        waiting: false,
        error: None,
    };
    // What the operator is confirming stays on top: its keys must not go elsewhere.
    state.layers.insert(acts::place_below(&state.layers), code);
}

fn environments_changed(
    state: &mut State,
    environments: Vec<Arc<crate::model::Environment>>,
    effects: &mut Vec<Effect>,
) {
    let known = |name: &Arc<str>| environments.iter().any(|environment| environment.name == *name);
    state.marked.retain(known);
    if state.marked.is_empty() {
        state.marked.extend(environments.first().map(|environment| Arc::clone(&environment.name)));
    }
    state.store.retain(known);
    state.environments = environments;
    summary::rebuild(state);
    state.asked.stale = true;
    fill(state, effects);
}
