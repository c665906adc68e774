//! `k8s-delete`: one object, this very one. What owns it, what it takes along and what keeps it from going is said before.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{OptionFuture, join};
use serde_json::{Map, Value as Json, json};

use super::k8s::{self, Object, Place, Start};
use super::parts::{self, Stand, given};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices};
use crate::guard::Watching;
use crate::model::{
    Fault, FaultClass, FieldChange, Fields, Followed, Plan, Precondition, ResourceId, Risk, Seen, Step, Undo, Value,
    Verdict, text,
};
use crate::providers::Acting;

const ID: &str = "k8s-delete";
const POD: Op = "k8s:delete pods";
/// Of whatever there is; its path says what.
const OTHER: Op = "k8s:delete *";

/// Pods may be given this long to end at most.
const GRACE: i64 = 86_400;
/// What keeps an object may take its time; longer than this it hangs.
const PATIENCE: Duration = Duration::from_mins(15);

/// Pods that are read at once, and how often: of larger namespaces it is not told that no pod uses an object.
const PAGE: usize = 1_000;
const PAGES: usize = 5;

/// Deletes one object.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "delete",
    doc: "Delete one object",
    kinds: &[
        "pod",
        "deployment",
        "statefulset",
        "daemonset",
        "replicaset",
        "job",
        "cronjob",
        "k8s-service",
        "ingress",
        "hpa",
        "pvc",
        "configmap",
        "k8s-secret",
        "k8s-certificate",
        "namespace",
        "k8s-node",
        k8s::ANY,
    ],
    fields: &[
        k8s::CLUSTER_FIELD,
        k8s::NAMESPACE_FIELD,
        k8s::kind_field(
            &[
                "pod",
                "deployment",
                "statefulset",
                "daemonset",
                "replicaset",
                "job",
                "cronjob",
                "service",
                "ingress",
                "hpa",
                "pvc",
                "configmap",
                "secret",
                "certificate",
                "namespace",
                "node",
            ],
            "pod",
        ),
        FieldDef::new(
            "type",
            "type",
            "Any other type that the cluster has, in the place of a kind",
            "certificaterequests.cert-manager.io",
            FieldSort::Text,
        )
        .locating(),
        k8s::name_field("The object", "provisioning-worker-7d9c5b6f4-x2x7k"),
        FieldDef::new(
            "grace",
            "grace period",
            "Seconds that it is given to end; without it what it says itself",
            "30",
            FieldSort::Number(0, GRACE),
        ),
    ],
    sends: &[POD, OTHER],
    reads: &[],
    risk: "a pod medium, one that nothing owns high, anything else critical; a namespace is refused",
    undo: "can't be: what is deleted is gone",
    example: "k8s-delete -e beta9-prod --namespace beta9-provisioning --kind pod --name provisioning-worker-7d9c5b6f4-x2x7k",
    applies: |resource| {
        if resource.id.kind == "namespace" { Err(NAMESPACE.to_owned()) } else { Ok(()) }
    },
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate: |acting, fields| match given(fields, "type") {
        Some(word) => k8s::locate_any(acting, fields, word).boxed(),
        None => k8s::locate(acting, fields, None).boxed(),
    },
    plan,
    look,
    send: |acting, _, step, permit| k8s::send(acting, step, permit).boxed(),
    follow,
};

const NAMESPACE: &str = "a namespace takes everything in it along: delete what is in it one by one";

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let place = k8s::place(acting, target).await?;
        let (start, users) =
            join(k8s::start(acting, target, "delete", None), OptionFuture::from(users(acting, target, &place))).await;
        let Start { object, caller, allowed } = start?;
        let Place { kind, id, word, name, path, .. } = place;
        let of = format!("{word}/{name}");
        let grace = given(fields, "grace").and_then(|seconds| seconds.parse::<i64>().ok());
        let mut plan = k8s::plan(acting, ID, target, fields, &caller);
        // What is judged is what it is, however it was come to.
        (plan.target.id, plan.target.name) = (Arc::new(id), text::clean(&name).into());
        plan.title = format!("delete {of}").into();
        plan.changes = vec![FieldChange { field: "object".into(), from: Value::text(&name), to: Value::None }];
        let input = input(&path, &object, grace);
        plan.preconditions = vec![
            allowed,
            k8s::tried(acting, &input).await,
            parts::must(
                "no namespace",
                kind != "namespace",
                if kind == "namespace" { NAMESPACE } else { "one object only" },
            ),
            staying(&object),
            owned(&object),
            kept(&object),
        ];
        plan.preconditions.extend(users.map(|users| used(&users)));
        plan.preconditions.extend(forced(grace));
        plan.affects = affects(kind, &object).map(Arc::from).into_iter().collect();
        let operation = if kind == "pod" { POD } else { OTHER };
        plan.steps = vec![k8s::step(acting, operation, format!("delete {of}"), input, seen(&object))?];
        plan.risk = risk(kind, &object);
        plan.undo = Undo::No(undo(&object).into());
        let period = grace.map(|seconds| format!("--grace-period={seconds}"));
        let words: Vec<&str> = ["delete", &of].into_iter().chain(period.as_deref()).collect();
        plan.command = k8s::command(acting, target, &words);
        Ok(plan)
    }
    .boxed()
}

