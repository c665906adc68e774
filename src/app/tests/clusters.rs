//! Kubernetes beside AWS: whose clusters are asked, how urgently, and what the fleet counts.

use std::sync::Arc;

use tui_input::InputRequest;

use super::{answer, environment, press, row, state_of};
use crate::app::command::Command;
use crate::app::layer::{Layer, Prompt};
use crate::app::msg::{Effect, Msg};
use crate::app::state::State;
use crate::app::update;
use crate::app::view::View;
use crate::engine::{Event, Interest, Priority, Request};
use crate::kinds;
use crate::model::{Environment, Health, KindId, LogSource, Query, Resource, ResourceId, Scope, Value};

fn of(environment: &str, kind: KindId) -> Query {
    Query::List { scope: Scope::new(environment, "eu-central-1"), kind, within: None }
}

fn cluster(environment: &str, name: &str) -> Resource {
    let id = ResourceId { scope: Scope::new(environment, "eu-central-1"), kind: "eks-cluster", id: name.into() };
    Resource { id: Arc::new(id), ..row(environment, name, Health::Ok) }
}

fn deployment(name: &str, have: i64, want: i64, health: Health) -> Resource {
    let columns = kinds::by_id("deployment").unwrap().columns;
    let cell = |id: &str| if id == "tasks" { Value::Count { have, want } } else { Value::None };
    let scope = Scope { namespace: Some("shop".into()), ..Scope::new("dhbw-prod", "eu-central-1").in_cluster("c") };
    let id = ResourceId { scope, kind: "deployment", id: name.into() };
    Resource {
        id: Arc::new(id),
        cells: columns.iter().map(|column| cell(column.id)).collect(),
        ..row("dhbw-prod", name, health)
    }
}

/// The interest in a query among the newest that were told.
fn interest(state: &State, query: &Query) -> Option<Interest> {
    state.asked.interests.iter().find(|interest| interest.query == *query).cloned()
}

/// Whatever makes the view tell anew what it wants.
fn settled(mut state: State) -> State {
    press(&mut state, Command::Fleet);
    press(&mut state, Command::Bridge);
    state
}

#[test]
fn only_environments_with_clusters_are_asked_for_what_runs_in_them() {
    let mut state = settled(state_of(&["dhbw-prod", "edt-prod"]));
    assert_eq!(interest(&state, &of("dhbw-prod", "deployment")), None);
    let clusters = of("dhbw-prod", "eks-cluster");
    let effects = update(&mut state, answer(&clusters, 1, vec![cluster("dhbw-prod", "c")])).effects;
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(Request::Interests(_)))), "told at once");
    for kind in ["deployment", "statefulset", "daemonset"] {
        let wanted = interest(&state, &of("dhbw-prod", kind)).unwrap();
        assert_eq!(wanted.priority, Priority::Screen, "{kind}");
        assert_eq!(interest(&state, &of("edt-prod", kind)), None, "{kind}");
    }
}

#[test]
fn contexts_are_clusters() {
    let mut state = state_of(&["dhbw-prod"]);
    let with = Environment { kube_contexts: vec!["c".into()], ..(*environment("dhbw-prod")).clone() };
    update(&mut state, Msg::Event(Event::Environments(vec![Arc::new(with)])));
    let state = settled(state);
    assert!(interest(&state, &of("dhbw-prod", "deployment")).is_some());
}

#[test]
fn a_list_of_pods_asks_wherever_it_is_opened() {
    let mut state = state_of(&["dhbw-prod"]);
    press(&mut state, Command::List("pod"));
    assert_eq!(interest(&state, &of("dhbw-prod", "pod")).map(|it| it.priority), Some(Priority::Screen));
}

/// What has priority is watched: the fleet would watch every cluster there is.
#[test]
fn the_fleet_reads_clusters_and_watches_none() {
    let mut state = settled(state_of(&["dhbw-prod", "edt-prod"]));
    update(&mut state, answer(&of("dhbw-prod", "eks-cluster"), 1, vec![cluster("dhbw-prod", "c")]));
    press(&mut state, Command::Fleet);
    let wanted = interest(&state, &of("dhbw-prod", "deployment")).unwrap();
    assert_eq!(wanted.priority, Priority::Background);
    assert!(wanted.every.is_some_and(|every| every.as_secs() >= 60));
    let once = interest(&state, &of("edt-prod", "eks-cluster")).unwrap();
    assert_eq!((once.every, once.priority), (None, Priority::Background), "whether there are any is asked once");
}

