//! `job`: jobs of the Kubernetes clusters. A list stands on the watches of jobs and pods: why a job failed its pods say.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join};
use jiff::Timestamp;

use super::k8s::apps::image_cell;
use super::k8s::batch::Job;
use super::k8s::fields::{AGE, CLUSTER, CONTAINERS, EVIDENCE, IMAGE, IMAGES, LABELS, NAMESPACE, OWNER};
use super::k8s::pod::Pod;
use super::k8s::why::{Finding, Sort, holds, short};
use super::k8s::workload::{self, Findings, Judged};
use super::k8s::{self, Look, event, meta, warnings};
use super::{Asked, Column, KindDef, Show, Sink, System, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Section, Value, text};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "job";

/// Jobs.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "jobs",
    aliases: &[],
    doc: "Jobs of the Kubernetes clusters: completions, how long they took, and why they failed",
    system: System::Kubernetes(&[Job::PLURAL, Pod::PLURAL, warnings::NAME]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw: |env, id| Box::pin(k8s::raw::<Job>(env, id)),
    relations: |row| workload::relations(&DEF, row),
    metrics: |_| Vec::new(),
    logs: |env, id| Box::pin(k8s::logs::of_workload::<Job>(env, id)),
    has_logs: true,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    NAMESPACE,
    Column::text("status", "STATUS", (7, 18), Show::Table(0), "Status as kubectl prints it"),
    Column::text("completions", "COMPLETIONS", (3, 12), Show::Table(2), "Pods succeeded of those that shall"),
    Column::text("duration", "DURATION", (4, 8), Show::Table(4), "How long it took, or runs"),
    IMAGE,
    OWNER,
    AGE,
    CLUSTER,
    Column::number("active", "ACTIVE", 5, Show::Data, "Pods that run"),
    Column::number("succeeded", "SUCCEEDED", 5, Show::Data, "Pods that succeeded"),
    Column::number("failed", "FAILED", 5, Show::Data, "Pods that failed"),
    Column::text("started", "STARTED", (4, 20), Show::Data, "When it began"),
    Column::text("completed", "COMPLETED", (4, 20), Show::Data, "When it succeeded"),
    Column::number("backoff_limit", "BACKOFF LIMIT", 5, Show::Data, "Failures that are borne"),
    Column::number("parallelism", "PARALLELISM", 5, Show::Data, "Pods at the same time"),
    CONTAINERS,
    IMAGES,
    LABELS,
    EVIDENCE,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let (jobs, pods) = join(look.all::<Job>(), look.besides::<Pod>()).await;
        let jobs = jobs?;
        let findings = Findings::of(look, pods, false).await;
        let now = Timestamp::now();
        let taken = jobs.iter().filter(|job| look.takes(&job.metadata));
        Ok(taken.map(|job| row(look, job, &findings, now)).collect())
    })
}

fn row(look: &Look, job: &Job, findings: &Findings, now: Timestamp) -> Resource {
    let (meta, spec, status) = (&job.metadata, &job.spec, &job.status);
    let pods: Vec<_> = findings.of_owner(meta.uid.as_deref()).collect();
    let judged = judge(job, &pods);
    let cells = vec![
        look.cell(meta.namespace.as_deref()),
        look.cell(Some(status_word(job))),
        Value::text(completions(job)),
        Value::maybe(seconds(job, now).map(text::span)),
        image_cell(&spec.template),
        look.cell(meta::owner_words(meta).as_deref()),
        meta::age(meta),
        Value::Text(Arc::clone(&look.cluster.name)),
        Value::Int(status.active),
        Value::Int(status.succeeded),
        Value::Int(status.failed),
        meta::time(status.start_time.as_ref()),
        meta::time(status.completion_time.as_ref()),
        parts::int(spec.backoff_limit),
        parts::int(spec.parallelism),
        Value::list(spec.template.spec.containers.iter().map(|container| &container.name)),
        Value::list(spec.template.images()),
        meta::pairs(meta.labels.as_ref()),
        Value::maybe(judged.evidence),
    ];
    look.row(KIND, meta, judged.verdict, cells)
}

