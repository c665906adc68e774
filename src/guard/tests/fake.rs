//! Hands over a small world of numbers: each step of a plan raises its target's number by one. They look into the journal whenever
//! they are made to send.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::guard::{Ended, Guard, Hands, Permit, Policy, Report, Settings, Warrant, Watching};
use crate::journal::testing::{now, who};
use crate::journal::{Entry, Event, Journal};
use crate::model::{
    Environment, Fault, FaultClass, FieldChange, Followed, Headway, Identity, Order, Plan, Precondition, ResourceId,
    Risk, Scope, Seen, Sent, Stage, Step, Target, Undo, Value, Verdict,
};

pub(super) const OPERATION: &str = "ecs:UpdateService";

/// What sending a step comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sending {
    #[default]
    Accepted,
    Refused,
    Unknown,
    Panic,
    /// Arrives, and no answer comes until the test says so.
    Hangs,
}

/// What following a step comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Following {
    #[default]
    Verified,
    Failed,
    Fault,
    Hangs,
}

/// Everything the hands reach.
pub(super) struct World {
    /// Numbers by environment and name.
    pub(super) numbers: BTreeMap<(String, String), i64>,
    pub(super) role: &'static str,
    pub(super) account: &'static str,
    /// Who answers in another account.
    pub(super) elsewhere: &'static str,
    pub(super) caller_fails: bool,
    pub(super) look_fails: bool,
    pub(super) sending: Vec<Sending>,
    pub(super) following: Vec<Following>,
    pub(super) verdict: Verdict,
    /// What was sent: target and step, with what the journal had last at that moment.
    pub(super) sent: Vec<(String, usize, Vec<Entry>)>,
    /// Raises the number once this many steps were sent, as somebody else would.
    pub(super) somebody: Option<usize>,
    /// Permits that let a second request pass, or another one. There must be none.
    pub(super) leaks: usize,
    /// Nothing is written any more once this step is sent: the folder is gone.
    pub(super) ruins: bool,
}

pub(super) struct Fake {
    pub(super) world: Mutex<World>,
    pub(super) arrived: Notify,
    pub(super) answer: Notify,
    journal: PathBuf,
}

impl Fake {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn identity(&self) -> Arc<Identity> {
        let world = self.world();
        let arn = format!("arn:aws:sts::{}:assumed-role/{}/session", world.account, world.role);
        Arc::new(Identity { account: world.account.into(), alias: None, arn: arn.into() })
    }

    fn at(&self, scope: &Scope) -> Arc<Identity> {
        if !scope.environment.contains('@') {
            return self.identity();
        }
        let arn = self.world().elsewhere;
        Arc::new(Identity { account: arn.split(':').nth(4).unwrap().into(), alias: None, arn: arn.into() })
    }

    fn number(&self, target: &ResourceId) -> i64 {
        let key = (target.scope.environment.to_string(), target.id.to_string());
        self.world().numbers.get(&key).copied().unwrap_or(2)
    }

