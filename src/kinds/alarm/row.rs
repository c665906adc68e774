//! Alarms of the SDK as rows: cells, and health with its reason.

use aws_sdk_cloudwatch::types::{CompositeAlarm, Dimension, Metric, MetricAlarm, StateValue};
use jiff::Timestamp;

use super::condition::{self, why_composite, why_in_alarm, why_unknown};
use super::{KIND, LIST, dimensions, parts, rule};
use crate::kinds::parts::{Verdict, required, yes};
use crate::model::{Fault, Health, Resource, Scope, Value};

/// A metric alarm as a row.
pub fn of_metric(scope: &Scope, alarm: &MetricAlarm, now: Timestamp) -> Result<Resource, Fault> {
    let name = required(alarm.alarm_name(), LIST, "AlarmName")?;
    let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
    let told = Told {
        name,
        state: alarm.state_value(),
        why: match alarm.state_value() {
            Some(StateValue::InsufficientData) => why_unknown(alarm),
            _ => why_in_alarm(alarm),
        },
        since: parts::instant(since),
        muted: muted(alarm.actions_enabled()),
    };
    let dims = dims(alarm);
    let cells = vec![
        Value::maybe(alarm.state_value().map(StateValue::as_str)),
        parts::time(since),
        Value::text(watches(scope, alarm.namespace().unwrap_or_default(), &dims)),
        Value::text(condition::metric(alarm)),
        Value::text(condition::in_words(alarm)),
        Value::maybe(alarm.alarm_description()),
        Value::maybe(alarm.state_reason()),
        Value::text("metric"),
        Value::maybe(alarm.namespace()),
        Value::maybe(condition::stat(alarm)),
        Value::list(dims.iter().map(|(name, value)| format!("{name}={value}"))),
        Value::maybe(alarm.threshold().map(|threshold| threshold.to_string())),
        Value::maybe(alarm.treat_missing_data()),
        Value::None,
        Value::None,
        yes(alarm.actions_enabled()),
        Value::list(alarm.alarm_actions()),
        parts::time(alarm.alarm_configuration_updated_timestamp()),
    ];
    Ok(parts::row(parts::id(scope, KIND, name), name, alarm.alarm_arn(), verdict(&told, now), cells))
}

/// A composite alarm as a row.
pub fn of_composite(scope: &Scope, alarm: &CompositeAlarm, now: Timestamp) -> Result<Resource, Fault> {
    let name = required(alarm.alarm_name(), LIST, "AlarmName")?;
    let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
    let suppressed = alarm.actions_suppressed_by().map(|_| {
        let why = alarm.actions_suppressed_reason().or(alarm.actions_suppressor()).unwrap_or("another alarm");
        format!("its actions are suppressed: {why}")
    });
    let told = Told {
        name,
        state: alarm.state_value(),
        why: why_composite(alarm),
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
        Value::maybe(alarm.state_reason()),
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
    Ok(parts::row(parts::id(scope, KIND, name), name, alarm.alarm_arn(), verdict(&told, now), cells))
}

/// What health stands on.
struct Told<'a> {
    name: &'a str,
    state: Option<&'a StateValue>,
    /// Why it is in that state, unless that is well.
    why: String,
    since: Option<Timestamp>,
    /// Why nobody would be told.
    muted: Option<String>,
}

fn muted(actions_enabled: Option<bool>) -> Option<String> {
    (actions_enabled == Some(false)).then(|| "its actions are disabled".to_owned())
}

fn verdict(told: &Told, now: Timestamp) -> Verdict {
    let since = told.since.map(|at| format!(" (since {})", parts::moment(at, now))).unwrap_or_default();
    let (health, words) = match told.state {
        Some(StateValue::Ok) => (Health::Ok, String::new()),
        Some(StateValue::Alarm) => match scaling(told.name) {
            Some((health, words)) => (health, format!("{words}{since}")),
            None => (Health::Failed, format!("{}{since}", told.why)),
        },
        Some(StateValue::InsufficientData) => (Health::Unknown, format!("{}{since}", told.why)),
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
    parts::each_once(all.filter_map(|dimension: &Dimension| Some((dimension.name()?, dimension.value()?))))
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
