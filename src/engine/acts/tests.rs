//! What the lane tells, and that nothing waits for the journal but what needs it.

use std::fs::File;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::*;
use crate::engine::report::Report as Way;
use crate::engine::testing::{Fake, PLAIN, brisk, id};
use crate::engine::{Changed, watch};
use crate::guard::{At, Hands, Permit, Policy, Settings, Watching};
use crate::journal::testing::{intent, who};
use crate::journal::{Draft, Event as Told, Journal, Outcome};
use crate::model::{Environment, Fault, FaultClass, Fields, Followed, Headway, Identity, Order, Plan, Scope, Seen};
use crate::providers::{Environments, Source};

const AT: At = At { part: 0, step: 0 };

/// Hands that reach nothing.
struct Nothing;

fn nothing<T: Send>() -> BoxFuture<'static, Result<T, Fault>> {
    async { Err(Fault::new(FaultClass::NotFound, "it is not there")) }.boxed()
}

impl Hands for Nothing {
    fn plan<'a>(&'a self, _: &'a Order) -> BoxFuture<'a, Result<Plan, Fault>> {
        nothing()
    }

    fn caller<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<Arc<Identity>, Fault>> {
        nothing()
    }

    fn look<'a>(&'a self, _: &'a Plan, _: usize) -> BoxFuture<'a, Result<Seen, Fault>> {
        nothing()
    }

    fn send<'a>(&'a self, _: &'a Plan, _: usize, _: Permit) -> BoxFuture<'a, Sent> {
        panic!("nothing is sent here")
    }

    fn follow<'a>(&'a self, _: &'a Plan, _: usize, _: Watching<'a>) -> BoxFuture<'a, Result<Followed, Fault>> {
        nothing()
    }
}

/// A guard over `a`, armed, and where the lane's words go.
struct Bench {
    folder: TempDir,
    fake: Arc<Fake>,
    guard: Arc<Guard>,
    shared: Arc<Shared>,
    events: mpsc::Receiver<Event>,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let journal = Journal::new(Some(folder.path().to_owned()), None);
        let environment = Environment { name: "a".into(), ..Environment::default() };
        let settings = Settings::new(Policy::default(), false, who());
        let guard = Guard::new(settings, vec![Arc::new(environment)], journal, Arc::new(Nothing));
        guard.arm("a", "a", None, Timestamp::now()).unwrap();
        let (fake, (tell, events)) = (Arc::new(Fake::default()), mpsc::channel(64));
        let sources = Arc::clone(&fake) as Arc<dyn crate::engine::Sources>;
        let shared = Arc::new(Shared { sources, report: Way::new(tell), settings: PLAIN, pace: brisk() });
        Self { folder, fake, guard, shared, events }
    }

    /// What is told next; it must not take as long as the journal's lock is waited for.
    async fn next(&mut self) -> Acted {
        loop {
            let event = timeout(Duration::from_secs(3), self.events.recv()).await.expect("it is told at once");
            if let Event::Acted(acted) = event.expect("somebody tells") {
                return acted;
            }
        }
    }
}

fn names(acted: &Acted) -> Vec<&str> {
    match acted {
        Acted::Armed(armed) => armed.iter().map(|(name, _)| &**name).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_step_that_was_accepted_tells_at_once_until_when_it_is_armed() {
    let mut bench = Bench::new();
    let said = Slot::<Said>::default();
    said.fold(|said| {
        said.add(Report::Sent(AT, Sent::Accepted { request_id: None }));
        said.add(Report::Headway(AT, Headway { words: "half".into(), percent: Some(50) }));
        said.over = true;
    });
    pass_on(&bench.shared, &bench.guard, 7, &said).await;
    assert!(matches!(bench.next().await, Acted::Report(7, Report::Sent(..))));
    assert_eq!(names(&bench.next().await), ["a"]);
    assert!(matches!(bench.next().await, Acted::Report(7, Report::Headway(..))));
}

#[test]
fn of_how_far_it_is_the_newest_word_counts_and_nothing_else_is_lost() {
    let mut said = Said::default();
    let headway = |at: At, percent: u8| Report::Headway(at, Headway { words: "runs".into(), percent: Some(percent) });
    let next = At { part: 0, step: 1 };
    said.add(Report::Checking(AT));
    for percent in 0..100 {
        said.add(headway(AT, percent));
    }
    said.add(Report::Followed(AT, Ok(Followed::Verified("it is so".into()))));
    said.add(headway(next, 1));
    said.add(headway(next, 2));
    let expected = [
        Report::Checking(AT),
        headway(AT, 99),
        Report::Followed(AT, Ok(Followed::Verified("it is so".into()))),
        headway(next, 2),
    ];
    assert_eq!(said.words, expected);
}

#[tokio::test]
async fn a_journal_that_another_console_holds_keeps_no_plan_waiting() {
    let mut bench = Bench::new();
    let lock = File::create(bench.folder.path().join("journal.lock")).unwrap();
    lock.lock().unwrap();
    let source = Source::Estate { aws: Arc::new(|_| None), kube: Arc::new(|_, _| None) };
    let carrier = Arc::new(Carrier::new(Environments::new(Vec::new(), source, Vec::new())));
    let orders = Arc::new(Slot::<Orders>::default());
    let acts = Acts { guard: Arc::clone(&bench.guard), carrier };
    let lane = tokio::spawn(Lane::new(Arc::clone(&bench.shared), acts, Arc::clone(&orders)).run());
    // The lane has begun to look at what is due.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let order = Order { action: "ecs-scale", target: id("a", "web"), fields: Fields::new() };
    orders.fold(|orders| orders.push(Act::Plan(1, vec![order])));
    assert!(matches!(bench.next().await, Acted::Planned(1, Err(_))));
    drop(lock);
    lane.abort();
}

#[tokio::test]
async fn what_is_due_is_told_until_it_is_taken_back() {
    let mut bench = Bench::new();
    let write = |run: &str, until: Option<&str>| {
        let journal = Journal::new(Some(bench.folder.path().to_owned()), None);
        let mut draft: Draft = intent(run, 0, 0);
        if let Told::Intent { changes, .. } = &mut draft.event {
            changes.extend(until.map(|until| ("until".to_owned(), serde_json::Value::Null, until.into())));
        }
        let outcome = Told::Outcome { part: 0, step: 0, outcome: Outcome::Succeeded, request_id: None, fault: None };
        journal.append(draft.clone()).unwrap();
        journal.append(Draft { event: outcome, ..draft }).unwrap();
    };
    write("1", Some("2026-03-02T10:00:00Z"));
    let ended = Arc::new(Notify::new());
    let reminding = tokio::spawn(remind(Arc::clone(&bench.shared), Arc::clone(&bench.guard), Arc::clone(&ended)));
    assert!(matches!(timeout(Duration::from_secs(9), bench.events.recv()).await.unwrap(),
        Some(Event::Acted(Acted::Due(due))) if due.len() == 1));
    write("2", None);
    ended.notify_one();
    assert!(matches!(bench.next().await, Acted::Due(due) if due.is_empty()));
    reminding.abort();
}

#[tokio::test]
async fn what_changed_files_disarm_is_told() {
    let mut bench = Bench::new();
    *bench.fake.changed.lock().unwrap() = Changed { environments: Some(Vec::new()), again: Vec::new() };
    let guard = Some(Arc::clone(&bench.guard));
    let watching = tokio::spawn(watch::looks(Arc::clone(&bench.shared), Arc::default(), guard));
    assert!(names(&bench.next().await).is_empty());
    watching.abort();
}
