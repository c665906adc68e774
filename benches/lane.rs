//! Whether the guard's lane is delayed by what reads: a plan made while the engine is idle, and while 5,000 reads are queued, every
//! answer taking 20 ms. Prints a table; judges nothing, since machines are noisy.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs, reason = "a bench says what it needs by failing")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use quarterdeck::actions::{self, Carrier};
use quarterdeck::demo::Estate;
use quarterdeck::demo::world::Clock;
use quarterdeck::engine::{
    Act, Acted, Acts, Engine, Event, Interest, Live, Priority, Request, Settings as EngineSettings,
};
use quarterdeck::guard::{Guard, Policy, Settings};
use quarterdeck::journal::{Journal, Who};
use quarterdeck::kinds;
use quarterdeck::model::{Environment, Fields, Order, Query, ResourceId, Scope};
use quarterdeck::providers::{Environments, Source};
use tokio::sync::mpsc;

/// Reads that wait for their turn.
const QUEUED: usize = 5_000;
/// What every answer takes.
const ANSWER: &str = "*=delay:20ms";
/// Plans made for each figure.
const PLANS: u64 = 20;

fn main() {
    // `cargo test --benches` starts this without `--bench`: nothing is to be measured then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    println!("| what | figure |\n| --- | --- |");
    runtime.block_on(async {
        let mut rig = Rig::new();
        let idle = rig.plans(0).await;
        rig.queue();
        let queued = rig.plans(PLANS).await;
        println!("| a plan, the engine idle, every answer after 20 ms | median {} ms |", idle.as_millis());
        println!("| the same with {QUEUED} reads queued | median {} ms |", queued.as_millis());
    });
    runtime.shutdown_background();
}

struct Rig {
    engine: Engine,
    events: mpsc::Receiver<Event>,
    scope: Scope,
    _home: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let estate = Estate::new(7, Clock::Real);
        estate.faults().add(ANSWER).expect("a rule");
        let member = estate.environments().remove(0);
        let environment = Environment {
            name: member.name.as_str().into(),
            regions: vec![member.region.as_str().into()],
            ..Environment::default()
        };
        let scope = Scope::new(&*environment.name, &*environment.regions[0]);
        let source = Source::Estate {
            aws: Arc::new(move |name| Some((estate.http_client(name)?, estate.credentials()))),
            kube: Arc::new(|_, _| None),
        };
        let reads = kinds::reads().into_iter().chain(actions::reads()).collect();
        let access = Environments::new(vec![environment.clone()], source, reads);
        let home = tempfile::tempdir().expect("a folder");
        let carrier = Arc::new(Carrier::new(Arc::clone(&access)));
        let settings = Settings::new(Policy::default(), false, Who::default());
        let journal = Journal::new(Some(home.path().to_owned()), None);
        let guard = Guard::new(settings, vec![Arc::new(environment)], journal, Arc::clone(&carrier) as _);
        let (tell, events) = mpsc::channel(1_024);
        let pace = EngineSettings {
            metric_calls: 0,
            metric_dollars: 0.0,
            metric_ledger: None,
            log_room: None,
            live_tails: false,
        };
        let engine = Engine::start(Arc::new(Live::new(access)), Some(Acts { guard, carrier }), tell, pace);
        Self { engine, events, scope, _home: home }
    }

    /// Wants more details than can be had in a minute.
    fn queue(&self) {
        let detail = |number: usize| {
            let scope = self.scope.in_cluster("lecture-dhbw-cluster");
            let id = ResourceId { scope, kind: "ecs-service", id: format!("service-{number}").into() };
            Interest { query: Query::Detail(Arc::new(id)), every: None, priority: Priority::Screen }
        };
        self.engine.request(Request::Interests((0..QUEUED).map(detail).collect()));
    }

    /// The median time from asking for a plan to having it.
    async fn plans(&mut self, first: u64) -> Duration {
        let scope = self.scope.in_cluster("lecture-dhbw-cluster");
        let target = Arc::new(ResourceId { scope, kind: "ecs-service", id: "lecture-backend-service".into() });
        let order = Order { action: "ecs-scale", target, fields: Fields::from([("desired", "4".to_owned())]) };
        let mut times = Vec::new();
        for id in first..first + PLANS {
            let begun = Instant::now();
            self.engine.request(Request::Act(Act::Plan(id, vec![order.clone()])));
            loop {
                match self.events.recv().await.expect("the engine lives") {
                    Event::Acted(Acted::Planned(planned, result)) if planned == id => {
                        result.expect("a plan");
                        break;
                    }
                    _ => {}
                }
            }
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        times[times.len() / 2]
    }
}