    fn plan_now(&self, order: &Order) -> Plan {
        let field = |id: &str| order.fields.get(id).and_then(|value| value.parse::<i64>().ok());
        let from = self.number(&order.target);
        let steps = field("steps").unwrap_or(1);
        let to = field("to").unwrap_or(from + steps);
        let mut scope = order.target.scope.clone();
        if order.fields.contains_key("elsewhere") {
            scope.environment = format!("{}@states", scope.environment).into();
        }
        let sender = self.at(&scope);
        let step = |number: i64| Step {
            operation: OPERATION,
            words: format!("step {number}").into(),
            scope: scope.clone(),
            sender: Arc::clone(&sender),
            input: json!({ "service": &*order.target.id, "desiredCount": from + number + 1 })
                .as_object()
                .unwrap()
                .clone(),
            seen: Seen::default().with("number", from + number),
        };
        let risk = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];
        let back = Order { fields: [("to", from.to_string())].into(), ..order.clone() };
        Plan {
            title: format!("raise {} to {to}", order.target.id).into(),
            target: Target {
                id: Arc::clone(&order.target),
                name: Arc::clone(&order.target.id),
                arn: None,
                identity: self.identity(),
            },
            changes: vec![FieldChange { field: "number".into(), from: Value::Int(from), to: Value::Int(to) }],
            preconditions: vec![Precondition::new("it is there", self.world().verdict, "seen")],
            affects: Vec::new(),
            steps: (0..steps).map(step).collect(),
            risk: risk[field("risk").unwrap_or(1) as usize],
            number: Some((from, to)),
            phrase: order.fields.get("phrase").map(|phrase| phrase.as_str().into()),
            undo: Undo::By { words: "back".into(), order: back },
            command: "aws".into(),
            made_at: now(),
            order: order.clone(),
        }
    }

    async fn send_now(&self, plan: &Plan, step: usize, permit: Permit) -> Sent {
        let name = plan.target.id.id.to_string();
        let lines = std::fs::read_to_string(self.journal.join("journal.jsonl")).unwrap_or_default();
        let last: Vec<Entry> = lines.lines().rev().take(2).map(|line| serde_json::from_str(line).unwrap()).collect();
        let claim = permit.claim();
        let (scope, to) = (&plan.target.id.scope, &plan.steps[step].scope);
        let spend = || claim.spend(&to.environment, Some(&to.region), OPERATION);
        let is_right = claim.input() == &plan.steps[step].input && spend().is_ok() && spend().is_err();
        let sending = {
            let mut world = self.world();
            world.leaks += usize::from(!is_right);
            let number = world.sent.len();
            world.sent.push((name, step, last));
            let sending = world.sending.get(number).copied().unwrap_or_default();
            if sending != Sending::Refused {
                *world.numbers.entry((scope.environment.to_string(), plan.target.id.id.to_string())).or_insert(2) += 1;
            }
            if world.somebody == Some(number + 1) {
                world.numbers.values_mut().for_each(|value| *value += 100);
            }
            if world.ruins {
                std::fs::remove_file(self.journal.join("journal.jsonl")).unwrap();
                std::fs::create_dir(self.journal.join("journal.jsonl")).unwrap();
            }
            sending
        };
        self.arrived.notify_one();
        let fault = |class| Fault::new(class, "no luck");
        match sending {
            Sending::Accepted => Sent::Accepted { request_id: Some("request-1".into()) },
            Sending::Refused => Sent::Refused(fault(FaultClass::Denied { permission: None })),
            Sending::Unknown => Sent::Unknown(fault(FaultClass::TimedOut)),
            Sending::Panic => panic!("on purpose"),
            Sending::Hangs => {
                self.answer.notified().await;
                Sent::Accepted { request_id: None }
            }
        }
    }
}

impl Hands for Fake {
    fn plan<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Plan, Fault>> {
        async move {
            match &*order.target.id {
                "nowhere" => Err(Fault::new(FaultClass::NotFound, "it is not there")),
                _ => Ok(self.plan_now(order)),
            }
        }
        .boxed()
    }

    fn caller<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Arc<Identity>, Fault>> {
        async move {
            if self.world().caller_fails {
                return Err(Fault::new(FaultClass::Expired { renew: None, sign_in: false }, "expired"));
            }
            Ok(self.at(scope))
        }
        .boxed()
    }

    fn look<'a>(&'a self, plan: &'a Plan, _: usize) -> BoxFuture<'a, Result<Seen, Fault>> {
        async {
            if self.world().look_fails {
                return Err(Fault::new(FaultClass::Throttled { until: None }, "throttled"));
            }
            Ok(Seen::default().with("number", self.number(&plan.target.id)))
        }
        .boxed()
    }

    fn send<'a>(&'a self, plan: &'a Plan, step: usize, permit: Permit) -> BoxFuture<'a, Sent> {
        self.send_now(plan, step, permit).boxed()
    }

    fn follow<'a>(&'a self, _: &'a Plan, _: usize, watch: Watching<'a>) -> BoxFuture<'a, Result<Followed, Fault>> {
        async move {
            watch(Headway { words: "half of it".into(), percent: Some(50) });
            let following = {
                let world = self.world();
                world.following.get(world.sent.len() - 1).copied().unwrap_or_default()
            };
            match following {
                Following::Verified => Ok(Followed::Verified("it is so".into())),
                Following::Failed => Ok(Followed::Failed("it went wrong".into())),
                Following::Fault => Err(Fault::new(FaultClass::TimedOut, "no answer")),
                Following::Hangs => {
                    self.arrived.notify_one();
                    std::future::pending().await
                }
            }
        }
        .boxed()
    }
}

/// A guard, its hands and its journal, with a clock that stands still until the test moves it.
pub(super) struct Stand {
    pub(super) guard: Arc<Guard>,
    pub(super) fake: Arc<Fake>,
    pub(super) folder: TempDir,
    offset: Arc<AtomicI64>,
    last: Arc<AtomicUsize>,
}

pub(super) fn environment(name: &str, stage: Option<Stage>) -> Environment {
    Environment {
        name: name.into(),
        customer: name.split_once('-').map(|(customer, _)| customer.into()),
        stage,
        account: Some("111122223333".into()),
        regions: vec!["eu-central-1".into()],
        ..Environment::default()
    }
}

/// Two in production, one that is not.
pub(super) fn environments() -> Vec<Arc<Environment>> {
    let all = [("dhbw-prod", Some(Stage::Prod)), ("edt-prod", None), ("dhbw-dev", Some(Stage::Dev))];
    all.into_iter().map(|(name, stage)| Arc::new(environment(name, stage))).collect()
}

