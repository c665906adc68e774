//! Alarms: evaluated once a minute against the same numbers that `GetMetricData` gives, with reasons in CloudWatch's words.

use jiff::Timestamp;
use serde_json::json;

use super::MOST_RECORDS;
use crate::demo::world::account::Account;
use crate::demo::world::agenda::Act;
use crate::demo::world::model::{Alarm, AlarmHistoryItem, AlarmRule, MetricRule, Word};
use crate::demo::world::signal::after;

/// What an evaluation comes to, in words.
struct Verdict {
    state: Word,
    reason: String,
    data: String,
}

/// The state that an alarm's last data points stand for.
pub(in crate::demo::world) struct Reading {
    pub(in crate::demo::world) state: Word,
    points: Vec<(Timestamp, f64)>,
}

impl Account {
    pub(super) fn evaluate_alarms(&mut self) {
        let minute = self.now.as_second().div_euclid(60);
        let due = |rule: &MetricRule| minute % i64::from(rule.period / 60).max(1) == 0;
        let metric = self.verdicts(|account, alarm| match &alarm.rule {
            AlarmRule::Metric(rule) if due(rule) => account.changed(alarm, rule),
            _ => None,
        });
        self.apply(metric);
        let composite = self.verdicts(|account, alarm| match &alarm.rule {
            AlarmRule::Composite { expression, children } => account.judge_composite(alarm, expression, children),
            AlarmRule::Metric(_) => None,
        });
        self.apply(composite);
        let seconds = 60 - self.now.as_second().rem_euclid(60) + 5;
        self.later(seconds, Act::Alarms);
    }

    /// Gives an alarm the state it has now, without a word in its history.
    pub(in crate::demo::world) fn settle_alarm(&mut self, name: &str) {
        let Some(alarm) = self.alarms.get(name) else {
            return;
        };
        let verdict = match &alarm.rule {
            AlarmRule::Metric(rule) => self.changed(alarm, rule),
            AlarmRule::Composite { expression, children } => self.judge_composite(alarm, expression, children),
        };
        if let (Some(alarm), Some(verdict)) = (self.alarms.get_mut(name), verdict) {
            alarm.state = verdict.state;
            alarm.state_reason = verdict.reason;
            alarm.state_reason_data = verdict.data;
        }
    }

    fn verdicts(&self, judge: impl Fn(&Self, &Alarm) -> Option<Verdict>) -> Vec<(String, Verdict)> {
        self.alarms.values().filter_map(|alarm| Some((alarm.name.clone(), judge(self, alarm)?))).collect()
    }

    fn apply(&mut self, verdicts: Vec<(String, Verdict)>) {
        let now = self.now;
        for (name, verdict) in verdicts {
            let Some(alarm) = self.alarms.get_mut(&name) else { continue };
            self.alarm_history.push_front(history_item(alarm, &verdict, now));
            self.alarm_history.truncate(MOST_RECORDS);
            alarm.state_updated_at = now;
            alarm.state_transitioned_at = now;
            alarm.state = verdict.state;
            alarm.state_reason = verdict.reason;
            alarm.state_reason_data = verdict.data;
        }
    }

    /// The state that a rule's last data points stand for.
    pub(in crate::demo::world) fn read(&self, rule: &MetricRule) -> Reading {
        let period = i64::from(rule.period);
        let last = self.now.as_second().div_euclid(period) * period;
        let at = |second| after(Timestamp::UNIX_EPOCH, second);
        let first = last - i64::from(rule.evaluation_periods.max(1)) * period;
        let points = self.metric(&rule.metric, rule.statistic, period, at(first), at(last));
        let over = points.iter().filter(|point| breaches(rule, point.1)).count();
        let state = match (points.is_empty(), rule.treat_missing_data) {
            (true, "notBreaching") => "OK",
            (true, "breaching") => "ALARM",
            (true, _) => "INSUFFICIENT_DATA",
            (false, _) if over >= rule.datapoints_to_alarm.max(1) as usize => "ALARM",
            (false, _) => "OK",
        };
        Reading { state, points }
    }

