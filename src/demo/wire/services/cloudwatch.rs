//! CloudWatch: alarms and their history; metric data are in `metrics`.

use super::super::call::{Answer, Call};
use super::super::input::Input;
use super::super::node::{Fields, Node, fields, list};
use super::{metrics, not_offered};
use crate::demo::world::{Alarm, AlarmHistoryItem, AlarmRule, MetricRule};

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "DescribeAlarms" => describe_alarms(call),
        "DescribeAlarmsForMetric" => describe_alarms_for_metric(call),
        "DescribeAlarmHistory" => describe_history(call),
        "GetMetricData" => metrics::get_data(call),
        "ListMetrics" => metrics::list_metrics(call),
        _ => Err(not_offered(call)),
    }
}

/// The alarm types that are asked for; only metric alarms when nothing is said.
fn types<'a>(call: &'a Call<'_>) -> Vec<&'a str> {
    let types = call.input.texts("AlarmTypes");
    if types.is_empty() { vec!["MetricAlarm"] } else { types }
}

fn type_of(alarm: &Alarm) -> &'static str {
    match alarm.rule {
        AlarmRule::Metric(_) => "MetricAlarm",
        AlarmRule::Composite { .. } => "CompositeAlarm",
    }
}

fn describe_alarms(call: &Call<'_>) -> Answer {
    let input = call.input;
    let (types, names) = (types(call), input.texts("AlarmNames"));
    if names.len() > 100 {
        return Err(call.invalid("AlarmNames can have at most 100 items"));
    }
    let [prefix, state, action, children, parents] =
        ["AlarmNamePrefix", "StateValue", "ActionPrefix", "ChildrenOfAlarmName", "ParentsOfAlarmName"]
            .map(|key| input.text(key));
    let alarms = &call.account.alarms;
    let children = children.map(|parent| alarms.get(parent).map_or(&[][..], children_of));
    let fits = |alarm: &&Alarm| {
        types.contains(&type_of(alarm))
            && (names.is_empty() || names.contains(&alarm.name.as_str()))
            && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
            && state.is_none_or(|state| alarm.state == state)
            && action.is_none_or(|prefix| alarm.alarm_actions.iter().any(|action| action.starts_with(prefix)))
            && children.is_none_or(|names| names.contains(&alarm.name))
            && parents.is_none_or(|child| children_of(alarm).iter().any(|name| name == child))
    };
    // Composite alarms first, as the API has them.
    let mut found: Vec<&Alarm> = alarms.values().filter(fits).collect();
    found.sort_by_key(|alarm| type_of(alarm));
    let page = call.page(found.len(), call.size("MaxRecords", 50, 1..101)?, "NextToken")?;
    let (mut metric, mut composite) = (Vec::new(), Vec::new());
    for alarm in page.of(&found) {
        match &alarm.rule {
            AlarmRule::Metric(rule) => metric.push(metric_alarm(alarm, rule)),
            AlarmRule::Composite { expression, .. } => composite.push(composite_alarm(alarm, expression)),
        }
    }
    Ok(fields! { "CompositeAlarms": list(composite), "MetricAlarms": list(metric), "NextToken": page.next })
}

fn children_of(alarm: &Alarm) -> &[String] {
    match &alarm.rule {
        AlarmRule::Composite { children, .. } => children,
        AlarmRule::Metric(_) => &[],
    }
}

/// The fields that both sorts of alarm have.
fn common(alarm: &Alarm) -> Fields {
    let mut node = Fields::default();
    node.put("AlarmName", &alarm.name);
    node.put("AlarmArn", &alarm.arn);
    node.put("AlarmDescription", &alarm.description);
    node.put("AlarmConfigurationUpdatedTimestamp", alarm.configured_at);
    node.put("ActionsEnabled", alarm.actions_enabled);
    node.put("OKActions", list(&alarm.ok_actions));
    node.put("AlarmActions", list(&alarm.alarm_actions));
    node.put("InsufficientDataActions", list(Vec::<Node>::new()));
    node.put("StateValue", alarm.state);
    node.put("StateReason", &alarm.state_reason);
    node.put("StateReasonData", &alarm.state_reason_data);
    node.put("StateUpdatedTimestamp", alarm.state_updated_at);
    node.put("StateTransitionedTimestamp", alarm.state_transitioned_at);
    node
}

