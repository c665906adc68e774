//! From the menu to the confirmation as plain functions: what the operator must do before anything is asked of the guard, and what
//! must not be enough.

mod arming;
mod flow;
mod letters;
mod never;
mod under_way;

use std::sync::Arc;

use jiff::Timestamp;
use tui_input::InputRequest;

use super::dialog::Stop;
use super::fixture::{self, REGISTRY};
use crate::app::command::Command;
use crate::app::msg::{Effect, Msg};
use crate::app::state::{Settings, State};
use crate::app::update;
use crate::engine::{Act, Acted, Event, Request};
use crate::guard::{Confirm, Proposal};
use crate::model::{Answer, Environment, Health, Order, Query, Resource, ResourceId, Risk, Rows, Scope};

const ACCOUNT: &str = "111122223333";

/// So many milliseconds after the start.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
}

fn environment(name: &str) -> Arc<Environment> {
    Arc::new(Environment {
        name: name.into(),
        customer: None,
        stage: None,
        profile: Some(name.into()),
        account: Some(ACCOUNT.into()),
        regions: vec!["eu-central-1".into()],
        ..Environment::default()
    })
}

fn services(name: &str) -> Query {
    Query::List { scope: Scope::new(name, "eu-central-1"), kind: "ecs-service", within: None }
}

fn service(environment: &str, name: &str) -> Resource {
    let scope = Scope::new(environment, "eu-central-1").in_cluster("main");
    Resource {
        id: Arc::new(ResourceId { scope, kind: "ecs-service", id: name.into() }),
        name: name.into(),
        arn: None,
        health: Health::Ok,
        reason: "".into(),
        cells: Box::default(),
    }
}

fn rows(state: &mut State, environment: &str, generation: u64, names: &[&str]) {
    let items = names.iter().map(|name| service(environment, name)).collect();
    let result = Ok(Some(Answer::Rows(Arc::new(Rows { items, ..Rows::default() }))));
    send(state, Msg::Event(Event::Done { query: services(environment), generation, at: at(0), result }));
}

/// The list of services of `dhbw-prod`, the cursor on `api`.
fn listed() -> State {
    let settings = Settings {
        refresh: None,
        log_lines: 100,
        ages: true,
        demo: false,
        themes: vec!["harbor".into()],
        zone: jiff::tz::TimeZone::UTC,
    };
    let environments = ["dhbw-prod", "edt-prod"].map(environment).into();
    let mut state = State::new(environments, Vec::new(), settings, Arc::default(), "harbor".into(), at(0));
    state.acts.registry = REGISTRY;
    state.marked = ["dhbw-prod".into()].into();
    press(&mut state, Command::List("ecs-service"));
    rows(&mut state, "dhbw-prod", 1, &["api", "frontend", "worker"]);
    press(&mut state, Command::Move(crate::app::command::Motion::First));
    state
}

fn send(state: &mut State, msg: Msg) -> Vec<Act> {
    let effects = update(state, msg).effects;
    let acts = effects.into_iter().filter_map(|effect| match effect {
        Effect::Ask(Request::Act(act)) => Some(act),
        _ => None,
    });
    acts.collect()
}

fn press(state: &mut State, command: Command) -> Vec<Act> {
    send(state, Msg::Do(command))
}

fn tell(state: &mut State, acted: Acted) -> Vec<Act> {
    send(state, Msg::Event(Event::Acted(acted)))
}

fn type_in(state: &mut State, text: &str) {
    for c in text.chars() {
        send(state, Msg::Edit(InputRequest::InsertChar(c)));
    }
}

/// The dialog on top has been on the screen for so long.
fn look_for(state: &mut State, millis: i64) {
    let now = state.now.as_millisecond();
    send(state, Msg::Viewport(Vec::new()));
    send(state, Msg::Tick(Timestamp::from_millisecond(now).unwrap()));
    send(state, Msg::Tick(Timestamp::from_millisecond(now + millis).unwrap()));
}

fn arm(state: &mut State, names: &[&str]) {
    tell(state, Acted::Armed(names.iter().map(|name| (Arc::from(*name), at(900_000))).collect()));
}

/// Goes on with Tab until there.
fn go_to(state: &mut State, stop: Stop) {
    for _ in 0..8 {
        if state.dialog().unwrap().focus == stop {
            return;
        }
        press(state, Command::NextPane);
    }
    panic!("{stop:?} can't be chosen: {:?}", state.dialog().unwrap().stops(&state.acts));
}

/// Chooses the first action on the selection, scales to so many, and returns what is to be planned.
fn scaled(state: &mut State, desired: &str) -> (u64, Vec<Order>) {
    press(state, Command::Actions);
    press(state, Command::Open);
    send(state, Msg::Edit(InputRequest::DeleteLine));
    type_in(state, desired);
    match press(state, Command::Open).as_slice() {
        [Act::Plan(id, orders)] => (*id, orders.clone()),
        other => panic!("{other:?}"),
    }
}

fn proposal(orders: &[Order], risk: Risk, confirm: Confirm) -> Arc<Proposal> {
    let parts = orders.iter().map(|order| fixture::plan(order.clone(), ACCOUNT, at(0))).collect();
    Arc::new(fixture::judged(parts, risk, confirm))
}

/// A plan of high risk on the screen, armed, its keys heard.
fn planned(state: &mut State) -> u64 {
    arm(state, &["dhbw-prod"]);
    let (id, orders) = scaled(state, "6");
    let proposal = proposal(&orders, Risk::High, Confirm::Environment("dhbw-prod".into()));
    tell(state, Acted::Planned(id, Ok(proposal)));
    look_for(state, 500);
    id
}

/// Confirms the plan on the screen.
fn confirmed(state: &mut State) -> Vec<Act> {
    go_to(state, Stop::Text);
    type_in(state, "dhbw-prod");
    go_to(state, Stop::Apply);
    press(state, Command::Open)
}
