//! What several answers say together: alarms of what they watch, the parts of an environment in its fleet row.

use std::sync::Arc;

use super::{answer, at, press, row, state_of};
use crate::app::command::Command;
use crate::app::state::State;
use crate::app::update;
use crate::app::view::View;
use crate::kinds;
use crate::model::{Health, Query, Resource, ResourceId, Scope, Value};

/// A resource of a kind with some of its cells.
fn of_kind(kind: &'static str, name: &str, health: Health, cells: &[(&str, Value)]) -> Resource {
    let columns = kinds::by_id(kind).unwrap().columns;
    let cell = |id: &str| cells.iter().find(|(known, _)| *known == id).map(|(_, value)| value.clone());
    let id = ResourceId { scope: Scope::new("dhbw-prod", "eu-central-1"), kind, id: name.into() };
    let cells = columns.iter().map(|column| cell(column.id).unwrap_or_default()).collect();
    Resource { id: Arc::new(id), cells, ..row("dhbw-prod", name, health) }
}

fn of(kind: &'static str) -> Query {
    Query::List { scope: Scope::new("dhbw-prod", "eu-central-1"), kind, within: None }
}

#[test]
fn an_alarm_marks_its_database_in_its_pane_its_detail_and_the_fleet() {
    let mut state = state_of(&["dhbw-prod"]);
    update(&mut state, answer(&of("rds-instance"), 1, vec![of_kind("rds-instance", "db", Health::Ok, &[])]));
    let watched = [("namespace", Value::text("AWS/RDS")), ("dimensions", Value::list(["DBInstanceIdentifier=db"]))];
    let alarm = |health| vec![of_kind("alarm", "connections", health, &watched)];
    update(&mut state, answer(&of("alarm"), 1, alarm(Health::Failed)));
    let pane = |state: &State| {
        let View::Bridge(bridge) = &state.view else { panic!("the bridge") };
        let shown = &bridge.panes[2].shown;
        (shown.sick, shown.get(0).map(|row| (row.health, row.reason.to_string())))
    };
    assert_eq!(pane(&state), (1, Some((Health::Degraded, "alarm connections".to_owned()))));
    let fleet = &state.fleet[0];
    assert_eq!((fleet.databases, fleet.alarms, fleet.sick), (Some((1, 1)), Some((1, 1)), 2));
    press(&mut state, Command::Pane(2));
    press(&mut state, Command::Describe);
    let seen = |state: &State| match &state.view {
        View::Detail(detail) => {
            let alarms = detail.relations.iter().find(|link| link.relation.label == "alarms").unwrap();
            (detail.resource.as_ref().unwrap().health, alarms.known)
        }
        _ => panic!("the detail"),
    };
    assert_eq!(seen(&state), (Health::Degraded, Some((1, 1))));
    update(&mut state, answer(&of("alarm"), 2, alarm(Health::Ok)));
    assert_eq!(seen(&state), (Health::Ok, Some((1, 0))), "it is told at once when the alarm is over");
    assert_eq!((state.fleet[0].databases, state.fleet[0].health), (Some((0, 1)), Health::Ok));
}

#[test]
fn since_when_it_is_sick_is_not_taken_from_a_deployment_that_did_no_harm() {
    let mut state = state_of(&["dhbw-prod"]);
    let deployed = [("deployed_at", Value::Instant(at(-90_000)))];
    let services = |health| vec![of_kind("ecs-service", "web", health, &deployed)];
    update(&mut state, answer(&of("ecs-service"), 1, services(Health::Degraded)));
    assert_eq!(state.fleet[0].sick_since, Some(at(1)), "since it was first seen so");
    update(&mut state, answer(&of("ecs-service"), 2, services(Health::Failed)));
    assert_eq!(state.fleet[0].sick_since, Some(at(-90_000)));
}
