//! Builders of metrics, alarms and log groups.

use std::collections::BTreeMap;

use super::DAY;
use crate::demo::world::account::Account;
use crate::demo::world::dice::hash;
use crate::demo::world::logs::{Spell, Tone, Voice};
use crate::demo::world::model::{Alarm, AlarmRule, LogGroup, MetricId, MetricRule, StreamSpan, Word};
use crate::demo::world::signal::{Signal, Wave, after};
use crate::demo::world::sim::balancer_metric;

/// A metric alarm to be made.
pub(super) struct Watch<'a> {
    pub(super) name: &'a str,
    pub(super) about: &'a str,
    pub(super) metric: MetricId,
    pub(super) statistic: Word,
    /// Seconds, and how many of them are looked at.
    pub(super) period: (i32, i32),
    pub(super) threshold: f64,
    pub(super) below: bool,
    pub(super) missing: Word,
}

impl Account {
    /// A level that follows the load of the day.
    pub(super) fn wave(&mut self, metric: MetricId, course: (f64, f64), unit: Word) {
        let wave = self.new_wave(&metric, course, unit);
        self.signals.insert(metric, Signal::Wave(wave));
    }

    /// Whole numbers that follow the load of the day.
    pub(super) fn count_wave(&mut self, metric: MetricId, course: (f64, f64)) {
        let wave = Wave { count: true, ..self.new_wave(&metric, course, "Count") };
        self.signals.insert(metric, Signal::Wave(wave));
    }

    /// Bytes that grow or shrink by so many a day.
    pub(super) fn draining_wave(&mut self, metric: MetricId, base: f64, drift: f64) {
        let wave = Wave { drift, noise: 0.0005, ..self.new_wave(&metric, (base, 0.0), "Bytes") };
        self.signals.insert(metric, Signal::Wave(wave));
    }

    fn new_wave(&self, metric: &MetricId, course: (f64, f64), unit: Word) -> Wave {
        let about = metric.dimensions.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("/");
        Wave {
            seed: hash(hash(self.seed, &metric.name), &about),
            base: course.0,
            swing: course.1,
            noise: 0.1,
            limits: (0.0, if unit == "Percent" { 100.0 } else { f64::MAX }),
            count: false,
            unit,
            drift: 0.0,
            since: self.now.as_second(),
            peak_hour: self.peak_hour,
            surges: Vec::new(),
        }
    }

    /// A metric alarm; it is evaluated when the account's life begins.
    pub(super) fn add_alarm(&mut self, watch: Watch<'_>) {
        let comparison = if watch.below { "LessThanThreshold" } else { "GreaterThanThreshold" };
        let rule = MetricRule {
            metric: watch.metric,
            statistic: watch.statistic,
            period: watch.period.0,
            evaluation_periods: watch.period.1,
            datapoints_to_alarm: watch.period.1,
            threshold: watch.threshold,
            comparison,
            treat_missing_data: watch.missing,
            unit: None,
        };
        self.insert_alarm(watch.name, watch.about, AlarmRule::Metric(rule));
    }

    /// An alarm on other alarms.
    pub(super) fn add_composite(&mut self, name: &str, about: &str, children: &[&str], joined_by: &str) {
        let expression = children.iter().map(|child| format!("ALARM(\"{child}\")")).collect::<Vec<_>>().join(joined_by);
        let children = children.iter().map(|child| (*child).to_owned()).collect();
        self.insert_alarm(name, about, AlarmRule::Composite { expression, children });
    }

    fn insert_alarm(&mut self, name: &str, about: &str, rule: AlarmRule) {
        let days = 2 + (hash(self.seed, name) % 20) as i64;
        let topic = self.arn("sns", &format!("{}-alerts", self.environment));
        let alarm = Alarm {
            name: name.to_owned(),
            arn: self.arn("cloudwatch", &format!("alarm:{name}")),
            description: about.to_owned(),
            state: "INSUFFICIENT_DATA",
            state_reason: "Unchecked: Initial alarm creation".to_owned(),
            state_reason_data: "{}".to_owned(),
            state_updated_at: after(self.now, -days * DAY),
            state_transitioned_at: after(self.now, -days * DAY),
            configured_at: after(self.now, -120 * DAY),
            actions_enabled: true,
            alarm_actions: vec![topic.clone()],
            ok_actions: vec![topic],
            rule,
            tags: self.usual_tags(),
        };
        self.alarms.insert(name.to_owned(), alarm);
    }

