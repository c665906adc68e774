//! `k8s-restart`: replaces the pods of a workload one after the other, as `kubectl rollout restart` does: by the time of the restart,
//! written into the template of its pods.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::k8s::{self, Object, Start, rollout};
use super::parts;
use super::{ActionDef, Asked, no_choices};
use crate::model::{Fields, Plan, Precondition, ResourceId, Risk, Seen, Step, Undo};
use crate::providers::Acting;

const ID: &str = "k8s-restart";

/// kubectl's own, so that both see the other's restarts.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// Replaces the pods of a workload, one after the other.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "restart",
    doc: "Replace the pods of a workload, one after the other",
    kinds: &["deployment", "statefulset", "daemonset"],
    fields: &[
        k8s::CLUSTER_FIELD,
        k8s::NAMESPACE_FIELD,
        k8s::kind_field(&["deployment", "statefulset", "daemonset"], "deployment").required(),
        k8s::name_field("The workload", "provisioning-api"),
    ],
    sends: &rollout::PATCHES,
    reads: &[],
    risk: "medium",
    undo: "can't be: the pods that are replaced are gone",
    example: "k8s-restart -e beta9-prod --namespace beta9-provisioning --kind deployment --name provisioning-api",
    applies: |_| Ok(()),
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate: |acting, fields| k8s::locate(acting, fields, None).boxed(),
    plan,
    look,
    send: |acting, _, step, permit| k8s::send(acting, step, permit).boxed(),
    follow: |acting, plan, _, watch| rollout::follow(acting, &plan.target.id, watch).boxed(),
};

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let Start { object, caller, allowed } = k8s::start(acting, target, "patch", None).await?;
        let (of, now) = (k8s::of_kubectl(target), Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let mut plan = k8s::plan(acting, ID, target, fields, &caller);
        plan.title = format!("restart {of}").into();
        let before = object.texts("/spec/template/metadata/annotations").remove(RESTARTED);
        plan.changes = vec![parts::change("restartedAt", before.as_deref(), Some(&now))];
        let input = input(&k8s::of_id(target)?.path(target), &object, &now);
        plan.preconditions = vec![
            allowed,
            k8s::tried(acting, &input).await,
            not_paused(target, &object),
            rolls(&object),
            at_rest(target, &object),
            more_than_one(target, &object),
        ];
        plan.affects = vec![affects(target, &object).into()];
        plan.steps = vec![k8s::step(
            acting,
            rollout::patch_of(target.kind),
            format!("restart {of}"),
            input,
            k8s::seen(&object),
        )?];
        plan.risk = Risk::Medium;
        plan.undo = Undo::No("the pods that are replaced are gone; what they are made from stays as it is".into());
        plan.command = k8s::command(acting, target, &["rollout", "restart", &of]);
        Ok(plan)
    }
    .boxed()
}

/// Adds the time, where there are annotations already or not.
fn input(path: &str, object: &Object, now: &str) -> Map<String, Json> {
    let annotations = object.at("/spec/template/metadata/annotations");
    let change = match annotations {
        Some(_) => {
            let name = RESTARTED.replace('~', "~0").replace('/', "~1");
            json!({ "op": "add", "path": format!("/spec/template/metadata/annotations/{name}"), "value": now })
        }
        None => json!({ "op": "add", "path": "/spec/template/metadata/annotations", "value": { RESTARTED: now } }),
    };
    k8s::patch(path, &k8s::tests(object), &[change])
}

/// A paused deployment takes the change and does nothing.
fn not_paused(id: &ResourceId, object: &Object) -> Precondition {
    let paused = object.flag("/spec/paused");
    let words = if paused { "its rollout is paused: resume it first" } else { "its rollout is not paused" };
    parts::must("not paused", id.kind != "deployment" || !paused, words)
}

fn rolls(object: &Object) -> Precondition {
    let by_hand = object.text("/spec/updateStrategy/type") == Some("OnDelete");
    let words = if by_hand {
        "OnDelete: its pods are replaced only as somebody deletes them"
    } else {
        "pods are replaced as they become ready"
    };
    parts::should("replaces its pods by itself", !by_hand, words)
}

fn at_rest(id: &ResourceId, object: &Object) -> Precondition {
    const NAME: &str = "no rollout is under way";
    match rollout::under_way(id.kind, object) {
        Some(words) => parts::should(NAME, false, words),
        None => parts::should(NAME, true, "everything is updated and ready"),
    }
}

/// A single replica is replaced with nobody beside it where the strategy says so.
fn more_than_one(id: &ResourceId, object: &Object) -> Precondition {
    const NAME: &str = "somebody answers meanwhile";
    let recreate = object.text("/spec/strategy/type") == Some("Recreate");
    let alone = id.kind == "statefulset" && object.int("/spec/replicas").unwrap_or(1) <= 1;
    match (recreate, alone) {
        (true, _) => parts::should(NAME, false, "Recreate: all of its pods stop before the first new one starts"),
        (_, true) => parts::should(NAME, false, "its only pod stops before the new one starts"),
        _ => parts::should(NAME, true, "a few at a time are replaced"),
    }
}

fn affects(id: &ResourceId, object: &Object) -> String {
    let pods = match id.kind {
        "daemonset" => object.int("/status/desiredNumberScheduled").unwrap_or_default(),
        _ => object.int("/spec/replicas").unwrap_or(1),
    };
    if pods == 1 { "1 pod is replaced".to_owned() } else { format!("{pods} pods are replaced") }
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(k8s::seen(&k8s::read(acting, &plan.target.id).await?)) }.boxed()
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
