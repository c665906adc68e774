//! Alarms: evaluated once a minute against the same numbers that `GetMetricData` gives, with reasons in CloudWatch's words.

use jiff::Timestamp;
use serde_json::json;

use super::super::account::Account;
use super::super::agenda::Act;
use super::super::model::{Alarm, AlarmHistoryItem, AlarmRule, MetricRule, Word};
use super::super::signal::after;
use super::MOST_RECORDS;

/// What an evaluation comes to.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::demo::world) struct Verdict {
    pub(in crate::demo::world) state: Word,
    reason: String,
    data: String,
}

impl Account {
    pub(super) fn evaluate_alarms(&mut self) {
        self.judge_alarms(true);
        let seconds = 60 - self.now.as_second().rem_euclid(60) + 5;
        self.later(seconds, Act::Alarms);
    }

    /// Evaluates every alarm: metric alarms first, then those on other alarms.
    pub(in crate::demo::world) fn judge_alarms(&mut self, history: bool) {
        let minute = self.now.as_second().div_euclid(60);
        let due = |rule: &MetricRule| !history || minute % i64::from(rule.period / 60).max(1) == 0;
        let metric: Vec<(String, Verdict)> = self.verdicts(|alarm| match &alarm.rule {
            AlarmRule::Metric(rule) if due(rule) => Some(self.judge(rule)),
            _ => None,
        });
        self.apply(metric, history);
        let composite = self.verdicts(|alarm| match &alarm.rule {
            AlarmRule::Composite { expression, .. } => Some(self.judge_composite(&alarm.name, expression)),
            AlarmRule::Metric(_) => None,
        });
        self.apply(composite, history);
    }

    /// Verdicts that differ from the alarms' present states.
    fn verdicts(&self, judge: impl Fn(&Alarm) -> Option<Verdict>) -> Vec<(String, Verdict)> {
        let judged = self.alarms.values().filter_map(|alarm| Some((alarm, judge(alarm)?)));
        judged
            .filter(|(alarm, verdict)| alarm.state != verdict.state)
            .map(|(alarm, verdict)| (alarm.name.clone(), verdict))
            .collect()
    }

    fn apply(&mut self, verdicts: Vec<(String, Verdict)>, history: bool) {
        let now = self.now;
        for (name, verdict) in verdicts {
            let Some(alarm) = self.alarms.get_mut(&name) else { continue };
            if history {
                self.alarm_history.push_front(history_item(alarm, &verdict, now));
                self.alarm_history.truncate(MOST_RECORDS);
                alarm.state_updated_at = now;
                alarm.state_transitioned_at = now;
            }
            alarm.state = verdict.state;
            alarm.state_reason = verdict.reason;
            alarm.state_reason_data = verdict.data;
        }
    }

    /// The state a metric alarm has by its last data points.
    pub(in crate::demo::world) fn judge(&self, rule: &MetricRule) -> Verdict {
        let period = i64::from(rule.period);
        let last = self.now.as_second().div_euclid(period) * period;
        let wanted = i64::from(rule.evaluation_periods.max(1));
        let at = |second| after(Timestamp::UNIX_EPOCH, second);
        let points = self.metric(&rule.metric, rule.statistic, period, at(last - wanted * period), at(last));
        let over: Vec<&(Timestamp, f64)> = points.iter().filter(|point| breaches(rule, point.1)).collect();
        let needed = rule.datapoints_to_alarm.max(1) as usize;
        if points.is_empty() {
            return missing(rule);
        }
        let state = if over.len() >= needed { "ALARM" } else { "OK" };
        let told: Vec<&(Timestamp, f64)> =
            if state == "ALARM" { over } else { points.iter().filter(|point| !breaches(rule, point.1)).collect() };
        let (least, transition) = if state == "ALARM" {
            (needed, "OK -> ALARM")
        } else {
            (wanted as usize + 1 - needed.min(wanted as usize), "ALARM -> OK")
        };
        let list: Vec<String> = told
            .iter()
            .rev()
            .map(|(at, value)| format!("{} ({})", number(*value), at.strftime("%d/%m/%y %H:%M:%S")))
            .collect();
        let not = if state == "ALARM" { "" } else { "not " };
        let verb = if told.len() == 1 { "was" } else { "were" };
        let plural = if least == 1 { "datapoint" } else { "datapoints" };
        let reason = format!(
            "Threshold Crossed: {} out of the last {wanted} datapoints [{}] {verb} {not}{} the threshold ({}) (minimum {least} {plural} for {transition} transition).",
            told.len(),
            list.join(", "),
            words(rule.comparison),
            number(rule.threshold)
        );
        Verdict { state, data: reason_data(rule, &points, self.now), reason }
    }

    fn judge_composite(&self, name: &str, expression: &str) -> Verdict {
        let on = |child: &str| self.alarms.get(child).is_some_and(|alarm| alarm.state == "ALARM");
        let state = if expression_holds(expression, &on) { "ALARM" } else { "OK" };
        let arn = self.arn("cloudwatch", &format!("alarm:{name}"));
        let at = self.now.strftime("%A %d %B, %Y %H:%M:%S UTC");
        Verdict {
            state,
            reason: format!("{arn} transitioned to {state} at {at}"),
            data: json!({ "triggeringAlarms": [{ "arn": arn, "state": { "value": state } }] }).to_string(),
        }
    }
}

/// Whether a rule made of `ALARM("name")`, `AND` and `OR` holds; `AND` binds closer, and there are no brackets around.
fn expression_holds(expression: &str, on: &dyn Fn(&str) -> bool) -> bool {
    let term = |term: &str| term.trim().trim_start_matches("ALARM(\"").trim_end_matches("\")").to_owned();
    expression.split(" OR ").any(|all| all.split(" AND ").all(|one| on(&term(one))))
}

fn missing(rule: &MetricRule) -> Verdict {
    let treated = match rule.treat_missing_data {
        "notBreaching" => Some(("OK", "[NonBreaching]")),
        "breaching" => Some(("ALARM", "[Breaching]")),
        _ => None,
    };
    let count = rule.evaluation_periods;
    let (state, reason) = match treated {
        Some((state, word)) => (
            state,
            format!(
                "Threshold Crossed: no datapoints were received for {count} periods and {count} missing datapoints were treated as {word}."
            ),
        ),
        None => ("INSUFFICIENT_DATA", format!("Insufficient Data: {count} datapoints were unknown.")),
    };
    Verdict { state, reason, data: "{}".to_owned() }
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
    let values: Vec<f64> = points.iter().rev().map(|(_, value)| *value).collect();
    json!({
        "version": "1.0",
        "queryDate": stamp(now),
        "startDate": points.first().map(|(at, _)| stamp(*at)),
        "statistic": rule.statistic,
        "period": rule.period,
        "recentDatapoints": values,
        "threshold": rule.threshold,
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
