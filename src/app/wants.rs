//! What the present view needs of the engine: queries, metrics and tails. Said as whole sets; the engine finds the difference.

use std::sync::Arc;
use std::time::Duration;

use super::logs::LogsView;
use super::msg::Effect;
use super::pane::{Pane, TableColumn};
use super::selection::{EKS, is_of_clusters, scopes};
use super::state::{Place, State};
use super::types;
use super::view::{DetailTab, View, changes_query};
use crate::engine::{Interest, MetricKey, MetricWant, Priority, Request};
use crate::kinds;
use crate::model::{KindId, MetricSpec, Query, Scope, TailSpec, Window};

/// What a fleet row is summed up from.
pub(super) const FLEET_KINDS: [KindId; 8] =
    ["ecs-service", "deployment", "statefulset", "daemonset", "rds-instance", "rds-cluster", "elasticache", "alarm"];

/// What a fleet row counts besides: it says nothing about the health of the environment.
pub(super) const LOCKS: KindId = kinds::terraform_lock::KIND;
pub(super) const CERTIFICATES: KindId = kinds::k8s_certificate::KIND;

/// Least seconds between two background polls of one environment, and what each further environment adds.
const BACKGROUND_SECONDS: u64 = 60;
const BACKGROUND_SECONDS_EACH: u64 = 2;

/// What was last asked of the engine.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The view or the environments changed: the queries must be told anew.
    pub stale: bool,
    /// The queries.
    pub interests: Vec<Interest>,
    /// The metrics.
    pub metrics: Vec<MetricWant>,
    /// The tail that runs.
    pub tail: Option<u64>,
    /// Id of the newest tail.
    pub last_tail: u64,
}

/// Tells the engine what is wanted, where that has changed. `moved`: other rows may be on screen than before.
pub(super) fn settle(state: &mut State, moved: bool, effects: &mut Vec<Effect>) {
    if std::mem::take(&mut state.asked.stale) {
        let interests = interests(state);
        if interests != state.asked.interests {
            let wanted = interests.iter().map(|interest| interest.query.clone()).chain(in_history(state)).collect();
            state.store.forget(&wanted);
            state.asked.interests.clone_from(&interests);
            effects.push(Effect::Ask(Request::Interests(interests)));
        }
    }
    if moved {
        settle_metrics(state, effects);
    }
    settle_tail(state, effects);
}

fn settle_metrics(state: &mut State, effects: &mut Vec<Effect>) {
    let metrics = metrics(state);
    if metrics != state.asked.metrics {
        let key = |want: &MetricWant| MetricKey {
            resource: Arc::clone(&want.spec.resource),
            label: want.spec.label,
            window: want.window,
        };
        state.store.forget_points(&metrics.iter().map(key).collect(), state.now);
        state.asked.metrics.clone_from(&metrics);
        effects.push(Effect::Ask(Request::Metrics(metrics)));
    }
}

/// What the views in the history stand on. Raw JSON is never kept: it is read again.
fn in_history(state: &State) -> Vec<Query> {
    let mut queries = Vec::new();
    for Place { view, marked } in state.back.iter().chain(&state.forward) {
        match view {
            View::Detail(detail) => queries.push(Query::Detail(Arc::clone(&detail.id))),
            View::List(pane) if pane.within.is_some() => queries.extend(pane.queries(&[])),
            View::Changes(view) => {
                let environments = state.environments.iter().filter(|environment| marked.contains(&environment.name));
                let scopes = environments.flat_map(|environment| scopes(environment));
                queries.extend(scopes.map(|scope| changes_query(&scope, view)));
            }
            _ => {}
        }
    }
    queries
}

fn interests(state: &State) -> Vec<Interest> {
    // The fleet looks into every cluster there is: it reads them now and then, and watches none.
    let fleet = matches!(state.view, View::Fleet(_));
    let mut all: Vec<Interest> = on_screen(state)
        .into_iter()
        .map(|query| {
            let every = cadence(state, &query);
            let behind = fleet && (is_of_clusters(&query) || is_beside(&query));
            let priority = if behind { Priority::Background } else { Priority::Screen };
            Interest { query, every, priority }
        })
        .collect();
    let on_screen: std::collections::HashSet<Query> = all.iter().map(|interest| interest.query.clone()).collect();
    let every = Duration::from_secs(BACKGROUND_SECONDS.max(state.environments.len() as u64 * BACKGROUND_SECONDS_EACH));
    for scope in state.environments.iter().flat_map(|environment| scopes(environment)) {
        let lists = fleet_lists(state, &scope).into_iter().chain(fleet_besides(state, &scope));
        for query in lists.chain([Query::Identity(scope.clone())]) {
            if !on_screen.contains(&query) {
                all.push(Interest { query, every: Some(every), priority: Priority::Background });
            }
        }
        let clusters = Query::List { scope: scope.clone(), kind: EKS, within: None };
        if asks_for_clusters(state, &scope) && !on_screen.contains(&clusters) {
            all.push(Interest { query: clusters, every: None, priority: Priority::Background });
        }
    }
    all
}

/// The lists that a region's part of a fleet row is summed up from.
fn fleet_lists(state: &State, scope: &Scope) -> Vec<Query> {
    let lists = FLEET_KINDS.iter().filter(|kind| kinds::by_id(kind).is_some());
    let lists = lists.map(|kind| Query::List { scope: scope.clone(), kind, within: None });
    let clusters = state.has_clusters(scope);
    lists.filter(|query| clusters || !is_of_clusters(query)).collect()
}

