use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;

use super::testing::{Fake, PLAIN, Reply, Rig, brisk, every, id, list, settle, until};
use super::{ApiStats, Changed, Event, MetricKey, MetricWant, MetricsSpent, Request, Settings, SignInState};
use crate::model::{Environment, Fault, FaultClass, LogSource, MetricSpec, Unit, Window};

const NEVER: Duration = Duration::from_hours(1);

fn want(environment: &str, at: usize, window: Window) -> MetricWant {
    let spec = MetricSpec {
        resource: id(environment, &at.to_string()),
        label: "cpu",
        namespace: Cow::Borrowed("AWS/ECS"),
        metric: Cow::Borrowed("CPUUtilization"),
        dimensions: Vec::new(),
        stat: Cow::Borrowed("Average"),
        unit: Unit::Percent,
    };
    MetricWant { spec, window }
}

fn wants(environment: &str, count: usize) -> Vec<MetricWant> {
    (0..count).map(|at| want(environment, at, Window::Hour)).collect()
}

async fn points(rig: &mut Rig) -> usize {
    rig.next(|event| match event {
        Event::Points(points, _) => Some(points.len()),
        _ => None,
    })
    .await
}

fn spent_of(event: &Event) -> Option<MetricsSpent> {
    match event {
        Event::Spent(spent) => Some(*spent),
        _ => None,
    }
}

/// A rig whose clock stands still in the middle of a minute.
fn metrics_rig(settings: Settings) -> Rig {
    let fake = Fake::default();
    *fake.clock.lock().unwrap() = Some("2025-08-22T10:30:30Z".parse().unwrap());
    Rig::set(fake, &brisk(), settings, 1_024)
}

const PLENTY: Settings = Settings { metric_calls: 1_000, metric_dollars: 10.0, ..PLAIN };

#[tokio::test]
async fn metrics_go_five_hundred_to_a_call_and_once_a_period() {
    let mut rig = metrics_rig(PLENTY);
    let all = wants("a", 1_201);
    rig.engine.request(Request::Metrics(all.clone()));
    assert_eq!([points(&mut rig).await, points(&mut rig).await, points(&mut rig).await], [500, 500, 201]);
    rig.engine.request(Request::Metrics(all[..700].to_vec()));
    settle().await;
    rig.engine.request(Request::Metrics(all));
    settle().await;
    assert_eq!(*rig.fake.metric_calls.lock().unwrap(), [500, 500, 201], "not before the period is over");
    let later = rig.fake.clock.lock().unwrap().unwrap() + SignedDuration::from_secs(60);
    *rig.fake.clock.lock().unwrap() = Some(later);
    rig.engine.request(Request::Metrics(wants("a", 20)));
    assert_eq!(points(&mut rig).await, 20);
}

#[tokio::test]
async fn metrics_of_each_place_and_window_are_calls_of_their_own() {
    let mut rig = metrics_rig(PLENTY);
    let twice = wants("a", 3).into_iter().chain(wants("a", 3));
    let all = twice.chain(wants("b", 4)).chain([want("a", 0, Window::Day)]);
    rig.engine.request(Request::Metrics(all.collect()));
    let mut counts = [points(&mut rig).await, points(&mut rig).await, points(&mut rig).await];
    counts.sort_unstable();
    assert_eq!(counts, [1, 3, 4]);
}

#[tokio::test]
async fn paging_through_a_list_asks_for_where_it_stops() {
    let mut rig = metrics_rig(PLENTY);
    for at in 0..50 {
        rig.engine.request(Request::Metrics(vec![want("a", at, Window::Hour)]));
    }
    assert_eq!(points(&mut rig).await, 1);
    settle().await;
    assert_eq!(*rig.fake.metric_calls.lock().unwrap(), [1]);
}

#[tokio::test]
async fn metrics_stop_at_the_budget_and_go_on_the_next_day() {
    let mut rig = metrics_rig(Settings { metric_calls: 2, ..PLENTY });
    rig.engine.request(Request::Metrics(wants("a", 1_600)));
    let spent = rig.next(|event| spent_of(&event).filter(|spent| spent.exhausted)).await;
    assert_eq!((spent.calls, spent.dollars), (2, 0.01));
    settle().await;
    assert_eq!(*rig.fake.metric_calls.lock().unwrap(), [500, 500]);
    *rig.fake.clock.lock().unwrap() = Some("2025-08-23T00:00:00Z".parse().unwrap());
    let spent = rig.next(|event| spent_of(&event).filter(|spent| !spent.exhausted)).await;
    assert_eq!(spent.calls, 1);
    until(|| rig.fake.metric_calls.lock().unwrap().len() == 4).await;
}

