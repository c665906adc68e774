//! The reducers as plain functions: messages in, state and effects out.

mod clusters;
mod hand;
mod joined;
mod kept;
mod words;

use std::sync::Arc;

use jiff::Timestamp;

use super::command::{Command, Motion};
use super::layer::Layer;
use super::msg::{Effect, Msg, Target, Viewport};
use super::pane::PaneKey;
use super::state::{Settings, State};
use super::update;
use super::view::View;
use crate::engine::{Event, MetricKey, Request, TailEvent};
use crate::model::{
    Answer, Changes, Environment, Fault, FaultClass, Health, Level, LogLine, LogSource, Query, Resource, ResourceId,
    Rows, Scope, Window,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn environment(name: &str) -> Arc<Environment> {
    Arc::new(Environment {
        name: name.into(),
        profile: Some(name.into()),
        regions: vec!["eu-central-1".into()],
        ..Environment::default()
    })
}

fn state_of(names: &[&str]) -> State {
    let settings = Settings {
        refresh: None,
        log_lines: 100,
        ages: true,
        demo: false,
        themes: vec!["harbor".into()],
        zone: jiff::tz::TimeZone::UTC,
    };
    let environments = names.iter().map(|name| environment(name)).collect();
    let mut state = State::new(environments, Vec::new(), settings, Arc::default(), "harbor".into(), at(0));
    state.marked = [Arc::from(names[0])].into();
    state
}

fn services(name: &str) -> Query {
    Query::List { scope: Scope::new(name, "eu-central-1"), kind: "ecs-service", within: None }
}

fn row(environment: &str, name: &str, health: Health) -> Resource {
    let scope = Scope::new(environment, "eu-central-1").in_cluster("main");
    Resource {
        id: Arc::new(ResourceId { scope, kind: "ecs-service", id: name.into() }),
        name: name.into(),
        arn: None,
        health,
        reason: "".into(),
        cells: Box::default(),
    }
}

fn answer(query: &Query, generation: u64, rows: Vec<Resource>) -> Msg {
    let result = Ok(Some(Answer::Rows(Arc::new(Rows { items: rows, faults: Vec::new(), ..Default::default() }))));
    Msg::Event(Event::Done { query: query.clone(), generation, at: at(1), result })
}

fn failure(query: &Query, generation: u64, class: FaultClass) -> Msg {
    let result = Err(Arc::new(Fault::new(class, "it failed")));
    Msg::Event(Event::Done { query: query.clone(), generation, at: at(2), result })
}

fn press(state: &mut State, command: Command) -> Vec<Effect> {
    update(state, Msg::Do(command)).effects
}

/// The list of services of one environment, with three rows.
fn listed() -> (State, Query) {
    let mut state = state_of(&["dhbw-prod", "edt-prod"]);
    if let View::Bridge(bridge) = &mut state.view {
        bridge.panes[1].kinds = Arc::new(["ecs-service"]);
    }
    let query = services("dhbw-prod");
    let rows = ["alpha", "beta", "gamma"].map(|name| row("dhbw-prod", name, Health::Ok)).to_vec();
    update(&mut state, answer(&query, 1, rows));
    (state, query)
}

fn names(state: &State) -> Vec<String> {
    let (_, pane) = state.focused().unwrap();
    (0..pane.shown.len()).map(|at| pane.shown.get(at).unwrap().name.to_string()).collect()
}

fn selected(state: &State) -> String {
    state.selected_resource().unwrap().name.to_string()
}

#[test]
fn the_sick_come_first_and_the_cursor_stays_at_the_top_until_it_is_moved() {
    let (mut state, query) = listed();
    assert_eq!(selected(&state), "alpha");
    let rows = vec![row("dhbw-prod", "alpha", Health::Ok), row("dhbw-prod", "zulu", Health::Failed)];
    update(&mut state, answer(&query, 2, rows));
    assert_eq!(names(&state), ["zulu", "alpha"]);
    assert_eq!(selected(&state), "zulu");
}

#[test]
fn a_moved_cursor_follows_its_resource_through_a_refresh() {
    let (mut state, query) = listed();
    press(&mut state, Command::Move(Motion::Down));
    assert_eq!(selected(&state), "beta");
    let rows = vec![
        row("dhbw-prod", "aardvark", Health::Failed),
        row("dhbw-prod", "alpha", Health::Degraded),
        row("dhbw-prod", "beta", Health::Ok),
    ];
    update(&mut state, answer(&query, 2, rows));
    assert_eq!(selected(&state), "beta");
    update(&mut state, answer(&query, 3, vec![row("dhbw-prod", "alpha", Health::Ok)]));
    assert_eq!(selected(&state), "alpha", "what it stood on is gone: it stays as near as it can");
}

#[test]
fn an_error_keeps_the_rows_and_the_next_good_answer_clears_it() {
    let (mut state, query) = listed();
    update(&mut state, failure(&query, 2, FaultClass::Unreachable));
    assert_eq!(names(&state).len(), 3);
    assert!(state.store.get(&query).unwrap().fault.is_some());
    let done = Event::Done { query: query.clone(), generation: 3, at: at(9), result: Ok(None) };
    update(&mut state, Msg::Event(done));
    assert!(state.store.get(&query).unwrap().fault.is_none());
    assert_eq!(state.store.get(&query).unwrap().observed(), Some(at(9)));
}

#[test]
fn an_answer_that_lacks_something_stands_beside_the_fault() {
    let (mut state, _) = listed();
    let query = Query::Changes { scope: Scope::new("dhbw-prod", "eu-central-1"), seconds: 60, about: None };
    let lacking = Changes { rows: Vec::new(), faults: vec![Fault::new(FaultClass::Unreachable, "no trail")] };
    let results = [(Some(Answer::Changes(Arc::new(lacking))), true), (None, true)];
    let whole = (Some(Answer::Changes(Arc::default())), false);
    for (generation, (result, fault)) in (5..).zip(results.into_iter().chain([whole])) {
        let done = Event::Done { query: query.clone(), generation, at: at(3), result: Ok(result) };
        update(&mut state, Msg::Event(done));
        let known = state.store.get(&query).unwrap();
        assert_eq!((known.get().is_some(), known.fault.is_some()), (true, fault));
    }
}

#[test]
fn rows_of_another_account_do_not_stay() {
    let (mut state, query) = listed();
    let class = FaultClass::WrongAccount { expected: "1".into(), found: "2".into() };
    update(&mut state, failure(&query, 2, class));
    assert!(names(&state).is_empty());
}

#[test]
fn another_try_that_fails_the_same_way_goes_on_unseen() {
    let mut state = state_of(&["dhbw-prod"]);
    let query = services("dhbw-prod");
    let mut shows = |msg| update(&mut state, msg).redraw;
    let begun = |generation| Msg::Event(Event::Started { query: query.clone(), generation, at: at(2) });
    assert!(shows(begun(1)), "nothing is known yet");
    assert!(shows(failure(&query, 1, FaultClass::Unreachable)));
    assert!(!shows(begun(2)));
    assert!(!shows(failure(&query, 2, FaultClass::Unreachable)));
    assert!(!shows(begun(3)));
    assert!(shows(failure(&query, 3, FaultClass::Throttled { until: None })), "it fails in another way");
    assert!(!shows(begun(4)));
    let some = Event::Progress { query: query.clone(), generation: 4, count: 100 };
    assert!(shows(Msg::Event(some)), "something comes of it");
    assert!(shows(failure(&query, 4, FaultClass::Unreachable)));
}

#[test]
fn an_answer_of_an_older_generation_is_dropped() {
    let (mut state, query) = listed();
    update(&mut state, answer(&query, 5, vec![row("dhbw-prod", "new", Health::Ok)]));
    update(&mut state, answer(&query, 4, vec![row("dhbw-prod", "old", Health::Ok)]));
    assert_eq!(names(&state), ["new"]);
}

#[test]
fn an_unchanged_answer_draws_nothing() {
    let (mut state, query) = listed();
    let same = Event::Done { query, generation: 2, at: at(5), result: Ok(None) };
    assert!(!update(&mut state, Msg::Event(same)).redraw);
}

#[test]
fn an_environment_is_unanswered_until_something_of_it_has_come() {
    let mut state = state_of(&["a"]);
    let environment = Arc::clone(&state.environments[0]);
    let since = |state: &State| state.unanswered(&environment).map(|loading| loading.since);
    assert_eq!((since(&state), state.fleet[0].loading), (None, false));
    let identity = Query::Identity(Scope::new("a", "eu-central-1"));
    for (query, second) in [(services("a"), 3), (identity, 1)] {
        update(&mut state, Msg::Event(Event::Started { query, generation: 1, at: at(second) }));
    }
    assert_eq!((since(&state), state.fleet[0].loading), (Some(at(1)), true), "the row knows before any answer");
    let identity = Query::Identity(Scope::new("a", "eu-central-1"));
    update(&mut state, failure(&identity, 1, FaultClass::Denied { permission: None }));
    assert_eq!(since(&state), Some(at(3)));
    update(&mut state, Msg::Event(Event::Progress { query: services("a"), generation: 1, count: 10 }));
    assert_eq!(since(&state), None, "it answers");
}

#[test]
fn points_stay_beside_the_fault_that_keeps_newer_ones_away() {
    let mut state = state_of(&["a"]);
    let key = MetricKey { resource: row("a", "web", Health::Ok).id, label: "cpu", window: Window::Hour };
    let fault = || Arc::new(Fault::new(FaultClass::Service, "no"));
    let known = |state: &State| {
        let known = &state.store.points[&key];
        (known.get().is_some(), known.fault.as_ref().map(|(_, since)| *since))
    };
    let mut take = |event| assert!(update(&mut state, Msg::Event(event)).redraw);
    take(Event::NoPoints(vec![key.clone()], fault(), at(1)));
    take(Event::NoPoints(vec![key.clone()], fault(), at(2)));
    assert_eq!(known(&state), (false, Some(at(1))), "since when it lasts");
    update(&mut state, Msg::Event(Event::Points(vec![(key.clone(), Arc::default())], at(3))));
    assert_eq!(known(&state), (true, None));
    update(&mut state, Msg::Event(Event::NoPoints(vec![key.clone()], fault(), at(4))));
    assert_eq!(known(&state), (true, Some(at(4))));
}

#[test]
fn typing_a_filter_narrows_at_once_and_escape_puts_it_back() {
    let (mut state, _) = listed();
    press(&mut state, Command::Filter);
    for c in "bet".chars() {
        update(&mut state, Msg::Edit(tui_input::InputRequest::InsertChar(c)));
    }
    assert_eq!(names(&state), ["beta"]);
    press(&mut state, Command::Close);
    assert_eq!(names(&state).len(), 3);
    assert!(state.layers.is_empty());
}

#[test]
fn a_broken_expression_is_told_and_changes_nothing() {
    let (mut state, _) = listed();
    press(&mut state, Command::Filter);
    update(&mut state, Msg::Paste("/(a/".into()));
    assert!(matches!(state.layers.last(), Some(Layer::Prompt { error: Some(_), .. })));
    assert_eq!(names(&state).len(), 3);
}

#[test]
fn escape_clears_the_filter_before_it_goes_back() {
    let (mut state, _) = listed();
    press(&mut state, Command::Filter);
    update(&mut state, Msg::Paste("gamma".into()));
    press(&mut state, Command::Open);
    assert_eq!(names(&state), ["gamma"]);
    press(&mut state, Command::Close);
    assert_eq!(names(&state).len(), 3);
    assert!(matches!(state.view, View::Bridge(_)));
}

#[test]
fn a_large_list_is_ranked_off_the_loop_and_a_stale_ranking_is_dropped() {
    let (mut state, query) = listed();
    let many = (0..5_000).map(|n| row("dhbw-prod", &format!("svc-{n}"), Health::Ok)).collect();
    let effects = update(&mut state, answer(&query, 2, many)).effects;
    let job = effects.into_iter().find_map(|effect| match effect {
        Effect::Rank(job) => Some(job),
        _ => None,
    });
    let job = job.expect("a ranking is asked for");
    assert_eq!(names(&state).len(), 3, "the old rows stay until it is done");
    let stale = Msg::Ranked(job.pane, job.generation - 1, super::pane::Shown::default());
    assert!(!update(&mut state, stale).redraw);
    let (pane, generation) = (job.pane, job.generation);
    update(&mut state, Msg::Ranked(pane, generation, job.run()));
    assert_eq!(names(&state).len(), 5_000);
    assert_eq!(names(&state)[10], "svc-10");
}

#[test]
fn switching_environments_shows_what_is_known_and_history_brings_back_both() {
    let (mut state, _) = listed();
    update(&mut state, answer(&services("edt-prod"), 1, vec![row("edt-prod", "other", Health::Ok)]));
    press(&mut state, Command::Switch("edt-prod".into()));
    assert!(state.marked.contains("edt-prod") && state.marked.len() == 1);
    if let View::Bridge(bridge) = &mut state.view {
        bridge.panes[1].kinds = Arc::new(["ecs-service"]);
    }
    press(&mut state, Command::HistoryBack);
    assert!(state.marked.contains("dhbw-prod"));
    assert_eq!(names(&state).len(), 3);
    press(&mut state, Command::HistoryForward);
    assert!(state.marked.contains("edt-prod"));
    assert_eq!(names(&state), ["other"]);
}

#[test]
fn only_what_is_looked_at_is_asked_often() {
    let mut state = state_of(&["dhbw-prod", "edt-prod"]);
    let effects = update(&mut state, Msg::Tick(at(1))).effects;
    let interests = effects.into_iter().find_map(|effect| match effect {
        Effect::Ask(Request::Interests(interests)) => Some(interests),
        _ => None,
    });
    let interests = interests.expect("the first message tells what is wanted");
    let priority = |name: &str| {
        let query = Query::Identity(Scope::new(name, "eu-central-1"));
        interests.iter().find(|interest| interest.query == query).unwrap().priority
    };
    assert!(priority("dhbw-prod") > priority("edt-prod"));
    assert!(update(&mut state, Msg::Tick(at(2))).effects.is_empty(), "nothing new is not told again");
}

#[test]
fn a_code_is_asked_for_only_where_the_operator_looks() {
    let mut state = state_of(&["dhbw-prod", "edt-prod"]);
    let class = || FaultClass::NeedsCode { serial: "arn:aws:iam::1:mfa/me".into() };
    update(&mut state, failure(&services("edt-prod"), 1, class()));
    assert!(state.layers.is_empty());
    update(&mut state, failure(&services("dhbw-prod"), 1, class()));
    assert!(matches!(state.layers.last(), Some(Layer::Code { environment, .. }) if &**environment == "dhbw-prod"));
    press(&mut state, Command::Close);
    update(&mut state, failure(&services("dhbw-prod"), 2, class()));
    assert!(state.layers.is_empty(), "refused once, it is not asked again by itself");
}

#[test]
fn leaving_takes_two() {
    let (mut state, _) = listed();
    assert!(press(&mut state, Command::Interrupt).is_empty());
    assert!(matches!(press(&mut state, Command::Interrupt).as_slice(), [Effect::Quit]));
    let (mut state, _) = listed();
    press(&mut state, Command::Interrupt);
    update(&mut state, Msg::Tick(at(60)));
    assert!(press(&mut state, Command::Interrupt).is_empty(), "a minute later it is the first again");
}

fn line(second: i64, key: u64, text: &str) -> LogLine {
    LogLine { at: at(second), source: 0, writer: None, level: Level::Info, late: false, key, text: text.into() }
}

fn tailing() -> State {
    let (mut state, _) = listed();
    let source = LogSource::group(Scope::new("dhbw-prod", "eu-central-1"), "/ecs/x", None, "x");
    let id = Arc::new(ResourceId { scope: source.scope.clone(), kind: "log-group", id: "/ecs/x".into() });
    let view = super::open::logs_view(vec![Arc::clone(&id)], 5);
    super::navigate::go(&mut state, View::Logs(Box::new(view)), &mut Vec::new());
    update(&mut state, Msg::Event(Event::LogSources(vec![id], Ok(vec![source]))));
    state
}

fn texts(state: &State) -> Vec<String> {
    state.tail().unwrap().lines.iter().map(|line| line.text.to_string()).collect()
}

fn lines(state: &mut State, lines: Vec<LogLine>) {
    let id = state.tail().unwrap().tail;
    update(state, Msg::Event(Event::Tail(id, TailEvent::Lines(lines))));
}

#[test]
fn a_tail_drops_doubles_and_puts_late_lines_in_their_place() {
    let mut state = tailing();
    lines(&mut state, vec![line(1, 1, "one"), line(3, 3, "three")]);
    lines(&mut state, vec![line(1, 1, "one"), line(2, 2, "two")]);
    assert_eq!(texts(&state), ["one", "two", "three"]);
    let late: Vec<bool> = state.tail().unwrap().lines.iter().map(|line| line.late).collect();
    assert_eq!(late, [false, true, false]);
}

#[test]
fn a_full_buffer_drops_the_oldest_and_says_so() {
    let mut state = tailing();
    lines(&mut state, (0..8).map(|n| line(n, n as u64, &n.to_string())).collect());
    assert_eq!(texts(&state), ["3", "4", "5", "6", "7"]);
    assert_eq!(state.tail().unwrap().dropped, 3);
}

#[test]
fn a_paused_tail_stands_still_while_lines_arrive() {
    let mut state = tailing();
    lines(&mut state, vec![line(1, 1, "one"), line(2, 2, "two")]);
    press(&mut state, Command::Pause);
    lines(&mut state, vec![line(3, 3, "three")]);
    let tail = state.tail().unwrap();
    assert_eq!((tail.back, tail.unseen, tail.follow), (1, 1, false));
    press(&mut state, Command::Pause);
    let tail = state.tail().unwrap();
    assert_eq!((tail.back, tail.unseen, tail.follow), (0, 0, true));
}

#[test]
fn leaving_a_tail_stops_it_and_coming_back_goes_on_from_the_last_line() {
    let mut state = tailing();
    lines(&mut state, vec![line(1, 1, "one")]);
    let id = state.tail().unwrap().tail;
    let effects = press(&mut state, Command::Fleet);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(Request::StopTail(old)) if *old == id)));
    let effects = press(&mut state, Command::HistoryBack);
    let spec = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Request::Tail(spec)) => Some(spec),
        _ => None,
    });
    let spec = spec.expect("it is started again");
    assert_ne!(spec.id, id);
    assert_eq!(spec.since, at(0));
    assert_eq!(texts(&state), ["one"]);
}

