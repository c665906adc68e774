//! The revisions that a workload has had: of a deployment its replica sets, of stateful and daemon sets their controller revisions.

use std::sync::Arc;

use serde_json::Value as Json;

use super::difference::difference;
use super::{Object, invalid, sort};
use crate::actions::Choice;
use crate::model::{Fault, ResourceId, text};
use crate::providers::Acting;

/// What the deployment controller adds to tell its replica sets apart.
const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const CAUSE: &str = "kubernetes.io/change-cause";

/// A revision.
#[derive(Clone, Debug)]
pub(in crate::actions) struct Revision {
    pub(in crate::actions) number: i64,
    pub(in crate::actions) template: Json,
    made: String,
    cause: Option<String>,
}

impl Revision {
    /// Its images, as they are told from each other.
    pub(in crate::actions) fn images(&self) -> String {
        Object(self.template.clone()).images("/spec").join(", ")
    }
}

/// The revisions of a workload, the newest first.
pub(in crate::actions) async fn revisions(acting: &Acting, id: &ResourceId) -> Result<Vec<Revision>, Fault> {
    let namespace = id.scope.namespace.as_deref().unwrap_or_default();
    let of_deployment = id.kind == "deployment";
    let path = match (of_deployment, sort("replicaset")) {
        (true, Some(sets)) => sets.list(Some(namespace)),
        _ => format!("/apis/apps/v1/namespaces/{namespace}/controllerrevisions"),
    };
    let all = acting.reach()?.read(&path).await.map(Object)?.items();
    let owned = all.iter().filter(|object| {
        object
            .owners()
            .iter()
            .any(|owner| owner.controls && owner.name == *id.id && owner.kind.eq_ignore_ascii_case(id.kind))
    });
    let mut found: Vec<Revision> =
        owned.filter_map(|object| if of_deployment { of_set(object) } else { of_history(object) }).collect();
    found.sort_by_key(|revision| std::cmp::Reverse(revision.number));
    Ok(found)
}

fn of_set(set: &Object) -> Option<Revision> {
    let annotations = set.texts("/metadata/annotations");
    let mut template = set.at("/spec/template")?.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Json::as_object_mut) {
        labels.shift_remove(HASH);
    }
    Some(Revision {
        number: annotations.get(REVISION)?.parse().ok()?,
        template,
        made: set.text("/metadata/creationTimestamp").unwrap_or_default().to_owned(),
        cause: annotations.get(CAUSE).cloned(),
    })
}

fn of_history(history: &Object) -> Option<Revision> {
    let mut template = history.at("/data/spec/template")?.clone();
    // How a strategic merge is told to put it in the place of what is there.
    template.as_object_mut()?.shift_remove("$patch");
    Some(Revision {
        number: history.int("/revision")?,
        template,
        made: history.text("/metadata/creationTimestamp").unwrap_or_default().to_owned(),
        cause: history.texts("/metadata/annotations").remove(CAUSE),
    })
}

/// The revision that is set now: a deployment says which, of the others it is the newest.
pub(in crate::actions) fn current(workload: &Object, all: &[Revision]) -> Option<i64> {
    let said = workload.texts("/metadata/annotations").get(REVISION).and_then(|number| number.parse().ok());
    said.or_else(|| all.first().map(|revision| revision.number))
}

/// The revision that is meant: by its number, else the one before the present one.
pub(in crate::actions) fn meant<'a>(
    all: &'a [Revision],
    now: Option<i64>,
    asked: Option<&str>,
) -> Result<&'a Revision, Fault> {
    let there = || all.iter().map(|revision| revision.number.to_string()).collect::<Vec<_>>().join(", ");
    match asked {
        Some(text) => {
            let number: i64 =
                text.parse().map_err(|_| invalid(format!("`{text}` is no revision: there are {}", there())))?;
            let found = all.iter().find(|revision| revision.number == number);
            found.ok_or_else(|| invalid(format!("there is no revision {number}: there are {}", there())))
        }
        None => all
            .iter()
            .find(|revision| now.is_none_or(|now| revision.number < now))
            .ok_or_else(|| invalid("there is no revision before this one".to_owned())),
    }
}

/// Revisions to choose from.
pub(in crate::actions) fn choices(workload: &Object, all: &[Revision]) -> Vec<Choice> {
    let now = current(workload, all);
    let template = workload.at("/spec/template").cloned().unwrap_or_default();
    let choice = |revision: &Revision| {
        let mut words: Vec<String> = Vec::new();
        words.extend((Some(revision.number) == now).then(|| "set now".to_owned()));
        words.push(revision.images());
        words.push(format!("made {}", revision.made));
        words.extend(revision.cause.clone());
        Choice {
            value: revision.number.to_string().into(),
            words: Arc::from(text::clean(&words.join(", "))),
            difference: difference(&template, &revision.template),
        }
    };
    all.iter().map(choice).collect()
}
