//! Sources that do what a test says, and a console that reads what the engine reports.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc};

use super::pace::Pace;
use super::report::Report;
use super::sources::{Asking, Changed, Progress, Sources};
use super::{ApiStats, Engine, Event, Interest, Priority, Request, Settings, Shared, SignInState};
use crate::kinds::logs::{Found, Page, Update};
use crate::model::{
    Answer, Fault, FaultClass, Health, KindId, Level, LogSource, MetricSpec, Points, Query, Resource, ResourceId, Rows,
    Scope, Window,
};

/// What a query comes to.
#[derive(Clone)]
pub(super) enum Reply {
    /// So many rows.
    Rows(usize),
    /// A fault of this class.
    Fault(FaultClass),
    /// Never.
    Hang,
    /// When this is notified: so many rows.
    Gate(Arc<Notify>, usize),
    Panic,
    /// So many pages, one every so often.
    Slow(usize, Duration),
}

type Script<T> = Mutex<Vec<T>>;

/// What the outside does. Scripts are used up from the front; their last entry stays.
#[derive(Default)]
pub(super) struct Fake {
    /// By query; the environment's name stands for all of its queries.
    pub(super) replies: Mutex<HashMap<String, Vec<Reply>>>,
    pub(super) asked: Mutex<Vec<Query>>,
    /// What moves when this is notified.
    pub(super) moved: Mutex<Vec<(Scope, KindId)>>,
    pub(super) moved_now: Notify,
    /// Fetches under way, and the most there have been, by environment.
    pub(super) under_way: Mutex<HashMap<String, (usize, usize)>>,
    /// Specs of each call for metrics.
    pub(super) metric_calls: Mutex<Vec<usize>>,
    pub(super) metrics_fault: Mutex<Option<FaultClass>>,
    /// The first so many specs of a call are left out of its answer.
    pub(super) metrics_left_out: AtomicUsize,
    pub(super) log_sources: Mutex<HashMap<String, Result<Vec<LogSource>, Fault>>>,
    /// Ranges asked for, in milliseconds.
    pub(super) ranges: Mutex<Vec<(i64, i64)>>,
    /// What each pass over a range brings.
    pub(super) passes: Script<Result<Vec<Vec<Found>>, Fault>>,
    /// What each of them lacks.
    pub(super) lacks: Mutex<Option<&'static str>>,
    /// What each live tail sends; `Err` from the start if there is none.
    pub(super) lives: Script<Result<Vec<Told>, FaultClass>>,
    pub(super) live_starts: AtomicUsize,
    /// So many sign-ins are never confirmed.
    pub(super) sign_ins_to_hang: AtomicUsize,
    /// Environments that somebody wanted asked again.
    pub(super) urged: Mutex<Vec<String>>,
    pub(super) changed: Mutex<Changed>,
    pub(super) stats: Mutex<Vec<(Arc<str>, ApiStats)>>,
    pub(super) clock: Mutex<Option<Timestamp>>,
    /// Whoever asks for the time so often next panics.
    pub(super) clock_breaks: AtomicUsize,
}

/// What a live tail does next.
#[derive(Clone)]
pub(super) enum Told {
    Update(Update),
    /// Waits until this is notified.
    Wait(Arc<Notify>),
    Break,
}

/// Takes the first of a script, or its last again and again.
fn next<T: Clone>(script: &mut Vec<T>) -> Option<T> {
    if script.len() > 1 { Some(script.remove(0)) } else { script.first().cloned() }
}

impl Fake {
    pub(super) fn reply(&self, to: &str, replies: &[Reply]) {
        self.replies.lock().unwrap().insert(to.to_owned(), replies.to_vec());
    }

    /// How often a kind was asked for in an environment.
    pub(super) fn times(&self, query: &Query) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == query).count()
    }

    fn answer(&self, query: &Query) -> Reply {
        let mut replies = self.replies.lock().unwrap();
        let name = name(query);
        let key = if replies.contains_key(&name) { name } else { query.scope().environment.to_string() };
        replies.get_mut(&key).and_then(next).unwrap_or(Reply::Rows(1))
    }
}

/// Counts a fetch for as long as it lives.
struct UnderWay<'a>(&'a Fake, String);

impl<'a> UnderWay<'a> {
    fn new(fake: &'a Fake, query: &Query) -> Self {
        let environment = query.scope().environment.to_string();
        let mut all = fake.under_way.lock().unwrap();
        let (now, most) = all.entry(environment.clone()).or_default();
        *now += 1;
        *most = (*most).max(*now);
        Self(fake, environment)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some((now, _)) = self.0.under_way.lock().unwrap().get_mut(&self.1) {
            *now -= 1;
        }
    }
}

