//! Opening views: what each is made of.

use std::sync::Arc;

use super::command::Command;
use super::fleet::FleetView;
use super::logs::{LogRange, LogsView};
use super::msg::Effect;
use super::nav::{Nav, Sort};
use super::navigate;
use super::pane::{Pane, Shown, TableColumn};
use super::selection::same;
use super::state::State;
use super::view::{Bridge, ChangesView, DetailTab, DetailView, View};
use crate::engine::Request;
use crate::kinds::{self, BridgePane, KindDef, Relation, Show, System};
use crate::model::{Filter, KindId, Level, Query, Resource, ResourceId, Window, text};

/// Two hours: what "what changed?" means unless told otherwise.
const CHANGES_SECONDS: u32 = 7_200;

/// Carries out the commands that open something, or that are about the selection.
pub(super) fn run(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    match command {
        Command::Open => open(state, effects),
        Command::Describe => on_selected(state, effects, |state, id, effects| {
            detail(state, id, DetailTab::Summary, effects);
        }),
        Command::Raw => on_selected(state, effects, raw),
        Command::Logs => logs(state, effects),
        Command::Fleet => {
            let view = View::Fleet(FleetView::default());
            navigate::go(state, view, effects);
        }
        Command::Bridge => {
            let view = bridge(state);
            navigate::go(state, view, effects);
        }
        Command::List(kind) => {
            if let Some(kind) = kinds::by_id(kind) {
                navigate::go(state, View::List(Box::new(list(kind, None, Filter::default()))), effects);
            }
        }
        Command::Objects(id) => open_type(state, &id, effects),
        Command::Switch(name) => navigate::switch(state, &name, effects),
        Command::Changes => changes(state, None, effects),
        Command::ChangesHere => match state.selected() {
            Some(id) => changes(state, Some(id), effects),
            None => changes(state, None, effects),
        },
        Command::ConsoleLog => navigate::go(state, View::ConsoleLog { back: 0, height: 20 }, effects),
        Command::Copy => copy(state, effects),
        Command::Link => link(state, effects),
        Command::Refresh => refresh(state, effects),
        Command::SignIn => super::layers::sign_in(state, effects),
        _ => {}
    }
}

fn on_selected(
    state: &mut State,
    effects: &mut Vec<Effect>,
    act: impl FnOnce(&mut State, Arc<ResourceId>, &mut Vec<Effect>),
) {
    match state.selected() {
        Some(id) => act(state, id, effects),
        None => state.say("nothing is selected here"),
    }
}

/// Enter: drill in.
fn open(state: &mut State, effects: &mut Vec<Effect>) {
    match &state.view {
        View::Fleet(_) => {
            if let Some(name) = state.selected_environment() {
                let view = bridge(state);
                state.recent.retain(|recent| *recent != name);
                state.recent.insert(0, Arc::clone(&name));
                effects.push(Effect::Remember(state.recent.clone()));
                navigate::go_with(state, view, [name].into(), effects);
            }
        }
        View::Detail(detail) => {
            if let Some(link) = detail.relations.get(detail.at).cloned() {
                follow(state, link.relation, effects);
            }
        }
        View::Bridge(bridge) if bridge.focus == 4 => {
            let logs = bridge.logs.clone();
            let logs =
                LogsView { tail: 0, states: vec![super::logs::SourceState::default(); logs.sources.len()], ..logs };
            navigate::go(state, View::Logs(Box::new(logs)), effects);
        }
        View::Journal(_) => super::acts::journal::open_record(state),
        View::Logs(_) | View::ConsoleLog { .. } => {}
        View::Bridge(_) | View::List(_) | View::Changes(_) => {
            if let Some(id) = state.selected() {
                open_resource(state, id, effects);
            }
        }
    }
}

/// What opens on something else than its detail, and the relation that it opens on.
const OPENS: [(KindId, &str); 4] =
    [("ecs-cluster", "services"), ("eks-cluster", "pods"), ("namespace", "pods"), ("k8s-resource", "objects")];