#[tokio::test]
async fn metrics_that_failed_are_asked_for_again() {
    let mut rig = metrics_rig(PLENTY);
    *rig.fake.metrics_fault.lock().unwrap() = Some(FaultClass::Throttled { until: None });
    rig.engine.request(Request::Metrics(wants("a", 5)));
    until(|| rig.fake.metric_calls.lock().unwrap().len() >= 3).await;
    *rig.fake.metrics_fault.lock().unwrap() = None;
    assert_eq!(points(&mut rig).await, 5);
}

async fn no_points(rig: &mut Rig) -> (Vec<MetricKey>, Arc<Fault>) {
    rig.next(|event| match event {
        Event::NoPoints(keys, fault, _) => Some((keys, fault)),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn metrics_that_can_not_be_read_say_why() {
    let mut rig = metrics_rig(PLENTY);
    let denied = FaultClass::Denied { permission: Some("cloudwatch:GetMetricData".to_owned()) };
    *rig.fake.metrics_fault.lock().unwrap() = Some(denied.clone());
    let all = wants("a", 5);
    rig.engine.request(Request::Metrics(all.clone()));
    let (keys, fault) = no_points(&mut rig).await;
    let resources: BTreeSet<_> = keys.iter().map(|key| key.resource.id.to_string()).collect();
    assert_eq!((resources.len(), &fault.class), (5, &denied));
    assert!(keys.iter().all(|key| key.label == "cpu" && key.window == Window::Hour));
}

#[tokio::test]
async fn what_comes_on_screen_while_metrics_rest_is_told_why_too() {
    let fake = Fake::default();
    *fake.clock.lock().unwrap() = Some("2025-08-22T10:30:30Z".parse().unwrap());
    *fake.metrics_fault.lock().unwrap() = Some(FaultClass::Denied { permission: None });
    let mut rig = Rig::set(fake, &super::Pace { second: Duration::from_secs(1), ..brisk() }, PLENTY, 1_024);
    rig.engine.request(Request::Metrics(wants("a", 1)));
    assert_eq!(no_points(&mut rig).await.0.len(), 1);
    rig.engine.request(Request::Metrics(wants("a", 3)));
    assert_eq!(no_points(&mut rig).await.0.len(), 2, "those that do not know yet");
    assert_eq!(*rig.fake.metric_calls.lock().unwrap(), [1], "it is not asked for that");
}

#[tokio::test]
async fn a_metric_that_the_answer_leaves_out_is_told_beside_the_others() {
    let mut rig = metrics_rig(PLENTY);
    rig.fake.metrics_left_out.store(2, Ordering::Relaxed);
    rig.engine.request(Request::Metrics(wants("a", 5)));
    assert_eq!(points(&mut rig).await, 3);
    let (keys, fault) = no_points(&mut rig).await;
    let resources: Vec<_> = keys.iter().map(|key| &*key.resource.id).collect();
    assert_eq!((resources, &fault.class), (vec!["0", "1"], &FaultClass::Service));
}

#[tokio::test]
async fn the_budget_of_a_day_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Some(folder.path().join("metrics.json"));
    let settings = Settings { metric_calls: 2, metric_ledger: ledger, ..PLENTY };
    let mut rig = metrics_rig(settings.clone());
    rig.engine.request(Request::Metrics(wants("a", 700)));
    assert_eq!([points(&mut rig).await, points(&mut rig).await], [500, 200]);
    drop(rig);
    let mut rig = metrics_rig(settings);
    let spent = rig.next(|event| spent_of(&event)).await;
    assert_eq!((spent.calls, spent.metrics, spent.exhausted), (2, 700, true));
    rig.engine.request(Request::Metrics(wants("a", 1)));
    settle().await;
    assert!(rig.fake.metric_calls.lock().unwrap().is_empty());
}

fn source(group: &str, prefix: Option<&str>) -> LogSource {
    LogSource::group(id("a", "").scope.clone(), group, prefix.map(Into::into), group)
}

#[tokio::test]
async fn logs_of_several_resources_are_merged() {
    let mut rig = Rig::new(Fake::default());
    let sources = [
        ("one", Ok(vec![source("/g", Some("web/")), source("/h", None)])),
        ("two", Ok(vec![source("/g", Some("api/")), source("/h", Some("x"))])),
        ("bad", Err(Fault::new(FaultClass::Denied { permission: None }, "no"))),
    ];
    rig.fake.log_sources.lock().unwrap().extend(sources.map(|(name, found)| (name.to_owned(), found)));
    let of = vec![id("a", "one"), id("a", "bad"), id("a", "two")];
    rig.engine.request(Request::FindLogs(of.clone()));
    let merged = vec![source("/g", Some("web/")), source("/h", None), source("/g", Some("api/"))];
    let event = rig.next(Some).await;
    assert_eq!(event, Event::LogSources(of, Ok(merged)));
    rig.engine.request(Request::FindLogs(vec![id("a", "bad")]));
    assert!(matches!(rig.next(Some).await, Event::LogSources(_, Err(_))));
}

#[tokio::test]
async fn signing_in_revives_what_had_expired() {
    let mut rig = Rig::paced(Fake::default(), &super::Pace { second: Duration::from_secs(10), ..brisk() });
    let query = list("a", "x");
    rig.fake.reply("a", &[Reply::Fault(FaultClass::Expired { renew: None, sign_in: true }), Reply::Rows(1)]);
    rig.want(&[every(&query, NEVER)]);
    assert!(matches!(rig.done().await.class(), FaultClass::Expired { .. }));
    rig.engine.request(Request::SignIn("a".into()));
    let mut states = Vec::new();
    let done = rig
        .next(|event| match event {
            Event::SignIn(_, state) => {
                states.push(state);
                None
            }
            Event::Done { result, .. } => Some(result),
            _ => None,
        })
        .await;
    assert!(matches!(done, Ok(Some(_))));
    let open = SignInState::Open { url: "https://example.com".into(), code: "AB-CD".into() };
    assert_eq!(states[0], open);
}

#[tokio::test]
async fn signing_in_again_begins_anew() {
    let mut rig = Rig::new(Fake { sign_ins_to_hang: 1.into(), ..Fake::default() });
    let mut states = Vec::new();
    while states.len() < 3 {
        if states.len() < 2 {
            rig.engine.request(Request::SignIn("a".into()));
        }
        let state = rig.next(|event| match event {
            Event::SignIn(_, state) => Some(state),
            _ => None,
        });
        states.push(state.await);
    }
    assert!(matches!(&states[..], [SignInState::Open { .. }, SignInState::Open { .. }, SignInState::Done(_)]));
}

#[tokio::test]
async fn a_code_is_answered_and_revives() {
    let mut rig = Rig::paced(Fake::default(), &super::Pace { second: Duration::from_secs(10), ..brisk() });
    let query = list("a", "x");
    rig.fake.reply("a", &[Reply::Fault(FaultClass::NeedsCode { serial: "s".into() }), Reply::Rows(1)]);
    rig.want(&[every(&query, NEVER)]);
    rig.done().await;
    for (code, accepted) in [("000000", false), ("123456", true)] {
        rig.engine.request(Request::Code { environment: "a".into(), code: code.into() });
        let result = rig.next(|event| match event {
            Event::Code(_, result) => Some(result),
            _ => None,
        });
        assert_eq!(result.await.is_ok(), accepted);
    }
    until(|| rig.fake.times(&query) == 2).await;
}

#[tokio::test]
async fn changed_files_are_reported_and_what_they_concern_is_asked_again() {
    let mut rig = Rig::paced(Fake::default(), &super::Pace { second: Duration::from_secs(10), ..brisk() });
    let (expired, denied) = (list("a", "expired"), list("a", "denied"));
    rig.fake.reply("a/expired", &[Reply::Fault(FaultClass::Expired { renew: None, sign_in: false }), Reply::Rows(1)]);
    rig.fake.reply("a/denied", &[Reply::Fault(FaultClass::Denied { permission: None })]);
    rig.want(&[every(&expired, NEVER), every(&denied, NEVER)]);
    let first: BTreeSet<_> = [rig.done().await.generation, rig.done().await.generation].into();
    assert_eq!(first, [1, 2].into());
    let environment =
        Arc::new(Environment { name: "a".into(), regions: vec!["eu-central-1".into()], ..Environment::default() });
    *rig.fake.changed.lock().unwrap() =
        Changed { environments: Some(vec![Arc::clone(&environment)]), again: vec!["a".into()] };
    let event = rig.next(|event| matches!(event, Event::Environments(_)).then_some(event)).await;
    assert_eq!(event, Event::Environments(vec![environment]));
    assert_eq!(rig.done_with(&expired).await.count(), Some(1));
    settle().await;
    assert_eq!(rig.fake.times(&denied), 1);
}

#[tokio::test]
async fn call_counters_are_told_when_they_change() {
    let mut rig = Rig::new(Fake::default());
    let stats = |calls| ApiStats { calls_per_minute: calls, throttled: 0 };
    *rig.fake.stats.lock().unwrap() = vec![("a".into(), stats(3)), ("b".into(), stats(0))];
    assert_eq!(rig.next(Some).await, Event::Stats(vec![("a".into(), stats(3))]));
    settle().await;
    *rig.fake.stats.lock().unwrap() = vec![("a".into(), stats(3)), ("b".into(), stats(1))];
    assert_eq!(rig.next(Some).await, Event::Stats(vec![("b".into(), stats(1))]));
}

#[tokio::test]
async fn dropping_the_engine_ends_it() {
    let Rig { engine, mut events, fake } = Rig::new(Fake::default());
    drop(engine);
    let ended = async { while events.recv().await.is_some() {} };
    tokio::time::timeout(NEVER, ended).await.unwrap();
    until(|| Arc::strong_count(&fake) == 1).await;
}
