//! A state as an operator meets it, for the tests of the screens: seven customers, some of them in trouble, some names long,
//! wide or written from right to left. It is filled through the reducers, as the engine would.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::theme::DEFAULT;
use crate::app::state::Settings;
use crate::app::{Command, Msg, State, update};
use crate::engine::{ApiStats, Event, MetricKey, MetricsSpent};
use crate::keymap::Keymap;
use crate::kinds;
use crate::model::{
    Answer, Environment, Fault, FaultClass, Health, Identity, KindId, Points, Query, Resource, ResourceId, Rows, Scope,
    Stage, Value, Window,
};

/// The time on the screen.
pub(super) fn now() -> Timestamp {
    "2026-11-21T10:30:00Z".parse().unwrap()
}

/// So many seconds ago.
pub(super) fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

const CUSTOMERS: [(&str, &str, Stage, &str, &str); 7] = [
    ("dhbw-prod", "dhbw", Stage::Prod, "111122223333", "eu-central-1"),
    ("edt-prod", "edt", Stage::Prod, "222233334444", "eu-central-1"),
    ("unilux-prod", "unilux", Stage::Prod, "333344445555", "eu-west-1"),
    ("enterprise-prod", "enterprise", Stage::Prod, "444455556666", "us-east-1"),
    ("starttech-dev", "starttech", Stage::Dev, "555566667777", "us-east-1"),
    ("beta9-prod", "beta9", Stage::Prod, "666677778888", "us-west-2"),
    ("tfe-prod", "tfe", Stage::Prod, "777788889999", "eu-west-1"),
];

fn environments() -> Vec<Arc<Environment>> {
    let make = |(name, customer, stage, account, region): (&str, &str, Stage, &str, &str)| {
        Arc::new(Environment {
            name: name.into(),
            customer: Some(customer.into()),
            stage: Some(stage),
            profile: Some(format!("lecture-{name}").into()),
            account: Some(account.into()),
            regions: vec![region.into()],
        })
    };
    CUSTOMERS.into_iter().map(make).collect()
}

/// The keys in force.
pub(super) fn keymap() -> Keymap {
    Keymap::new(&[]).0
}

/// The scope of an environment.
pub(super) fn scope(name: &str) -> Scope {
    let (name, .., region) = CUSTOMERS.into_iter().find(|(known, ..)| *known == name).unwrap();
    Scope::new(name, region)
}

/// Before anything has come.
pub(super) fn empty() -> State {
    let settings = Settings {
        refresh: None,
        log_lines: 1_000,
        ages: true,
        demo: true,
        themes: vec![DEFAULT.into()],
        zone: TimeZone::fixed(jiff::tz::offset(1)),
    };
    State::new(environments(), Vec::new(), settings, keymap().palette(), DEFAULT.into(), ago(60))
}

/// The bridge over all customers.
pub(super) fn all() -> State {
    let mut state = empty();
    for (name, customer, _, account, _) in CUSTOMERS {
        let arn = format!("arn:aws:sts::{account}:assumed-role/OperatorAccess/jane.doe");
        let alias = Some(format!("{customer}-lecture").into());
        let identity = Identity { account: account.into(), alias, arn: arn.into() };
        answer(&mut state, Query::Identity(scope(name)), 60, Answer::Identity(Arc::new(identity)));
    }
    healthy(&mut state);
    troubles(&mut state);
    series(&mut state);
    let stats = |calls_per_minute, throttled| ApiStats { calls_per_minute, throttled };
    take(&mut state, Event::Stats(vec![("dhbw-prod".into(), stats(42, 0)), ("edt-prod".into(), stats(17, 3))]));
    take(&mut state, Event::Spent(MetricsSpent { calls: 96, dollars: 0.43, exhausted: false }));
    update(&mut state, Msg::Tick(now()));
    state
}

/// The bridge over one customer.
pub(super) fn one(name: &str) -> State {
    let mut state = all();
    run(&mut state, Command::Switch(name.into()));
    state
}

/// Carries out a command.
pub(super) fn run(state: &mut State, command: Command) {
    update(state, Msg::Do(command));
}

/// Types a text.
pub(super) fn type_in(state: &mut State, text: &str) {
    update(state, Msg::Paste(text.into()));
}

