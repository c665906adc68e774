//! `cronjob`: cron jobs of the Kubernetes clusters. A list stands on the watches of cron jobs and jobs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join};

use super::k8s::apps::image_cell;
use super::k8s::batch::{CronJob, Job};
use super::k8s::fields::{AGE, CLUSTER, EVIDENCE, IMAGE, IMAGES, LABELS, NAMESPACE};
use super::k8s::why::{holds, short};
use super::k8s::workload::{self, Judged};
use super::k8s::{self, Look, event, meta};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Scope, Section, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "cronjob";
/// Runs that the detail shows.
const SHOWN: usize = 20;

/// Cron jobs.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "cronjobs",
    aliases: &["cj"],
    doc: "Cron jobs of the Kubernetes clusters: when they run, when they ran, and whether that succeeded",
    system: System::Kubernetes(&[CronJob::PLURAL, Job::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw: |env, id| Box::pin(k8s::raw::<CronJob>(env, id)),
    relations,
    metrics: |_| Vec::new(),
    logs: |env, id| Box::pin(k8s::logs::of_cron_job(env, id)),
    has_logs: true,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    NAMESPACE,
    Column::text("schedule", "SCHEDULE", (9, 24), Show::Table(0), "When it runs, in the five fields of cron"),
    Column::text("suspended", "SUSPENDED", (3, 9), Show::Table(2), "Whether it is stopped by hand"),
    Column::number("active", "ACTIVE", 6, Show::Table(3), "Runs under way"),
    Column::text("last_run", "LAST RUN", (4, 8), Show::Table(4), "When it ran last"),
    Column::text("last_success", "SUCCEEDED", (4, 9), Show::Table(5), "When a run succeeded last"),
    IMAGE,
    AGE,
    CLUSTER,
    Column::text("time_zone", "TIME ZONE", (3, 30), Show::Data, "Where its schedule is meant"),
    Column::text("concurrency", "CONCURRENCY", (5, 8), Show::Data, "Whether runs may overlap: Allow, Forbid, Replace"),
    Column::text("last_job", "LAST JOB", (8, 60), Show::Data, "The job of its newest run that is still there"),
    IMAGES,
    LABELS,
    EVIDENCE,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let (all, jobs) = join(look.all::<CronJob>(), look.besides::<Job>()).await;
        let mut newest: HashMap<&str, &Job> = HashMap::new();
        for job in &jobs {
            let Some(owner) = meta::owner_uid(&job.metadata) else { continue };
            let known = newest.entry(owner).or_insert(job);
            if meta::created(&job.metadata) > meta::created(&known.metadata) {
                *known = job;
            }
        }
        let last = |one: &CronJob| one.metadata.uid.as_deref().and_then(|uid| newest.get(uid)).copied();
        let all = all?;
        let taken = all.iter().filter(|one| look.takes(&one.metadata));
        Ok(taken.map(|one| row(look, one, last(one))).collect())
    })
}

fn row(look: &Look, one: &CronJob, last: Option<&Job>) -> Resource {
    let (meta, spec, status) = (&one.metadata, &one.spec, &one.status);
    let judged = judge(one, last);
    let cells = vec![
        look.cell(meta.namespace.as_deref()),
        Value::maybe(spec.schedule.as_deref()),
        Value::Bool(spec.suspend == Some(true)),
        Value::Int(status.active.len() as i64),
        meta::time(status.last_schedule_time.as_ref()),
        meta::time(status.last_successful_time.as_ref()),
        image_cell(&spec.job_template.spec.template),
        meta::age(meta),
        Value::Text(Arc::clone(&look.cluster.name)),
        Value::maybe(spec.time_zone.as_deref()),
        Value::maybe(spec.concurrency_policy.as_deref()),
        Value::maybe(last.and_then(|job| job.metadata.name.as_deref())),
        Value::list(spec.job_template.spec.template.images()),
        meta::pairs(meta.labels.as_ref()),
        Value::maybe(judged.evidence),
    ];
    look.row(KIND, meta, judged.verdict, cells)
}

/// How it is: as its newest run went. One that is suspended is as somebody wanted it.
fn judge(one: &CronJob, last: Option<&Job>) -> Judged {
    let suspended = one.spec.suspend == Some(true);
    let failed = last.and_then(|job| {
        let failed = meta::condition(&job.status.conditions, "Failed").filter(|failed| failed.holds())?;
        Some((job.metadata.name.as_deref()?, short(failed.words())))
    });
    match failed {
        Some((_, why)) if suspended => Judged::plain(Health::Ok, format!("suspended; its last run failed: {why}")),
        Some((name, why)) => Judged {
            verdict: (Health::Failed, format!("its last run failed: {why}")),
            evidence: Some(format!("job/{name}")),
        },
        None if suspended => Judged::plain(Health::Ok, "suspended"),
        None if !one.status.active.is_empty() => Judged::plain(Health::Progressing, "runs"),
        None => Judged::plain(Health::Ok, ""),
    }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let look = Look::at(&cluster);
        let one = cluster.get::<CronJob>(id.scope.namespace.as_deref(), &id.id).await?;
        let (jobs, events) = join(look.besides::<Job>(), event::recent(&cluster, "CronJob", &one.metadata)).await;
        let owner = one.metadata.uid.as_deref();
        let mut jobs: Vec<&Job> = jobs
            .iter()
            .map(|job| &**job)
            .filter(|job| owner.is_some() && meta::owner_uid(&job.metadata) == owner)
            .collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(meta::created(&job.metadata)));
        let row = row(&look, &one, jobs.first().copied());
        let mut sections: Vec<Section> = vec![parts::summary(&DEF, &row)];
        sections.extend(workload::why(&DEF, &row));
        sections.extend([runs(&cluster.scope, &jobs), events]);
        sections.extend(meta::metadata(&cluster.scope, &one.metadata));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

/// Its runs that are still there, the newest first.
fn runs(scope: &Scope, jobs: &[&Job]) -> Section {
    let row = |job: &&Job| {
        let ended = ["Complete", "Failed"].into_iter().find(|about| holds(&job.status.conditions, about));
        let failed = meta::condition(&job.status.conditions, "Failed").filter(|failed| failed.holds());
        let cells = vec![
            Value::maybe(job.metadata.name.as_deref()),
            meta::time(job.status.start_time.as_ref()),
            meta::time(job.status.completion_time.as_ref()),
            Value::text(ended.unwrap_or("Running")),
            Value::maybe(failed.map(|failed| short(failed.words()))),
        ];
        let name = job.metadata.name.as_deref().unwrap_or_default();
        (cells, meta::object_id(scope, "Job", job.metadata.namespace.as_deref(), name))
    };
    let columns = vec!["job", "began", "succeeded", "status", "why"];
    Section::Table { title: "Runs", columns, rows: jobs.iter().take(SHOWN).map(row).collect() }
}

fn relations(one: &Resource) -> Vec<Relation> {
    let mut relations: Vec<Relation> = workload::lead(&DEF, one).into_iter().collect();
    relations.push(parts::to_those_within("jobs", "job", &one.id));
    relations.push(parts::to_those_within("pods", "pod", &one.id));
    relations.push(parts::to_those_within("events", "k8s-event", &one.id));
    relations
}

#[cfg(test)]
mod tests;