/// A cluster opens on what runs in it, a type on its objects, a log group on its lines, everything else on its detail.
fn open_resource(state: &mut State, id: Arc<ResourceId>, effects: &mut Vec<Effect>) {
    let opens = OPENS.iter().find(|(kind, _)| *kind == id.kind);
    match (id.kind, opens) {
        (_, Some((_, label))) => {
            let relation = state
                .find(&id)
                .and_then(|resource| kinds::by_id(id.kind).map(|kind| (kind.relations)(resource)))
                .and_then(|relations| relations.into_iter().find(|relation| relation.label == *label));
            match relation {
                Some(relation) => follow(state, relation, effects),
                None => detail(state, id, DetailTab::Summary, effects),
            }
        }
        ("log-group", _) => tail_of(state, vec![id], effects),
        _ => detail(state, id, DetailTab::Summary, effects),
    }
}

/// The objects of a type.
fn open_type(state: &mut State, id: &Arc<ResourceId>, effects: &mut Vec<Effect>) {
    let view = View::List(Box::new(list(&kinds::k8s_object::DEF, Some(Arc::clone(id)), Filter::default())));
    navigate::go_with(state, view, [Arc::clone(&id.scope.environment)].into(), effects);
}

/// Walks a relation.
fn follow(state: &mut State, relation: Relation, effects: &mut Vec<Effect>) {
    match relation.query {
        Query::List { scope, kind, within } => {
            let Some(kind) = kinds::by_id(kind) else { return };
            let filter = relation.filter.as_deref().and_then(|text| Filter::parse(text).ok()).unwrap_or_default();
            let view = View::List(Box::new(list(kind, within, filter)));
            navigate::go_with(state, view, [scope.environment].into(), effects);
        }
        Query::Detail(id) => open_resource(state, id, effects),
        Query::Raw(id) => raw(state, id, effects),
        Query::Identity(_) | Query::Changes { .. } => {}
    }
}

fn detail(state: &mut State, id: Arc<ResourceId>, tab: DetailTab, effects: &mut Vec<Effect>) {
    let view = DetailView {
        id,
        resource: None,
        tab,
        relations: Vec::new(),
        at: 0,
        top: 0,
        height: 20,
        lines: 0,
        sideways: 0,
        window: Window::default(),
        search: None,
    };
    navigate::go(state, View::Detail(Box::new(view)), effects);
}

/// The detail of a resource that something else than the view led to; its environment is looked at from then on.
pub(super) fn detail_at(state: &mut State, id: Arc<ResourceId>, effects: &mut Vec<Effect>) {
    let environment = Arc::clone(&id.scope.environment);
    detail(state, id, DetailTab::Summary, effects);
    if !state.marked.contains(&environment) {
        state.marked = [environment].into();
        state.asked.stale = true;
        super::data::fill(state, effects);
    }
}

/// `y`: the raw half of the detail that is open, else a detail opened on it.
fn raw(state: &mut State, id: Arc<ResourceId>, effects: &mut Vec<Effect>) {
    if let View::Detail(view) = &mut state.view
        && same(&view.id, &id)
    {
        view.turn();
        state.asked.stale = true;
    } else {
        detail(state, id, DetailTab::Raw, effects);
    }
}

fn logs(state: &mut State, effects: &mut Vec<Effect>) {
    let ids = match state.focused() {
        Some((_, pane)) if !pane.nav.marks.is_empty() => pane.nav.marks.iter().cloned().collect(),
        _ => state.selected().into_iter().collect::<Vec<_>>(),
    };
    let ids: Vec<_> = ids.into_iter().filter(|id| kinds::by_id(id.kind).is_some_and(|kind| kind.has_logs)).collect();
    if ids.is_empty() {
        let kind = state.selected().map_or("what is selected", |id| id.kind);
        state.say(format!("no logs are known for {kind}"));
    } else {
        tail_of(state, ids, effects);
    }
}

/// Opens a tail of what belongs to these resources.
fn tail_of(state: &mut State, ids: Vec<Arc<ResourceId>>, effects: &mut Vec<Effect>) {
    let view = logs_view(ids.clone(), state.settings.log_lines);
    effects.push(Effect::Ask(Request::FindLogs(ids)));
    navigate::go(state, View::Logs(Box::new(view)), effects);
}

