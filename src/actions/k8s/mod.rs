//! What the actions in Kubernetes clusters have in common: how a target is named, read and frozen, what is asked before a change, and
//! how it is sent. Knows no action of its own.

mod difference;
mod object;
pub(super) mod revisions;
#[cfg(test)]
#[cfg(feature = "demo")]
pub(super) mod rig;
pub(super) mod rollout;
mod sort;
pub(super) mod terminal;
mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join3;
use serde_json::{Map, Value as Json, json};

use super::parts::{self, given, wanted};
use super::{FieldDef, FieldSort, Op};
use crate::guard::Permit;
use crate::model::{
    ActionId, Fault, FaultClass, Fields, Identity, Plan, Precondition, ResourceId, Scope, Seen, Sent, Step, Verdict,
    text,
};
use crate::providers::Acting;
use crate::providers::kube::{May, Question};

pub(super) use difference::difference;
pub(super) use object::Object;
pub(super) use sort::{ANY, Place, of_id, place, sort};
pub(super) use trouble::trouble;

/// Who has written a field, as the server keeps it.
const MANAGER: &str = "fieldManager=quarterdeck";
/// What the API server says of webhooks that take part in no dry run.
const NO_DRY_RUN: &str = "does not support dry run";
/// A list of changes, each of which may stand on what is there: all of them are done or none.
const JSON_PATCH: &str = "application/json-patch+json";

pub(super) const CLUSTER_FIELD: FieldDef = FieldDef::new(
    "cluster",
    "cluster",
    "The Kubernetes cluster: its context or its EKS name; not needed where there is one only",
    "beta9-prod",
    FieldSort::Text,
)
.locating();
pub(super) const NAMESPACE_FIELD: FieldDef = FieldDef::new(
    "namespace",
    "namespace",
    "Its namespace (`default` if none is given)",
    "beta9-provisioning",
    FieldSort::Text,
)
.locating();

/// The field that says what sort of object is meant.
pub(super) const fn kind_field(words: &'static [&'static str], example: &'static str) -> FieldDef {
    FieldDef::new("kind", "kind", "What sort of object it is", example, FieldSort::OneOf(words)).locating()
}

/// The field that names it.
pub(super) const fn name_field(doc: &'static str, example: &'static str) -> FieldDef {
    FieldDef::new("name", "name", doc, example, FieldSort::Text).required().locating()
}

/// The target that the fields of the command line name; `only` where an action has one kind.
pub(super) async fn locate(acting: &Acting, fields: &Fields, only: Option<&str>) -> Result<Arc<ResourceId>, Fault> {
    let word = match only {
        Some(word) => word,
        None => wanted(fields, "kind")?,
    };
    let sort = sort(word).ok_or_else(|| invalid(format!("`{word}` is no kind that this can be done to")))?;
    let scope = located(acting, fields, sort.namespaced).await?;
    Ok(Arc::new(ResourceId { scope, kind: sort.kind, id: wanted(fields, "name")?.into() }))
}

/// The same of a type that the cluster is asked for.
pub(super) async fn locate_any(acting: &Acting, fields: &Fields, word: &str) -> Result<Arc<ResourceId>, Fault> {
    let scope = located(acting, fields, true).await?;
    let found = sort::discovered(acting, scope.cluster.as_ref(), word).await?;
    Ok(Arc::new(sort::id_of(scope, &found, wanted(fields, "name")?)))
}

async fn located(acting: &Acting, fields: &Fields, namespaced: bool) -> Result<Scope, Fault> {
    let cluster = match given(fields, "cluster") {
        Some(name) => name.into(),
        None => only_cluster(acting).await?,
    };
    let namespace = namespaced.then(|| given(fields, "namespace").unwrap_or("default").into());
    Ok(Scope { namespace, ..acting.env.scope.in_cluster(cluster) })
}

async fn only_cluster(acting: &Acting) -> Result<Arc<str>, Fault> {
    let names = acting.env.clusters().await?;
    match names.as_slice() {
        [only] => Ok(Arc::clone(only)),
        [] => Err(invalid(format!("{} has no Kubernetes cluster", acting.env.scope))),
        several => Err(invalid(format!("name one with `--cluster`: {}", several.join(", ")))),
    }
}