    /// The usual alarm on a service's CPU: over 85 % for three times five minutes.
    pub(super) fn watch_cpu(&mut self, name: &str, cluster: &str, service: &str) {
        self.add_alarm(Watch {
            name,
            about: &format!("CPU of {service} above 85 % for 15 minutes"),
            metric: MetricId::new("AWS/ECS", "CPUUtilization", &[("ClusterName", cluster), ("ServiceName", service)]),
            statistic: "Average",
            period: (300, 3),
            threshold: 85.0,
            below: false,
            missing: "missing",
        });
    }

    /// An alarm on a metric of a database.
    pub(super) fn watch_database(&mut self, name: &str, database: &str, metric: &str, threshold: f64, below: bool) {
        self.add_alarm(Watch {
            name,
            about: &format!("{metric} of {database}"),
            metric: MetricId::new("AWS/RDS", metric, &[("DBInstanceIdentifier", database)]),
            statistic: "Average",
            period: (60, 3),
            threshold,
            below,
            missing: "missing",
        });
    }

    /// An alarm on a load balancer's metric; `None` when there is no such balancer.
    pub(super) fn watch_balancer(&mut self, name: &str, balancer: &str, metric: (&str, Word), threshold: f64) {
        let Some(balancer) = self.load_balancers.get(balancer) else {
            return;
        };
        let dimension = balancer_metric(&balancer.arn).1.to_owned();
        let about = format!("{} of {}", metric.0, balancer.name);
        self.add_alarm(Watch {
            name,
            about: &about,
            metric: MetricId::new("AWS/ApplicationELB", metric.0, &[("LoadBalancer", &dimension)]),
            statistic: metric.1,
            period: (60, 5),
            threshold,
            below: false,
            missing: "notBreaching",
        });
    }

    /// A log group, unless there is one of that name.
    pub(super) fn add_log_group(&mut self, name: &str, tone: Tone, rate: f64, hostile: bool) {
        if self.log_groups.contains_key(name) {
            return;
        }
        let seed = hash(self.seed, name);
        let group = LogGroup {
            name: name.to_owned(),
            arn: self.arn("logs", &format!("log-group:{name}")),
            created_at: after(self.now, -310 * DAY),
            retention_days: [Some(30), Some(90), None, Some(14)][(seed % 4) as usize],
            stored_bytes: 40_000_000 + (seed % 90_000_000_000) as i64,
            metric_filter_count: (seed % 3) as i32,
            class: "STANDARD",
            tags: self.usual_tags(),
            voice: Voice { tone, seed, rate, peak_hour: self.peak_hour, hostile, spells: Vec::new() },
            streams: BTreeMap::new(),
        };
        self.log_groups.insert(name.to_owned(), group);
        // Lines a minute: a fifth of the busiest hour's by night; and a line has some 140 bytes.
        let lines = (rate * 12.0, rate * 48.0);
        let metric = |metric| MetricId::new("AWS/Logs", metric, &[("LogGroupName", name)]);
        self.count_wave(metric("IncomingLogEvents"), lines);
        self.wave(metric("IncomingBytes"), (lines.0 * 140.0, lines.1 * 140.0), "Bytes");
    }

    /// A stream of a group that is not a task's, written to for days.
    pub(super) fn add_stream(&mut self, group: &str, stream: &str) {
        let from = after(self.now, -9 * DAY);
        if let Some(group) = self.log_groups.get_mut(group) {
            group.streams.insert(stream.to_owned(), StreamSpan { from, until: None, failing: false });
        }
    }

    /// From then on a part of the group's lines tells of trouble.
    pub(super) fn add_spell(&mut self, group: &str, spell: Spell) {
        if let Some(group) = self.log_groups.get_mut(group) {
            group.voice.spells.push(spell);
        }
    }
}