/// As kubectl prints it.
fn status_word(job: &Job) -> &'static str {
    const WORDS: [(&str, &str); 5] = [
        ("Complete", "Complete"),
        ("Failed", "Failed"),
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
        ("SuccessCriteriaMet", "SuccessCriteriaMet"),
    ];
    let ended = WORDS[..2].iter().find(|(about, _)| holds(&job.status.conditions, about));
    match ended {
        Some((_, word)) => word,
        None if meta::is_going(&job.metadata) => "Terminating",
        None => WORDS[2..]
            .iter()
            .find(|(about, _)| holds(&job.status.conditions, about))
            .map_or("Running", |(_, word)| word),
    }
}

/// As kubectl prints it: `1/3`, or `1/1 of 2` where any success ends it.
fn completions(job: &Job) -> String {
    let done = job.status.succeeded;
    match (job.spec.completions, job.spec.parallelism) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, Some(at_once)) if at_once > 1 => format!("{done}/1 of {at_once}"),
        (None, _) => format!("{done}/1"),
    }
}

/// How long it took, failed or not, or has run until now.
fn seconds(job: &Job, now: Timestamp) -> Option<i64> {
    let begun = job.status.start_time.as_ref()?.0;
    let failed = meta::condition(&job.status.conditions, "Failed").filter(|failed| failed.holds());
    let failed = failed.and_then(|failed| failed.last_transition_time.as_ref());
    let end = job.status.completion_time.as_ref().or(failed).map_or(now, |end| end.0);
    Some(end.duration_since(begun).as_secs().max(0))
}

/// How a job is. Why it failed the newest of its failed pods says.
pub(super) fn judge(job: &Job, pods: &[(&Pod, &Finding)]) -> Judged {
    let (conditions, status) = (&job.status.conditions, &job.status);
    let sick = pods.iter().filter(|(_, found)| found.health.is_sick());
    let worst = sick.max_by_key(|(pod, found)| (found.sort == Sort::Crash, meta::created(&pod.metadata)));
    let by_pod = |health: Health, words: String| match worst {
        Some((pod, found)) => Judged {
            verdict: (health, format!("{words}; {}", found.reason)),
            evidence: pod.metadata.name.as_ref().map(|name| format!("pod/{name}")),
        },
        None => Judged::plain(health, words),
    };
    if let Some(failed) = meta::condition(conditions, "Failed").filter(|failed| failed.holds()) {
        return by_pod(Health::Failed, format!("failed: {}", short(failed.words())));
    }
    if holds(conditions, "Complete") {
        return Judged::plain(Health::Ok, "completed");
    }
    if job.spec.suspend == Some(true) {
        return Judged::plain(Health::Ok, "suspended");
    }
    let done = format!("{} done", completions(job));
    match (worst, status.failed) {
        (None, 0) if status.active == 0 => Judged::plain(Health::Progressing, "no pod of it runs yet"),
        (None, 0) => Judged::plain(Health::Progressing, format!("runs, {done}")),
        (_, 0) => by_pod(Health::Degraded, done),
        (_, failed) => {
            let failed = text::counted(usize::try_from(failed).unwrap_or(0), "pod", "pods");
            by_pod(Health::Degraded, format!("{done}, {failed} failed"))
        }
    }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let look = Look::at(&cluster);
        let job = cluster.get::<Job>(id.scope.namespace.as_deref(), &id.id).await?;
        let (pods, events) = join(look.besides::<Pod>(), event::recent(&cluster, "Job", &job.metadata)).await;
        let findings = Findings::of(&look, pods, false).await;
        let row = row(&look, &job, &findings, Timestamp::now());
        let mut sections: Vec<Section> = vec![parts::summary(&DEF, &row)];
        sections.extend(workload::why(&DEF, &row));
        sections.push(workload::pods(&cluster.scope, findings.of_owner(job.metadata.uid.as_deref())));
        sections.extend([meta::conditions(&job.status.conditions), events]);
        sections.extend(meta::metadata(&cluster.scope, &job.metadata));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

#[cfg(test)]
mod tests;