impl Sources for Fake {
    fn now(&self) -> Timestamp {
        let breaks = self.clock_breaks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |times| times.checked_sub(1));
        assert!(breaks.is_err(), "as told");
        self.clock.lock().unwrap().unwrap_or_else(Timestamp::now)
    }

    fn fetch<'a>(&'a self, query: &'a Query, _: Priority, progress: Progress<'a>) -> Asking<'a, Answer> {
        async move {
            self.asked.lock().unwrap().push(query.clone());
            let _here = UnderWay::new(self, query);
            match self.answer(query) {
                Reply::Rows(count) => Ok(rows(query, count)),
                Reply::Fault(class) => Err(Fault::new(class, "as told")),
                Reply::Hang => std::future::pending().await,
                Reply::Gate(gate, count) => {
                    gate.notified().await;
                    Ok(rows(query, count))
                }
                Reply::Panic => panic!("as told"),
                Reply::Slow(pages, each) => {
                    for _ in 0..pages {
                        tokio::time::sleep(each).await;
                        progress(10);
                    }
                    Ok(rows(query, pages * 10))
                }
            }
        }
        .boxed()
    }

    fn metrics<'a>(&'a self, _: &'a Scope, specs: &'a [MetricSpec], _: Window) -> Asking<'a, Vec<(usize, Points)>> {
        async move {
            self.metric_calls.lock().unwrap().push(specs.len());
            let first = self.metrics_left_out.load(Ordering::Relaxed);
            match self.metrics_fault.lock().unwrap().clone() {
                Some(class) => Err(Fault::new(class, "as told")),
                None => Ok((first..specs.len()).map(|at| (at, Points::default())).collect()),
            }
        }
        .boxed()
    }

    fn log_sources<'a>(&'a self, resource: &'a ResourceId) -> Asking<'a, Vec<LogSource>> {
        async move { self.log_sources.lock().unwrap().get(&*resource.id).cloned().unwrap_or(Ok(Vec::new())) }.boxed()
    }

    fn urge(&self, environment: &str) {
        self.urged.lock().unwrap().push(environment.to_owned());
    }

    fn lines(
        &self,
        _: &LogSource,
        from: Timestamp,
        to: Timestamp,
        _: Option<Arc<str>>,
    ) -> BoxStream<'static, Result<Page, Fault>> {
        self.ranges.lock().unwrap().push((from.as_millisecond(), to.as_millisecond()));
        match next(&mut self.passes.lock().unwrap()).unwrap_or(Ok(Vec::new())) {
            Ok(pages) => {
                let lacks = *self.lacks.lock().unwrap();
                let last = lacks.map(|lacks| Page { lines: Vec::new(), lacks: Some(lacks) });
                stream::iter(pages.into_iter().map(Page::from).chain(last).map(Ok)).boxed()
            }
            Err(fault) => stream::iter([Err(fault)]).boxed(),
        }
    }

    fn live(&self, _: &LogSource, _: Option<Arc<str>>) -> Asking<'static, BoxStream<'static, Result<Update, Fault>>> {
        self.live_starts.fetch_add(1, Ordering::Relaxed);
        let told = next(&mut self.lives.lock().unwrap()).unwrap_or(Err(FaultClass::Denied { permission: None }));
        async move {
            let told = told.map_err(|class| Fault::new(class, "as told"))?;
            let updates = stream::iter(told).chain(stream::pending()).filter_map(async |told| match told {
                Told::Update(update) => Some(Ok(update)),
                Told::Wait(gate) => {
                    gate.notified().await;
                    None
                }
                Told::Break => Some(Err(Fault::new(FaultClass::Unreachable, "as told"))),
            });
            Ok(updates.boxed())
        }
        .boxed()
    }

    fn sign_in<'a>(&'a self, environment: &'a str, tell: mpsc::Sender<SignInState>) -> Asking<'a, Vec<Arc<str>>> {
        async move {
            let open = SignInState::Open { url: "https://example.com".into(), code: "AB-CD".into() };
            tell.send(open).await.unwrap();
            if self
                .sign_ins_to_hang
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok()
            {
                std::future::pending::<()>().await;
            }
            Ok(vec![environment.into()])
        }
        .boxed()
    }

    fn give_code<'a>(&'a self, environment: &'a str, code: &'a str) -> Asking<'a, Vec<Arc<str>>> {
        async move {
            match code {
                "123456" => Ok(vec![environment.into()]),
                _ => Err(Fault::new(FaultClass::Invalid, "wrong code")),
            }
        }
        .boxed()
    }

    fn changed(&self) -> BoxFuture<'_, Changed> {
        async { std::mem::take(&mut *self.changed.lock().unwrap()) }.boxed()
    }

    fn moved(&self) -> BoxFuture<'_, Vec<(Scope, KindId)>> {
        async {
            self.moved_now.notified().await;
            std::mem::take(&mut *self.moved.lock().unwrap())
        }
        .boxed()
    }

    fn stats(&self) -> Vec<(Arc<str>, ApiStats)> {
        self.stats.lock().unwrap().clone()
    }
}

/// No metrics, all lines, live tails.
pub(super) const PLAIN: Settings =
    Settings { metric_calls: 0, metric_dollars: 0.0, metric_ledger: None, log_room: None, live_tails: true };