    /// A verdict on a metric alarm whose state is another now.
    fn changed(&self, alarm: &Alarm, rule: &MetricRule) -> Option<Verdict> {
        if alarm.state == "OK" && self.never_breaches(rule) {
            return None;
        }
        let reading = self.read(rule);
        (reading.state != alarm.state).then(|| Verdict {
            state: reading.state,
            reason: if reading.points.is_empty() { no_data(rule) } else { crossed(rule, &reading) },
            data: reason_data(rule, &reading.points, self.now),
        })
    }

    /// Whether the metric can't come to the threshold on any day: then there is no need to read it.
    fn never_breaches(&self, rule: &MetricRule) -> bool {
        self.bounds_of(rule).is_some_and(|(least, most)| !breaches(rule, least) && !breaches(rule, most))
    }

    /// What an average or an extreme of the metric lies between; sums grow with the period.
    fn bounds_of(&self, rule: &MetricRule) -> Option<(f64, f64)> {
        let bounds = self.signals.get(&rule.metric)?.bounds()?;
        let times = if rule.statistic == "Sum" { f64::from(rule.period / 60).max(1.0) } else { 1.0 };
        Some((bounds.0, bounds.1 * times))
    }

    /// A verdict on an alarm on others whose state is another now.
    fn judge_composite(&self, alarm: &Alarm, expression: &str, children: &[String]) -> Option<Verdict> {
        let on = |child: &str| self.alarms.get(child).is_some_and(|alarm| alarm.state == "ALARM");
        let state = if expression_holds(expression, &on) { "ALARM" } else { "OK" };
        if alarm.state == state {
            return None;
        }
        let mut set_off_by: Vec<&Alarm> = children.iter().filter_map(|child| self.alarms.get(child)).collect();
        set_off_by.retain(|child| child.state == state);
        // While the past is made up, a child may already have the state it comes to later.
        let at = |child: &Alarm, format: &str| child.state_transitioned_at.min(self.now).strftime(format).to_string();
        let trigger = |child: &&Alarm| {
            let state = json!({ "value": child.state, "timestamp": at(child, "%Y-%m-%dT%H:%M:%S.%3f+0000") });
            json!({ "arn": child.arn, "state": state })
        };
        let newest = set_off_by.iter().max_by_key(|child| child.state_transitioned_at);
        let reason = match newest {
            Some(child) => {
                format!("{} transitioned to {state} at {}", child.arn, at(child, "%A %d %B, %Y %H:%M:%S UTC"))
            }
            None => format!("{} was created and its alarm rule evaluates to {state}", alarm.arn),
        };
        Some(Verdict {
            state,
            reason,
            data: json!({ "triggeringAlarms": set_off_by.iter().map(trigger).collect::<Vec<_>>() }).to_string(),
        })
    }
}

/// Whether a rule made of `ALARM("name")`, `AND` and `OR` holds; `AND` binds closer, and there are no brackets around.
fn expression_holds(expression: &str, on: &dyn Fn(&str) -> bool) -> bool {
    let term = |term: &str| term.trim().trim_start_matches("ALARM(\"").trim_end_matches("\")").to_owned();
    expression.split(" OR ").any(|all| all.split(" AND ").all(|one| on(&term(one))))
}

fn no_data(rule: &MetricRule) -> String {
    let count = rule.evaluation_periods;
    let treated = match rule.treat_missing_data {
        "notBreaching" => "[NonBreaching]",
        "breaching" => "[Breaching]",
        _ => return format!("Insufficient Data: {count} datapoints were unknown."),
    };
    format!(
        "Threshold Crossed: no datapoints were received for {count} periods and {count} missing datapoints were treated \
         as {treated}."
    )
}

