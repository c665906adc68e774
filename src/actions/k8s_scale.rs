//! `k8s-scale`: the replicas of a deployment, a stateful set or a replica set. Nothing but the number is sent.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join3;
use serde_json::{Value as Json, json};

use super::k8s::{self, Object, Start, rollout};
use super::parts::{self, Stand};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices};
use crate::guard::Watching;
use crate::kinds;
use crate::model::{
    Fault, FaultClass, FieldChange, Fields, Followed, Order, Plan, Precondition, Resource, ResourceId, Risk, Seen,
    Step, Undo, Value,
};
use crate::providers::Acting;

const ID: &str = "k8s-scale";
const DEPLOYMENT: Op = "k8s:patch deployments/scale";
const STATEFUL: Op = "k8s:patch statefulsets/scale";
const REPLICA: Op = "k8s:patch replicasets/scale";

const MOST: i64 = 10_000;
/// Nodes may have to be started first; longer than this is no scaling any more.
const PATIENCE: Duration = Duration::from_mins(20);

/// Sets how many replicas of a workload shall run.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "scale",
    doc: "Set how many replicas of a workload shall run",
    kinds: &["deployment", "statefulset", "replicaset"],
    fields: &[
        k8s::CLUSTER_FIELD,
        k8s::NAMESPACE_FIELD,
        k8s::kind_field(&["deployment", "statefulset", "replicaset"], "deployment").required(),
        k8s::name_field("The workload", "provisioning-worker"),
        FieldDef::new("replicas", "replicas", "Replicas that shall run", "6", FieldSort::Number(0, MOST)).required(),
    ],
    sends: &[DEPLOYMENT, STATEFUL, REPLICA],
    reads: &[],
    risk: "up medium, down high, to 0 critical",
    undo: "scale back",
    example: "k8s-scale -e beta9-prod --namespace beta9-provisioning --kind deployment --name provisioning-worker --replicas 6",
    applies: |_| Ok(()),
    form: |workload, _| form(workload),
    choices: no_choices,
    locate: |acting, fields| k8s::locate(acting, fields, None).boxed(),
    plan,
    look,
    send: |acting, _, step, permit| k8s::send(acting, step, permit).boxed(),
    follow,
};

/// Starts with the number that is wanted now.
fn form(workload: &Resource) -> Fields {
    let Some(kind) = kinds::by_id(workload.id.kind) else { return Fields::new() };
    let wanted = workload.cells.iter().find_map(|cell| match cell {
        Value::Count { want, .. } => Some(want.to_string()),
        _ => None,
    });
    let cell = kind.cell(workload, "desired").map(|cell| cell.show_exact().into_owned());
    cell.or(wanted).into_iter().map(|wanted| ("replicas", wanted)).collect()
}

fn operation(kind: &str) -> Op {
    match kind {
        "deployment" => DEPLOYMENT,
        "statefulset" => STATEFUL,
        _ => REPLICA,
    }
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let to = wanted(fields)?;
        let reads =
            join3(k8s::start(acting, target, "patch", Some("scale")), scalers(acting, target), budgets(acting, target));
        let (start, scalers, budgets) = reads.await;
        let Start { object, caller, allowed } = start?;
        let from = replicas(&object);
        let name = &*target.id;
        let mut plan = k8s::plan(acting, ID, target, fields, &caller);
        plan.title = format!("scale {} from {from} to {to} replicas", k8s::of_kubectl(target)).into();
        plan.changes = vec![FieldChange { field: "replicas".into(), from: Value::Int(from), to: Value::Int(to) }];
        let path = format!("{}/scale", k8s::of_id(target)?.path(target));
        let input =
            k8s::patch(&path, &tests(&object, from), &[json!({ "op": "add", "path": "/spec/replicas", "value": to })]);
        plan.preconditions = vec![
            allowed,
            k8s::tried(acting, &input).await,
            parts::must("something changes", from != to, changes(&object, from, to)),
            owned(&object),
            by_hand(&scalers, target, to),
            at_rest(target, &object),
            budgeted(&budgets, &object, from, to),
        ];
        plan.affects = affects(from, to);
        let words = format!("set the replicas of {name} to {to}");
        plan.steps = vec![k8s::step(acting, operation(target.kind), words, input, seen(&object))?];
        plan.risk = risk(from, to);
        plan.number = Some((from, to));
        plan.undo = Undo::By {
            words: format!("scale back to {from}").into(),
            order: Order {
                action: ID,
                target: Arc::clone(&plan.order.target),
                fields: [("replicas", from.to_string())].into(),
            },
        };
        let (of, count, now) =
            (k8s::of_kubectl(target), format!("--replicas={to}"), format!("--current-replicas={from}"));
        plan.command = k8s::command(acting, target, &["scale", &of, &now, &count]);
        Ok(plan)
    }
    .boxed()
}

