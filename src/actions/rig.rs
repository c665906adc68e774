//! Actions on the built-in estate, for their tests: planned as the guard has them planned, sent with a permit of their own, followed
//! while the estate's clock is moved.

use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::{ActionDef, Carrier, Choice, by_id};
use crate::demo::world::Clock;
use crate::demo::{Changed, Estate};
use crate::guard::{Guard, Hands, Judgement, Permit, Policy, Rule, Settings};
use crate::model::{
    Fault, Fields, Followed, Headway, Order, Plan, Precondition, Resource, ResourceId, Scope, Sent, Verdict,
};
use crate::providers::{Acting, Environments};

pub(super) struct Rig {
    pub(super) estate: Estate,
    pub(super) clock: Clock,
    environments: Arc<Environments>,
    hands: Carrier,
}

impl Rig {
    /// The seven environments, at a standstill now.
    pub(super) fn new() -> Self {
        let clock = Clock::manual(Timestamp::now());
        let estate = Estate::new(1, clock.clone());
        let reads = crate::kinds::reads().into_iter().chain(super::reads()).collect();
        let list = estate.environments().iter().map(crate::cli::demo::configured).collect();
        let environments = Environments::new(list, crate::cli::demo::reached(&estate), reads);
        Self { estate, clock, hands: Carrier::new(environments.clone()), environments }
    }

    pub(super) fn scope(&self, environment: &str) -> Scope {
        let list = self.environments.list();
        let region = &list.iter().find(|known| &*known.name == environment).unwrap().regions[0];
        Scope::new(environment, region.clone())
    }

    pub(super) async fn acting(&self, environment: &str) -> Arc<Acting> {
        self.environments.acting(&self.scope(environment)).await.unwrap()
    }

    /// What can be chosen for a field, as the form asks.
    pub(super) async fn choices(&self, action: &str, target: &ResourceId, field: &'static str) -> Vec<Choice> {
        self.hands.choices(action, target, field).await.unwrap()
    }

