//! The condition of a metric alarm in words, and what of it was met when it came into its state. CloudWatch's own sentences are
//! long and begin alike; they stand in the detail.

use aws_sdk_cloudwatch::types::{ComparisonOperator, CompositeAlarm, MetricAlarm, Statistic};
use serde::Deserialize;

use super::unit;
use crate::model::{Unit, text};

/// How many of the alarms that set off a composite one are named.
const NAMED: usize = 3;

/// Its metric's name, or the expression that it watches.
pub fn metric(alarm: &MetricAlarm) -> &str {
    let watched = alarm.metrics().iter().find(|query| query.return_data() != Some(false));
    let expression = watched.and_then(|query| {
        query.label().or(query.expression()).or_else(|| query.metric_stat()?.metric()?.metric_name())
    });
    alarm.metric_name().or(expression).unwrap_or_default()
}

/// Its statistic.
pub fn stat(alarm: &MetricAlarm) -> Option<&str> {
    alarm.statistic().map(Statistic::as_str).or(alarm.extended_statistic())
}

/// Such as `Average > 80, 3 of 5 × 1m`.
pub fn in_words(alarm: &MetricAlarm) -> String {
    let words = [stat(alarm).map(str::to_owned), Some(sign(alarm).to_owned()), threshold(alarm)];
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

fn sign(alarm: &MetricAlarm) -> &'static str {
    match alarm.comparison_operator() {
        Some(ComparisonOperator::GreaterThanOrEqualToThreshold) => "≥",
        Some(ComparisonOperator::GreaterThanThreshold) => ">",
        Some(ComparisonOperator::LessThanOrEqualToThreshold) => "≤",
        Some(ComparisonOperator::LessThanThreshold) => "<",
        Some(ComparisonOperator::GreaterThanUpperThreshold) => "above its band",
        Some(ComparisonOperator::LessThanLowerThreshold) => "below its band",
        Some(ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold) => "outside of its band",
        _ => "?",
    }
}

fn threshold(alarm: &MetricAlarm) -> Option<String> {
    let threshold = alarm.threshold()?;
    Some(if unit(metric(alarm)) == Unit::Bytes { bytes(threshold) } else { threshold.to_string() })
}

/// Why it is in alarm: `CPUUtilization 91.2 > 80 for 3 of 3`. Without numbers (somebody set the state by hand), what was said.
pub fn why_in_alarm(alarm: &MetricAlarm) -> String {
    let told = alarm.state_reason().unwrap_or_default();
    let name = metric(alarm);
    let data: Option<Data> = alarm.state_reason_data().and_then(|data| serde_json::from_str(data).ok());
    let beyond = data.as_ref().map(|data| data.beyond(alarm)).unwrap_or_default();
    if let (Some(data), Some(&(newest, value))) = (&data, beyond.last()) {
        let limit = threshold(alarm).or_else(|| data.band(newest)).map(|limit| format!(" {limit}")).unwrap_or_default();
        let of = alarm.evaluation_periods().unwrap_or(1);
        let count = if of > 1 { format!(" for {} of {of}", beyond.len().min(of as usize)) } else { String::new() };
        return format!("{name} {} {}{limit}{count}", number(alarm, value), sign(alarm));
    }
    // `Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].`
    if told.contains("[Breaching]") {
        return format!("no data of {name}, which counts as breaching");
    }
    if told.starts_with("Threshold") {
        let words = [Some(name.to_owned()), Some(sign(alarm).to_owned()), threshold(alarm)];
        return words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    }
    told.to_owned()
}

/// Why its state can't be told.
pub fn why_unknown(alarm: &MetricAlarm) -> String {
    match alarm.state_reason().unwrap_or_default() {
        told if told.starts_with("Unchecked") => "not evaluated yet".to_owned(),
        told if told.starts_with("Insufficient Data") => format!("not enough data of {}", metric(alarm)),
        told => format!("insufficient data: {told}"),
    }
}

/// Why a composite alarm is in its state: which alarms set it off.
pub fn why_composite(alarm: &CompositeAlarm) -> String {
    let data: Option<Data> = alarm.state_reason_data().and_then(|data| serde_json::from_str(data).ok());
    let set_off_by = data.map(|data| data.triggering_alarms).unwrap_or_default();
    let mut words: Vec<String> = set_off_by.iter().take(NAMED).map(Trigger::in_words).collect();
    if words.is_empty() {
        return alarm.state_reason().unwrap_or_default().to_owned();
    }
    if set_off_by.len() > NAMED {
        words.push(format!("{} more", set_off_by.len() - NAMED));
    }
    words.join(", ")
}

