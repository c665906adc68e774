//! `hpa`: horizontal pod autoscalers of the Kubernetes clusters, with their metrics as kubectl prints them.

mod metrics;

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::k8s::hpa::{Hpa, HpaSpec, HpaStatus};
use super::k8s::meta::Condition;
use super::k8s::{self, Look, detail, fields as common, meta};
use super::parts::{Verdict, fine};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "hpa";

/// Horizontal pod autoscalers.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "hpas",
    aliases: &["horizontalpodautoscaler", "horizontalpodautoscalers"],
    doc: "Horizontal pod autoscalers of the Kubernetes clusters: replicas, limits, metrics, what keeps one from scaling",
    system: System::Kubernetes(&[Hpa::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    common::NAMESPACE,
    Column::text("target", "TARGET", (10, 40), Show::Table(2), "What it scales"),
    Column::text("metrics", "METRICS", (10, 60), Show::Table(3), "What it goes by: present and wanted values"),
    Column::number("min", "MIN", 4, Show::Table(4), "Least replicas"),
    Column::number("max", "MAX", 4, Show::Table(5), "Most replicas"),
    Column::number("replicas", "REPLICAS", 8, Show::Table(0), "Replicas there are, of those it wants"),
    common::AGE,
    common::CLUSTER,
    Column::text("last_scaled", "LAST SCALED", (4, 20), Show::Data, "When it scaled last"),
    common::LABELS,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let hpas = look.all::<Hpa>().await?;
        let hpas = hpas.iter().filter(|hpa| look.takes(&hpa.metadata) || scales(hpa, look.within));
        Ok(hpas.map(|hpa| row(look, hpa)).collect())
    })
}

/// Whether it scales what the list is asked within.
fn scales(hpa: &Hpa, within: Option<&ResourceId>) -> bool {
    let target = &hpa.spec.scale_target_ref;
    within.is_some_and(|id| {
        hpa.metadata.namespace.as_deref() == id.scope.namespace.as_deref()
            && target.name == *id.id
            && meta::kind_of(&target.kind) == Some(id.kind)
    })
}

fn row(look: &Look, hpa: &Hpa) -> Resource {
    let (HpaSpec { scale_target_ref, min_replicas, max_replicas, .. }, status) = (&hpa.spec, &hpa.status);
    let cells = vec![
        look.cell(hpa.metadata.namespace.as_deref()),
        Value::text(format!("{}/{}", scale_target_ref.kind, scale_target_ref.name)),
        Value::text(metrics::words(hpa)),
        Value::Int(min_replicas.unwrap_or(1)),
        Value::Int(*max_replicas),
        Value::Count { have: status.current_replicas, want: wanted(hpa) },
        meta::age(&hpa.metadata),
        look.cell(Some(&look.cluster.name)),
        status.last_scale_time.map_or(Value::None, Value::Instant),
        meta::pairs(hpa.metadata.labels.as_ref()),
    ];
    look.row(KIND, &hpa.metadata, verdict(hpa), cells)
}

/// The replicas that it wants. Where none were computed the status tells 0, which is what no autoscaler goes down to by itself, unless
/// it may: then they stay as many as there are.
fn wanted(hpa: &Hpa) -> i64 {
    match hpa.status.desired_replicas {
        0 if hpa.spec.min_replicas != Some(0) => hpa.status.current_replicas,
        desired => desired,
    }
}

fn verdict(hpa: &Hpa) -> Verdict {
    let HpaStatus { conditions, current_replicas, desired_replicas, .. } = &hpa.status;
    let about = |about: &str| meta::condition(conditions, about);
    let told = |condition: &Condition| format!("{}: {}", parts::words(condition.why()), condition.words());
    if let Some(able) = about("AbleToScale").filter(|able| able.status == "False") {
        return (Health::Degraded, told(able));
    }
    if let Some(active) = about("ScalingActive").filter(|active| active.status == "False") {
        // Whoever scales to zero switches it off.
        return match active.why() {
            "ScalingDisabled" => (Health::Ok, "switched off: its target is scaled to zero".to_owned()),
            _ => (Health::Degraded, told(active)),
        };
    }
    if let Some(limited) = about("ScalingLimited").filter(|limited| limited.holds()) {
        return match limited.why() {
            "TooFewReplicas" => (Health::Ok, "at its least replicas".to_owned()),
            _ => (Health::Degraded, told(limited)),
        };
    }
    if current_replicas != desired_replicas {
        return (Health::Progressing, format!("scaling from {current_replicas} to {desired_replicas}"));
    }
    if conditions.is_empty() { (Health::Unknown, "nothing has seen to it yet".to_owned()) } else { fine() }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let hpa = cluster.get::<Hpa>(id.scope.namespace.as_deref(), &id.id).await?;
        let look = Look::at(&cluster);
        let sections =
            vec![parts::summary(&DEF, &row(&look, &hpa)), metric_table(&hpa), meta::conditions(&hpa.status.conditions)];
        Ok(detail::whole(&cluster, "HorizontalPodAutoscaler", &hpa.metadata, sections).await)
    })
}

fn metric_table(hpa: &Hpa) -> Section {
    let row = |told: metrics::Told| {
        (vec![Value::text(told.name), Value::text(told.of), Value::text(told.now), Value::text(told.wanted)], None)
    };
    let rows = metrics::told(hpa).into_iter().map(row).collect();
    Section::Table { title: "Metrics", columns: vec!["metric", "of", "now", "target"], rows }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(k8s::raw::<Hpa>(env, id))
}

fn relations(hpa: &Resource) -> Vec<Relation> {
    let target = parts::text_of(&DEF, hpa, "target").split_once('/');
    let scope = &hpa.id.scope;
    let namespace = scope.namespace.as_deref();
    let target = target.and_then(|(kind, name)| meta::object_id(scope, kind, namespace, name));
    let scaled = target.map(|target| parts::to_one("scales", target));
    scaled.into_iter().chain([parts::to_those_within("events", "k8s-event", &hpa.id)]).collect()
}

#[cfg(test)]
mod tests;