/// The reason that data points give, newest first.
fn crossed(rule: &MetricRule, reading: &Reading) -> String {
    let alarm = reading.state == "ALARM";
    let wanted = rule.evaluation_periods.max(1);
    let needed = rule.datapoints_to_alarm.clamp(1, wanted);
    let (least, transition, not) =
        if alarm { (needed, "OK -> ALARM", "") } else { (wanted + 1 - needed, "ALARM -> OK", "not ") };
    let told: Vec<String> = reading
        .points
        .iter()
        .rev()
        .filter(|point| breaches(rule, point.1) == alarm)
        .map(|(at, value)| format!("{} ({})", number(*value), at.strftime("%d/%m/%y %H:%M:%S")))
        .collect();
    format!(
        "Threshold Crossed: {} out of the last {wanted} datapoints [{}] {} {not}{} the threshold ({}) (minimum {least} \
         {} for {transition} transition).",
        told.len(),
        told.join(", "),
        if told.len() == 1 { "was" } else { "were" },
        words(rule.comparison),
        number(rule.threshold),
        if least == 1 { "datapoint" } else { "datapoints" },
    )
}

fn breaches(rule: &MetricRule, value: f64) -> bool {
    match rule.comparison {
        "GreaterThanThreshold" => value > rule.threshold,
        "GreaterThanOrEqualToThreshold" => value >= rule.threshold,
        "LessThanThreshold" => value < rule.threshold,
        _ => value <= rule.threshold,
    }
}

fn words(comparison: &str) -> &'static str {
    match comparison {
        "GreaterThanThreshold" => "greater than",
        "GreaterThanOrEqualToThreshold" => "greater than or equal to",
        "LessThanThreshold" => "less than",
        _ => "less than or equal to",
    }
}

/// A number as CloudWatch writes it: at least one decimal.
fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.1}") } else { value.to_string() }
}

fn reason_data(rule: &MetricRule, points: &[(Timestamp, f64)], now: Timestamp) -> String {
    let stamp = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
    let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    let evaluated = points.iter().rev().map(|(at, value)| json!({ "timestamp": stamp(*at), "value": value }));
    json!({
        "version": "1.0",
        "queryDate": stamp(now),
        "startDate": points.first().map(|(at, _)| stamp(*at)),
        "statistic": rule.statistic,
        "period": rule.period,
        "recentDatapoints": values,
        "threshold": rule.threshold,
        "evaluatedDatapoints": evaluated.collect::<Vec<_>>(),
    })
    .to_string()
}

fn history_item(alarm: &Alarm, verdict: &Verdict, at: Timestamp) -> AlarmHistoryItem {
    let alarm_type = match alarm.rule {
        AlarmRule::Metric(_) => "MetricAlarm",
        AlarmRule::Composite { .. } => "CompositeAlarm",
    };
    let data = json!({
        "version": "1.0",
        "oldState": { "stateValue": alarm.state, "stateReason": alarm.state_reason },
        "newState": { "stateValue": verdict.state, "stateReason": verdict.reason },
    });
    AlarmHistoryItem {
        alarm: alarm.name.clone(),
        alarm_type,
        at,
        item_type: "StateUpdate",
        summary: format!("Alarm updated from {} to {}", alarm.state, verdict.state),
        data: data.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composite_rule_is_read_as_it_is_written() {
        let on = |name: &str| name == "a" || name == "b";
        assert!(expression_holds("ALARM(\"a\") AND ALARM(\"b\")", &on));
        assert!(!expression_holds("ALARM(\"a\") AND ALARM(\"c\")", &on));
        assert!(expression_holds("ALARM(\"c\") OR ALARM(\"b\")", &on));
        assert!(!expression_holds("ALARM(\"c\") OR ALARM(\"d\")", &on));
    }

    #[test]
    fn numbers_have_a_decimal_as_cloudwatch_writes_them() {
        assert_eq!(number(80.0), "80.0");
        assert_eq!(number(92.125), "92.125");
    }
}
