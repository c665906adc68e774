//! Jobs and cron jobs as the API sends them, with as much of them as is needed.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::core::ObjectMeta;
use serde::Deserialize;

use super::apps::Template;
use super::meta::{Condition, or_default};

/// A job.
#[derive(Clone, Debug, Deserialize)]
pub struct Job {
    /// Name, namespace, owner.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: JobSpec,
    /// What there is.
    #[serde(default, deserialize_with = "or_default")]
    pub status: JobStatus,
}

crate::object!(Job: "batch" "v1" "Job" "jobs", true);

/// What is wanted of a job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// Pods that shall succeed; nothing where any success ends it.
    pub completions: Option<i64>,
    /// Pods at the same time.
    pub parallelism: Option<i64>,
    /// Failures that are borne.
    pub backoff_limit: Option<i64>,
    /// Whether it is stopped by hand.
    pub suspend: Option<bool>,
    /// What its pods are made from.
    #[serde(deserialize_with = "or_default")]
    pub template: Template,
}

/// How a job is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// Pods that run.
    #[serde(deserialize_with = "or_default")]
    pub active: i64,
    /// Pods that succeeded.
    #[serde(deserialize_with = "or_default")]
    pub succeeded: i64,
    /// Pods that failed.
    #[serde(deserialize_with = "or_default")]
    pub failed: i64,
    /// When it began.
    pub start_time: Option<Time>,
    /// When it succeeded.
    pub completion_time: Option<Time>,
    /// How it ended.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

/// A cron job.
#[derive(Clone, Debug, Deserialize)]
pub struct CronJob {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: CronSpec,
    /// What there is.
    #[serde(default, deserialize_with = "or_default")]
    pub status: CronStatus,
}

crate::object!(CronJob: "batch" "v1" "CronJob" "cronjobs", true);

/// What is wanted of a cron job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronSpec {
    /// When it runs, in cron's five fields.
    pub schedule: Option<String>,
    /// Where that is meant.
    pub time_zone: Option<String>,
    /// Whether it is stopped by hand.
    pub suspend: Option<bool>,
    /// What becomes of a run that is due while another goes on.
    pub concurrency_policy: Option<String>,
    /// What its jobs are made from.
    #[serde(deserialize_with = "or_default")]
    pub job_template: JobTemplate,
}

/// What jobs are made from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct JobTemplate {
    /// What is wanted of the jobs.
    #[serde(deserialize_with = "or_default")]
    pub spec: JobSpec,
}

/// How a cron job is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronStatus {
    /// Jobs that run.
    #[serde(deserialize_with = "or_default")]
    pub active: Vec<serde::de::IgnoredAny>,
    /// When it ran last,
    pub last_schedule_time: Option<Time>,
    /// and when a run succeeded last.
    pub last_successful_time: Option<Time>,
}
