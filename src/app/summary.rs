//! The fleet: one row for each environment, summed up from what the store knows, sick first.

use std::sync::Arc;

use jiff::Timestamp;

use super::common;
use super::fleet::{FleetRow, Tally};
use super::selection::scopes;
use super::state::State;
use super::view::View;
use super::wants::{CERTIFICATES, FLEET_KINDS, LOCKS};
use crate::kinds::{self, BridgePane, terraform_lock};
use crate::model::filter::Filterable;
use crate::model::{Answer, Environment, Health, KindId, Loadable, Loading, Query, Resource, Scope, Value};

/// Makes all rows anew: the environments have changed.
pub(super) fn rebuild(state: &mut State) {
    let now = state.now;
    let old = std::mem::take(&mut state.fleet);
    let rows = state.environments.iter().map(|environment| {
        let before = old.iter().find(|row| row.environment.name == environment.name);
        sum_up(state, environment, before, now)
    });
    state.fleet = rows.collect();
    state.common = common::of(state);
    order_fleet(state);
}

/// Makes the row of one environment anew.
pub(super) fn refresh(state: &mut State, name: &str, now: Timestamp) {
    let Some(at) = state.fleet.iter().position(|row| &*row.environment.name == name) else { return };
    let environment = Arc::clone(&state.fleet[at].environment);
    let row = sum_up(state, &environment, state.fleet.get(at), now);
    if state.fleet[at] != row {
        let resort = state.fleet[at].health != row.health || state.fleet[at].fault != row.fault;
        state.fleet[at] = row;
        state.common = common::of(state);
        if resort {
            order_fleet(state);
        }
    }
}

fn sum_up(state: &State, environment: &Arc<Environment>, before: Option<&FleetRow>, now: Timestamp) -> FleetRow {
    let mut row = FleetRow {
        environment: Arc::clone(environment),
        identity: None,
        health: Health::Unknown,
        sick_since: None,
        services: None,
        tasks: None,
        databases: None,
        alarms: None,
        locks: Tally::Nothing,
        certificates: Tally::Nothing,
        deployed: None,
        fault: None,
        observed: None,
        loading: false,
        reason: "".into(),
        sick: 0,
    };
    let mut trouble = Trouble::default();
    for scope in scopes(environment) {
        if let Some(known) = state.store.get(&Query::Identity(scope.clone())) {
            if let Some(Answer::Identity(identity)) = known.get() {
                row.identity = Some(Arc::clone(identity));
            }
            note(&mut row, known);
        }
        for kind in FLEET_KINDS {
            let Some(known) = state.store.get(&Query::List { scope: scope.clone(), kind, within: None }) else {
                continue;
            };
            note(&mut row, known);
            let Some(Answer::Rows(rows)) = known.get() else { continue };
            row.observed = [row.observed, known.observed()].into_iter().flatten().min();
            count(&mut row, kind, &rows.items);
            trouble.look(&rows.items);
        }
        row.locks = row.locks.and(tally(state, &scope, LOCKS));
        row.certificates = row.certificates.and(tally(state, &scope, CERTIFICATES));
    }
    row.sick = trouble.sick;
    if let Some((health, reason)) = trouble.worst {
        row.health = health;
        if health != Health::Ok {
            row.reason = reason;
        }
    }
    // As far as it can be told: since the oldest alarm that fires or deployment that failed, else since it was first seen so.
    let seen = before.and_then(|before| before.sick_since).unwrap_or(now);
    row.sick_since = row.health.is_sick().then(|| trouble.since.map_or(seen, |told| told.min(seen)));
    row
}

/// What is wrong in an environment.
#[derive(Default)]
struct Trouble {
    sick: usize,
    /// The worst health, and whose it is and why.
    worst: Option<(Health, Arc<str>)>,
    /// The oldest that tells since when.
    since: Option<Timestamp>,
}

impl Trouble {
    /// An alarm without data says nothing about the environment.
    fn look(&mut self, items: &[Resource]) {
        for resource in items.iter().filter(|resource| resource.health != Health::Unknown) {
            self.since = [self.since, sick_since(resource)].into_iter().flatten().min();
            self.sick += usize::from(resource.health.is_sick());
            if self.worst.as_ref().is_none_or(|(health, _)| resource.health > *health) {
                self.worst = Some((resource.health, format!("{}: {}", resource.name, resource.reason).into()));
            }
        }
    }
}

/// What a region has of a kind that is counted besides. A digest stands among the locks, and is none.
fn tally(state: &State, scope: &Scope, kind: KindId) -> Tally {
    let Some(known) = state.store.get(&Query::List { scope: scope.clone(), kind, within: None }) else {
        return Tally::Nothing;
    };
    match known.get() {
        Some(Answer::Rows(rows)) if !rows.items.is_empty() => {
            let counted = rows.items.iter().filter(|row| !terraform_lock::is_digest(row));
            let add = |(bad, all), row: &Resource| (bad + usize::from(row.health.is_sick()), all + 1);
            let (bad, all) = counted.fold((0, 0), add);
            Tally::Of(bad, all)
        }
        None if known.fault.is_some() => Tally::Unread,
        _ => Tally::Nothing,
    }
}