/// A tail whose sources are still to be found.
pub(super) fn logs_view(of: Vec<Arc<ResourceId>>, capacity: usize) -> LogsView {
    let title = match of.as_slice() {
        [] => "".into(),
        [one] => Arc::clone(&one.id),
        [one, rest @ ..] => format!("{} and {} more", one.id, rest.len()).into(),
    };
    LogsView {
        tail: 0,
        of,
        sources: Vec::new(),
        states: Vec::new(),
        fault: None,
        title,
        lines: std::collections::VecDeque::new(),
        capacity,
        dropped: 0,
        follow: true,
        unseen: 0,
        back: 0,
        height: 20,
        search: None,
        level: Level::None,
        wrap: false,
        sideways: 0,
        range: LogRange::default(),
        pattern: None,
        ended: false,
    }
}

fn changes(state: &mut State, about: Option<Arc<ResourceId>>, effects: &mut Vec<Effect>) {
    let marked = about.as_ref().map_or_else(|| state.marked.clone(), |id| [Arc::clone(&id.scope.environment)].into());
    let view = ChangesView {
        about,
        seconds: CHANGES_SECONDS,
        nav: Nav::default(),
        rows: Arc::default(),
        failed: 0,
        order: Vec::new(),
    };
    navigate::go_with(state, View::Changes(view), marked, effects);
}

/// The first screen.
pub(super) fn bridge(state: &State) -> View {
    let pane = |pane: BridgePane, own: &[&'static str], several: bool| {
        let kinds: Arc<[KindId]> = pane.kinds().map(|kind| kind.id).collect();
        let mut columns = vec![TableColumn::Health, TableColumn::Name, TableColumn::Environment, TableColumn::Region];
        if several {
            columns.push(TableColumn::Kind);
        }
        columns.extend(own.iter().map(|id| TableColumn::Own(id)));
        // Which of them a service is says less than how it is.
        if pane == BridgePane::Services {
            columns.push(TableColumn::Kind);
        }
        if matches!(pane, BridgePane::Services | BridgePane::Databases) {
            columns.push(TableColumn::Spark);
        }
        columns.push(TableColumn::Reason);
        new_pane(pane.word().into(), kinds, None, columns)
    };
    let panes = [
        pane(BridgePane::Clusters, &["status", "tasks", "services", "version"], true),
        pane(
            BridgePane::Services,
            &["tasks", "rollout", "task_definition", "image", "deployed_at", "namespace", "cluster"],
            false,
        ),
        pane(BridgePane::Databases, &["status", "engine", "class"], true),
        pane(BridgePane::Alarms, &["state", "since", "metric"], false),
    ];
    View::Bridge(Box::new(Bridge {
        panes,
        logs: logs_view(Vec::new(), state.settings.log_lines),
        focus: 1,
        zoom: false,
    }))
}

/// A list of a kind.
fn list(kind: &'static KindDef, within: Option<Arc<ResourceId>>, filter: Filter) -> Pane {
    let mut columns = vec![TableColumn::Health, TableColumn::Name, TableColumn::Environment, TableColumn::Region];
    columns.extend(
        kind.columns
            .iter()
            .filter(|column| matches!(column.show, Show::Table(_)))
            .map(|column| TableColumn::Own(column.id)),
    );
    let measured =
        matches!(kind.pane, Some(BridgePane::Services | BridgePane::Databases)) && kind.system == System::Aws;
    if measured || kind.id == "load-balancer" {
        columns.push(TableColumn::Spark);
    }
    columns.push(TableColumn::Reason);
    let title: Arc<str> = match &within {
        Some(within) if within.kind == kinds::k8s_resource::DEF.id => Arc::clone(&within.id),
        Some(within) => format!("{} of {}", kind.title, within.id).into(),
        None => kind.title.into(),
    };
    let mut pane = new_pane(title, Arc::new([kind.id]), within, columns);
    pane.nav.filter = filter;
    // What happened is read from its end.
    if kind.id == "k8s-event" {
        pane.nav.sort = Some(Sort { column: "last", descending: true });
    }
    pane
}

/// The same list, for other environments.
pub(super) fn list_like(pane: &Pane) -> View {
    let mut fresh = new_pane(Arc::clone(&pane.title), Arc::clone(&pane.kinds), None, pane.columns.clone());
    fresh.nav.filter = pane.nav.filter.clone();
    fresh.nav.sort.clone_from(&pane.nav.sort);
    View::List(Box::new(fresh))
}

