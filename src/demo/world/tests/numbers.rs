//! Metrics and alarms agree, and metrics are the same however they are asked for.

use super::*;

/// The one alarm that has a metric nobody measures.
const UNMEASURED: &str = "-function-errors";

#[test]
fn alarms_are_on_metrics_with_data_and_in_the_state_these_stand_for() {
    for count in [3, 28, 63, 118] {
        let mut world = world_after(count);
        // Just after every alarm was evaluated, whatever its period.
        let second = world.accounts()[0].now.as_second();
        world.advance_to(Timestamp::from_second(second - second % 300 + 306).unwrap());
        for account in world.accounts() {
            for alarm in account.alarms.values() {
                match &alarm.rule {
                    AlarmRule::Metric(rule) => assert_eq!(alarm.state, stands_for(account, rule), "{}", alarm.name),
                    AlarmRule::Composite { children, .. } => {
                        let on = |child: &String| account.alarms[child].state == "ALARM";
                        assert!(alarm.state == "OK" || children.iter().any(on), "{}", alarm.name);
                    }
                }
            }
        }
    }
}

/// The state of a rule, by what `metric` gives for its last periods.
fn stands_for(account: &Account, rule: &MetricRule) -> Word {
    let period = i64::from(rule.period);
    let end = account.now.as_second() / period * period;
    let begin = end - period * i64::from(rule.evaluation_periods);
    let at = |second| Timestamp::from_second(second).unwrap();
    let points = account.metric(&rule.metric, rule.statistic, period, at(begin), at(end));
    let above = rule.comparison == "GreaterThanThreshold";
    let over = points.iter().filter(|(_, value)| if above { *value > rule.threshold } else { *value < rule.threshold });
    if points.is_empty() {
        return "INSUFFICIENT_DATA";
    }
    assert_eq!(points.len() as i32, rule.evaluation_periods);
    if over.count() as i32 >= rule.datapoints_to_alarm { "ALARM" } else { "OK" }
}

#[test]
fn only_the_unmeasured_metric_has_too_little_data() {
    let world = world_after(0);
    for account in world.accounts() {
        for alarm in account.alarms.values() {
            assert_eq!(alarm.state == "INSUFFICIENT_DATA", alarm.name.ends_with(UNMEASURED), "{}", alarm.name);
        }
    }
}

#[test]
fn reasons_are_in_the_words_of_cloudwatch_and_quote_the_metric() {
    let world = world_after(0);
    let alarm = &account(&world, "dhbw-prod").alarms["lecture-dhbw-backend-5xx"];
    let reason = &alarm.state_reason;
    assert!(reason.starts_with("Threshold Crossed: 5 out of the last 5 datapoints ["), "{reason}");
    assert!(reason.ends_with("greater than the threshold (25.0) (minimum 5 datapoints for OK -> ALARM transition)."));
    let data: serde_json::Value = serde_json::from_str(&alarm.state_reason_data).unwrap();
    assert_eq!(data["recentDatapoints"].as_array().unwrap().len(), 5);
    let history = &account(&world, "dhbw-prod").alarm_history;
    let item = history.iter().find(|item| item.alarm == alarm.name).unwrap();
    assert_eq!((item.at, item.summary.as_str()), (alarm.state_updated_at, "Alarm updated from OK to ALARM"));
}

#[test]
fn a_metric_is_the_same_whenever_it_is_read_and_however_its_dimensions_stand() {
    let (early, late) = (world_after(0), world_after(45));
    let (from, to) = (start() - minutes(90), start() - minutes(2));
    for (early, late) in early.accounts().iter().zip(late.accounts()) {
        for metric in early.metrics() {
            let mut turned = metric.clone();
            turned.dimensions.reverse();
            for (period, statistic) in [(60, "Average"), (300, "Maximum"), (3_600, "Sum"), (300, "p99")] {
                // What a period that is not over comes to is still open.
                let over = |account: &Account, metric: &MetricId| {
                    let mut points = account.metric(metric, statistic, period, from, to);
                    points.retain(|(at, _)| at.as_second() + period <= early.now.as_second());
                    points
                };
                let points = over(early, &metric);
                assert_eq!(points, over(late, &turned), "{metric:?}");
                assert!(points.iter().all(|(at, value)| value.is_finite() && at.as_second() % period == 0));
            }
            assert!(early.metric_unit(&turned).is_some());
        }
    }
}

#[test]
fn every_kind_has_the_metrics_that_it_is_shown_with() {
    let world = world_after(0);
    let enterprise = account(&world, "enterprise-prod");
    let metrics = enterprise.metrics();
    for (namespace, names) in [
        ("AWS/ECS", vec!["CPUUtilization", "MemoryUtilization"]),
        ("AWS/RDS", vec!["CPUUtilization", "DatabaseConnections", "FreeStorageSpace", "ReadLatency", "WriteLatency"]),
        ("AWS/ApplicationELB", vec!["HTTPCode_Target_5XX_Count", "TargetResponseTime", "UnHealthyHostCount"]),
        ("AWS/ElastiCache", vec!["CPUUtilization", "Evictions"]),
    ] {
        for name in names {
            let found = metrics.iter().find(|metric| metric.namespace == namespace && metric.name == name);
            let found = found.unwrap_or_else(|| panic!("no {namespace} {name}"));
            let points = enterprise.metric(found, "Average", 300, start() - minutes(180), start());
            assert_eq!(points.len(), 36, "{found:?}");
        }
    }
}

#[test]
fn nothing_is_known_of_other_metrics_or_of_the_future() {
    let world = world_after(0);
    let account = account(&world, "tfe-prod");
    let cpu = |id| MetricId::new("AWS/RDS", "CPUUtilization", &[("DBInstanceIdentifier", id)]);
    let (from, to) = (start() - minutes(5), start() + minutes(60));
    assert!(account.metric(&cpu("nothing"), "Average", 60, from, to).is_empty());
    let points = account.metric(&cpu("tfe-prod-db"), "Average", 60, from, to);
    assert!(!points.is_empty() && points.iter().all(|(at, _)| *at + minutes(1) <= start()));
}

#[test]
fn hosts_are_counted_as_they_are() {
    let world = world_after(25);
    for account in world.accounts() {
        for group in account.target_groups.values() {
            let name = group.arn.rsplit(':').next().unwrap();
            let found = account.metrics().into_iter().find(|metric| {
                metric.name == "HealthyHostCount" && metric.dimensions.iter().any(|(_, value)| value == name)
            });
            let now = account.now;
            let points = account.metric(&found.unwrap(), "Maximum", 300, now - minutes(15), now);
            let most = points.iter().fold(0.0_f64, |most, (_, value)| most.max(*value));
            let healthy = group.targets.iter().filter(|target| target.state == "healthy").count() as f64;
            assert!(most + 1.0 >= healthy, "{} {points:?}", group.name);
        }
    }
}