/// A pace for tests: nothing waits for long, and what must not happen by itself takes for ever.
pub(super) fn brisk() -> Pace {
    let soon = Duration::from_millis(5);
    Pace {
        refresh: Duration::ZERO,
        progress: Duration::ZERO,
        settle: soon,
        settle_at_most: soon * 4,
        looks: soon,
        gather: soon,
        order: soon * 2,
        poll: soon,
        look_again: soon,
        live_again: Duration::from_mins(10),
        second: Duration::from_millis(1),
        ..Pace::default()
    }
}

/// The engine on a fake, and what it reports.
pub(super) struct Rig {
    pub(super) fake: Arc<Fake>,
    pub(super) engine: Engine,
    pub(super) events: mpsc::Receiver<Event>,
}

impl Rig {
    pub(super) fn new(fake: Fake) -> Self {
        Self::paced(fake, &brisk())
    }

    pub(super) fn paced(fake: Fake, pace: &Pace) -> Self {
        let settings = Settings { metric_calls: 100, metric_dollars: 1.0, ..PLAIN };
        Self::set(fake, pace, settings, 1_024)
    }

    pub(super) fn set(fake: Fake, pace: &Pace, settings: Settings, room: usize) -> Self {
        let fake = Arc::new(fake);
        let (tell, events) = mpsc::channel(room);
        let sources = Arc::clone(&fake) as Arc<dyn Sources>;
        let report = Report::new(tell);
        let engine = Engine::on(&Arc::new(Shared { sources, report, settings, pace: *pace }), None);
        Self { fake, engine, events }
    }

    pub(super) fn want(&self, interests: &[Interest]) {
        self.engine.request(Request::Interests(interests.to_vec()));
    }

    /// The next event that this makes something of. Fails if it takes half a minute.
    pub(super) async fn next<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("the engine has ended");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), found).await.expect("what was waited for did not come")
    }

    /// The end of the next fetch.
    pub(super) async fn done(&mut self) -> Done {
        self.next(|event| match event {
            Event::Done { query, generation, result, .. } => Some(Done { query, generation, result }),
            _ => None,
        })
        .await
    }

    /// The end of the next fetch of this query.
    pub(super) async fn done_with(&mut self, query: &Query) -> Done {
        loop {
            let done = self.done().await;
            if done.query == *query {
                return done;
            }
        }
    }
}

/// Waits until something is so. Fails if it takes half a minute.
pub(super) async fn until(mut so: impl FnMut() -> bool) {
    let wait = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it did not come to be so");
}

/// Lets everything that can happen now happen.
pub(super) async fn settle() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

pub(super) struct Done {
    pub(super) query: Query,
    pub(super) generation: u64,
    pub(super) result: Result<Option<Answer>, Arc<Fault>>,
}

impl Done {
    pub(super) fn count(&self) -> Option<usize> {
        match &self.result {
            Ok(Some(Answer::Rows(rows))) => Some(rows.items.len()),
            _ => None,
        }
    }

    pub(super) fn class(&self) -> &FaultClass {
        &self.result.as_ref().unwrap_err().class
    }
}

/// The query for a kind in an environment.
pub(super) fn list(environment: &str, kind: &'static str) -> Query {
    Query::List { scope: Scope::new(environment, "eu-central-1"), kind, within: None }
}

fn name(query: &Query) -> String {
    match query {
        Query::List { scope, kind, .. } => format!("{}/{kind}", scope.environment),
        other => format!("{other:?}"),
    }
}

/// On screen, asked once.
pub(super) fn once(query: &Query) -> Interest {
    Interest { query: query.clone(), every: None, priority: Priority::Screen }
}

/// On screen, asked every so often.
pub(super) fn every(query: &Query, every: Duration) -> Interest {
    Interest { query: query.clone(), every: Some(every), priority: Priority::Screen }
}

/// The id of a resource.
pub(super) fn id(environment: &str, id: &str) -> Arc<ResourceId> {
    Arc::new(ResourceId { scope: Scope::new(environment, "eu-central-1"), kind: "ecs-service", id: id.into() })
}

fn rows(query: &Query, count: usize) -> Answer {
    let row = |at: usize| Resource {
        id: id(&query.scope().environment, &at.to_string()),
        name: at.to_string().into(),
        arn: None,
        health: Health::Ok,
        reason: "".into(),
        cells: Box::new([]),
    };
    Answer::Rows(Arc::new(Rows { items: (0..count).map(row).collect(), ..Rows::default() }))
}

/// A line: its second, its event and its text.
pub(super) fn found(second: i64, event: Option<u64>, text: &str) -> Found {
    let print = text.bytes().fold(second as u64, |print, byte| print.wrapping_mul(31).wrapping_add(byte.into()));
    let at = Timestamp::from_second(second).unwrap();
    Found { at, event, print, writer: None, level: Level::None, text: text.into() }
}