/// The lists of a region that a fleet row counts besides: only where there can be any.
fn fleet_besides(state: &State, scope: &Scope) -> Vec<Query> {
    let aws = state.environment(&scope.environment).is_some_and(|environment| !environment.without_aws);
    let kinds = [(LOCKS, aws), (CERTIFICATES, state.has_clusters(scope))];
    let kinds = kinds.into_iter().filter(|(_, asked)| *asked);
    kinds.map(|(kind, _)| Query::List { scope: scope.clone(), kind, within: None }).collect()
}

fn is_beside(query: &Query) -> bool {
    matches!(query, Query::List { kind, within: None, .. } if [LOCKS, CERTIFICATES].contains(kind))
}

/// Whether it must be found out if an account has clusters: that is asked once, and not where contexts lead to them.
fn asks_for_clusters(state: &State, scope: &Scope) -> bool {
    let environment = state.environment(&scope.environment);
    environment.is_some_and(|environment| !environment.without_aws && environment.kube_contexts.is_empty())
}

/// The queries of the present view.
pub(super) fn on_screen(state: &State) -> Vec<Query> {
    let marked = state.marked_scopes();
    let mut queries: Vec<Query> = marked.iter().cloned().map(Query::Identity).collect();
    for (_, pane) in state.panes() {
        queries.extend(state.queries(pane));
    }
    queries.extend(types::wanted(state));
    match &state.view {
        View::Detail(detail) => {
            queries.push(Query::Detail(Arc::clone(&detail.id)));
            if detail.tab == DetailTab::Raw {
                queries.push(Query::Raw(Arc::clone(&detail.id)));
            }
            let scope = detail.id.scope.region_scope();
            queries.push(Query::List { scope, kind: detail.id.kind, within: None });
        }
        View::Changes(view) => queries.extend(marked.iter().map(|scope| changes_query(scope, view))),
        View::Fleet(_) => {
            for scope in state.environments.iter().flat_map(|environment| scopes(environment)) {
                queries.extend(fleet_lists(state, &scope));
                queries.extend(fleet_besides(state, &scope));
            }
        }
        View::Bridge(_) | View::List(_) | View::Logs(_) | View::Journal(_) | View::ConsoleLog { .. } => {}
    }
    queries
}

/// How often a query on screen is asked.
fn cadence(state: &State, query: &Query) -> Option<Duration> {
    let own = match query {
        Query::Identity(_) => Duration::from_mins(10),
        Query::List { kind, .. } => kinds::by_id(kind).map_or(Duration::from_secs(30), |kind| kind.cadence),
        Query::Detail(_) => Duration::from_secs(15),
        Query::Raw(_) => return None,
        Query::Changes { .. } => Duration::from_mins(1),
    };
    // On the fleet every environment is on screen: they are asked as seldom as in the background.
    let many = match &state.view {
        View::Fleet(_) if is_of_clusters(query) || is_beside(query) => {
            Duration::from_secs(BACKGROUND_SECONDS.max(state.environments.len() as u64 * BACKGROUND_SECONDS_EACH))
        }
        View::Fleet(_) => Duration::from_secs(state.environments.len() as u64 * BACKGROUND_SECONDS_EACH),
        _ => Duration::ZERO,
    };
    let asked = Duration::from_secs(state.settings.refresh.unwrap_or(0));
    Some(own.max(many).max(asked))
}

/// The metrics of the visible rows, or of the detail.
fn metrics(state: &State) -> Vec<MetricWant> {
    let mut wants = Vec::new();
    if let View::Detail(detail) = &state.view {
        if let (Some(resource), Some(kind)) = (&detail.resource, kinds::by_id(detail.id.kind)) {
            let specs = (kind.metrics)(resource);
            wants.extend(specs.into_iter().map(|spec| MetricWant { spec, window: detail.window }));
        }
        return wants;
    }
    for (_, pane) in state.panes() {
        if pane.columns.contains(&TableColumn::Spark) {
            let specs = visible_sparks(pane);
            wants.extend(specs.map(|spec| MetricWant { spec, window: Window::Hour }));
        }
    }
    wants
}

fn visible_sparks(pane: &Pane) -> impl Iterator<Item = MetricSpec> + '_ {
    let first = pane.nav.first_visible(pane.nav.height, pane.shown.len());
    (first..first + pane.nav.height).filter_map(|at| {
        let resource = pane.shown.get(at)?;
        (kinds::by_id(resource.id.kind)?.metrics)(resource).into_iter().next()
    })
}

/// Starts the present view's tail where it does not run yet, and stops the one of the view before.
fn settle_tail(state: &mut State, effects: &mut Vec<Effect>) {
    let wanted = state.tail().filter(|tail| !tail.sources.is_empty() && !tail.ended).map(|tail| tail.tail);
    if wanted.is_some() && wanted == state.asked.tail {
        return;
    }
    if let Some(old) = state.asked.tail.take() {
        effects.push(Effect::Ask(Request::StopTail(old)));
    }
    if wanted.is_none() {
        return;
    }
    state.asked.last_tail += 1;
    let (id, now) = (state.asked.last_tail, state.now);
    state.asked.tail = Some(id);
    if let Some(tail) = state.tail_mut() {
        tail.tail = id;
        effects.push(Effect::Ask(Request::Tail(spec(tail, now))));
    }
}

/// From the last line on where there is one: the overlap is dropped as doubles.
fn spec(tail: &LogsView, now: jiff::Timestamp) -> TailSpec {
    let since =
        tail.lines.back().map_or_else(|| now.as_second() - tail.range.seconds(), |line| line.at.as_second() - 1);
    TailSpec {
        id: tail.tail,
        sources: tail.sources.clone(),
        since: jiff::Timestamp::from_second(since).unwrap_or(now),
        until: None,
        pattern: tail.pattern.clone(),
    }
}
