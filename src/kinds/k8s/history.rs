//! The rollout history of workloads: replica sets of a deployment, controller revisions of the others.

use kube::core::ObjectMeta;
use serde::Deserialize;

use super::Look;
use super::apps::{ControllerRevision, ReplicaSet, image_word};
use super::meta::{age, annotation, object_id, or_default, owner_uid};
use crate::kinds::parts;
use crate::model::{Fault, Scope, Section, Value, text};

/// The annotation of a replica set with its number in the history of its deployment.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// What somebody wrote down about a change.
const CAUSE: &str = "kubernetes.io/change-cause";

const TITLE: &str = "Rollout history";
/// Revisions shown: the newest.
const SHOWN: usize = 20;

/// The number of a deployment or of one of its replica sets.
pub fn revision(meta: &ObjectMeta) -> Option<i64> {
    annotation(meta, REVISION)?.parse().ok()
}

/// What somebody wrote down about a revision.
pub fn cause(meta: &ObjectMeta) -> Option<&str> {
    annotation(meta, CAUSE).filter(|cause| !cause.is_empty())
}

/// The history of a deployment by its replica sets.
pub fn of_sets(scope: &Scope, sets: &[&ReplicaSet], present: Option<i64>) -> Section {
    let mut sets: Vec<&ReplicaSet> = sets.to_vec();
    sets.sort_by_key(|set| std::cmp::Reverse(revision(&set.metadata)));
    let row = |set: &&ReplicaSet| {
        let meta = &set.metadata;
        let here = present.is_some() && revision(meta) == present;
        let cells = vec![
            parts::int(revision(meta)),
            Value::text(if here { "present" } else { "" }),
            Value::maybe(meta.name.as_deref()),
            Value::Count { have: set.status.ready_replicas, want: set.spec.replicas.unwrap_or(1) },
            age(meta),
            images(set.spec.template.images()),
            Value::maybe(annotation(meta, CAUSE)),
        ];
        let name = meta.name.as_deref().unwrap_or_default();
        (cells, object_id(scope, "ReplicaSet", meta.namespace.as_deref(), name))
    };
    let columns = vec!["revision", "", "replica set", "ready", "made", "images", "change cause"];
    Section::Table { title: TITLE, columns, rows: sets.iter().take(SHOWN).map(row).collect() }
}

#[derive(Default, Deserialize)]
struct Revisions {
    #[serde(default, deserialize_with = "or_default")]
    items: Vec<ControllerRevision>,
}

/// The history of a stateful set or daemon set, read now; `present` is the name of the newest revision, where the set tells it.
pub async fn of_revisions(look: &Look<'_>, meta: &ObjectMeta, selector: &str, present: Option<&str>) -> Section {
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    let path = format!("/apis/apps/v1/namespaces/{namespace}/controllerrevisions");
    let read: Result<Revisions, Fault> =
        look.cluster.ask(&path, &[("labelSelector", selector), ("limit", "500")]).await;
    parts::or_why(TITLE, read.map(|read| revisions(read.items, meta, present)))
}

fn revisions(mut all: Vec<ControllerRevision>, owner: &ObjectMeta, present: Option<&str>) -> Section {
    all.retain(|one| owner.uid.is_some() && owner_uid(&one.metadata) == owner.uid.as_deref());
    all.sort_by_key(|one| std::cmp::Reverse(one.revision));
    let row = |(at, one): (usize, &ControllerRevision)| {
        let here = present.map_or(at == 0, |present| one.metadata.name.as_deref() == Some(present));
        let cells = vec![
            Value::Int(one.revision),
            Value::text(if here { "present" } else { "" }),
            Value::maybe(one.metadata.name.as_deref()),
            age(&one.metadata),
            images(one.data.spec.template.images()),
            Value::maybe(annotation(&one.metadata, CAUSE)),
        ];
        (cells, None)
    };
    let columns = vec!["revision", "", "controller revision", "made", "images", "change cause"];
    Section::Table { title: TITLE, columns, rows: all.iter().take(SHOWN).enumerate().map(row).collect() }
}

fn images<'a>(images: impl Iterator<Item = &'a str>) -> Value {
    Value::text(text::clean(&images.map(image_word).collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn column(section: &Section, at: usize) -> Vec<String> {
        let Section::Table { rows, .. } = section else { panic!("{section:?}") };
        rows.iter().map(|(cells, _)| cells[at].show_exact().into_owned()).collect()
    }

    #[test]
    fn replica_sets_are_the_history_of_a_deployment() {
        let set = |revision: &str, image: &str| -> ReplicaSet {
            serde_json::from_value(json!({
                "metadata": { "name": format!("web-{revision}"), "annotations": { REVISION: revision } },
                "spec": { "replicas": 0, "template": { "spec": { "containers": [{ "name": "web", "image": image }] } } },
            }))
            .unwrap()
        };
        let sets = [set("9", "shop/web:1"), set("10", "shop/web:2")];
        let section = of_sets(&Scope::new("dhbw-prod", "eu-central-1"), &sets.iter().collect::<Vec<_>>(), Some(10));
        assert_eq!(
            (column(&section, 0), column(&section, 1)),
            (vec!["10".into(), "9".into()], vec!["present".into(), String::new()])
        );
        assert_eq!(column(&section, 5), ["web:2", "web:1"]);
    }

    #[test]
    fn controller_revisions_of_others_are_left_out() {
        let one = |revision: i64, owner: &str| -> ControllerRevision {
            serde_json::from_value(json!({
                "metadata": { "name": format!("db-{revision}"), "ownerReferences": [
                    { "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": owner, "controller": true } ] },
                "revision": revision, "data": { "spec": { "template": { "spec": { "containers": [{ "name": "db", "image": "db:1" }] } } } },
            }))
            .unwrap()
        };
        let owner = ObjectMeta { uid: Some("u".into()), ..ObjectMeta::default() };
        let section = revisions(vec![one(1, "u"), one(3, "x"), one(2, "u")], &owner, Some("db-1"));
        assert_eq!(
            (column(&section, 0), column(&section, 1)),
            (vec!["2".into(), "1".into()], vec![String::new(), "present".into()])
        );
    }
}
