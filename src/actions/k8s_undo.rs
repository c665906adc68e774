//! `k8s-undo`: puts a workload back to the template of an earlier revision, as `kubectl rollout undo` does.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join;
use serde_json::json;

use super::k8s::revisions;
use super::k8s::{self, Start, difference, rollout};
use super::parts::{self, given};
use super::{ActionDef, Asked, Choice, FieldDef, FieldSort};
use crate::model::{Fields, Order, Plan, ResourceId, Risk, Seen, Step, Undo};
use crate::providers::Acting;

const ID: &str = "k8s-undo";

/// Puts a workload back to an earlier revision.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "undo rollout",
    doc: "Put a workload back to an earlier revision",
    kinds: &["deployment", "statefulset", "daemonset"],
    fields: &[
        k8s::CLUSTER_FIELD,
        k8s::NAMESPACE_FIELD,
        k8s::kind_field(&["deployment", "statefulset", "daemonset"], "deployment").required(),
        k8s::name_field("The workload", "provisioning-api"),
        FieldDef::new("revision", "revision", "The revision; without it the one before", "12", FieldSort::Chosen),
    ],
    sends: &rollout::PATCHES,
    reads: &[],
    risk: "medium",
    undo: "back to the revision that is set now",
    example: "k8s-undo -e beta9-prod --namespace beta9-provisioning --kind deployment --name provisioning-api --revision 12",
    applies: |_| Ok(()),
    form: |_, _| Fields::new(),
    choices,
    locate: |acting, fields| k8s::locate(acting, fields, None).boxed(),
    plan,
    look,
    send: |acting, _, step, permit| k8s::send(acting, step, permit).boxed(),
    follow: |acting, plan, _, watch| rollout::follow(acting, &plan.target.id, watch).boxed(),
};

fn choices<'a>(acting: &'a Acting, id: &'a ResourceId, _: &'static str) -> Asked<'a, Vec<Choice>> {
    async move {
        let (object, all) = join(k8s::read(acting, id), revisions::revisions(acting, id)).await;
        Ok(revisions::choices(&object?, &all?))
    }
    .boxed()
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let (start, all) = join(k8s::start(acting, target, "patch", None), revisions::revisions(acting, target)).await;
        let (Start { object, caller, allowed }, all) = (start?, all?);
        let now = revisions::current(&object, &all);
        let to = revisions::meant(&all, now, given(fields, "revision"))?;
        let (of, number) = (k8s::of_kubectl(target), to.number);
        let template = object.at("/spec/template").cloned().unwrap_or_default();
        let lines = difference(&template, &to.template);
        let mut plan = k8s::plan(acting, ID, target, fields, &caller);
        plan.title = format!("put {of} back to revision {number}").into();
        let from = now.map(|number| number.to_string());
        plan.changes = vec![
            parts::change("revision", from.as_deref(), Some(&number.to_string())),
            parts::change("images", Some(&object.images("/spec/template/spec").join(", ")), Some(&to.images())),
        ];
        let change = json!({ "op": "replace", "path": "/spec/template", "value": to.template });
        let input = k8s::patch(&k8s::of_id(target)?.path(target), &k8s::tests(&object), &[change]);
        let same = if lines.is_empty() {
            "its pods are made from that already"
        } else {
            "its pods are made from something else now"
        };
        let paused = target.kind == "deployment" && object.flag("/spec/paused");
        let words = if paused { "its rollout is paused: resume it first" } else { "its rollout is not paused" };
        plan.preconditions = vec![
            allowed,
            k8s::tried(acting, &input).await,
            parts::must("something changes", !lines.is_empty(), same),
            parts::must("not paused", !paused, words),
        ];
        plan.affects = lines;
        let words = format!("set the template of {of} to that of revision {number}");
        plan.steps = vec![k8s::step(acting, rollout::patch_of(target.kind), words, input, k8s::seen(&object))?];
        plan.risk = Risk::Medium;
        plan.undo = undo(&plan, now);
        let revision = format!("--to-revision={number}");
        plan.command = k8s::command(acting, target, &["rollout", "undo", &of, &revision]);
        Ok(plan)
    }
    .boxed()
}

/// What is set now keeps its number.
fn undo(plan: &Plan, now: Option<i64>) -> Undo {
    match now {
        Some(now) => Undo::By {
            words: format!("back to revision {now}").into(),
            order: Order {
                action: ID,
                target: Arc::clone(&plan.order.target),
                fields: [("revision", now.to_string())].into(),
            },
        },
        None => Undo::No("the revision that is set now is not known".into()),
    }
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(k8s::seen(&k8s::read(acting, &plan.target.id).await?)) }.boxed()
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