/// What `StateReasonData` tells: of a metric alarm the points that were looked at, oldest first (and the band at each of them); of a
/// composite one the alarms that set it off.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Data {
    recent_datapoints: Vec<f64>,
    recent_lower_thresholds: Vec<f64>,
    recent_upper_thresholds: Vec<f64>,
    triggering_alarms: Vec<Trigger>,
}

impl Data {
    /// The points that meet the condition, with their positions.
    fn beyond(&self, alarm: &MetricAlarm) -> Vec<(usize, f64)> {
        let meets = |limit: Option<f64>, meets: fn(&f64, &f64) -> bool, value| limit.is_some_and(|l| meets(&value, &l));
        let is_beyond = |at: usize, value: f64| {
            let fixed = alarm.threshold();
            let lower = self.recent_lower_thresholds.get(at).copied();
            let upper = self.recent_upper_thresholds.get(at).copied();
            match alarm.comparison_operator() {
                Some(ComparisonOperator::GreaterThanOrEqualToThreshold) => meets(fixed, f64::ge, value),
                Some(ComparisonOperator::GreaterThanThreshold) => meets(fixed, f64::gt, value),
                Some(ComparisonOperator::LessThanOrEqualToThreshold) => meets(fixed, f64::le, value),
                Some(ComparisonOperator::LessThanThreshold) => meets(fixed, f64::lt, value),
                Some(ComparisonOperator::GreaterThanUpperThreshold) => meets(upper, f64::gt, value),
                Some(ComparisonOperator::LessThanLowerThreshold) => meets(lower, f64::lt, value),
                Some(ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold) => {
                    meets(upper, f64::gt, value) || meets(lower, f64::lt, value)
                }
                _ => false,
            }
        };
        self.recent_datapoints.iter().copied().enumerate().filter(|&(at, value)| is_beyond(at, value)).collect()
    }

    /// The band at a point: `20.1–60.3`.
    fn band(&self, at: usize) -> Option<String> {
        let (lower, upper) = (self.recent_lower_thresholds.get(at)?, self.recent_upper_thresholds.get(at)?);
        Some(format!("{}–{}", short(*lower), short(*upper)))
    }
}

/// An alarm that set off a composite one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Trigger {
    arn: String,
    state: State,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    value: String,
}

impl Trigger {
    fn in_words(&self) -> String {
        let name = self.arn.split_once(":alarm:").map_or(&*self.arn, |(_, name)| name);
        format!("{name} in {}", self.state.value)
    }
}

/// A value beside its threshold; in full where the short form would hide the difference.
fn number(alarm: &MetricAlarm, value: f64) -> String {
    let words = if unit(metric(alarm)) == Unit::Bytes { bytes(value) } else { short(value) };
    if threshold(alarm).as_deref() == Some(&*words) && alarm.threshold() != Some(value) {
        value.to_string()
    } else {
        words
    }
}

fn bytes(value: f64) -> String {
    // Casting a float saturates: there are no negative bytes.
    text::bytes(value as u64)
}