pub(super) fn fake(journal: &Path) -> Arc<Fake> {
    let world = World {
        numbers: BTreeMap::new(),
        role: "Admin",
        account: "111122223333",
        elsewhere: "arn:aws:sts::999999999999:assumed-role/States/session",
        caller_fails: false,
        look_fails: false,
        sending: Vec::new(),
        following: Vec::new(),
        verdict: Verdict::Pass,
        sent: Vec::new(),
        somebody: None,
        leaks: 0,
        ruins: false,
    };
    let (arrived, answer) = (Notify::new(), Notify::new());
    Arc::new(Fake { world: Mutex::new(world), arrived, answer, journal: journal.to_owned() })
}

impl Stand {
    pub(super) fn new(policy: Policy) -> Self {
        Self::with(|settings| settings.policy = policy)
    }

    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let fake = fake(folder.path());
        let offset = Arc::new(AtomicI64::new(0));
        let (ticks, last) = (Arc::clone(&offset), Arc::new(AtomicUsize::new(usize::MAX)));
        let (ends, path) = (Arc::clone(&last), folder.path().join("journal.jsonl"));
        let mut settings = Settings::new(Policy::default(), false, who());
        settings.clock = Arc::new(move || {
            let ends = ends.load(Ordering::SeqCst);
            let written = || std::fs::read_to_string(&path).map_or(0, |text| text.lines().count());
            assert!(ends == usize::MAX || written() < ends, "the console ends here, on purpose");
            now() + SignedDuration::from_secs(ticks.load(Ordering::SeqCst))
        });
        change(&mut settings);
        let journal = Journal::new(Some(folder.path().to_owned()), None);
        let guard = Guard::new(settings, environments(), journal, Arc::clone(&fake) as Arc<dyn Hands>);
        Self { guard, fake, folder, offset, last }
    }

    pub(super) fn now(&self) -> Timestamp {
        now() + SignedDuration::from_secs(self.offset.load(Ordering::SeqCst))
    }

    pub(super) fn wait(&self, minutes: i64) {
        self.offset.fetch_add(minutes * 60, Ordering::SeqCst);
    }

    /// The console ends when so many entries were written: whoever asks for the time then does not go on.
    pub(super) fn end_after(&self, entries: usize) {
        self.last.store(entries, Ordering::SeqCst);
    }

    pub(super) fn arm(&self, environment: &str) {
        self.guard.arm(environment, environment, None, self.now()).unwrap();
    }

    /// A warrant for these orders, with everything that is wanted.
    pub(super) async fn warrant(&self, orders: &[Order]) -> Warrant {
        let proposal = self.guard.propose(orders, self.now()).await.unwrap();
        let text = proposal.judgement.confirm.text().to_owned();
        let consent = crate::guard::Consent { text, reason: Some("because".into()), ..Default::default() };
        self.guard.confirm(proposal, &consent, false, self.now()).unwrap()
    }

    /// Arms, confirms and carries out.
    pub(super) async fn carry_out(&self, orders: &[Order]) -> (Ended, Vec<Report>) {
        let names: BTreeSet<_> = orders.iter().map(|order| &order.target.scope.environment).collect();
        for name in names {
            self.arm(name);
        }
        let warrant = self.warrant(orders).await;
        self.run(warrant, true).await
    }

    pub(super) async fn run(&self, warrant: Warrant, follow: bool) -> (Ended, Vec<Report>) {
        let reports = Mutex::new(Vec::new());
        let ended = self.guard.carry_out(warrant, follow, &|report| reports.lock().unwrap().push(report)).await;
        (ended, reports.into_inner().unwrap())
    }

    /// The names of what was sent, in order.
    pub(super) fn sent(&self) -> Vec<(String, usize)> {
        self.fake.world().sent.iter().map(|(name, step, _)| (name.clone(), *step)).collect()
    }

    /// The journal in words, oldest first.
    pub(super) fn journal(&self) -> Vec<String> {
        let mut entries = self.guard.journal(1_000).unwrap();
        entries.reverse();
        entries.iter().map(|entry| words(&entry.event)).collect()
    }
}

pub(super) fn words(event: &Event) -> String {
    match event {
        Event::Outcome { outcome, .. } | Event::Followed { outcome, .. } => {
            format!("{} {}", event.word(), outcome.word())
        }
        event => event.word().to_owned(),
    }
}

/// An order for something in an environment.
pub(super) fn order(environment: &str, name: &str, fields: &[(&'static str, i64)]) -> Order {
    let target = ResourceId { scope: Scope::new(environment, "eu-central-1"), kind: "ecs-service", id: name.into() };
    let fields = fields.iter().map(|(id, value)| (*id, value.to_string())).collect();
    Order { action: "ecs-scale", target: Arc::new(target), fields }
}
