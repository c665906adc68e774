//! What containers write. Lines are made when they are asked for, from the pod and the instant.

use jiff::Timestamp;

use super::super::dice::hash;
use super::super::logs::{Tone, Voice};
use super::pod::{Exit, Pod, State};
use super::{Fate, KubeCluster};

/// Logs are rotated after so many milliseconds.
const KEPT: i64 = 6 * 3_600 * 1_000;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Milliseconds since 1970.
    pub at: i64,
    /// What it says.
    pub text: String,
}

impl KubeCluster {
    /// When a container was started, and when it ended; in milliseconds. `None`: it has not run yet, or was not run before.
    pub fn log_span(&self, pod: &Pod, container: &str, previous: bool) -> Option<(i64, Option<i64>)> {
        let first = pod.containers().next() == Some(container);
        let of = |exit: Exit| (exit.started.as_millisecond(), Some(exit.finished.as_millisecond()));
        match (previous, first) {
            (true, true) if pod.state == State::CrashWaits && pod.restarts == 0 => None,
            (true, true) => pod.last.map(of),
            (true, false) => None,
            (false, true) if matches!(pod.state, State::CrashWaits | State::Succeeded | State::Failed) => {
                pod.last.map(of)
            }
            (false, true) => pod.started.map(|at| (at.as_millisecond(), None)),
            (false, false) => pod.begun.map(|at| (at.as_millisecond(), None)),
        }
    }

    /// The lines of a container from one instant to another (milliseconds, the second not included), oldest first; where there are
    /// more than `most`, the newest.
    pub fn log_lines(
        &self,
        pod: &Pod,
        container: &str,
        span: (i64, Option<i64>),
        from: i64,
        to: i64,
        most: usize,
    ) -> Vec<LogLine> {
        let (begin, end) = (span.0, span.1.unwrap_or(i64::MAX));
        let from = from.max(begin).max(self.now.as_millisecond() - KEPT);
        let to = to.min(end.saturating_add(1)).min(self.now.as_millisecond() + 1);
        let voice = self.voice(pod, container);
        let mut lines: Vec<LogLine> = Vec::new();
        let mut second = (to - 1).div_euclid(1_000);
        while second >= from.div_euclid(1_000) && lines.len() < most {
            let mut said = voice.lines(second, &pod.name);
            if pod.failing && pod.containers().next() == Some(container) {
                said.clear();
            }
            said.extend(self.opening(pod, container, begin, second));
            said.sort_by_key(|line| line.0);
            let inside = said.into_iter().filter(|(at, _)| (from..to).contains(at));
            // A line of an application may be several of its container's.
            let each = inside.flat_map(|(at, text)| {
                let parts: Vec<LogLine> = text.lines().map(|part| LogLine { at, text: part.to_owned() }).collect();
                parts
            });
            let each: Vec<LogLine> = each.collect();
            lines.extend(each.into_iter().rev());
            second -= 1;
        }
        lines.truncate(most);
        lines.reverse();
        lines
    }

    /// What a pod's containers wait for.
    pub fn waits(&self, pod: &Pod) -> String {
        pod.waits()
    }

    fn voice(&self, pod: &Pod, container: &str) -> Voice {
        let seed = hash(self.seed, &format!("{}/{container}", pod.uid));
        let (tone, rate) = match container {
            "provisioning-api" | "sandbox-router" => (Tone::Json, 3.0),
            "terraform-enterprise" => (Tone::Tfe, 1.6),
            "ingress" | "envoy" => (Tone::Access, 3.0),
            "cluster-autoscaler" => (Tone::Autoscaler, 0.5),
            "log-shipper" => (Tone::Collector, 0.3),
            "postgres" => (Tone::Postgres, 0.4),
            "provisioning-worker" | "tfe-task-worker" | "backup" => (Tone::Worker, 0.8),
            _ if &*pod.namespace == "kube-system" => (Tone::Kube, 0.1),
            _ => (Tone::Worker, 0.3),
        };
        let hostile = matches!(container, "provisioning-api" | "terraform-enterprise");
        Voice { tone, seed, rate, peak_hour: self.peak_hour, hostile, spells: Vec::new() }
    }

    /// What a container says as it starts, as far as it falls into a second.
    fn opening(&self, pod: &Pod, container: &str, begin: i64, second: i64) -> Vec<(i64, String)> {
        let first = pod.containers().next() == Some(container);
        let lines = match self.fates.get(pod.image()) {
            Some(Fate::OneFails(_)) if first && pod.failing => fails(),
            _ => vec![(300, "info", "starting".to_owned()), (1_900, "info", "ready".to_owned())],
        };
        let at = |offset: i64| Timestamp::from_millisecond(begin + offset).unwrap_or(Timestamp::UNIX_EPOCH);
        let lines = lines.into_iter().filter(|(offset, ..)| (begin + offset).div_euclid(1_000) == second);
        lines
            .map(|(offset, level, words)| {
                let line = format!(
                    "{{\"ts\":\"{:.3}\",\"level\":\"{level}\",\"msg\":{}}}",
                    at(offset),
                    serde_json::Value::from(words)
                );
                (begin + offset, line)
            })
            .collect()
    }
}

/// A worker that takes up a job which it can't do.
fn fails() -> Vec<(i64, &'static str, String)> {
    vec![
        (300, "info", "starting provisioning-worker 1.14.2".to_owned()),
        (900, "info", "connected to redis beta9-queue:6379, queue provisioning:jobs".to_owned()),
        (1_500, "warn", "job env-c3b955 was left in processing by a worker that is gone, taking it up again".to_owned()),
        (2_700, "info", "env-c3b955: Bootstrapping Beta9 (attempt 14)".to_owned()),
        (4_100, "error", "env-c3b955: TFE API GET /api/v2/account/details: 401 Unauthorized".to_owned()),
        (6_200, "error", "env-c3b955: TFE API GET /api/v2/account/details: 401 Unauthorized (token expired)".to_owned()),
        (7_400, "error", "env-c3b955: cannot read workspace beta9-env-c3b955, the state can't be continued".to_owned()),
        (
            7_900,
            "error",
            "unhandled exception: Traceback (most recent call last): worker/main.py line 212 in run: provisioner.errors.Unauthorized: TFE_TOKEN of secret provisioning-tfe-token is not accepted"
                .to_owned(),
        ),
        (8_300, "critical", "worker exits with status 1".to_owned()),
    ]
}