fn composite_alarm(alarm: &Alarm, expression: &String) -> Node {
    let mut node = common(alarm);
    node.put("AlarmRule", expression);
    Node::Map(node)
}

fn metric_alarm(alarm: &Alarm, rule: &MetricRule) -> Node {
    let statistic = if rule.statistic.starts_with('p') { "ExtendedStatistic" } else { "Statistic" };
    let mut node = common(alarm);
    node.put("MetricName", &rule.metric.name);
    node.put("Namespace", &rule.metric.namespace);
    node.put(statistic, rule.statistic);
    node.put("Dimensions", metrics::dimensions_node(&rule.metric));
    node.put("Period", rule.period);
    node.put("Unit", rule.unit);
    node.put("EvaluationPeriods", rule.evaluation_periods);
    node.put("DatapointsToAlarm", rule.datapoints_to_alarm);
    node.put("Threshold", rule.threshold);
    node.put("ComparisonOperator", rule.comparison);
    node.put("TreatMissingData", rule.treat_missing_data);
    Node::Map(node)
}

fn describe_alarms_for_metric(call: &Call<'_>) -> Answer {
    let input = call.input;
    let (namespace, name) = (call.required("Namespace")?, call.required("MetricName")?);
    let dimensions = metrics::given_dimensions(input);
    let [statistic, extended] = ["Statistic", "ExtendedStatistic"].map(|key| input.text(key));
    let period = input.whole("Period");
    let fits = |rule: &MetricRule| {
        rule.metric.namespace == namespace
            && rule.metric.name == name
            && metrics::same_dimensions(&rule.metric.dimensions, &dimensions)
            && statistic.or(extended).is_none_or(|statistic| rule.statistic == statistic)
            && period.is_none_or(|period| i64::from(rule.period) == period)
    };
    let alarms = call.account.alarms.values().filter_map(|alarm| match &alarm.rule {
        AlarmRule::Metric(rule) if fits(rule) => Some(metric_alarm(alarm, rule)),
        _ => None,
    });
    Ok(fields! { "MetricAlarms": list(alarms) })
}

fn describe_history(call: &Call<'_>) -> Answer {
    let input: &Input = call.input;
    let types = types(call);
    let [name, kind] = ["AlarmName", "HistoryItemType"].map(|key| input.text(key));
    let [start, end] = ["StartDate", "EndDate"].map(|key| input.time(key));
    let fits = |item: &&AlarmHistoryItem| {
        types.contains(&item.alarm_type)
            && name.is_none_or(|name| item.alarm == name)
            && kind.is_none_or(|kind| item.item_type == kind)
            && start.is_none_or(|start| item.at >= start)
            && end.is_none_or(|end| item.at <= end)
    };
    let mut found: Vec<&AlarmHistoryItem> = call.account.alarm_history.iter().filter(fits).collect();
    if input.text("ScanBy") == Some("TimestampAscending") {
        found.reverse();
    }
    let page = call.page(found.len(), call.size("MaxRecords", 100, 1..101)?, "NextToken")?;
    let items = page.of(&found).iter().map(|item| {
        fields! {
            "AlarmName": &item.alarm,
            "AlarmType": item.alarm_type,
            "Timestamp": item.at,
            "HistoryItemType": item.item_type,
            "HistorySummary": &item.summary,
            "HistoryData": &item.data,
        }
    });
    Ok(fields! { "AlarmHistoryItems": list(items), "NextToken": page.next })
}
