//! `k8s-drain`: cordons a node and has its pods evicted one after the other, as far as their disruption budgets allow. Each eviction
//! is a step of its own: what is refused ends the plan, and another plan goes on with what is left.

mod pods;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, OptionFuture, join, join3};
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::{Map, Value as Json, json};
use tokio::time::{Instant, sleep};

use super::k8s::{self, Object};
use super::parts::{self, given};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, k8s_cordon, no_choices};
use crate::guard::{Permit, Watching};
use crate::model::{
    Fault, FaultClass, FieldChange, Fields, Followed, Order, Plan, Precondition, ResourceId, Risk, Seen, Sent, Step,
    Undo, Value,
};
use crate::providers::Acting;
use crate::providers::kube::Question;
use pods::Pods;

const ID: &str = "k8s-drain";
const EVICT: Op = "k8s:create pods/eviction";

/// Evictions tried at once: as many as a node has pods by default, so that a plan waits for them as for one.
const AT_ONCE: usize = 110;
/// A disruption budget lets the next pod go when another one has come up elsewhere: that is waited for so long.
const BUDGET: Duration = if cfg!(test) { Duration::from_millis(20) } else { Duration::from_mins(5) };
/// Between two looks at it.
const LOOK: Duration = if cfg!(test) { Duration::from_millis(2) } else { Duration::from_secs(5) };
/// Pods may take their time to end; longer than this they hang.
const PATIENCE: Duration = Duration::from_mins(20);

/// Empties a node.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "drain",
    doc: "Cordon a node and evict its pods, within their disruption budgets",
    kinds: &["k8s-node"],
    fields: &[
        k8s::CLUSTER_FIELD,
        k8s::name_field("The node", "ip-10-20-1-17.eu-central-1.compute.internal"),
        FieldDef::new(
            "delete-emptydir",
            "delete emptyDir data",
            "Evict pods whose emptyDir data is lost with them",
            "yes",
            FieldSort::Flag,
        ),
        FieldDef::new("force", "force", "Evict pods that nothing makes anew", "yes", FieldSort::Flag),
        FieldDef::new(
            "grace",
            "grace period",
            "Seconds that each pod is given to end",
            "30",
            FieldSort::Number(1, 86_400),
        ),
    ],
    sends: &[k8s_cordon::PATCH, EVICT],
    reads: &[],
    risk: "high",
    undo: "uncordon; the pods run elsewhere by then",
    example: "k8s-drain -e beta9-prod --name ip-10-20-1-17.eu-central-1.compute.internal --delete-emptydir yes",
    applies: |_| Ok(()),
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate: |acting, fields| k8s::locate(acting, fields, Some("node")).boxed(),
    plan,
    look,
    send: |acting, _, step, permit| send(acting, step, permit).boxed(),
    follow,
};

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let reach = acting.reach()?;
        let evicting =
            Question { verb: "create", resource: "pods", subresource: Some("eviction"), ..Question::default() };
        let reads = join3(k8s::start(acting, target, "patch", None), pods::on(acting, &target.id), reach.may(evicting));
        let (start, pods, may) = reads.await;
        let (start, pods) = (start?, Pods::sorted(pods?));
        let (node, name) = (&start.object, &*target.id);
        let cordoned = k8s_cordon::is_cordoned(node);
        let mut plan = k8s::plan(acting, ID, target, fields, &start.caller);
        let count = pods.leaving.len();
        plan.title = format!("drain {name} of {count} pods").into();
        plan.changes = vec![
            FieldChange { field: "unschedulable".into(), from: Value::Bool(cordoned), to: Value::Bool(true) },
            FieldChange {
                field: "pods".into(),
                from: Value::Int((count + pods.staying.len()) as i64),
                to: Value::Int(pods.staying.len() as i64),
            },
        ];
        if !cordoned {
            let input = k8s_cordon::input(&k8s::of_id(target)?.path(target), node, true);
            plan.steps.push(k8s::step(
                acting,
                k8s_cordon::PATCH,
                format!("cordon {name}"),
                input,
                k8s_cordon::seen(node),
            )?);
        }
        let grace = given(fields, "grace").and_then(|seconds| seconds.parse::<i64>().ok());
        for pod in &pods.leaving {
            plan.steps.push(eviction(acting, pod, grace)?);
        }
        let evictions: Vec<&Step> = plan.steps.iter().filter(|step| step.operation == EVICT).collect();
        let cordon = plan.steps.iter().find(|step| step.operation == k8s_cordon::PATCH);
        let cordon = OptionFuture::from(cordon.map(|step| k8s::tried(acting, &step.input)));
        let (cordon, budgets) = join(cordon, budgets(acting, &evictions)).await;
        let flag = |field: &str| given(fields, field) == Some("yes");
        plan.preconditions.extend(cordon);
        plan.preconditions.extend([
            start.allowed,
            k8s::allowed(evicting, &may),
            parts::must(
                "something changes",
                !plan.steps.is_empty(),
                format!("{count} pods to evict, {}", if cordoned { "cordoned already" } else { "not cordoned yet" }),
            ),
            budgets,
            pods.managed(flag("force")),
            pods.without_data(flag("delete-emptydir")),
        ]);
        plan.affects = pods.affects().into_iter().map(Arc::from).collect();
        plan.risk = Risk::High;
        plan.undo = undo(&plan, cordoned);
        plan.command = command(acting, target, fields);
        Ok(plan)
    }
    .boxed()
}

