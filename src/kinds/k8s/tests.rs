//! The kinds of Kubernetes on the estate's clusters: what every one of them must keep, and that what is not well leads to why.

use std::collections::{BTreeMap, HashSet};

use super::workload;
use crate::kinds::tests::{Rig, rows};
use crate::kinds::{self, System};
use crate::model::{Health, Query};

const PLACES: [&str; 2] = ["beta9-prod", "tfe-prod"];
/// Kinds that only pods, workloads and their jobs make up.
const WORK: [&str; 8] = ["deployment", "statefulset", "daemonset", "replicaset", "pod", "job", "cronjob", "k8s-event"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_the_estates_clusters_keep_the_contract() {
    let rig = Rig::seven();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for place in PLACES {
        let env = rig.env(place).await;
        for kind in WORK.map(|id| kinds::by_id(id).unwrap()) {
            assert!(matches!(kind.system, System::Kubernetes(_)));
            let found = rows(kind, &env, None).await;
            *counts.entry(kind.id).or_default() += found.len();
            let mut seen = HashSet::new();
            for row in &found {
                let name = format!("{} {} in {place}", kind.id, row.id.id);
                assert!(seen.insert(row.id.clone()), "{name} twice");
                assert_eq!((row.id.kind, row.cells.len()), (kind.id, kind.columns.len()), "{name}");
                assert!(row.id.scope.cluster.is_some() && row.id.scope.namespace.is_some(), "{name}");
                assert!(
                    row.health == Health::Ok || !row.reason.is_empty(),
                    "{name} is {} without a reason",
                    row.health
                );
            }
        }
    }
    let missing: Vec<_> = counts.iter().filter(|(_, count)| **count == 0).collect();
    assert!(missing.is_empty(), "the estate has none of {missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_well_leads_to_why() {
    let rig = Rig::seven();
    let mut led = 0;
    for place in PLACES {
        let env = rig.env(place).await;
        for kind in ["deployment", "statefulset", "daemonset"].map(|id| kinds::by_id(id).unwrap()) {
            for row in rows(kind, &env, None).await.iter().filter(|row| row.health.is_sick()) {
                let name = format!("{} {}: {}", kind.id, row.id.id, row.reason);
                let Some(lead) = workload::lead(kind, row) else { continue };
                assert_eq!(Some(&lead), (kind.relations)(row).first(), "{name}");
                let Query::Detail(id) = &lead.query else { panic!("{name}: {lead:?}") };
                let to = kinds::by_id(id.kind).unwrap();
                let detail = (to.detail)(&env, id).await.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                assert!(!detail.sections.is_empty(), "{name}");
                led += 1;
            }
        }
    }
    assert!(led >= 2, "a worker crash-loops and a rollout is stuck: {led}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_and_what_is_within_can_be_had() {
    let rig = Rig::seven();
    for place in PLACES {
        let env = rig.env(place).await;
        for kind in WORK.map(|id| kinds::by_id(id).unwrap()) {
            for row in rows(kind, &env, None).await.iter().take(3) {
                let name = format!("{} {} in {place}", kind.id, row.id.id);
                let detail = (kind.detail)(&env, &row.id).await.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                assert!(!detail.sections.is_empty(), "{name}");
                let raw = (kind.raw)(&env, &row.id).await.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                assert!(!raw.contains("managedFields"), "{name}");
                for relation in (kind.relations)(row) {
                    let Query::List { kind: other, within, .. } = &relation.query else { continue };
                    rows(kinds::by_id(other).unwrap(), &env, within.as_deref()).await;
                }
            }
        }
    }
}