impl State {
    /// The first fetches of an environment's row of which nothing has come yet: since when the oldest of them is under way.
    pub fn unanswered(&self, environment: &Environment) -> Option<Loading> {
        let waits = |known: &Loadable<Answer>| known.first_fetch().filter(|loading| loading.count == 0);
        let queries = scopes(environment).flat_map(|scope| {
            let list = |kind| Query::List { scope: scope.clone(), kind, within: None };
            FLEET_KINDS.map(list).into_iter().chain([Query::Identity(scope.clone())]).collect::<Vec<_>>()
        });
        queries.filter_map(|query| waits(self.store.get(&query)?)).min_by_key(|loading| loading.since)
    }
}

/// Since when a resource does not work, where its own columns tell. One that is only degraded can be so for another reason than
/// its deployment.
fn sick_since(resource: &Resource) -> Option<Timestamp> {
    let kind = kinds::by_id(resource.id.kind).filter(|_| resource.health == Health::Failed)?;
    match kind.cell(resource, "since").or_else(|| kind.cell(resource, "deployed_at"))? {
        Value::Instant(at) => Some(*at),
        _ => None,
    }
}

/// Takes the fault and the loading of one query into the row; a lost identity outweighs a denied list.
fn note(row: &mut FleetRow, known: &Loadable<Answer>) {
    row.loading |= known.first_fetch().is_some();
    if let Some((fault, since)) = &known.fault {
        let graver = row.fault.as_ref().is_none_or(|(old, _)| fault.class.gravity() > old.class.gravity());
        if graver {
            row.fault = Some((Arc::clone(fault), *since));
        }
    }
}

fn count(row: &mut FleetRow, kind: &str, items: &[Resource]) {
    let pane = kinds::by_id(kind).and_then(|kind| kind.pane);
    let sum = match pane {
        Some(BridgePane::Services) => &mut row.services,
        Some(BridgePane::Alarms) => &mut row.alarms,
        _ => &mut row.databases,
    };
    let (sick, all) = sum.unwrap_or_default();
    *sum = Some((sick + items.iter().filter(|item| item.health.is_sick()).count(), all + items.len()));
    if pane == Some(BridgePane::Services) {
        for service in items {
            count_tasks(row, service);
        }
    }
}

fn count_tasks(row: &mut FleetRow, service: &Resource) {
    let Some(kind) = kinds::by_id(service.id.kind) else { return };
    if let Some(Value::Count { have, want }) = kind.cell(service, "tasks") {
        let (a, b) = row.tasks.unwrap_or_default();
        row.tasks = Some((a + have, b + want));
    }
    if let Some(Value::Instant(at)) = kind.cell(service, "deployed_at")
        && row.deployed.as_ref().is_none_or(|(newest, _)| at > newest)
    {
        row.deployed = Some((*at, Arc::clone(&service.name)));
    }
}

/// The order of the fleet: sick first, then what can't be reached, then by name.
pub(super) fn order_fleet(state: &mut State) {
    let now = state.now;
    let View::Fleet(view) = &mut state.view else { return };
    let fleet = &state.fleet;
    let mut order: Vec<usize> =
        (0..fleet.len()).filter(|at| view.nav.filter.matches(&FleetFilter(&fleet[*at]), now)).collect();
    order.sort_by(|a, b| rank(&fleet[*b]).cmp(&rank(&fleet[*a])).then_with(|| name(&fleet[*a]).cmp(name(&fleet[*b]))));
    view.order = order;
    let here = view.nav.cursor.as_ref();
    let here = here.and_then(|cursor| view.order.iter().position(|row| fleet[*row].environment.name == *cursor));
    view.nav.at = here.unwrap_or(view.nav.at).min(view.order.len().saturating_sub(1));
}

/// How far up an environment stands.
pub fn rank(row: &FleetRow) -> u8 {
    match (row.health, &row.fault) {
        (Health::Failed, _) => 5,
        (Health::Degraded, _) => 4,
        (_, Some(_)) => 3,
        (Health::Progressing, None) => 2,
        (Health::Unknown, None) => 1,
        (Health::Ok, None) => 0,
    }
}

fn name(row: &FleetRow) -> &str {
    &row.environment.name
}

/// The columns that a filter of the fleet may name.
pub(super) const COLUMNS: [&str; 8] =
    ["name", "environment", "env", "customer", "stage", "account", "health", "reason"];

/// An environment as filters see it.
struct FleetFilter<'a>(&'a FleetRow);

impl Filterable for FleetFilter<'_> {
    fn any_text(&self, _: Timestamp, each: &mut dyn FnMut(&str) -> bool) -> bool {
        let row = self.0;
        let environment = &row.environment;
        each(&environment.name)
            || environment.customer.as_deref().is_some_and(&mut *each)
            || environment.stage.is_some_and(|stage| each(stage.word()))
            || row.identity.as_ref().is_some_and(|identity| each(&identity.account))
            || each(row.health.word())
            || row.fault.as_ref().is_some_and(|(fault, _)| each(fault.word()))
            || each(&row.reason)
    }

    fn column_text(&self, column: &str, _: Timestamp) -> Option<String> {
        let row = self.0;
        Some(match column {
            "name" | "environment" | "env" => row.environment.name.to_string(),
            "customer" => row.environment.customer.as_deref()?.to_owned(),
            "stage" => row.environment.stage?.word().to_owned(),
            "account" => row.identity.as_ref()?.account.to_string(),
            "health" => row.health.word().to_owned(),
            "reason" => row.reason.to_string(),
            _ => return None,
        })
    }
}
