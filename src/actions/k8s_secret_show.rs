//! `k8s-secret-show`: one value of a secret on the screen, because somebody asks for it. The journal gets who asked for which key, and
//! how long its value is; the value itself passes to the terminal and is kept nowhere.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::k8s::{self, Object, Start, terminal};
use super::parts::{self, wanted};
use super::{ActionDef, Asked, Choice, FieldDef, FieldSort, Op};
use crate::guard::{Permit, Watching};
use crate::model::{Fields, Followed, Plan, ResourceId, Risk, Seen, Sent, Step, Undo, text};
use crate::providers::Acting;
use crate::providers::kube::Opened;
use crate::providers::lend::Lending;

const ID: &str = "k8s-secret-show";
const GET: Op = "k8s:get secrets";

/// Shows one value of a secret.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "show a value",
    doc: "Show one value of a secret; that it was asked for is journalled, the value is not",
    kinds: &["k8s-secret"],
    fields: &[
        k8s::CLUSTER_FIELD,
        k8s::NAMESPACE_FIELD,
        k8s::name_field("The secret", "provisioning-database"),
        FieldDef::new("key", "key", "The key whose value is shown", "DATABASE_URL", FieldSort::Chosen).required(),
    ],
    sends: &[GET],
    reads: &[],
    risk: "medium",
    undo: "can't be: what was seen stays seen",
    example: "k8s-secret-show -e beta9-prod --namespace beta9-provisioning --name provisioning-database --key DATABASE_URL",
    applies: |_| Ok(()),
    form: |_, _| Fields::new(),
    choices,
    locate: |acting, fields| k8s::locate(acting, fields, Some("secret")).boxed(),
    plan,
    look,
    send: |acting, plan, _, permit| send(acting, plan, permit).boxed(),
    follow,
};

fn choices<'a>(acting: &'a Acting, id: &'a ResourceId, _: &'static str) -> Asked<'a, Vec<Choice>> {
    async move {
        let secret = k8s::read(acting, id).await?;
        let choice = |(key, value): (&String, &Json)| Choice {
            value: text::clean(key).into(),
            words: length(value).into(),
            difference: Vec::new(),
        };
        Ok(secret.at("/data").and_then(Json::as_object).into_iter().flatten().map(choice).collect())
    }
    .boxed()
}

/// How long a value is, without looking at it.
fn length(value: &Json) -> String {
    let encoded = value.as_str().unwrap_or_default();
    let padding = encoded.bytes().rev().take_while(|byte| *byte == b'=').count();
    text::bytes((encoded.len() / 4 * 3).saturating_sub(padding) as u64)
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let Start { object: secret, caller, allowed } = k8s::start(acting, target, "get", None).await?;
        let key = wanted(fields, "key")?;
        let found = secret.at("/data").and_then(|data| data.get(key));
        let mut plan = k8s::plan(acting, ID, target, fields, &caller);
        let shown = text::clean(key);
        plan.title = format!("show {shown} of {}", plan.target.name).into();
        plan.changes = vec![parts::change("shown on this terminal", None, Some(key))];
        let words = found.map_or_else(|| format!("there is no {shown}: {}", keys(&secret)), length);
        plan.preconditions = vec![allowed, parts::must("the secret has the key", found.is_some(), words)];
        plan.affects = vec!["whoever sees this terminal sees the value; nothing in the cluster changes".into()];
        let path = k8s::of_id(target)?.path(target);
        let input = k8s::input(&[("method", "GET".into()), ("path", path.into()), ("key", key.into())]);
        plan.steps = vec![k8s::step(acting, GET, format!("read and show {shown}"), input, seen(&secret))?];
        plan.risk = Risk::Medium;
        plan.undo = Undo::No("what was seen stays seen".into());
        let template = format!("go-template={{{{index .data {} | base64decode}}}}", Json::from(key));
        plan.command = k8s::command(acting, target, &["get", "secret", &target.id, "--output", &template]);
        Ok(plan)
    }
    .boxed()
}

fn keys(secret: &Object) -> String {
    let keys: Vec<&str> =
        secret.at("/data").and_then(Json::as_object).into_iter().flatten().map(|(key, _)| &**key).collect();
    if keys.is_empty() { "it has no keys".to_owned() } else { format!("it has {}", text::clean(&keys.join(", "))) }
}

/// This very version: another one may have another value.
fn seen(secret: &Object) -> Seen {
    let version = secret.text("/metadata/resourceVersion").unwrap_or_default();
    Seen::default().with("uid", secret.uid()).with("resource version", version)
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&k8s::read(acting, &plan.target.id).await?)) }.boxed()
}

fn send<'a>(acting: &'a Acting, plan: &'a Plan, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        match acting.reach() {
            Ok(reach) => reach.reveal(permit, &k8s::key(plan)).await,
            Err(fault) => Sent::Refused(fault),
        }
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let Some(Opened::Value(value)) = acting.reach()?.opened(&k8s::key(plan)) else {
            return Ok(Followed::Failed("the value was not kept".into()));
        };
        let loan = match terminal::borrow(acting, plan, Lending::Secret, watch).await {
            Ok(loan) => loan,
            Err(none) => return Ok(none),
        };
        let size = text::bytes(value.len() as u64);
        // Whoever has the terminal may have left it.
        let shown = loan.output.send(readable(&value)).await.is_ok();
        Ok(if shown {
            Followed::Verified(format!("{size} shown").into())
        } else {
            Followed::Failed("it was not shown".into())
        })
    }
    .boxed()
}

/// A text as it is, a line for each of its lines; anything else as base64, so that nothing in it speaks to the terminal.
fn readable(value: &[u8]) -> Vec<u8> {
    let plain = |text: &&str| text.split(['\n', '\t']).all(|part| matches!(text::clean(part), Cow::Borrowed(_)));
    match std::str::from_utf8(value).ok().filter(plain) {
        Some(text) => format!("{}\n", text.trim_end_matches('\n')).into_bytes(),
        None => format!("{}\n(base64: it is no text)\n", STANDARD.encode(value)).into_bytes(),
    }
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