#[test]
fn the_wheel_scrolls_what_it_is_over_and_leaves_the_focus() {
    let (mut state, _) = listed();
    if let View::Bridge(bridge) = &mut state.view {
        bridge.focus = 0;
    }
    update(&mut state, Msg::Scroll(PaneKey::Bridge(1), 1));
    let View::Bridge(bridge) = &state.view else { panic!("still the bridge") };
    assert_eq!((bridge.focus, bridge.panes[1].nav.at), (0, 1));
}

#[test]
fn a_click_in_a_layer_chooses_there_and_leaves_what_is_below() {
    let (mut state, _) = listed();
    let before = selected(&state);
    press(&mut state, Command::Palette);
    let double = |state: &mut State, row| {
        update(state, Msg::Click(Target::Row(PaneKey::Layer, row), false));
        update(state, Msg::Click(Target::Row(PaneKey::Layer, row), true));
    };
    update(&mut state, Msg::Click(Target::Row(PaneKey::Layer, 2), false));
    assert!(matches!(state.layers.last(), Some(Layer::Palette { at: 2, .. })));
    press(&mut state, Command::Close);
    assert_eq!(selected(&state), before);
    press(&mut state, Command::SortMenu);
    double(&mut state, 0);
    assert!(state.layers.is_empty());
    assert!(state.focused().is_some_and(|(_, pane)| pane.nav.sort.is_some()));
}