pub(super) fn invalid(words: String) -> Fault {
    Fault::new(FaultClass::Invalid, words)
}

/// What a plan begins with: the object as it is now, who asks, and whether they may.
pub(super) struct Start {
    pub(super) object: Object,
    pub(super) caller: Arc<Identity>,
    pub(super) allowed: Precondition,
}

/// Reads the target, the caller and the permission at once.
pub(super) async fn start(
    acting: &Acting,
    id: &ResourceId,
    verb: &str,
    subresource: Option<&str>,
) -> Result<Start, Fault> {
    let (reach, place) = (acting.reach()?, place(acting, id).await?);
    let question = Question {
        verb,
        group: &place.group,
        resource: &place.plural,
        subresource,
        namespace: id.scope.namespace.as_deref(),
        name: &place.name,
    };
    let (object, caller, may) = join3(reach.read(&place.path), reach.caller(), reach.may(question)).await;
    Ok(Start { object: object.map(Object)?, caller: caller?, allowed: allowed(question, &may) })
}

/// The object as it is now.
pub(super) async fn read(acting: &Acting, id: &ResourceId) -> Result<Object, Fault> {
    acting.reach()?.read(&place(acting, id).await?.path).await.map(Object)
}

/// Whether the operator may do it, as the server says.
pub(super) fn allowed(question: Question<'_>, may: &Result<May, Fault>) -> Precondition {
    let name = format!("allowed to {question}");
    let place = question.namespace.map(|namespace| format!(" in {namespace}")).unwrap_or_default();
    let said =
        |may: &May| may.reason.clone().filter(|it| !it.is_empty()).map(|it| format!(": {it}")).unwrap_or_default();
    match may {
        Ok(may) if may.allowed => parts::must(&name, true, format!("the cluster says so{}", said(may))),
        Ok(may) if may.evaluation_error.as_ref().is_some_and(|error| !error.is_empty()) && may.reason.is_none() => {
            let error = may.evaluation_error.clone().unwrap_or_default();
            Precondition::new(&name, Verdict::Unknown, format!("could not be told: {error}"))
        }
        Ok(may) => {
            let words = format!("the permission to {question} {}{place} is missing{}", question.name, said(may));
            parts::must(&name, false, words)
        }
        Err(fault) => parts::untold(&name, fault),
    }
}

/// Has the server try a step, and says what came of it.
pub(super) async fn tried(acting: &Acting, input: &Map<String, Json>) -> Precondition {
    const NAME: &str = "accepted in a dry run";
    let tried = match acting.reach() {
        Ok(reach) => reach.try_out(input).await,
        Err(fault) => Err(fault),
    };
    match tried {
        Ok(()) => parts::must(NAME, true, "validation, quotas and admission let it pass (dryRun=All)"),
        Err(fault) if is_judged(&fault) => parts::must(NAME, false, fault.summary),
        Err(fault) => parts::untold(NAME, &fault),
    }
}

/// Whether a dry run was refused for what it asks for. Else nothing is known of the change itself: the server may have had too many
/// requests, and an admission webhook that takes part in no dry run lets none pass.
pub(super) fn is_judged(fault: &Fault) -> bool {
    match fault.class {
        FaultClass::Denied { .. } | FaultClass::NotFound | FaultClass::WrongAccount { .. } => true,
        FaultClass::Invalid => !fault.summary.contains(NO_DRY_RUN),
        _ => false,
    }
}

/// A plan that changes nothing yet. What is missing is filled in by the action.
pub(super) fn plan(
    acting: &Acting,
    action: ActionId,
    id: &ResourceId,
    fields: &Fields,
    caller: &Arc<Identity>,
) -> Plan {
    let mut plan = parts::plan(acting, action, id, fields, None);
    plan.target.name = text::clean(&id.id).into();
    plan.target.identity = Arc::clone(caller);
    plan
}

