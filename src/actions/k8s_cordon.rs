//! `k8s-cordon` and `k8s-uncordon`: whether new pods may be put on a node. Those that run there stay.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::{Map, Value as Json, json};

use super::k8s::{self, Object, Start};
use super::parts;
use super::{ActionDef, Asked, FieldDef, Op, no_choices};
use crate::guard::Watching;
use crate::kinds::k8s_node;
use crate::model::{
    ActionId, Fault, FieldChange, Fields, Followed, Order, Plan, ResourceId, Risk, Seen, Step, Undo, Value,
};
use crate::providers::Acting;

pub(super) const PATCH: Op = "k8s:patch nodes";
const CORDON_ID: ActionId = "k8s-cordon";
pub(super) const UNCORDON_ID: ActionId = "k8s-uncordon";

const FIELDS: &[FieldDef] =
    &[k8s::CLUSTER_FIELD, k8s::name_field("The node", "ip-10-20-1-17.eu-central-1.compute.internal")];

/// Lets no new pods be put on a node.
pub static CORDON: ActionDef = ActionDef {
    id: CORDON_ID,
    title: "cordon",
    doc: "Let no new pods be put on a node; those that run there stay",
    kinds: &["k8s-node"],
    fields: FIELDS,
    sends: &[PATCH],
    reads: &[],
    risk: "medium",
    undo: "uncordon",
    example: "k8s-cordon -e beta9-prod --name ip-10-20-1-17.eu-central-1.compute.internal",
    applies: |node| if k8s_node::is_cordoned(node) { Err("it is cordoned already".to_owned()) } else { Ok(()) },
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate: |acting, fields| k8s::locate(acting, fields, Some("node")).boxed(),
    plan: |acting, target, fields| plan(acting, target, fields, true).boxed(),
    look,
    send: |acting, _, step, permit| k8s::send(acting, step, permit).boxed(),
    follow,
};

/// Lets new pods be put on a node again.
pub static UNCORDON: ActionDef = ActionDef {
    id: UNCORDON_ID,
    title: "uncordon",
    doc: "Let new pods be put on a node again",
    risk: "low",
    undo: "cordon",
    example: "k8s-uncordon -e beta9-prod --name ip-10-20-1-17.eu-central-1.compute.internal",
    applies: |node| if k8s_node::is_cordoned(node) { Ok(()) } else { Err("it is not cordoned".to_owned()) },
    plan: |acting, target, fields| plan(acting, target, fields, false).boxed(),
    ..CORDON
};

/// Whether no new pods may be put on it.
pub(super) fn is_cordoned(node: &Object) -> bool {
    node.flag("/spec/unschedulable")
}

pub(super) fn seen(node: &Object) -> Seen {
    Seen::default().with("uid", node.uid()).with("unschedulable", is_cordoned(node))
}

/// A node that is not cordoned says nothing of it.
pub(super) fn input(path: &str, node: &Object, cordoned: bool) -> Map<String, Json> {
    let now = node.at("/spec/unschedulable").cloned().unwrap_or_default();
    let tests = [("/metadata/uid", node.uid().into()), ("/spec/unschedulable", now)];
    k8s::patch(path, &tests, &[json!({ "op": "add", "path": "/spec/unschedulable", "value": cordoned })])
}

async fn plan(acting: &Acting, target: &ResourceId, fields: &Fields, cordon: bool) -> Result<Plan, Fault> {
    let Start { object, caller, allowed } = k8s::start(acting, target, "patch", None).await?;
    let (word, action, back, back_word) = if cordon {
        ("cordon", CORDON_ID, UNCORDON_ID, "uncordon")
    } else {
        ("uncordon", UNCORDON_ID, CORDON_ID, "cordon")
    };
    let (name, now) = (&*target.id, is_cordoned(&object));
    let mut plan = k8s::plan(acting, action, target, fields, &caller);
    plan.title = format!("{word} {name}").into();
    let field = "unschedulable".into();
    plan.changes = vec![FieldChange { field, from: Value::Bool(now), to: Value::Bool(cordon) }];
    let input = input(&k8s::of_id(target)?.path(target), &object, cordon);
    let words = if now { "it is cordoned now" } else { "new pods may be put on it now" };
    plan.preconditions = vec![
        allowed,
        k8s::tried(acting, &input).await,
        parts::must("something changes", now != cordon, words),
        ready(&object, cordon),
    ];
    plan.affects = vec![
        if cordon { "no new pods are put on it; those that run there stay" } else { "new pods may be put on it" }
            .into(),
    ];
    plan.steps = vec![k8s::step(acting, PATCH, format!("{word} {name}"), input, seen(&object))?];
    plan.risk = if cordon { Risk::Medium } else { Risk::Low };
    plan.undo = Undo::By {
        words: back_word.into(),
        order: Order { action: back, target: Arc::clone(&plan.order.target), fields: Fields::new() },
    };
    plan.command = k8s::command(acting, target, &[word, name]);
    Ok(plan)
}

fn ready(node: &Object, cordon: bool) -> crate::model::Precondition {
    let (status, reason, message) = node.condition("Ready").unwrap_or(("Unknown", "", "it says nothing"));
    let words =
        if status == "True" { "it is ready".to_owned() } else { format!("it is not ready: {reason}: {message}") };
    parts::should("the node is ready", cordon || status == "True", words)
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&k8s::read(acting, &plan.target.id).await?)) }.boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step, _: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let node = k8s::read(acting, &plan.target.id).await?;
        let wanted = plan.order.action == CORDON_ID;
        Ok(if is_cordoned(&node) == wanted {
            Followed::Verified(if wanted { "it is cordoned" } else { "new pods may be put on it" }.into())
        } else {
            Followed::Failed("it has been set back".into())
        })
    }
    .boxed()
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
