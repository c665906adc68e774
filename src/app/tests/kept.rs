//! What is kept when something else is looked at, and what is not.

use std::sync::Arc;

use super::{answer, at, line, lines, listed, press, row, state_of, tailing, texts};
use crate::app::command::{Command, Motion};
use crate::app::fleet::Tally;
use crate::app::msg::{Effect, Msg};
use crate::app::state::State;
use crate::app::tail::RESTING;
use crate::app::update;
use crate::app::view::View;
use crate::engine::{Event, MetricKey, Priority, Request};
use crate::kinds;
use crate::model::{
    Answer, Detail, Fault, FaultClass, Health, KindId, Query, Resource, ResourceId, Scope, Value, Window,
};

/// A tail with so many lines, one a second.
fn long_tail(count: usize) -> State {
    let mut state = tailing();
    state.tail_mut().unwrap().capacity = count;
    lines(&mut state, (0..count as i64).map(|n| line(n, n as u64, &n.to_string())).collect());
    state
}

/// Where the tail goes on that these effects start.
fn goes_on(effects: &[Effect]) -> jiff::Timestamp {
    let spec = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Request::Tail(spec)) => Some(spec.since),
        _ => None,
    });
    spec.expect("the tail is started again")
}

fn in_the_history(state: &State) -> usize {
    match &state.back.last().unwrap().view {
        View::Logs(logs) => logs.lines.len(),
        other => panic!("{}", other.word()),
    }
}

#[test]
fn a_tail_in_the_history_keeps_few_lines() {
    let mut state = long_tail(2_000);
    press(&mut state, Command::Fleet);
    assert_eq!(in_the_history(&state), RESTING);
    let effects = press(&mut state, Command::HistoryBack);
    assert_eq!(goes_on(&effects), at(1_998));
    assert_eq!(texts(&state).last().unwrap(), "1999");
    assert_eq!(state.tail().unwrap().dropped, (2_000 - RESTING) as u64);
}

#[test]
fn a_paused_tail_comes_back_where_it_was_read() {
    let mut state = long_tail(2_000);
    press(&mut state, Command::Pause);
    state.tail_mut().unwrap().back = 900;
    press(&mut state, Command::Fleet);
    let effects = press(&mut state, Command::HistoryBack);
    let tail = state.tail().unwrap();
    assert_eq!((tail.back, tail.follow, tail.lines.len()), (0, false, RESTING));
    assert_eq!(texts(&state).last().unwrap(), "1099");
    assert_eq!(goes_on(&effects), at(1_098), "what is newer is read again");
    lines(&mut state, vec![line(1_099, 1_099, "1099"), line(1_100, 1_100, "1100")]);
    let tail = state.tail().unwrap();
    assert_eq!((tail.back, tail.unseen), (1, 1), "it stands still");
}

fn backend() -> Arc<ResourceId> {
    Arc::clone(&row("dhbw-prod", "alpha", Health::Ok).id)
}

fn take(state: &mut State, query: &Query, answer: Answer) {
    let result = Ok(Some(answer));
    update(state, Msg::Event(Event::Done { query: query.clone(), generation: 1, at: at(1), result }));
}

#[test]
fn details_are_kept_as_long_as_the_history_leads_to_them_and_raw_json_is_not() {
    let (mut state, list) = listed();
    let (detail, raw) = (Query::Detail(backend()), Query::Raw(backend()));
    press(&mut state, Command::Describe);
    take(&mut state, &detail, Answer::Detail(Arc::new(Detail::default())));
    press(&mut state, Command::Raw);
    take(&mut state, &raw, Answer::Raw("{}".into()));
    assert!(state.store.raw(&raw).is_some());
    press(&mut state, Command::Fleet);
    assert!(state.store.raw(&raw).is_none());
    assert!(state.store.detail(&detail).is_some() && state.store.rows(&list).is_some());
    press(&mut state, Command::HistoryBack);
    press(&mut state, Command::HistoryBack);
    assert!(state.store.detail(&detail).is_some(), "it can be gone forward to");
    press(&mut state, Command::Fleet);
    assert!(state.store.detail(&detail).is_none());
    assert!(state.store.rows(&list).is_some(), "the lists of an environment stay");
}

#[test]
fn changes_are_kept_as_long_as_the_history_leads_to_them() {
    let (mut state, _) = listed();
    press(&mut state, Command::ChangesHere);
    let View::Changes(view) = &state.view else { panic!("changes") };
    let query = crate::app::view::changes_query(&Scope::new("dhbw-prod", "eu-central-1"), view);
    take(&mut state, &query, Answer::Changes(Arc::default()));
    press(&mut state, Command::Fleet);
    assert!(state.store.get(&query).is_some());
    press(&mut state, Command::HistoryBack);
    press(&mut state, Command::HistoryBack);
    press(&mut state, Command::Fleet);
    assert!(state.store.get(&query).is_none());
}

