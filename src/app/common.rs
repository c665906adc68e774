//! What the sick have in common: the value that most of them share and the others do not.

use std::collections::HashMap;
use std::sync::Arc;

use super::state::State;
use crate::kinds;
use crate::model::{Answer, Query, Resource, Value};

/// Fewer sick than this have nothing in common worth saying.
const LEAST: usize = 3;

/// Columns whose shared value could be a cause.
const TELLING: [&str; 7] = ["az", "image", "engine_version", "version", "class", "launch_type", "cluster"];

/// In words, such as `11 of 12 sick services: az eu-central-1a`.
pub(super) fn of(state: &State) -> Option<Arc<str>> {
    let mut best: Option<(usize, String)> = None;
    for kind in ["ecs-service", "deployment", "ecs-task", "rds-instance", "asg"] {
        let lists = state.store.answers.iter().filter_map(|(query, known)| match (query, known.get()) {
            (Query::List { kind: of, within: None, .. }, Some(Answer::Rows(rows))) if *of == kind => Some(rows),
            _ => None,
        });
        let (sick, well): (Vec<&Resource>, Vec<&Resource>) =
            lists.flat_map(|rows| &rows.items).partition(|resource| resource.health.is_sick());
        if let Some((count, words)) = shared(kind, &sick, &well)
            && best.as_ref().is_none_or(|(most, _)| count > *most)
        {
            best = Some((count, words));
        }
    }
    best.map(|(_, words)| words.into())
}

fn shared(kind: &str, sick: &[&Resource], well: &[&Resource]) -> Option<(usize, String)> {
    if sick.len() < LEAST {
        return None;
    }
    let title = kinds::by_id(kind)?.title;
    let of_sick = values(sick);
    let of_well = values(well);
    let (key, count) = of_sick
        .iter()
        .filter(|(key, count)| {
            let others = of_well.get(*key).copied().unwrap_or(0);
            // Four of five of the sick, and at least twice as common among them as among the well.
            **count * 5 >= sick.len() * 4 && others * sick.len() * 2 <= **count * well.len().max(1)
        })
        .max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)))?;
    Some((*count, format!("{count} of {} sick {title}: {} {}", sick.len(), key.0.replace('_', " "), key.1)))
}

/// How often each telling value occurs.
fn values(resources: &[&Resource]) -> HashMap<(&'static str, String), usize> {
    let mut counts = HashMap::new();
    for resource in resources {
        count_of(resource, &mut counts);
    }
    counts
}

fn count_of(resource: &Resource, counts: &mut HashMap<(&'static str, String), usize>) {
    let mut add = |column, value: &str| *counts.entry((column, value.to_owned())).or_default() += 1;
    add("region", &resource.id.scope.region);
    add("environment", &resource.id.scope.environment);
    let Some(kind) = kinds::by_id(resource.id.kind) else { return };
    for column in TELLING {
        if let Some(value) = kind.cell(resource, column).filter(|value| **value != Value::None) {
            add(column, &value.show_exact());
        }
    }
}