    /// A row of a kind by its name.
    pub(super) async fn row(&self, environment: &str, kind: &str, name: &str) -> Resource {
        let rows = self.rows(environment, kind).await;
        rows.into_iter().find(|row| &*row.name == name).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    /// All rows of a kind.
    pub(super) async fn rows(&self, environment: &str, kind: &str) -> Vec<Resource> {
        #[derive(Default)]
        struct Taken(Mutex<Vec<Resource>>);
        impl crate::kinds::Sink for Taken {
            fn page(&self, rows: Vec<Resource>) {
                self.0.lock().unwrap().extend(rows);
            }

            fn lacks(&self, fault: crate::model::Fault) {
                panic!("{fault}");
            }
        }
        let kind = crate::kinds::by_id(kind).unwrap();
        let (taken, env) = (Taken::default(), kind.env(&self.environments, &self.scope(environment)).await.unwrap());
        (kind.list)(&env, None, &taken).await.unwrap();
        taken.0.into_inner().unwrap()
    }

    /// A plan for what the command line's fields say.
    pub(super) async fn plan(
        &self,
        environment: &str,
        action: &'static ActionDef,
        fields: &[(&'static str, &str)],
    ) -> Result<Plan, Fault> {
        let fields: Fields = fields.iter().map(|(field, value)| (*field, (*value).to_owned())).collect();
        let target = (action.locate)(&*self.acting(environment).await, &fields).await?;
        self.ordered(&Order { action: action.id, target, fields }).await
    }

    /// What the guard makes of an order, with these rules. The journal is kept in this folder.
    pub(super) async fn judged(&self, rules: Vec<Rule>, folder: &Path, order: &Order) -> Judgement {
        let settings = Settings::new(Policy { rules }, false, crate::journal::testing::who());
        let journal = crate::journal::Journal::new(Some(folder.to_owned()), None);
        let hands = Arc::new(Carrier::new(Arc::clone(&self.environments)));
        let guard = Guard::new(settings, self.environments.list(), journal, hands);
        guard.propose(std::slice::from_ref(order), self.estate.now()).await.unwrap().judgement
    }

    pub(super) async fn ordered(&self, order: &Order) -> Result<Plan, Fault> {
        self.hands.plan(order).await
    }

    /// Looks once more and sends the plan's one step; returns the parameters of the one change that the estate saw.
    pub(super) async fn send(&self, plan: &Plan) -> Json {
        assert_eq!(plan.steps.len(), 1, "{:?}", plan.steps);
        self.send_step(plan, 0).await
    }

    /// The same for one step of several. What the estate saw is what the step says.
    async fn send_step(&self, plan: &Plan, number: usize) -> Json {
        let step = &plan.steps[number];
        let seen = self.hands.look(plan, number).await.unwrap();
        assert_eq!(step.seen.differences(&seen), [], "nothing has moved");
        self.estate.reset_calls();
        let sent = self.hands.send(plan, number, Permit::for_tests(step)).await;
        assert!(matches!(sent, Sent::Accepted { request_id: Some(_) }), "{sent:?}");
        let (_, operation) = step.operation.split_once(':').unwrap();
        let calls: u64 =
            self.estate.calls().into_iter().filter(|((_, service, _), _)| service != "sts").map(|it| it.1).sum();
        let changed = self.estate.changes();
        assert_eq!((calls, changed.len()), (1, 1), "one call, and it is the change: {:?}", self.estate.calls());
        let changed = changed.into_iter().next().unwrap();
        assert_eq!((changed.call.0.as_str(), changed.call.2.as_str()), (&*plan.target.id.scope.environment, operation));
        assert_eq!(in_words(&changed.input), in_words(&Json::Object(step.input.clone())), "{operation}");
        changed.input
    }

    /// Looks, sends and follows every step, one after the other; returns what was found in the end of each.
    pub(super) async fn carried_out(&self, plan: &Plan) -> Vec<String> {
        let mut found = Vec::new();
        for step in 0..plan.steps.len() {
            self.send_step(plan, step).await;
            match self.follow_step(plan, step).await {
                (Followed::Verified(words), _) => found.push(words.to_string()),
                (other, told) => panic!("{other:?} after {told:?}"),
            }
        }
        found
    }

    /// Looks once more, sends and follows each of the plan's steps in turn; returns what the estate saw.
    pub(super) async fn carry_out(&self, plan: &Plan) -> Vec<Changed> {
        self.estate.reset_calls();
        for (number, step) in plan.steps.iter().enumerate() {
            let seen = self.hands.look(plan, number).await.unwrap();
            assert_eq!(step.seen.differences(&seen), [], "{}: nothing has moved", step.words);
            let sent = self.hands.send(plan, number, Permit::for_tests(step)).await;
            assert!(matches!(sent, Sent::Accepted { .. }), "{}: {sent:?}", step.words);
            let followed = self.hands.follow(plan, number, &|_| {}).await.unwrap();
            assert!(matches!(followed, Followed::Verified(_)), "{}: {followed:?}", step.words);
        }
        self.estate.changes()
    }

    /// What a step of the plan stands on, as it is now.
    pub(super) async fn look(&self, plan: &Plan, step: usize) -> Vec<crate::model::Difference> {
        plan.steps[step].seen.differences(&self.hands.look(plan, step).await.unwrap())
    }

    /// Sends a step without looking first.
    pub(super) async fn send_blindly(&self, plan: &Plan, step: usize) -> Sent {
        self.hands.send(plan, step, Permit::for_tests(&plan.steps[step])).await
    }

    /// Follows the plan's one step, with ten seconds between two looks; returns the headway too.
    pub(super) async fn follow(&self, plan: &Plan) -> (Followed, Vec<Headway>) {
        self.follow_step(plan, 0).await
    }

    pub(super) async fn follow_step(&self, plan: &Plan, step: usize) -> (Followed, Vec<Headway>) {
        let told = Mutex::new(Vec::new());
        let watch = |headway: Headway| {
            told.lock().unwrap().push(headway);
            self.clock.advance(SignedDuration::from_secs(10));
        };
        let followed = self.hands.follow(plan, step, &watch).await.unwrap();
        (followed, told.into_inner().unwrap())
    }

    /// The newest change by this operation that CloudTrail tells of: the resource's name, and what was done.
    pub(super) async fn newest_change(&self, environment: &str, operation: &str) -> (String, String) {
        let env = self.environments.env(&self.scope(environment)).await.unwrap();
        let since = self.estate.now() - SignedDuration::from_mins(15);
        let (changes, faults) = crate::kinds::changes::changes(&env, since, None).await.unwrap();
        assert_eq!(faults, []);
        let source = crate::model::ChangeSource::CloudTrail;
        let newest = changes.into_iter().find(|it| it.source == source && it.what.starts_with(operation)).unwrap();
        (newest.name.to_string(), newest.what.to_string())
    }
}

/// Parameters as forms carry them: numbers and truths in words, and without what names the operation.
fn in_words(value: &Json) -> Json {
    match value {
        Json::Object(map) => {
            let kept = map.iter().filter(|(name, _)| !matches!(&***name, "Action" | "Version"));
            kept.map(|(name, value)| (name.clone(), in_words(value))).collect()
        }
        Json::Array(items) => items.iter().map(in_words).collect(),
        Json::Bool(_) | Json::Number(_) => Json::String(value.to_string()),
        Json::Null | Json::String(_) => value.clone(),
    }
}

/// What an undo or a field changes from and to, as it is shown.
pub(super) fn changes(plan: &Plan) -> Vec<[String; 3]> {
    let shown = |value: &crate::model::Value| value.show_exact().into_owned();
    plan.changes.iter().map(|it| [it.field.to_string(), shown(&it.from), shown(&it.to)]).collect()
}

/// A row with another text in a cell.
pub(super) fn with_cell(row: &Resource, column: &str, text: &str) -> Resource {
    let kind = crate::kinds::by_id(row.id.kind).unwrap();
    let mut row = row.clone();
    row.cells[kind.column(column).unwrap()] = crate::model::Value::text(text);
    row
}

/// A precondition's verdict and evidence.
pub(super) fn precondition<'a>(plan: &'a Plan, name: &str) -> (Verdict, &'a str) {
    let find = |precondition: &&Precondition| &*precondition.name == name;
    let found = plan.preconditions.iter().find(find).unwrap_or_else(|| panic!("{name} in {:?}", plan.preconditions));
    (found.verdict, &found.evidence)
}

/// The names of the preconditions that have this verdict.
pub(super) fn with_verdict(plan: &Plan, verdict: Verdict) -> Vec<&str> {
    let all = plan.preconditions.iter().filter(|precondition| precondition.verdict == verdict);
    all.map(|precondition| &*precondition.name).collect()
}

/// What takes the plan back.
pub(super) fn undo(plan: &Plan) -> &Order {
    match &plan.undo {
        crate::model::Undo::By { order, .. } => order,
        no @ crate::model::Undo::No(_) => panic!("{no:?}"),
    }
}

#[test]
fn every_action_keeps_the_contract() {
    for action in super::ALL {
        let id = action.id;
        assert_eq!(by_id(id).map(|found| found.id), Some(id));
        assert!(action.kinds.iter().all(|kind| crate::kinds::by_id(kind).is_some()), "{id}: {:?}", action.kinds);
        assert!(action.example.starts_with(&format!("{id} -e ")), "{id}: {}", action.example);
        assert!(!action.doc.ends_with('.') && !action.risk.is_empty() && !action.undo.is_empty(), "{id}");
        assert!(!action.sends.is_empty() && action.sends.iter().all(|op| !action.reads.contains(op)), "{id}");
        let names: std::collections::BTreeSet<_> = action.fields.iter().map(|field| field.id).collect();
        assert_eq!(names.len(), action.fields.len(), "{id}: a field twice");
        assert!(action.fields.iter().any(|field| field.locates), "{id}: nothing names its target");
    }
}

pub(super) fn id_of(id: &ResourceId) -> (Option<&str>, &str) {
    (id.scope.cluster.as_deref(), &id.id)
}