/// This very object with this very number. No number stands for none.
fn tests(object: &Object, from: i64) -> [(&'static str, Json); 2] {
    let now = if from == 0 { Json::Null } else { from.into() };
    [("/metadata/uid", object.uid().into()), ("/spec/replicas", now)]
}

fn wanted(fields: &Fields) -> Result<i64, Fault> {
    let text = parts::wanted(fields, "replicas")?;
    let count = text.parse().ok().filter(|count| (0..=MOST).contains(count));
    count.ok_or_else(|| k8s::invalid(format!("`{text}` is no number of replicas")))
}

/// None said is one.
fn replicas(object: &Object) -> i64 {
    object.int("/spec/replicas").unwrap_or(1)
}

fn risk(from: i64, to: i64) -> Risk {
    match to {
        0 => Risk::Critical,
        to if to < from => Risk::High,
        _ => Risk::Medium,
    }
}

fn changes(object: &Object, from: i64, to: i64) -> String {
    let ready = object.int("/status/readyReplicas").unwrap_or_default();
    let idle = if from == to { "nothing would change: " } else { "" };
    format!("{idle}{from} are wanted now, {ready} are ready")
}

/// What owns it sets the number back.
fn owned(object: &Object) -> Precondition {
    const NAME: &str = "its number is its own";
    match object.owners().into_iter().find(|owner| owner.controls) {
        Some(owner) => {
            parts::should(NAME, false, format!("{} {} owns it, and sets the number back", owner.kind, owner.name))
        }
        None => parts::should(NAME, true, "nothing owns it"),
    }
}

async fn scalers(acting: &Acting, id: &ResourceId) -> Result<Vec<Object>, Fault> {
    let namespace = id.scope.namespace.as_deref().unwrap_or_default();
    let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers");
    Ok(acting.reach()?.read(&path).await.map(Object)?.items())
}

/// A horizontal pod autoscaler sets its own number again within seconds.
fn by_hand(scalers: &Result<Vec<Object>, Fault>, id: &ResourceId, to: i64) -> Precondition {
    const NAME: &str = "set by hand, not by an autoscaler";
    let scalers = match scalers {
        Ok(scalers) => scalers,
        Err(fault) => return parts::untold(NAME, fault),
    };
    let aims = |scaler: &&Object| {
        let kind = scaler.text("/spec/scaleTargetRef/kind").unwrap_or_default();
        kind.eq_ignore_ascii_case(id.kind) && scaler.text("/spec/scaleTargetRef/name") == Some(&*id.id)
    };
    let Some(scaler) = scalers.iter().find(aims) else {
        return parts::should(NAME, true, "no horizontal pod autoscaler aims at it");
    };
    let (least, most) =
        (scaler.int("/spec/minReplicas").unwrap_or(1), scaler.int("/spec/maxReplicas").unwrap_or_default());
    let wanted = scaler.int("/status/desiredReplicas").map(|it| format!(", wants {it} now")).unwrap_or_default();
    let so = match to {
        0 => "; with 0 replicas it pauses, and nothing scales it up again",
        to if (least..=most).contains(&to) => ", and may set another number at any time",
        _ => ", and would not leave it at that",
    };
    parts::should(
        NAME,
        false,
        format!("the autoscaler {} owns the number: it keeps it from {least} to {most}{wanted}{so}", scaler.name()),
    )
}

fn at_rest(id: &ResourceId, object: &Object) -> Precondition {
    const NAME: &str = "no rollout is under way";
    if id.kind == "replicaset" {
        return parts::should(NAME, true, "a replica set has none");
    }
    match rollout::under_way(id.kind, object) {
        Some(words) => parts::should(NAME, false, words),
        None => parts::should(NAME, true, "everything is updated and ready"),
    }
}

async fn budgets(acting: &Acting, id: &ResourceId) -> Result<Vec<Object>, Fault> {
    let namespace = id.scope.namespace.as_deref().unwrap_or_default();
    let path = format!("/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets");
    Ok(acting.reach()?.read(&path).await.map(Object)?.items())
}

/// A disruption budget does not keep anybody from scaling down: that it would be broken has to be said.
fn budgeted(budgets: &Result<Vec<Object>, Fault>, object: &Object, from: i64, to: i64) -> Precondition {
    const NAME: &str = "within the disruption budget";
    let budgets = match budgets {
        Ok(budgets) => budgets,
        Err(fault) => return parts::untold(NAME, fault),
    };
    let labels = object.texts("/spec/template/metadata/labels");
    let meant = |budget: &&Object| {
        let wanted = budget.texts("/spec/selector/matchLabels");
        !wanted.is_empty() && wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
    };
    let Some(budget) = budgets.iter().find(meant) else {
        return parts::should(NAME, true, "no disruption budget is for its pods");
    };
    let limit = |field: &str| {
        let value = budget.at(&format!("/spec/{field}"))?;
        let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
        value.as_i64().or_else(|| percent.map(|percent| (from * percent + 99) / 100))
    };
    let least = limit("minAvailable").or_else(|| limit("maxUnavailable").map(|most| from - most));
    let least = least.unwrap_or_default().max(0);
    let name = budget.name();
    parts::should(NAME, to >= least || to >= from, format!("the budget {name} wants {least} of {from} pods at least"))
}

fn affects(from: i64, to: i64) -> Vec<Arc<str>> {
    let pods = |count: i64| if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") };
    let mut affects = match to - from {
        0 => Vec::new(),
        more @ 1.. => vec![format!("{} more to start", pods(more))],
        fewer => vec![format!("{} to stop", pods(-fewer))],
    };
    if to == 0 {
        affects.push("nothing of it is left to answer anybody".to_owned());
    }
    affects.into_iter().map(Into::into).collect()
}

fn seen(object: &Object) -> Seen {
    k8s::seen(object).with("replicas", replicas(object))
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&k8s::read(acting, &plan.target.id).await?)) }.boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let (id, (from, to)) = (&*plan.target.id, plan.number.unwrap_or_default());
        let look = || async {
            let object = match k8s::read(acting, id).await {
                Ok(object) => object,
                Err(fault) if fault.class == FaultClass::NotFound => return Ok(parts::failed("it has been deleted")),
                Err(fault) => return Err(fault),
            };
            Ok(rollout::with_trouble(acting, &object, stand(&object, from, to)).await)
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}

