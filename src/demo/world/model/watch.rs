//! CloudWatch: alarms, their history and metric names; log groups, streams and events.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Tags, Word};
use crate::demo::world::logs::Voice;

/// A metric by name; dimensions in the order AWS lists them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId {
    pub namespace: String,
    pub name: String,
    pub dimensions: Vec<(String, String)>,
}

/// An alarm, on a metric or on other alarms.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    pub name: String,
    pub arn: String,
    pub description: String,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub state: Word,
    pub state_reason: String,
    /// JSON, as the API has it.
    pub state_reason_data: String,
    pub state_updated_at: Timestamp,
    pub state_transitioned_at: Timestamp,
    pub configured_at: Timestamp,
    pub actions_enabled: bool,
    pub alarm_actions: Vec<String>,
    pub ok_actions: Vec<String>,
    pub rule: AlarmRule,
    pub tags: Tags,
}

/// What an alarm looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmRule {
    Metric(MetricRule),
    /// A rule such as `ALARM("a") OR ALARM("b")`, and the names in it.
    Composite {
        expression: String,
        children: Vec<String>,
    },
}

/// The condition of a metric alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricRule {
    pub metric: MetricId,
    /// `Average`, `Sum`, `Maximum`, `Minimum`, or an extended one such as `p99`.
    pub statistic: Word,
    /// Seconds.
    pub period: i32,
    pub evaluation_periods: i32,
    pub datapoints_to_alarm: i32,
    pub threshold: f64,
    /// `GreaterThanThreshold`, `GreaterThanOrEqualToThreshold`, `LessThanThreshold`, `LessThanOrEqualToThreshold`.
    pub comparison: Word,
    /// `missing`, `notBreaching`, `breaching`, `ignore`.
    pub treat_missing_data: Word,
    pub unit: Option<Word>,
}

/// An entry of an alarm's history.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmHistoryItem {
    pub alarm: String,
    /// `MetricAlarm` or `CompositeAlarm`.
    pub alarm_type: Word,
    pub at: Timestamp,
    /// `StateUpdate`, `Action`, `ConfigurationUpdate`.
    pub item_type: Word,
    pub summary: String,
    /// JSON, as the API has it.
    pub data: String,
}

/// A log group. Its lines are made when they are asked for: see `Account::log_events`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogGroup {
    pub name: String,
    /// Without the trailing `:*` that `arn` has in the API.
    pub arn: String,
    pub created_at: Timestamp,
    pub retention_days: Option<i32>,
    pub stored_bytes: i64,
    pub metric_filter_count: i32,
    pub class: Word,
    pub tags: Tags,
    pub(in crate::demo::world) voice: Voice,
    /// By name.
    pub(in crate::demo::world) streams: BTreeMap<String, StreamSpan>,
}

/// When a stream was written to.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamSpan {
    pub from: Timestamp,
    /// `None` while it still is.
    pub until: Option<Timestamp>,
    /// It belongs to a task that fails while it starts, and tells of that only.
    pub failing: bool,
}

/// A log stream as `DescribeLogStreams` shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct LogStream {
    pub name: String,
    pub arn: String,
    pub created_at: Timestamp,
    pub first_event: Option<Timestamp>,
    pub last_event: Option<Timestamp>,
    pub last_ingestion: Option<Timestamp>,
}

/// A log line.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEvent {
    /// 56 digits; the same line has the same id at every read.
    pub id: String,
    /// Where it stands in its group: what comes after it is `LogQuery::after` this.
    pub place: LogPosition,
    pub stream: String,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    pub ingestion: i64,
    pub message: String,
}

/// Which lines of a group are asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogQuery<'a> {
    pub group: &'a str,
    /// Empty: all streams.
    pub streams: &'a [String],
    pub stream_prefix: Option<&'a str>,
    /// Milliseconds since 1970, inclusive; `None`: the group's beginning (some hours ago).
    pub start: Option<i64>,
    /// Milliseconds since 1970, exclusive; `None`: now.
    pub end: Option<i64>,
    pub limit: usize,
    /// Where the page before ended: `LogPage::next`.
    pub after: Option<LogPosition>,
    /// From the newest line backwards, as `GetLogEvents` reads unless told otherwise.
    pub backward: bool,
}

/// A place between two lines of a group: every line up to and with this instant and number was returned (every line
/// from it on, when reading backwards).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    pub timestamp: i64,
    pub number: u64,
}

/// A page of lines, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPage {
    pub events: Vec<LogEvent>,
    /// `None` when there is no more.
    pub next: Option<LogPosition>,
}