/// This very object. What has no status changes only by somebody's hand: of that also this very version.
fn input(path: &str, object: &Object, grace: Option<i64>) -> Map<String, Json> {
    let mut preconditions = json!({ "uid": object.uid() });
    if let Some(version) = version(object) {
        preconditions["resourceVersion"] = version.into();
    }
    let mut options = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": preconditions,
        "propagationPolicy": "Background",
    });
    if let Some(grace) = grace {
        options["gracePeriodSeconds"] = grace.into();
    }
    k8s::input(&[
        ("method", "DELETE".into()),
        ("path", path.into()),
        ("contentType", "application/json".into()),
        ("body", options),
    ])
}

fn version(object: &Object) -> Option<&str> {
    object.text("/metadata/resourceVersion").filter(|_| object.at("/status").is_none())
}

fn risk(kind: &str, object: &Object) -> Risk {
    match kind {
        "pod" if object.owners().iter().any(|owner| owner.controls) => Risk::Medium,
        "pod" => Risk::High,
        _ => Risk::Critical,
    }
}

fn undo(object: &Object) -> String {
    match object.owners().into_iter().find(|owner| owner.controls) {
        Some(owner) => format!("{} {} makes another one; this one is gone", owner.kind, owner.name),
        None => "what is deleted is gone; its manifest can be copied from the detail before".to_owned(),
    }
}

fn staying(object: &Object) -> Precondition {
    const NAME: &str = "not on its way out already";
    match object.text("/metadata/deletionTimestamp") {
        Some(since) => parts::should(NAME, false, format!("it is being deleted since {since}")),
        None => parts::should(NAME, true, "nobody has deleted it"),
    }
}

fn owned(object: &Object) -> Precondition {
    const NAME: &str = "does not come back";
    match object.owners().into_iter().find(|owner| owner.controls) {
        Some(owner) => parts::should(NAME, false, format!("comes back, since {} {} owns it", owner.kind, owner.name)),
        None => parts::should(NAME, true, "nothing owns it: it is gone for good"),
    }
}

fn kept(object: &Object) -> Precondition {
    const NAME: &str = "goes at once";
    let finalizers: Vec<&str> = object.list("/metadata/finalizers").iter().filter_map(Json::as_str).collect();
    if finalizers.is_empty() {
        return parts::should(NAME, true, "it has no finalizers");
    }
    parts::should(NAME, false, format!("it stays until its finalizers are done: {}", finalizers.join(", ")))
}

/// A pod that is not given time is gone from the list before it is gone from its node.
fn forced(grace: Option<i64>) -> Option<Precondition> {
    let words = "0 seconds: it is taken from the list at once, while its containers may still run";
    (grace == Some(0)).then(|| parts::should("given time to end", false, words))
}

fn affects(kind: &str, object: &Object) -> Option<String> {
    let text = |path: &str| object.text(path).unwrap_or("?").to_owned();
    match kind {
        "deployment" => Some("its replica sets and their pods go with it".to_owned()),
        "statefulset" => Some("its pods go with it; their volume claims stay".to_owned()),
        "daemonset" | "replicaset" | "job" => Some("its pods go with it".to_owned()),
        "cronjob" => Some("its jobs and their pods go with it".to_owned()),
        "pvc" => Some(format!("the volume {} is kept or deleted as its reclaim policy says", text("/spec/volumeName"))),
        "k8s-service" => Some(format!("nobody finds its pods by {} any more", text("/metadata/name"))),
        "ingress" => Some("its addresses and paths lead nowhere any more".to_owned()),
        "k8s-secret" | "configmap" => Some("pods that need it and start anew do not start".to_owned()),
        "k8s-node" => Some("its pods are lost to the cluster; the machine itself stays".to_owned()),
        "namespace" => Some("everything in it goes with it".to_owned()),
        _ => None,
    }
}