/// Takes an event of the engine.
pub(super) fn take(state: &mut State, event: Event) {
    update(state, Msg::Event(event));
}

/// A good answer, so many seconds ago.
pub(super) fn answer(state: &mut State, query: Query, age: i64, answer: Answer) {
    take(state, Event::Done { query, generation: 1, at: ago(age), result: Ok(Some(answer)) });
}

/// A fault, since so many seconds.
pub(super) fn fail(state: &mut State, query: Query, age: i64, fault: Fault) {
    take(state, Event::Done { query, generation: 1, at: ago(age), result: Err(Arc::new(fault)) });
}

/// The query for a list of a whole region.
pub(super) fn list(name: &str, kind: KindId) -> Query {
    Query::List { scope: scope(name), kind, within: None }
}

/// A list has come.
pub(super) fn rows(state: &mut State, name: &str, kind: KindId, items: Vec<Resource>) {
    let age = 4 + name.len() as i64;
    answer(state, list(name, kind), age, Answer::Rows(Arc::new(Rows { items })));
}

/// A resource with some of its kind's cells.
pub(super) fn row(
    name: &str,
    kind: KindId,
    id: &str,
    (health, reason): (Health, &str),
    cells: &[(&str, Value)],
) -> Resource {
    let columns = kinds::by_id(kind).map_or(&[][..], |kind| kind.columns);
    let cell = |id: &str| cells.iter().find(|(known, _)| *known == id).map(|(_, value)| value.clone());
    Resource {
        id: Arc::new(ResourceId { scope: scope(name), kind, id: id.into() }),
        name: id.into(),
        arn: None,
        health,
        reason: reason.into(),
        cells: columns.iter().map(|column| cell(column.id).unwrap_or_default()).collect(),
    }
}

fn service(name: &str, id: &str, health: (Health, &str), (have, want): (i64, i64), deployed: i64) -> Resource {
    let cluster = format!("{}-cluster", name.trim_end_matches("-prod"));
    let cells = [
        ("cluster", Value::text(&cluster)),
        ("tasks", Value::Count { have, want }),
        ("desired", Value::Int(want)),
        ("running", Value::Int(have)),
        ("rollout", Value::text(if health.0 == Health::Progressing { "IN_PROGRESS" } else { "COMPLETED" })),
        ("task_definition", Value::text(format!("{id}:42"))),
        ("deployed_at", Value::Instant(ago(deployed))),
    ];
    row(name, "ecs-service", id, health, &cells)
}

fn database(name: &str, id: &str, health: (Health, &str), class: &str) -> Resource {
    let status = if health.0 == Health::Ok { "available" } else { "modifying" };
    let cells = [
        ("status", Value::text(status)),
        ("engine", Value::text("aurora-postgresql")),
        ("class", Value::text(class)),
        ("version", Value::text("15.4")),
        ("multi_az", Value::Bool(true)),
        ("storage", Value::Bytes(107_374_182_400)),
    ];
    row(name, "rds-instance", id, health, &cells)
}

fn alarm(name: &str, id: &str, health: (Health, &str), since: i64) -> Resource {
    let state = if health.0 == Health::Failed { "ALARM" } else { "OK" };
    let cells = [
        ("state", Value::text(state)),
        ("since", Value::Instant(ago(since))),
        ("metric", Value::text("CPUUtilization")),
        ("condition", Value::text("> 80 for 3 of 3 × 1 min")),
        ("watches", Value::text(id.trim_end_matches("-cpu-high"))),
    ];
    row(name, "alarm", id, health, &cells)
}

const FINE: (Health, &str) = (Health::Ok, "");

fn healthy(state: &mut State) {
    for (name, customer, ..) in CUSTOMERS {
        let clusters = [("status", Value::text("ACTIVE")), ("tasks", Value::Int(9)), ("services", Value::Int(4))];
        let cluster = row(name, "ecs-cluster", &format!("{customer}-cluster"), FINE, &clusters);
        rows(state, name, "ecs-cluster", vec![cluster]);
        for kind in ["eks-cluster", "asg", "rds-cluster", "elasticache"] {
            rows(state, name, kind, Vec::new());
        }
        let services = ["frontend", "backend", "worker", "scheduler"]
            .map(|part| service(name, &format!("{customer}-{part}"), FINE, (2, 2), 86_400 * 3));
        rows(state, name, "ecs-service", services.into());
        rows(state, name, "rds-instance", vec![database(name, &format!("{customer}-aurora-1"), FINE, "db.r6g.large")]);
        rows(state, name, "alarm", vec![alarm(name, &format!("{customer}-backend-cpu-high"), FINE, 400_000)]);
    }
}