/// A number with four significant digits.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let decimals = (3.0 - value.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    let words = format!("{value:.decimals$}");
    if words.contains('.') { words.trim_end_matches('0').trim_end_matches('.').to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn alarm(operator: ComparisonOperator, threshold: Option<f64>, data: &str) -> MetricAlarm {
        MetricAlarm::builder()
            .metric_name("CPUUtilization")
            .comparison_operator(operator)
            .set_threshold(threshold)
            .evaluation_periods(3)
            .state_reason("Threshold Crossed: 3 out of the last 3 datapoints […]")
            .state_reason_data(data)
            .build()
    }

    #[rstest]
    #[case("[88.0,95.1,91.2]", "CPUUtilization 91.2 > 80 for 3 of 3")]
    #[case("[79.0,95.125,91.23456]", "CPUUtilization 91.23 > 80 for 2 of 3")]
    // The newest that is beyond, not the newest.
    #[case("[88.0,95.1,79.0]", "CPUUtilization 95.1 > 80 for 2 of 3")]
    #[case("[80.00001]", "CPUUtilization 80.00001 > 80 for 1 of 3")]
    // Without points the rule is all there is to tell.
    #[case("[]", "CPUUtilization > 80")]
    #[case("\"nonsense\"", "CPUUtilization > 80")]
    fn the_newest_value_and_how_many(#[case] points: &str, #[case] expected: &str) {
        let data = format!("{{\"version\":\"1.0\",\"period\":60,\"recentDatapoints\":{points},\"threshold\":80.0}}");
        assert_eq!(why_in_alarm(&alarm(ComparisonOperator::GreaterThanThreshold, Some(80.0), &data)), expected);
    }

    #[rstest]
    #[case(ComparisonOperator::LessThanThreshold, "[79.9,81.0]", "CPUUtilization 79.9 < 80 for 1 of 3")]
    #[case(ComparisonOperator::LessThanOrEqualToThreshold, "[80.0]", "CPUUtilization 80 ≤ 80 for 1 of 3")]
    #[case(ComparisonOperator::GreaterThanOrEqualToThreshold, "[80.0,81.0]", "CPUUtilization 81 ≥ 80 for 2 of 3")]
    fn every_comparison(#[case] operator: ComparisonOperator, #[case] points: &str, #[case] expected: &str) {
        let data = format!("{{\"recentDatapoints\":{points}}}");
        assert_eq!(why_in_alarm(&alarm(operator, Some(80.0), &data)), expected);
    }

    #[rstest]
    #[case(
        ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold,
        "CPUUtilization 0 outside of its band 0.0206–0.3007 for 2 of 3"
    )]
    #[case(ComparisonOperator::GreaterThanUpperThreshold, "CPUUtilization 1 above its band 0.02–0.3 for 1 of 3")]
    #[case(ComparisonOperator::LessThanLowerThreshold, "CPUUtilization 0 below its band 0.0206–0.3007 for 1 of 3")]
    fn bands(#[case] operator: ComparisonOperator, #[case] expected: &str) {
        let data = "{\"recentDatapoints\":[1.0,0.0],\"recentLowerThresholds\":[0.02,0.020599444741798756],\
                    \"recentUpperThresholds\":[0.3,0.3006915352732461]}";
        assert_eq!(why_in_alarm(&alarm(operator, None, data)), expected);
    }

    #[test]
    fn bytes_are_readable() {
        let storage = MetricAlarm::builder()
            .metric_name("FreeStorageSpace")
            .comparison_operator(ComparisonOperator::LessThanThreshold)
            .threshold(10_737_418_240.0)
            .evaluation_periods(1)
            .state_reason_data("{\"recentDatapoints\":[4509715660.8]}");
        assert_eq!(why_in_alarm(&storage.clone().build()), "FreeStorageSpace 4.2 GiB < 10 GiB");
        assert_eq!(in_words(&storage.period(300).build()), "< 10 GiB, 1 of 1 × 5m");
    }

    #[test]
    fn what_has_no_numbers_says_what_was_said() {
        let told =
            |reason: &str| why_in_alarm(&MetricAlarm::builder().metric_name("Errors").state_reason(reason).build());
        assert_eq!(told("tested by jane"), "tested by jane");
        let missing = "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].";
        assert_eq!(told(missing), "no data of Errors, which counts as breaching");
    }

    #[rstest]
    #[case("Unchecked: Initial alarm creation", "not evaluated yet")]
    #[case("Insufficient Data: 5 datapoints were unknown.", "not enough data of Errors")]
    #[case("tested by jane", "insufficient data: tested by jane")]
    fn what_is_not_known(#[case] reason: &str, #[case] expected: &str) {
        let alarm = MetricAlarm::builder().metric_name("Errors").state_reason(reason).build();
        assert_eq!(why_unknown(&alarm), expected);
    }

    #[test]
    fn a_composite_names_what_set_it_off() {
        let trigger = |name: &str| {
            format!(
                "{{\"arn\":\"arn:aws:cloudwatch:r:1:alarm:{name}\",\"state\":{{\"value\":\"ALARM\",\"timestamp\":\"x\"}}}}"
            )
        };
        let told = |names: &[&str]| {
            let triggers: Vec<String> = names.iter().map(|name| trigger(name)).collect();
            let data = format!("{{\"triggeringAlarms\":[{}]}}", triggers.join(","));
            why_composite(&CompositeAlarm::builder().state_reason("arn:x transitioned").state_reason_data(data).build())
        };
        assert_eq!(told(&["cpu"]), "cpu in ALARM");
        assert_eq!(told(&["a", "b", "c", "d", "e"]), "a in ALARM, b in ALARM, c in ALARM, 2 more");
        assert_eq!(told(&[]), "arn:x transitioned");
    }
}