/// The pods that name an object, as far as they were looked at.
#[derive(Default)]
struct Users {
    pods: Vec<String>,
    looked_at: usize,
    /// There are pods that were not looked at.
    more: bool,
}

/// The pods that name an object that pods stand on; nothing for other kinds.
fn users<'a>(
    acting: &'a Acting,
    id: &'a ResourceId,
    place: &'a Place,
) -> Option<impl Future<Output = Result<Users, Fault>> + 'a> {
    let fields: &'static [(&str, &str)] = match place.kind {
        "k8s-secret" => {
            &[("secret", "secretName"), ("secretRef", "name"), ("secretKeyRef", "name"), ("imagePullSecrets", "name")]
        }
        "configmap" => &[("configMap", "name"), ("configMapRef", "name"), ("configMapKeyRef", "name")],
        "pvc" => &[("persistentVolumeClaim", "claimName")],
        _ => return None,
    };
    Some(async move {
        let list = k8s::sort("pod").map(|pod| pod.list(id.scope.namespace.as_deref())).unwrap_or_default();
        let named = |pod: &&Object| pod.at("/spec").is_some_and(|spec| names(spec, "", fields, &place.name));
        let mut users = Users::default();
        let mut page = format!("{list}?limit={PAGE}");
        for _ in 0..PAGES {
            let read: Object = acting.reach()?.read(&page).await.map(Object)?;
            let more = read.text("/metadata/continue").filter(|more| !more.is_empty()).map(form);
            let pods = read.items();
            users.pods.extend(pods.iter().filter(named).map(|pod| pod.name().to_owned()));
            users.looked_at += pods.len();
            users.more = more.is_some();
            match more {
                Some(more) => page = format!("{list}?limit={PAGE}&{more}"),
                None => break,
            }
        }
        Ok(users)
    })
}

/// The rest of a list that came in part.
fn form(more: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("continue", more).finish()
}

/// Whether a spec names something by one of these members, wherever.
fn names(value: &Json, within: &str, fields: &[(&str, &str)], name: &str) -> bool {
    match value {
        Json::Object(map) => map.iter().any(|(member, value)| {
            let meant = fields.iter().any(|(outer, inner)| *outer == within && inner == member);
            (meant && value.as_str() == Some(name)) || names(value, member, fields, name)
        }),
        Json::Array(items) => items.iter().any(|item| names(item, within, fields, name)),
        _ => false,
    }
}

fn used(users: &Result<Users, Fault>) -> Precondition {
    const NAME: &str = "no pod uses it";
    let Users { pods, looked_at, more } = match users {
        Ok(users) => users,
        Err(fault) => return parts::untold(NAME, fault),
    };
    match (pods.len(), more) {
        (0, false) => parts::should(NAME, true, "no pod in the namespace names it"),
        (0, true) => {
            let words = format!("could not be told: none of {looked_at} pods names it, and there are more");
            Precondition::new(NAME, Verdict::Unknown, words)
        }
        (count, more) => {
            let others = if count > 3 { format!(" and {} more", count - 3) } else { String::new() };
            let rest = if *more { format!(", of the first {looked_at} pods") } else { String::new() };
            let first = pods.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            parts::should(NAME, false, format!("{first}{others} use it{rest}"))
        }
    }
}

fn seen(object: &Object) -> Seen {
    let seen = Seen::default().with("uid", object.uid());
    match version(object) {
        Some(version) => seen.with("resource version", version),
        None => seen,
    }
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&k8s::read(acting, &plan.target.id).await?)) }.boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let uid = step.seen.0.get("uid").cloned().unwrap_or_default();
        let look = || async { stand(k8s::read(acting, &plan.target.id).await, &uid) };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}

fn stand(object: Result<Object, Fault>, uid: &str) -> Result<Stand, Fault> {
    let object = match object {
        Ok(object) => object,
        Err(fault) if fault.class == FaultClass::NotFound => return Ok(parts::verified("it is gone")),
        Err(fault) => return Err(fault),
    };
    if object.uid() != uid {
        return Ok(parts::verified("it is gone; another one of its name has taken its place"));
    }
    let finalizers: Vec<&str> = object.list("/metadata/finalizers").iter().filter_map(Json::as_str).collect();
    let words = match finalizers.as_slice() {
        [] => "it is ending".to_owned(),
        some => format!("it waits for its finalizers: {}", some.join(", ")),
    };
    Ok(parts::going(words, None))
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