#[test]
fn the_fleet_counts_workloads_as_services() {
    let mut state = state_of(&["dhbw-prod"]);
    let rows = vec![deployment("web", 2, 2, Health::Ok), deployment("worker", 0, 3, Health::Failed)];
    update(&mut state, answer(&of("dhbw-prod", "deployment"), 1, rows));
    assert_eq!((state.fleet[0].services, state.fleet[0].tasks), (Some((1, 2)), Some((2, 5))));
}

#[test]
fn they_stand_beside_the_services_of_ecs() {
    let mut state = state_of(&["dhbw-prod"]);
    update(&mut state, answer(&of("dhbw-prod", "eks-cluster"), 1, vec![cluster("dhbw-prod", "c")]));
    update(&mut state, answer(&of("dhbw-prod", "ecs-service"), 1, vec![row("dhbw-prod", "api", Health::Ok)]));
    update(&mut state, answer(&of("dhbw-prod", "deployment"), 1, vec![deployment("web", 0, 2, Health::Failed)]));
    let View::Bridge(bridge) = &state.view else { panic!("the bridge") };
    let shown = &bridge.panes[1].shown;
    let names: Vec<&str> = (0..shown.len()).map(|at| &*shown.get(at).unwrap().name).collect();
    assert_eq!(names, ["web", "api"], "the sick first");
}

#[test]
fn logs_by_labels_are_of_all_clusters_that_are_known() {
    let mut state = settled(state_of(&["dhbw-prod", "edt-prod"]));
    let types = of("dhbw-prod", "k8s-resource");
    let says = |state: &State| match state.layers.last() {
        Some(Layer::Prompt { prompt: Prompt::Labels, error, .. }) => error.clone(),
        _ => panic!("the line is open"),
    };
    let enter = |state: &mut State, typed: &str| {
        typed.chars().for_each(|letter| drop(update(state, Msg::Edit(InputRequest::InsertChar(letter)))));
        press(state, Command::Open)
    };
    press(&mut state, Command::Labels);
    enter(&mut state, "shop");
    assert_eq!(says(&state).unwrap(), "a namespace, `/`, and labels are needed");
    enter(&mut state, "/app=web");
    assert_eq!(says(&state).unwrap(), "no environment that is marked has a cluster");
    let effects =
        update(&mut state, answer(&of("dhbw-prod", "eks-cluster"), 1, vec![cluster("dhbw-prod", "c")])).effects;
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(Request::Interests(_)))));
    assert!(interest(&state, &types).is_some(), "the clusters are asked while the line is open");
    enter(&mut state, "");
    assert_eq!(says(&state).unwrap(), "the clusters have not answered yet");

    let found = ["a", "b"].map(|cluster| {
        let scope = Scope::new("dhbw-prod", "eu-central-1").in_cluster(cluster);
        let id = ResourceId { scope, kind: "k8s-resource", id: "pods".into() };
        Resource { id: Arc::new(id), ..row("dhbw-prod", "pods", Health::Ok) }
    });
    update(&mut state, answer(&types, 1, found.into()));
    let effects = enter(&mut state, ",tier!=cache");
    let tailed = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Request::Tail(spec)) => Some(spec.sources.clone()),
        _ => None,
    });
    let wanted = ["a", "b"].map(|cluster| {
        LogSource::labelled(&Scope::new("dhbw-prod", "eu-central-1").in_cluster(cluster), "shop", "app=web,tier!=cache")
    });
    assert_eq!(tailed.unwrap(), wanted);
    assert!(state.layers.is_empty());
}

#[test]
fn the_line_for_labels_begins_with_the_namespace_of_what_is_selected() {
    let mut state = state_of(&["dhbw-prod"]);
    press(&mut state, Command::List("deployment"));
    update(&mut state, answer(&of("dhbw-prod", "deployment"), 1, vec![deployment("web", 2, 2, Health::Ok)]));
    press(&mut state, Command::Labels);
    assert!(matches!(state.layers.last(), Some(Layer::Prompt { input, .. }) if input.value() == "shop/"));
}