/// Who was cordoned before stays so.
fn undo(plan: &Plan, cordoned: bool) -> Undo {
    if cordoned {
        return Undo::No("it was cordoned before, and the pods run elsewhere by then".into());
    }
    Undo::By {
        words: "uncordon; the pods run elsewhere by then".into(),
        order: Order { action: k8s_cordon::UNCORDON_ID, target: Arc::clone(&plan.order.target), fields: Fields::new() },
    }
}

fn command(acting: &Acting, target: &ResourceId, fields: &Fields) -> Arc<str> {
    let grace = given(fields, "grace").map(|seconds| format!("--grace-period={seconds}"));
    let mut words = vec!["drain", &*target.id, "--ignore-daemonsets"];
    let flags = [("delete-emptydir", "--delete-emptydir-data"), ("force", "--force")];
    words.extend(flags.iter().filter(|(field, _)| given(fields, field) == Some("yes")).map(|(_, flag)| *flag));
    words.extend(grace.as_deref());
    k8s::command(acting, target, &words)
}

/// The step that evicts this very pod.
fn eviction(acting: &Acting, pod: &Object, grace: Option<i64>) -> Result<Step, Fault> {
    let (name, namespace) = (pod.name(), pod.text("/metadata/namespace").unwrap_or_default());
    let mut options = json!({ "preconditions": { "uid": pod.uid() } });
    if let Some(grace) = grace {
        options["gracePeriodSeconds"] = grace.into();
    }
    let body = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": { "name": name, "namespace": namespace },
        "deleteOptions": options,
    });
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/eviction");
    let input = k8s::input(&[
        ("method", "POST".into()),
        ("path", path.into()),
        ("contentType", "application/json".into()),
        ("body", body),
    ]);
    k8s::step(acting, EVICT, format!("evict {namespace}/{name}"), input, Seen::default().with("uid", pod.uid()))
}

/// What the disruption budgets say to each of the evictions now. While one after the other is done they may say something else.
async fn budgets(acting: &Acting, evictions: &[&Step]) -> Precondition {
    const NAME: &str = "the disruption budgets let them go";
    let mut tried: Vec<BoxFuture<'_, Result<(), Fault>>> = Vec::new();
    for step in evictions {
        tried.push(try_out(acting, &step.input));
    }
    let answers: Vec<Result<(), Fault>> = stream::iter(tried).buffered(AT_ONCE).collect().await;
    let words = |step: &Step, fault: &Fault| format!("{}: {}", step.words, fault.summary);
    let mut waiting: Vec<String> = Vec::new();
    for (step, answer) in evictions.iter().zip(&answers) {
        match answer {
            Ok(()) => {}
            Err(fault) if matches!(fault.class, FaultClass::Throttled { .. }) => waiting.push(words(step, fault)),
            Err(fault) if is_gone(fault) => {}
            Err(fault) if k8s::is_judged(fault) => {
                return parts::must(NAME, false, words(step, fault));
            }
            Err(fault) => return parts::untold(NAME, fault),
        }
    }
    match waiting.as_slice() {
        [] => parts::should(NAME, true, format!("each of {} would be let go now (dryRun=All)", evictions.len())),
        [first, ..] => {
            let words = format!("{} of {} would have to wait now: {first}", waiting.len(), evictions.len());
            parts::should(NAME, false, words)
        }
    }
}

fn try_out<'a>(acting: &'a Acting, input: &'a Map<String, Json>) -> BoxFuture<'a, Result<(), Fault>> {
    async move { acting.reach()?.try_out(input).await }.boxed()
}

/// The pod is gone, or another one has its name: there is nothing to evict.
fn is_gone(fault: &Fault) -> bool {
    fault.class == FaultClass::NotFound || fault.summary.contains("UID in the precondition")
}

/// Before an eviction its budget is waited for. A pod that has gone by itself moves nothing that the rest stands on.
fn look<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step) -> Asked<'a, Seen> {
    async move {
        if step.operation == k8s_cordon::PATCH {
            return Ok(k8s_cordon::seen(&k8s::read(acting, &plan.target.id).await?));
        }
        let until = Instant::now() + BUDGET;
        while let Err(fault) = try_out(acting, &step.input).await {
            if !matches!(fault.class, FaultClass::Throttled { .. }) || Instant::now() >= until {
                break;
            }
            sleep(LOOK).await;
        }
        Ok(step.seen.clone())
    }
    .boxed()
}

/// Sends a step, once. A pod that is not there any more, or not that one, has been evicted by somebody else.
async fn send(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    match k8s::send(acting, step, permit).await {
        Sent::Refused(fault) if step.operation == EVICT && is_gone(&fault) => Sent::Accepted { request_id: None },
        sent => sent,
    }
}

/// The pods end while the next ones are evicted; after the last one all of them are waited for.
fn follow<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        if step.operation == k8s_cordon::PATCH && plan.steps.len() > 1 {
            return Ok(Followed::Verified("cordoned".into()));
        }
        if plan.steps.last().is_some_and(|last| last != step) {
            return Ok(Followed::Verified("asked to go".into()));
        }
        let uids: Vec<&Arc<str>> = plan
            .steps
            .iter()
            .filter(|step| step.operation == EVICT)
            .filter_map(|step| step.seen.0.get("uid"))
            .collect();
        let look = || async {
            let there = pods::on(acting, &plan.target.id.id).await?;
            let left = there.iter().filter(|pod| uids.iter().any(|uid| ***uid == *pod.uid())).count();
            let (all, gone) = (uids.len(), uids.len() - left);
            let words = format!("{gone} of {all} pods gone");
            let percent = (100 * gone).checked_div(all).and_then(|percent| u8::try_from(percent).ok());
            Ok(if left == 0 { parts::verified(words) } else { parts::going(words, percent) })
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
