use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use crate::demo::Estate;
use crate::demo::world::Clock;
use crate::engine::sources::Sources as _;
use crate::engine::{
    Engine, Event, Interest, Live, MetricWant, Priority, Request, Reread, Settings, SignInState, TailEvent, TailMode,
};
use crate::kinds;
use crate::model::{
    Answer, Environment, Fault, FaultClass, LogOrigin, LogSource, PodsOf, Query, ResourceId, Rows, Scope, TailSpec,
    Window,
};
use crate::providers::{Environments, Source};

const SEED: u64 = 1;
const SETTINGS: Settings = Settings {
    metric_calls: 1_000,
    metric_dollars: 10.0,
    metric_ledger: None,
    log_room: Some(100_000),
    live_tails: true,
};

/// The engine on an estate.
struct Rig {
    estate: Estate,
    scopes: Vec<Scope>,
    engine: Engine,
    events: mpsc::Receiver<Event>,
}

impl Rig {
    fn on(estate: Estate) -> Self {
        let environments: Vec<Environment> = estate
            .environments()
            .into_iter()
            .map(|environment| Environment {
                name: environment.name.into(),
                profile: Some(environment.profile.into()),
                account: Some(environment.account.into()),
                regions: vec![environment.region.into()],
                ..Environment::default()
            })
            .collect();
        let scope = |environment: &Environment| Scope::new(&*environment.name, &*environment.regions[0]);
        let scopes = environments.iter().map(scope).collect();
        let source = crate::cli::demo::reached(&estate);
        let (tell, events) = mpsc::channel(1_024);
        let live = Live::new(Environments::new(environments, source, kinds::reads()));
        Self { engine: Engine::start(Arc::new(live), None, tell, SETTINGS), estate, scopes, events }
    }

    fn seven() -> Self {
        Self::on(Estate::new(SEED, Clock::Real))
    }

    fn scope(&self, environment: &str) -> Scope {
        self.scopes.iter().find(|scope| &*scope.environment == environment).unwrap().clone()
    }

    fn want(&self, queries: impl IntoIterator<Item = Query>) {
        let once = |query| Interest { query, every: None, priority: Priority::Screen };
        self.engine.request(Request::Interests(queries.into_iter().map(once).collect()));
    }

    async fn next<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = pick(self.events.recv().await.expect("the engine has ended")) {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), found).await.expect("what was waited for did not come")
    }

    async fn done(&mut self) -> (Query, Result<Option<Answer>, Arc<Fault>>) {
        self.next(|event| match event {
            Event::Done { query, result, .. } => Some((query, result)),
            _ => None,
        })
        .await
    }

    /// The rows of a kind in an environment.
    async fn rows(&mut self, environment: &str, kind: &'static str) -> Arc<Rows> {
        self.want([kinds::list_of(&self.scope(environment), kind, None)]);
        match self.done().await.1 {
            Ok(Some(Answer::Rows(rows))) => rows,
            other => panic!("{other:?}"),
        }
    }
}

