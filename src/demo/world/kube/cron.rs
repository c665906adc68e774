//! Cron jobs: when they are due, and what they leave behind.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::KubeCluster;
use super::event::{About, Said};
use super::json::{int, list, set, stamp, text};
use super::steps::Step;
use super::store::Store;

/// Minutes that are looked through for the next time: a week.
const AHEAD: i64 = 7 * 24 * 60;

impl KubeCluster {
    /// Writes down when a cron job is due next.
    pub(super) fn plan_cron(&mut self, namespace: &str, name: &str) {
        let Some(job) = self.store.doc("cronjobs", namespace, name) else { return };
        if let Some(at) = next(text(job, "/spec/schedule"), self.now) {
            self.at(at, Step::Cron { namespace: namespace.into(), name: name.into() });
        }
    }

    pub(super) fn cron_due(&mut self, namespace: &str, name: &str) {
        let Some(cron) = self.store.doc("cronjobs", namespace, name).cloned() else { return };
        self.plan_cron(namespace, name);
        if cron["spec"]["suspend"] == true {
            return;
        }
        let job = format!("{name}-{}", self.now.as_second() / 60);
        self.add_job(namespace, &cron, &job);
        let said = Said("Normal", "SuccessfulCreate", "cronjob-controller", format!("Created job {job}"));
        self.tell(About::doc("cronjobs", &cron), said, None);
        let now = stamp(self.now);
        self.store.edit("cronjobs", namespace, name, |it| set(it, &["status", "lastScheduleTime"], now.into()));
        self.drop_old_jobs(namespace, &cron);
    }

    pub(super) fn add_job(&mut self, namespace: &str, cron: &Value, name: &str) {
        let mut spec = cron["spec"]["jobTemplate"]["spec"].clone();
        set(&mut spec, &["template", "spec", "restartPolicy"], "Never".into());
        let labels = json!({ "batch.kubernetes.io/job-name": name, "job-name": name });
        for (key, value) in labels.as_object().into_iter().flatten() {
            set(&mut spec, &["template", "metadata", "labels", key], value.clone());
        }
        for (key, value) in [("parallelism", 1), ("completions", 1), ("backoffLimit", 3)] {
            spec[key] = value.into();
        }
        spec["selector"] = json!({ "matchLabels": { "batch.kubernetes.io/job-name": name } });
        let job = json!({
            "metadata": {
                "name": name, "namespace": namespace, "labels": labels,
                "ownerReferences": [Store::reference("batch/v1", "CronJob", cron)],
            },
            "spec": spec,
            "status": {},
        });
        let now = self.now;
        self.put("jobs", job, now);
    }

    /// Of the jobs that are done the last three are kept.
    fn drop_old_jobs(&mut self, namespace: &str, cron: &Value) {
        let uid = &cron["metadata"]["uid"];
        let kept = int(cron, "/spec/successfulJobsHistoryLimit").unwrap_or(3).max(0) as usize;
        let own =
            self.store.docs("jobs", namespace).filter(|it| Store::owner(it).is_some_and(|owner| owner["uid"] == *uid));
        let done = own.filter(|it| !list(it, "/status/conditions").is_empty());
        let mut done: Vec<(String, String)> = done
            .map(|it| (text(it, "/metadata/creationTimestamp").to_owned(), text(it, "/metadata/name").to_owned()))
            .collect();
        done.sort();
        let now = self.now;
        for (_, name) in done.iter().take(done.len().saturating_sub(kept)) {
            self.store.remove("jobs", namespace, name, now);
        }
        self.touch(namespace);
    }
}

/// The first minute after an instant that a schedule of five fields means.
pub(super) fn next(schedule: &str, now: Timestamp) -> Option<Timestamp> {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else { return None };
    let first = (now.as_second().div_euclid(60) + 1) * 60;
    (0..AHEAD).map(|number| first + number * 60).find_map(|second| {
        let at = Timestamp::from_second(second).ok()?;
        let local = at.to_zoned(TimeZone::UTC);
        let fits = means(minute, i64::from(local.minute()))
            && means(hour, i64::from(local.hour()))
            && means(day, i64::from(local.day()))
            && means(month, i64::from(local.month()))
            && means(weekday, i64::from(local.weekday().to_sunday_zero_offset()));
        fits.then_some(at)
    })
}

/// Whether a field of a schedule means a number: `*`, `*/15`, `2`, `1-5`, `0,30`.
fn means(field: &str, number: i64) -> bool {
    field.split(',').any(|part| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step: i64 = step.parse().unwrap_or(1).max(1);
        let (low, high) = match range.split_once('-') {
            Some((low, high)) => (low.parse().unwrap_or(0), high.parse().unwrap_or(-1)),
            None if range == "*" => (0, i64::MAX),
            None => (range.parse().unwrap_or(-1), range.parse().unwrap_or(-1)),
        };
        (low..=high).contains(&number) && (number - low) % step == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_as_cron_reads_them() {
        let now: Timestamp = "2026-03-02T09:17:23Z".parse().unwrap();
        for (schedule, at) in [
            ("*/15 * * * *", "2026-03-02T09:30:00Z"),
            ("0 2 * * *", "2026-03-03T02:00:00Z"),
            ("5,18 9 * * *", "2026-03-02T09:18:00Z"),
            ("0 0 * * 0", "2026-03-08T00:00:00Z"),
            ("30 8-9 * * 1-5", "2026-03-02T09:30:00Z"),
        ] {
            assert_eq!(next(schedule, now), Some(at.parse().unwrap()), "{schedule}");
        }
        assert_eq!(next("nonsense", now), None);
    }
}