#[test]
fn help_does_not_scroll_beyond_its_end() {
    let mut state = state_of(&["dhbw-prod"]);
    press(&mut state, Command::Help);
    press(&mut state, Command::Move(Motion::Last));
    let shown = Viewport { key: PaneKey::Layer, first: 12, height: 20, all: 32, sideways: 0 };
    update(&mut state, Msg::Viewport(vec![shown]));
    press(&mut state, Command::Move(Motion::Up));
    assert!(matches!(state.layers.last(), Some(Layer::Help { top: 11 })));
}

#[test]
fn sideways_moves_whatever_has_the_keys_and_goes_no_further_than_was_seen() {
    let (mut state, _) = listed();
    let seen = |state: &mut State, sideways| {
        update(state, Msg::Viewport(vec![Viewport { key: PaneKey::Main, first: 0, height: 20, all: 3, sideways }]));
    };
    let scrolled = |state: &State| match &state.view {
        View::Fleet(fleet) => fleet.nav.sideways,
        View::Changes(changes) => changes.nav.sideways,
        View::List(pane) => pane.nav.sideways,
        View::Detail(detail) => detail.sideways,
        _ => 0,
    };
    for view in [Command::Raw, Command::Fleet, Command::Changes, Command::List("alarm")] {
        press(&mut state, view.clone());
        press(&mut state, Command::Sideways(8));
        press(&mut state, Command::Sideways(8));
        assert_eq!(scrolled(&state), 16, "{view:?}");
        seen(&mut state, 10);
        press(&mut state, Command::Sideways(-8));
        assert_eq!(scrolled(&state), 2, "{view:?}");
        press(&mut state, Command::HistoryBack);
    }
}
