//! Alarms of the SDK as rows: cells, and health with its reason.

use aws_sdk_cloudwatch::types::{
    ComparisonOperator, CompositeAlarm, Dimension, Metric, MetricAlarm, StateValue, Statistic,
};
use jiff::Timestamp;

use super::{KIND, LIST, dimensions, parts, rule};
use crate::kinds::parts::{Verdict, required, yes};
use crate::model::{Fault, Health, Resource, Scope, Value};

/// A metric alarm as a row.
pub fn of_metric(scope: &Scope, alarm: &MetricAlarm) -> Result<Resource, Fault> {
    let name = required(alarm.alarm_name(), LIST, "AlarmName")?;
    let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
    let told = Told {
        name,
        state: alarm.state_value(),
        reason: alarm.state_reason().unwrap_or_default(),
        since: parts::instant(since),
        muted: muted(alarm.actions_enabled()),
    };
    let dims = dims(alarm);
    let cells = vec![
        Value::maybe(alarm.state_value().map(StateValue::as_str)),
        parts::time(since),
        Value::text(watches(scope, alarm.namespace().unwrap_or_default(), &dims)),
        Value::text(metric(alarm)),
        Value::text(condition(alarm)),
        Value::maybe(alarm.alarm_description()),
        Value::text("metric"),
        Value::maybe(alarm.namespace()),
        Value::maybe(stat(alarm)),
        Value::list(dims.iter().map(|(name, value)| format!("{name}={value}"))),
        Value::maybe(alarm.threshold().map(|threshold| threshold.to_string())),
        Value::maybe(alarm.treat_missing_data()),
        Value::None,
        Value::None,
        yes(alarm.actions_enabled()),
        Value::list(alarm.alarm_actions()),
        parts::time(alarm.alarm_configuration_updated_timestamp()),
    ];
    Ok(parts::row(parts::id(scope, KIND, name), name, alarm.alarm_arn(), verdict(&told), cells))
}

/// A composite alarm as a row.
pub fn of_composite(scope: &Scope, alarm: &CompositeAlarm) -> Result<Resource, Fault> {
    let name = required(alarm.alarm_name(), LIST, "AlarmName")?;
    let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
    let suppressed = alarm.actions_suppressed_by().map(|_| {
        let why = alarm.actions_suppressed_reason().or(alarm.actions_suppressor()).unwrap_or("another alarm");
        format!("its actions are suppressed: {why}")
    });
    let told = Told {
        name,
        state: alarm.state_value(),
        reason: alarm.state_reason().unwrap_or_default(),
        since: parts::instant(since),
        muted: muted(alarm.actions_enabled()).or(suppressed),
    };
    let children = rule::alarms(alarm.alarm_rule().unwrap_or_default());
    let cells = vec![
        Value::maybe(alarm.state_value().map(StateValue::as_str)),
        parts::time(since),
        Value::text(match children.as_slice() {
            [one] => format!("alarm {one}"),
            several => format!("{} alarms", several.len()),
        }),
        Value::None,
        Value::maybe(alarm.alarm_rule()),
        Value::maybe(alarm.alarm_description()),
        Value::text("composite"),
        Value::None,
        Value::None,
        Value::None,
        Value::None,
        Value::None,
        Value::maybe(alarm.alarm_rule()),
        Value::list(children),
        yes(alarm.actions_enabled()),
        Value::list(alarm.alarm_actions()),
        parts::time(alarm.alarm_configuration_updated_timestamp()),
    ];
    Ok(parts::row(parts::id(scope, KIND, name), name, alarm.alarm_arn(), verdict(&told), cells))
}

/// What health stands on.
struct Told<'a> {
    name: &'a str,
    state: Option<&'a StateValue>,
    reason: &'a str,
    since: Option<Timestamp>,
    /// Why nobody would be told.
    muted: Option<String>,
}

fn muted(actions_enabled: Option<bool>) -> Option<String> {
    (actions_enabled == Some(false)).then(|| "its actions are disabled".to_owned())
}