/// All that there is in AWS. What lives in clusters is watched, and told again when it moves.
fn everything(scope: &Scope) -> impl Iterator<Item = Query> + '_ {
    let polled = kinds::ALL.iter().filter(|kind| kind.system == kinds::System::Aws);
    polled.map(|kind| kinds::list_of(scope, kind.id, None)).chain([Query::Identity(scope.clone())])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_seven_environments_are_complete_soon() {
    let mut rig = Rig::seven();
    let wanted: Vec<Query> = rig.scopes.iter().flat_map(|scope| everything(scope).collect::<Vec<_>>()).collect();
    let began = Instant::now();
    rig.want(wanted.clone());
    let (mut open, mut rows) = (wanted.into_iter().collect::<HashSet<_>>(), 0);
    while !open.is_empty() {
        let (query, result) = rig.done().await;
        match result.unwrap_or_else(|fault| panic!("{query:?}: {fault:?}")) {
            Some(Answer::Rows(found)) => rows += found.items.len(),
            Some(Answer::Identity(_)) => {}
            other => panic!("{other:?}"),
        }
        assert!(open.remove(&query), "{query:?} twice");
    }
    println!("{rows} rows after {:?}, {} calls", began.elapsed(), rig.estate.calls().values().sum::<u64>());
    assert!(rows > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_environment_delays_no_other() {
    let mut rig = Rig::seven();
    rig.estate.faults().add("dhbw-prod=hang").unwrap();
    let wanted: Vec<Query> = rig.scopes.iter().flat_map(|scope| everything(scope).collect::<Vec<_>>()).collect();
    let well = wanted.iter().filter(|query| &*query.scope().environment != "dhbw-prod").count();
    rig.want(wanted);
    for _ in 0..well {
        let (query, result) = rig.done().await;
        assert!(&*query.scope().environment != "dhbw-prod" && result.is_ok(), "{query:?}: {result:?}");
    }
}

type IsClass = fn(&FaultClass) -> bool;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_shows_as_itself() {
    let is: [(&str, IsClass); 7] = [
        ("throttle", |class| matches!(class, FaultClass::Throttled { until: Some(_) })),
        ("deny", |class| matches!(class, FaultClass::Denied { .. })),
        ("expire", |class| matches!(class, FaultClass::Expired { .. })),
        ("garble", |class| matches!(class, FaultClass::Malformed)),
        ("unreachable", |class| matches!(class, FaultClass::Unreachable)),
        ("error500", |class| matches!(class, FaultClass::Service)),
        ("repeat-token", |class| matches!(class, FaultClass::Malformed)),
    ];
    for (rule, fits) in is {
        let mut rig = Rig::on(Estate::sized(SEED, Clock::Real, 1, 150));
        let scope = rig.scopes[0].clone();
        rig.estate.faults().add(&format!("{}/ecs={rule}", scope.environment)).unwrap();
        rig.want([kinds::list_of(&scope, "ecs-service", None)]);
        let (_, result) = rig.done().await;
        let fault = result.expect_err(rule);
        assert!(fits(&fault.class), "{rule}: {fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_revives_what_the_estate_let_expire() {
    let mut rig = Rig::seven();
    rig.estate.faults().add("*=expire").unwrap();
    let queries = ["dhbw-prod", "edt-prod"].map(|name| kinds::list_of(&rig.scope(name), "ecs-cluster", None));
    rig.want(queries);
    for _ in 0..2 {
        let (query, result) = rig.done().await;
        let environment = &query.scope().environment;
        let renew = Some(format!("aws sso login --profile {environment}"));
        assert_eq!(result.unwrap_err().class, FaultClass::Expired { renew, sign_in: true });
    }
    rig.engine.request(Request::SignIn("dhbw-prod".into()));
    let (mut open, mut revived, mut rows) = (None, Vec::new(), 0);
    while rows < 2 {
        match rig.next(Some).await {
            Event::SignIn(_, SignInState::Open { url, code }) => open = Some((url, code)),
            Event::SignIn(_, SignInState::Done(names)) => revived = names,
            Event::SignIn(_, SignInState::Failed(fault)) => panic!("{fault:?}"),
            Event::Done { result, .. } => rows += usize::from(result.is_ok()),
            _ => {}
        }
    }
    let (url, code) = open.unwrap();
    assert!(url.ends_with(&format!("?user_code={code}")) && url.starts_with("https://estate.example/"), "{url}");
    assert_eq!(revived, ["dhbw-prod".into(), "edt-prod".into()], "all that stand on the session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_that_the_estate_denies_say_so() {
    let mut rig = Rig::seven();
    rig.estate.faults().add("*/cloudwatch/GetMetricData=deny").unwrap();
    let rows = rig.rows("enterprise-prod", "rds-instance").await;
    let specs = (kinds::by_id("rds-instance").unwrap().metrics)(&rows.items[0]);
    let wants: Vec<MetricWant> = specs.into_iter().map(|spec| MetricWant { spec, window: Window::Hour }).collect();
    let count = wants.len();
    rig.engine.request(Request::Metrics(wants));
    let told = rig.next(|event| match event {
        Event::NoPoints(keys, fault, _) => Some((keys.len(), fault)),
        _ => None,
    });
    let (keys, fault) = told.await;
    let permission = Some("cloudwatch:GetMetricData".to_owned());
    assert_eq!((keys, &fault.class), (count, &FaultClass::Denied { permission }));
}

/// The id of a service that runs and logs.
async fn service(rig: &mut Rig, environment: &str) -> Arc<ResourceId> {
    let rows = rig.rows(environment, "ecs-service").await;
    Arc::clone(&rows.items.first().expect("a service").id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logs_of_a_service_are_found_and_tailed() {
    let mut rig = Rig::seven();
    let id = service(&mut rig, "enterprise-prod").await;
    rig.engine.request(Request::FindLogs(vec![Arc::clone(&id)]));
    let sources = rig.next(|event| match event {
        Event::LogSources(of, found) => Some((of, found)),
        _ => None,
    });
    let (of, sources) = sources.await;
    let sources = sources.unwrap();
    assert!(of == [id] && !sources.is_empty());
    let since = Timestamp::now() - SignedDuration::from_mins(30);
    let count = sources.len();
    rig.engine.request(Request::Tail(TailSpec { id: 1, sources, since, until: None, pattern: None }));
    let (mut past, mut present, mut live) = (0, 0, HashSet::new());
    while present < 5 {
        let tail = rig.next(|event| match event {
            Event::Tail(1, event) => Some(event),
            _ => None,
        });
        match tail.await {
            TailEvent::Lines(lines) if live.len() < count => past += lines.len(),
            TailEvent::Lines(lines) => present += lines.len(),
            TailEvent::Mode(source, mode) => {
                assert_eq!(mode, TailMode::Live);
                live.insert(source);
            }
            other => panic!("{other:?}"),
        }
    }
    println!("{count} sources, {past} lines of the past, {present} of the present");
    assert!(past > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_and_a_log_group_flow_in_one_tail() {
    let mut rig = Rig::seven();
    let scope = rig.scope("beta9-prod");
    let group = LogSource::group(scope.clone(), "/beta9/provisioning", None, "provisioning");
    let pods = PodsOf::Labels("app=sandbox-router".into());
    let space = Scope { namespace: Some("beta9-system".into()), ..scope.in_cluster("beta9-prod") };
    let of = LogOrigin::Pods { pods, container: None, previous: false };
    let sources = vec![group, LogSource { scope: space, of, label: "router".into() }];
    let since = Timestamp::now() - SignedDuration::from_mins(2);
    rig.engine.request(Request::Tail(TailSpec { id: 1, sources, since, until: None, pattern: None }));
    let (mut past, mut present, mut live) = ([0; 2], [0; 2], HashSet::new());
    let mut seen = HashSet::new();
    while present.iter().any(|count| *count < 3) {
        let tail = rig.next(|event| match event {
            Event::Tail(1, event) => Some(event),
            _ => None,
        });
        match tail.await {
            TailEvent::Lines(lines) => {
                assert!(lines.is_sorted_by_key(|line| line.at), "merged by time");
                for line in lines {
                    let counts = if live.len() < 2 { &mut past } else { &mut present };
                    counts[usize::from(line.source)] += 1;
                    assert!(seen.insert((line.source, line.at, line.key)), "{line:?} twice");
                }
            }
            TailEvent::Mode(source, mode) => {
                assert_eq!(mode, TailMode::Live);
                live.insert(source);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(past.iter().all(|count| *count > 0), "{past:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_live_tails_are_denied_it_is_polled() {
    let mut rig = Rig::seven();
    rig.estate.faults().add("*/logs/StartLiveTail=deny").unwrap();
    let id = service(&mut rig, "enterprise-prod").await;
    rig.engine.request(Request::FindLogs(vec![id]));
    let sources = rig.next(|event| match event {
        Event::LogSources(_, found) => found.ok(),
        _ => None,
    });
    let sources = sources.await;
    let since = Timestamp::now() - SignedDuration::from_mins(1);
    rig.engine.request(Request::Tail(TailSpec { id: 1, sources, since, until: None, pattern: None }));
    let mut polled = false;
    let (mut seen, mut lines_polled) = (HashSet::new(), 0);
    while lines_polled < 3 {
        let tail = rig.next(|event| match event {
            Event::Tail(1, event) => Some(event),
            _ => None,
        });
        match tail.await {
            TailEvent::Lines(lines) => {
                lines_polled += if polled { lines.len() } else { 0 };
                for line in lines {
                    assert!(seen.insert((line.source, line.at, line.key)), "{line:?} twice");
                }
            }
            TailEvent::Mode(_, mode) => {
                assert_eq!(mode, TailMode::Polled);
                polled = true;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_come_in() {
    let mut rig = Rig::seven();
    let rows = rig.rows("enterprise-prod", "rds-instance").await;
    let kind = kinds::by_id("rds-instance").unwrap();
    let specs = rows.items.iter().flat_map(|row| (kind.metrics)(row));
    let wants: Vec<MetricWant> = specs.map(|spec| MetricWant { spec, window: Window::Hour }).collect();
    let count = wants.len();
    rig.engine.request(Request::Metrics(wants));
    let points = rig.next(|event| match event {
        Event::Points(points, _) => Some(points),
        _ => None,
    });
    let points = points.await;
    assert!(count > 0 && points.len() == count);
    assert!(points.iter().any(|(_, points)| points.points.len() > 30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_say_what_they_lack() {
    let mut rig = Rig::seven();
    rig.estate.faults().add("*/cloudtrail=deny").unwrap();
    let scope = rig.scope("dhbw-prod");
    rig.want([Query::Changes { scope, seconds: 43_200, about: None }]);
    let (_, result) = rig.done().await;
    let answer = result.unwrap().unwrap();
    assert!(matches!(answer.missing().map(|fault| &fault.class), Some(FaultClass::Denied { .. })));
    assert!(matches!(answer, Answer::Changes(changes) if !changes.rows.is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_brings_other_environments() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "a").unwrap();
    let read = file.clone();
    let reread: Reread = Arc::new(move || {
        let names = std::fs::read_to_string(&read).unwrap();
        let environment = |name: &str| Environment {
            name: name.into(),
            regions: vec!["eu-central-1".into()],
            ..Environment::default()
        };
        names.split_whitespace().map(environment).collect()
    });
    let access = Environments::new(
        reread(),
        Source::Estate { aws: Arc::new(|_| None), kube: Arc::new(|_, _| None) },
        Vec::new(),
    );
    let live = Live::new(Arc::clone(&access)).watching(vec![file.clone(), folder.path().join("none")], reread);
    assert!(live.changed().await.environments.is_none(), "the first look only looks");
    std::fs::write(&file, "a  ").unwrap();
    assert!(live.changed().await.environments.is_none(), "the same environments");
    std::fs::write(&file, "a b c").unwrap();
    let names: Vec<_> =
        live.changed().await.environments.unwrap().iter().map(|environment| environment.name.to_string()).collect();
    assert_eq!((names, access.list().len()), (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_firehose_flows_in_order_without_doubles() {
    let mut rig = Rig::on(Estate::sized(SEED, Clock::Real, 1, 10));
    let source = LogSource::group(rig.scopes[0].clone(), "/bench/firehose", None, "firehose");
    let since = Timestamp::now() - SignedDuration::from_secs(2);
    rig.engine.request(Request::Tail(TailSpec { id: 1, sources: vec![source], since, until: None, pattern: None }));
    let (began, mut seen, mut out_of_order) = (Instant::now(), HashSet::new(), 0);
    let mut newest = Timestamp::MIN;
    while seen.len() < 25_000 {
        let lines = rig.next(|event| match event {
            Event::Tail(1, TailEvent::Lines(lines)) => Some(lines),
            Event::Tail(1, TailEvent::Failed(_, fault)) => panic!("{fault:?}"),
            _ => None,
        });
        for line in lines.await {
            assert!(line.at.as_millisecond() >= since.as_millisecond(), "{line:?}");
            assert!(seen.insert((line.at, line.key)), "{line:?} twice");
            out_of_order += usize::from(line.at < newest);
            newest = newest.max(line.at);
        }
    }
    println!("{} lines in {:?}, {out_of_order} out of order", seen.len(), began.elapsed());
}