#[test]
fn points_that_nobody_shows_are_kept_for_a_period() {
    let (mut state, _) = listed();
    let key = |label| MetricKey { resource: backend(), label, window: Window::Hour };
    update(&mut state, Msg::Event(Event::Points(vec![(key("gone"), Arc::default())], at(0))));
    update(&mut state, Msg::Tick(at(100)));
    update(&mut state, Msg::Event(Event::Points(vec![(key("young"), Arc::default())], at(100))));
    state.store.forget_points(&[key("shown")].into(), at(130));
    assert!(!state.store.points.contains_key(&key("gone")));
    assert!(state.store.points.contains_key(&key("young")));
    state.store.forget_points(&[key("young")].into(), at(9_000));
    assert!(state.store.points.contains_key(&key("young")), "it is shown");
}

#[test]
fn a_ranking_of_another_list_is_dropped() {
    let (mut state, _) = listed();
    let many = |kind| (0..5_000).map(|n| beside(kind, &format!("row-{n}"), Health::Ok, "")).collect::<Vec<_>>();
    let mut ranking = |kind| {
        update(&mut state, answer(&of(kind), 1, many(kind)));
        let effects = press(&mut state, Command::List(kind));
        let jobs = effects.into_iter().filter_map(|effect| match effect {
            Effect::Rank(job) => Some(job),
            _ => None,
        });
        jobs.last().expect("a ranking is asked for")
    };
    let (one, other) = (ranking("terraform-lock"), ranking("alarm"));
    assert_ne!(one.generation, other.generation);
    assert!(!update(&mut state, Msg::Ranked(one.pane, one.generation, one.run())).redraw);
    assert!(update(&mut state, Msg::Ranked(other.pane, other.generation, other.run())).redraw);
}

fn of(kind: KindId) -> Query {
    Query::List { scope: Scope::new("dhbw-prod", "eu-central-1"), kind, within: None }
}

fn beside(kind: KindId, name: &str, health: Health, sort: &str) -> Resource {
    let columns = kinds::by_id(kind).unwrap().columns;
    let cell = |id: &str| if id == "sort" { Value::text(sort) } else { Value::None };
    let id = ResourceId { scope: Scope::new("dhbw-prod", "eu-central-1"), kind, id: name.into() };
    let cells = columns.iter().map(|column| cell(column.id)).collect();
    Resource { id: Arc::new(id), cells, ..row("dhbw-prod", name, health) }
}

#[test]
fn locks_and_certificates_are_counted_beside_the_health() {
    let mut state = state_of(&["dhbw-prod"]);
    assert_eq!((state.fleet[0].locks, state.fleet[0].certificates), (Tally::Nothing, Tally::Nothing));
    let locks = vec![
        beside("terraform-lock", "a", Health::Degraded, "dynamodb"),
        beside("terraform-lock", "b", Health::Progressing, "s3"),
        beside("terraform-lock", "c", Health::Ok, "digest"),
    ];
    update(&mut state, answer(&of("terraform-lock"), 1, locks));
    let certificates = ["a", "b"].map(|name| beside("k8s-certificate", name, Health::Ok, ""));
    update(&mut state, answer(&of("k8s-certificate"), 1, certificates.into()));
    let fleet = &state.fleet[0];
    assert_eq!((fleet.locks, fleet.certificates), (Tally::Of(1, 2), Tally::Of(0, 2)));
    assert_eq!((fleet.health, fleet.sick), (Health::Unknown, 0));
}

#[test]
fn what_can_not_be_counted_is_no_fault_of_the_environment() {
    let mut state = state_of(&["dhbw-prod"]);
    update(&mut state, answer(&of("terraform-lock"), 1, Vec::new()));
    assert_eq!(state.fleet[0].locks, Tally::Nothing, "no backends");
    let denied = Err(Arc::new(Fault::new(FaultClass::Denied { permission: None }, "no")));
    let query = of("k8s-certificate");
    update(&mut state, Msg::Event(Event::Done { query, generation: 1, at: at(1), result: denied }));
    assert_eq!((state.fleet[0].certificates, &state.fleet[0].fault), (Tally::Unread, &None));
}

#[test]
fn locks_are_read_in_the_background_and_certificates_where_there_are_clusters() {
    let mut state = state_of(&["dhbw-prod"]);
    press(&mut state, Command::Fleet);
    press(&mut state, Command::Move(Motion::Down));
    let wanted = |state: &State, kind| {
        let interests = &state.asked.interests;
        interests.iter().find(|interest| interest.query == of(kind)).map(|interest| interest.priority)
    };
    assert_eq!(wanted(&state, "terraform-lock"), Some(Priority::Background));
    assert_eq!(wanted(&state, "k8s-certificate"), None);
    update(&mut state, answer(&of("eks-cluster"), 1, vec![row("dhbw-prod", "c", Health::Ok)]));
    assert_eq!(wanted(&state, "k8s-certificate"), Some(Priority::Background));
}