const CRASH: &str =
    "tasks keep stopping: essential container exited with code 1 (KeyError: 'DATABASE_URL'), 7 times in 10 minutes";

fn troubles(state: &mut State) {
    let sick = vec![
        service("dhbw-prod", "dhbw-frontend", FINE, (2, 2), 86_400 * 3),
        service("dhbw-prod", "dhbw-backend", (Health::Failed, CRASH), (1, 3), 1_260),
        service("dhbw-prod", "dhbw-worker", (Health::Progressing, "rollout 3 of 4, started 2m ago"), (4, 4), 120),
        service("dhbw-prod", "講義-バックエンド-サービス", FINE, (1, 1), 7_200),
        service("dhbw-prod", "שירות-הרצאות", (Health::Degraded, "2 of 3 targets are unhealthy"), (3, 3), 50_000),
        service(
            "dhbw-prod",
            "a-service-with-a-name-that-somebody-made-far-too-long-for-any-table-in-the-world",
            FINE,
            (12, 12),
            9,
        ),
        service("dhbw-prod", "cafe\u{301}-👩‍👩‍👧-api", (Health::Unknown, "its target groups can't be read"), (2, 2), 600),
    ];
    rows(state, "dhbw-prod", "ecs-service", sick);
    let full = (Health::Degraded, "modifying: storage is being extended; 4 GiB free");
    rows(
        state,
        "enterprise-prod",
        "rds-instance",
        vec![
            database("enterprise-prod", "enterprise-postgres", full, "db.m6i.2xlarge"),
            database("enterprise-prod", "enterprise-replica", FINE, "db.m6i.large"),
        ],
    );
    let high = (Health::Failed, "CPUUtilization 97.3 > 80 for 3 of 3 datapoints");
    rows(
        state,
        "dhbw-prod",
        "alarm",
        vec![
            alarm("dhbw-prod", "dhbw-backend-cpu-high", high, 1_140),
            alarm("dhbw-prod", "dhbw-frontend-cpu-high", FINE, 900_000),
            alarm("dhbw-prod", "dhbw-alb-5xx", (Health::Failed, "HTTPCode_Target_5XX_Count 212 > 50"), 1_080),
        ],
    );
    let throttled = Fault::new(FaultClass::Throttled { until: Some(ago(-12)) }, "ECS throttled DescribeServices");
    fail(state, list("edt-prod", "ecs-service"), 95, throttled);
    let renew = Some("aws sso login --profile lecture-unilux-prod".to_owned());
    let expired = Fault::new(FaultClass::Expired { renew, sign_in: true }, "the SSO session has expired");
    for kind in ["ecs-service", "rds-instance", "alarm", "ecs-cluster"] {
        fail(state, list("unilux-prod", kind), 2_400, expired.clone());
    }
}

/// A series of an hour for what has metrics: a wave, with a gap.
fn series(state: &mut State) {
    let owners: Vec<Resource> = state
        .store
        .answers
        .values()
        .filter_map(|known| match known.get() {
            Some(Answer::Rows(rows)) => Some(rows.items.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    for resource in owners {
        let Some(kind) = kinds::by_id(resource.id.kind) else { continue };
        for (n, spec) in (kind.metrics)(&resource).into_iter().enumerate() {
            for window in [Window::Hour, Window::ThreeHours] {
                let key = MetricKey { resource: Arc::clone(&resource.id), label: spec.label, window };
                take(state, Event::Points(vec![(key, Arc::new(wave(n, resource.name.len())))], ago(30)));
            }
        }
    }
}

fn wave(n: usize, seed: usize) -> Points {
    let value = |minute: i64| {
        let phase = (minute as f64 + seed as f64 * 3.0) / (7.0 + n as f64);
        42.0 + 35.0 * phase.sin() + minute as f64 / 4.0
    };
    let minutes = (0..60).filter(|minute| !(20..24).contains(minute));
    Points { points: minutes.map(|minute| (ago((59 - minute) * 60), value(minute))).collect() }
}