fn new_pane(title: Arc<str>, kinds: Arc<[KindId]>, within: Option<Arc<ResourceId>>, columns: Vec<TableColumn>) -> Pane {
    Pane { title, kinds, within, columns, nav: Nav::default(), shown: Shown::default(), generation: 0, ranking: false }
}

/// Takes a ranking: the cursor follows the resource it stands on; where that is gone it stays at its row.
pub(super) fn show(pane: &mut Pane, shown: Shown) {
    pane.shown = shown;
    pane.ranking = false;
    let len = pane.shown.len();
    if let Some(cursor) = &pane.nav.cursor {
        let here = |at: usize| pane.shown.get(at).is_some_and(|resource| same(&resource.id, cursor));
        if here(pane.nav.at) {
            return;
        }
        if let Some(at) = (0..len).find(|at| here(*at)) {
            pane.nav.at = at;
            return;
        }
    }
    pane.nav.at = pane.nav.at.min(len.saturating_sub(1));
    if pane.nav.cursor.is_some() {
        pane.nav.cursor = pane.shown.get(pane.nav.at).map(|resource| Arc::clone(&resource.id));
    }
}

fn copy(state: &mut State, effects: &mut Vec<Effect>) {
    let text = match &state.view {
        View::Detail(detail) if detail.tab == DetailTab::Raw => {
            state.store.raw(&Query::Raw(Arc::clone(&detail.id))).map(ToString::to_string)
        }
        View::Logs(logs) => Some(logs.visible_text()),
        View::Bridge(bridge) if bridge.focus == 4 => Some(bridge.logs.visible_text()),
        View::Changes(changes) => changes
            .order
            .get(changes.nav.at)
            .and_then(|row| changes.rows.get(*row))
            .map(|change| format!("{} {} {} {}", change.at, change.who, change.what, change.name)),
        View::Fleet(_) => state.selected_environment().map(|name| name.to_string()),
        _ => copied_ids(state),
    };
    match text.filter(|text| !text.is_empty()) {
        Some(text) => {
            state.say(format!("copied {}", copied_words(&text)));
            effects.push(Effect::Copy(text));
        }
        None => state.say("nothing to copy here"),
    }
}

fn copied_words(text: &str) -> String {
    match text.lines().count() {
        1 if text.chars().count() <= 100 => text.to_owned(),
        lines => text::counted(lines, "line", "lines"),
    }
}

/// The ARNs (else the ids) of what is marked, else of the selection.
fn copied_ids(state: &State) -> Option<String> {
    let one = |resource: &Resource| resource.arn.as_ref().unwrap_or(&resource.id.id).to_string();
    if let Some((_, pane)) = state.focused()
        && !pane.nav.marks.is_empty()
    {
        let rows = (0..pane.shown.len()).filter_map(|at| pane.shown.get(at));
        let marked: Vec<_> = rows.filter(|resource| pane.nav.marks.contains(&resource.id)).map(one).collect();
        return Some(marked.join("\n"));
    }
    match state.selected_resource() {
        Some(resource) => Some(one(resource)),
        None => state.selected().map(|id| id.id.to_string()),
    }
}

fn link(state: &mut State, effects: &mut Vec<Effect>) {
    let url = state.selected_resource().and_then(|resource| {
        let path = (kinds::by_id(resource.id.kind)?.console)(resource)?;
        let region = &resource.id.scope.region;
        Some(format!("https://{region}.console.aws.amazon.com/{}", path.trim_start_matches('/')))
    });
    match url {
        Some(url) => {
            state.say(format!("link copied: {url}"));
            effects.push(Effect::Copy(url));
        }
        None => state.say("no link is known for this"),
    }
}

fn refresh(state: &mut State, effects: &mut Vec<Effect>) {
    if matches!(state.view, View::Journal(_)) {
        super::acts::journal::read(effects);
        return state.say("reading the journal");
    }
    let queries = super::wants::on_screen(state);
    state.say(format!("refreshing {}", text::counted(queries.len(), "query", "queries")));
    effects.push(Effect::Ask(Request::Refresh(queries)));
}