/// A step in the cluster of the acting client.
pub(super) fn step(
    acting: &Acting,
    operation: Op,
    words: impl Into<Arc<str>>,
    input: Map<String, Json>,
    seen: Seen,
) -> Result<Step, Fault> {
    // The cluster itself says before each step who sends: within an environment that is compared with the plan's target.
    let sender = Arc::clone(&acting.env.identity);
    Ok(Step { operation, words: words.into(), scope: acting.reach()?.scope.clone(), input, seen, sender })
}

/// The input of a step that changes fields of an object, all of them or none, as long as the tests hold. What is tested is what the
/// plan stands on, and not the object's version: that moves with every pod that comes and goes, and in an incident many do.
pub(super) fn patch(path: &str, tests: &[(&str, Json)], changes: &[Json]) -> Map<String, Json> {
    let tests = tests.iter().map(|(path, value)| json!({ "op": "test", "path": path, "value": value }));
    let body: Vec<Json> = tests.chain(changes.iter().cloned()).collect();
    input(&[
        ("method", "PATCH".into()),
        ("path", path.into()),
        ("query", MANAGER.into()),
        ("contentType", JSON_PATCH.into()),
        ("body", body.into()),
    ])
}

/// This very object, and what is wanted of it as it was.
pub(super) fn tests(object: &Object) -> [(&'static str, Json); 2] {
    let generation = object.at("/metadata/generation").cloned().unwrap_or_default();
    [("/metadata/uid", object.uid().into()), ("/metadata/generation", generation)]
}

/// An input of these members.
pub(super) fn input(members: &[(&str, Json)]) -> Map<String, Json> {
    members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// What every step stands on: this very object, and what is wanted of it.
pub(super) fn seen(object: &Object) -> Seen {
    let seen = Seen::default().with("uid", object.uid());
    match object.int("/metadata/generation") {
        Some(generation) => seen.with("generation", generation),
        None => seen,
    }
}

/// Sends a step, once.
pub(super) async fn send(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    match acting.reach() {
        Ok(reach) => match reach.send(step, permit).await {
            // What a test of a patch refuses the server does not explain.
            Sent::Refused(fault)
                if fault.class == FaultClass::Invalid
                    && step.input.get("contentType").and_then(Json::as_str) == Some(JSON_PATCH) =>
            {
                let words = format!("{}; or it is not as the plan saw it any more", fault.summary);
                Sent::Refused(Fault { summary: words, ..fault })
            }
            sent => sent,
        },
        Err(fault) => Sent::Refused(fault),
    }
}

/// Between sending and following, what was opened is kept by this.
pub(super) fn key(plan: &Plan) -> String {
    format!("{} {}", plan.made_at, plan.target.id.id)
}

/// A `kubectl` command to paste, in the cluster's context and the object's namespace. An EKS cluster that no context leads to gets one
/// first: without it kubectl would take whichever is current.
pub(super) fn command(acting: &Acting, id: &ResourceId, words: &[&str]) -> Arc<str> {
    let Some(reach) = &acting.cluster else { return "".into() };
    let context = reach.context.as_deref().unwrap_or(reach.name());
    let mut all = vec!["kubectl".to_owned(), "--context".to_owned(), context.to_owned()];
    all.extend(id.scope.namespace.iter().flat_map(|namespace| ["--namespace".to_owned(), namespace.to_string()]));
    all.extend(words.iter().map(|word| (*word).to_owned()));
    let command = all.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    if reach.context.is_some() {
        return command.into();
    }
    let known = parts::aws_command(acting, "eks update-kubeconfig", &[("name", context), ("alias", context)]);
    format!("{known} && {command}").into()
}

/// A word for a shell. A flag with its value needs no quotes for what stands between them.
fn quoted(word: &str) -> String {
    match word.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => {
            format!("{}={}", shell_words::quote(flag), shell_words::quote(value))
        }
        _ => shell_words::quote(word).into_owned(),
    }
}

/// `deployment/app`.
pub(super) fn of_kubectl(id: &ResourceId) -> String {
    let word = sort::of_id(id).map_or(id.kind, |sort| sort.word);
    format!("{word}/{}", id.id)
}

/// Labels as a list of the server is narrowed with: `?labelSelector=app%3Dx`.
pub(super) fn by_labels(labels: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("labelSelector", labels).finish()
}

/// Labels by name.
pub(super) type Labels = BTreeMap<String, String>;