fn verdict(told: &Told) -> Verdict {
    let since = told.since.map(|at| format!(" (since {})", parts::minute(at))).unwrap_or_default();
    let (health, words) = match told.state {
        Some(StateValue::Ok) => (Health::Ok, String::new()),
        Some(StateValue::Alarm) => match scaling(told.name) {
            Some((health, words)) => (health, format!("{words}{since}")),
            None => (Health::Failed, format!("{}{since}", told.reason)),
        },
        Some(StateValue::InsufficientData) => (Health::Unknown, format!("insufficient data: {}{since}", told.reason)),
        _ => (Health::Unknown, "its state is not told".to_owned()),
    };
    let words = [Some(words).filter(|words| !words.is_empty()), told.muted.clone()];
    (health, words.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// The alarms that target tracking makes for itself are its levers, not calls for help: the low one stands in ALARM whenever
/// there is nothing to do.
fn scaling(name: &str) -> Option<Verdict> {
    let rest = name.strip_prefix("TargetTracking-")?;
    if rest.contains("-AlarmLow-") {
        Some((Health::Ok, "target tracking may scale in".to_owned()))
    } else if rest.contains("-AlarmHigh-") {
        Some((Health::Progressing, "target tracking scales out".to_owned()))
    } else {
        None
    }
}

/// Its dimensions; of an expression, those of the metrics in it, each once.
fn dims(alarm: &MetricAlarm) -> Vec<(&str, &str)> {
    let inner = alarm.metrics().iter().filter_map(|query| query.metric_stat()?.metric());
    let all = alarm.dimensions().iter().chain(inner.flat_map(Metric::dimensions));
    let mut dims = Vec::new();
    for pair in all.filter_map(|dimension: &Dimension| Some((dimension.name()?, dimension.value()?))) {
        if !dims.contains(&pair) {
            dims.push(pair);
        }
    }
    dims
}

/// The names of what it watches, or the dimensions' values where they name nothing that is known.
fn watches(scope: &Scope, namespace: &str, dims: &[(&str, &str)]) -> String {
    let known = dimensions::resources(scope, namespace, dims);
    let names: Vec<&str> = if known.is_empty() {
        dims.iter().map(|(_, value)| *value).collect()
    } else {
        known.iter().map(|(_, id)| id.id.split_once(':').map_or(&*id.id, |(_, name)| name)).collect()
    };
    names.join(", ")
}

/// Its metric's name, or the expression that it watches.
fn metric(alarm: &MetricAlarm) -> &str {
    let watched = alarm.metrics().iter().find(|query| query.return_data() != Some(false));
    let expression = watched.and_then(|query| {
        query.label().or(query.expression()).or_else(|| query.metric_stat()?.metric()?.metric_name())
    });
    alarm.metric_name().or(expression).unwrap_or_default()
}

fn stat(alarm: &MetricAlarm) -> Option<&str> {
    alarm.statistic().map(Statistic::as_str).or(alarm.extended_statistic())
}

/// Such as `Average > 80, 3 of 5 × 1m`.
fn condition(alarm: &MetricAlarm) -> String {
    let sign = match alarm.comparison_operator() {
        Some(ComparisonOperator::GreaterThanOrEqualToThreshold) => "≥",
        Some(ComparisonOperator::GreaterThanThreshold) => ">",
        Some(ComparisonOperator::LessThanOrEqualToThreshold) => "≤",
        Some(ComparisonOperator::LessThanThreshold) => "<",
        Some(ComparisonOperator::GreaterThanUpperThreshold) => "above its band",
        Some(ComparisonOperator::LessThanLowerThreshold) => "below its band",
        Some(ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold) => "outside of its band",
        _ => "?",
    };
    let threshold = alarm.threshold().map(|threshold| threshold.to_string());
    let words = [stat(alarm).map(str::to_owned), Some(sign.to_owned()), threshold];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let Some(of) = alarm.evaluation_periods() else { return words };
    let count = alarm.datapoints_to_alarm().unwrap_or(of);
    let inner = alarm.metrics().iter().find_map(|query| query.metric_stat()?.period().or(query.period()));
    let length = match alarm.period().or(inner) {
        Some(period) if period % 3600 == 0 => format!(" × {}h", period / 3600),
        Some(period) if period % 60 == 0 => format!(" × {}m", period / 60),
        Some(period) => format!(" × {period}s"),
        None => String::new(),
    };
    format!("{words}, {count} of {of}{length}")
}
