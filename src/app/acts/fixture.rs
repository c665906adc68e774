//! Actions and plans made by hand, for the tests of reducers and screens.

use std::sync::Arc;

use jiff::Timestamp;

use super::Registry;
use crate::actions::{ActionDef, FieldDef, FieldSort, no_choices};
use crate::app::State;
use crate::guard::{Confirm, Judgement, Proposal};
use crate::model::{
    FieldChange, Fields, Identity, Order, Plan, Precondition, Resource, ResourceId, Risk, Seen, Step, Target, Undo,
    Value, Verdict,
};

const fn field(id: &'static str, title: &'static str, doc: &'static str, sort: FieldSort) -> FieldDef {
    FieldDef { id, title, doc, example: "6", sort, required: true, locates: false }
}

const SERVICE: FieldDef = FieldDef { locates: true, ..field("service", "service", "the service", FieldSort::Text) };
const DESIRED: FieldDef = field("desired", "desired count", "how many tasks are to run", FieldSort::Number(0, 100));
const REVISION: FieldDef = FieldDef {
    example: "dhbw-backend:41",
    ..field("revision", "task definition", "what is to be deployed", FieldSort::Chosen)
};
const BREAKER: FieldDef = FieldDef {
    required: false,
    ..field("rollback", "roll back by itself", "the deployment circuit breaker", FieldSort::Flag)
};

fn desired(target: &Resource, _: Timestamp) -> Fields {
    let kind = crate::kinds::by_id(target.id.kind).unwrap();
    let want = match kind.cell(target, "tasks") {
        Some(Value::Count { want, .. }) => *want,
        _ => 2,
    };
    [("desired", want.to_string()), ("service", target.name.to_string())].into()
}

const BARE: ActionDef = ActionDef {
    id: "",
    title: "",
    doc: "",
    kinds: &["ecs-service"],
    fields: &[],
    sends: &[],
    reads: &[],
    risk: "medium",
    undo: "deploy the revision that ran before",
    example: "",
    applies: |_| Ok(()),
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate: |_, _| panic!("a test plans nothing"),
    plan: |_, _, _| panic!("a test plans nothing"),
    look: |_, _, _| panic!("a test plans nothing"),
    send: |_, _, _, _| panic!("a test sends nothing"),
    follow: |_, _, _, _| panic!("a test follows nothing"),
};

/// Scales a service.
pub(crate) static SCALE: ActionDef = ActionDef {
    id: "ecs-scale",
    title: "scale",
    doc: "set the desired count of a service",
    fields: &[SERVICE, DESIRED],
    risk: "up medium, down high, to 0 critical",
    undo: "scale back to the count that was",
    form: desired,
    ..BARE
};

/// Deploys a revision.
pub(crate) static DEPLOY: ActionDef = ActionDef {
    id: "ecs-deploy",
    title: "deploy",
    doc: "force a new deployment, or deploy another revision",
    fields: &[SERVICE, REVISION, BREAKER],
    form: |_, _| [("rollback", "yes".to_owned())].into(),
    ..BARE
};

/// Asks for nothing, and never applies to the frontend.
pub(crate) static BACK: ActionDef = ActionDef {
    id: "ecs-back",
    title: "roll back",
    doc: "deploy the last revision that was completed",
    applies: |target| {
        let by_code_deploy = target.name.contains("frontend");
        if by_code_deploy { Err("it is deployed by CODE_DEPLOY".to_owned()) } else { Ok(()) }
    },
    ..BARE
};

/// On services and alarms.
pub(crate) static QUIET: ActionDef = ActionDef {
    id: "alarm-actions",
    title: "actions off",
    doc: "disable the actions of an alarm for a while",
    kinds: &["alarm"],
    ..BARE
};

/// All of them.
pub(crate) const REGISTRY: Registry = Registry(&[&SCALE, &DEPLOY, &BACK, &QUIET]);

/// What was asked for.
pub(crate) fn order(target: &Arc<ResourceId>, desired: i64) -> Order {
    Order { action: "ecs-scale", target: Arc::clone(target), fields: [("desired", desired.to_string())].into() }
}

/// A plan for it.
pub(crate) fn plan(order: Order, account: &str, made_at: Timestamp) -> Plan {
    let id = Arc::clone(&order.target);
    let count = order.fields.get("desired").and_then(|desired| desired.parse().ok()).unwrap_or(0);
    let cluster = id.scope.cluster.clone().unwrap_or_default();
    let mut input = serde_json::Map::new();
    input.insert("cluster".into(), cluster.to_string().into());
    input.insert("service".into(), id.id.to_string().into());
    input.insert("desiredCount".into(), count.into());
    let identity = Identity {
        account: account.into(),
        alias: Some("lecture".into()),
        arn: format!("arn:aws:sts::{account}:assumed-role/OperatorAccess/jane.doe").into(),
    };
    let identity = Arc::new(identity);
    Plan {
        title: format!("scale {} from 3 to {count} tasks", id.id).into(),
        target: Target { name: Arc::clone(&id.id), arn: None, identity: Arc::clone(&identity), id: Arc::clone(&id) },
        changes: vec![FieldChange { field: "desired count".into(), from: Value::Int(3), to: Value::Int(count) }],
        preconditions: vec![
            Precondition::new("within the autoscaling range", Verdict::Pass, "2 to 10 tasks"),
            Precondition::new("no rollout runs", Verdict::Warn, "deployment 42 is 2 of 3, started 4m ago"),
            Precondition::new(
                "room in the cluster",
                Verdict::Unknown,
                "ECS throttled DescribeContainerInstances three times; asked again, it may say more",
            ),
        ],
        affects: vec!["target group dhbw-backend-8080 gets 3 more targets".into()],
        steps: vec![Step {
            operation: "ecs:UpdateService",
            words: format!("set the desired count to {count}").into(),
            scope: id.scope.clone(),
            input,
            seen: Seen::default().with("desired count", 3),
            sender: Arc::clone(&identity),
        }],
        risk: Risk::Medium,
        number: Some((3, count)),
        phrase: None,
        undo: Undo::By { words: "scale back to 3 tasks".into(), order: self::order(&id, 3) },
        command: format!("aws ecs update-service --cluster {cluster} --service {} --desired-count {count}", id.id)
            .into(),
        made_at,
        order,
    }
}

/// What the guard says to it.
pub(crate) fn judged(parts: Vec<Plan>, risk: Risk, confirm: Confirm) -> Proposal {
    let because = vec!["prod: one more than elsewhere".into(), "one precondition could not be read: one more".into()];
    let judgement = Judgement { risk, confirm, reason: risk == Risk::Critical, ticket: None, denial: None, because };
    Proposal { parts, judgement }
}

/// Puts the cursor of the bridge on the frontend.
pub(crate) fn frontend(state: &mut State) {
    let Some((_, pane)) = state.focused_mut() else { return };
    let name = |at: &usize| pane.shown.get(*at).is_some_and(|row| row.name.contains("frontend"));
    if let Some(at) = (0..pane.shown.len()).find(name) {
        let id = pane.shown.get(at).map(|row| Arc::clone(&row.id));
        pane.nav.place(at, id);
    }
}