/// How far a workload has come on its way to a number.
fn stand(object: &Object, from: i64, to: i64) -> Stand {
    let now = replicas(object);
    if now != to {
        return parts::failed(format!("{now} replicas are wanted now: somebody else or an autoscaler has set that"));
    }
    if object.int("/status/observedGeneration") < object.int("/metadata/generation") {
        return parts::going("waiting for the controller to see it", None);
    }
    let [all, ready] = ["replicas", "readyReplicas"].map(|it| object.int(&format!("/status/{it}")).unwrap_or_default());
    if (all, ready) == (to, to) {
        return parts::verified(format!("{ready} of {to} replicas are ready"));
    }
    let words = if all > to {
        format!("{} replicas are still to go", all - to)
    } else {
        format!("{ready} of {to} replicas are ready")
    };
    if let Some((_, "ProgressDeadlineExceeded", message)) = object.condition("Progressing") {
        return parts::failed(format!("{words} (ProgressDeadlineExceeded): {message}"));
    }
    if let Some(("True", reason, message)) = object.condition("ReplicaFailure") {
        return parts::failed(format!("{words}; {reason}: {message}"));
    }
    let come = if to > from { ready } else { all };
    let percent = (100 * (come - from)).checked_div(to - from).map(|percent| percent.clamp(0, 100) as u8);
    parts::going(words, percent)
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
