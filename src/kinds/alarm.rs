//! `alarm`: metric and composite alarms of CloudWatch.

mod condition;
mod row;
mod rule;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::operation::describe_alarms::builders::DescribeAlarmsFluentBuilder;
use aws_sdk_cloudwatch::types::{AlarmHistoryItem, AlarmType, ScanBy};
use futures_util::future::join;
use jiff::Timestamp;

use super::parts;
use super::{Asked, BridgePane, Column, KindDef, Op, Relation, Show, Sink, System, dimensions, no_logs};
use crate::model::{Detail, Fault, MetricSpec, Resource, ResourceId, Section, Unit, Value};
use crate::providers::Env;
use crate::providers::aws::raw::Capture;
use crate::providers::aws::{fault, pages};

const KIND: &str = "alarm";
const LIST: Op = "cloudwatch:DescribeAlarms";
const HISTORY: Op = "cloudwatch:DescribeAlarmHistory";

/// The most alarms that one call describes, and a page's size.
const PAGE: usize = 100;
/// How many of the newest history items a detail shows.
const HISTORY_SHOWN: i32 = 50;

/// CloudWatch alarms.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "alarms",
    aliases: &["al", "alert", "alerts"],
    doc: "CloudWatch alarms, metric and composite: state, since when and why, what they watch",
    system: System::Aws,
    pane: Some(BridgePane::Alarms),
    columns: COLUMNS,
    reads: &[LIST, HISTORY],
    cadence: Duration::from_secs(20),
    list,
    detail,
    raw,
    relations,
    metrics,
    logs: no_logs,
    has_logs: false,
    console: |alarm| {
        Some(parts::console(alarm, "cloudwatch", &format!("alarmsV2:alarm/{}", parts::encoded(&alarm.id.id))))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("state", "STATE", (5, 17), Show::Table(0), "OK, ALARM or INSUFFICIENT_DATA"),
    Column::text("since", "SINCE", (4, 8), Show::Table(1), "When it came into this state"),
    Column::text("watches", "WATCHES", (10, 40), Show::Table(2), "What its metric is of"),
    Column::text("metric", "METRIC", (10, 32), Show::Table(3), "Metric it watches"),
    Column::text("condition", "CONDITION", (10, 36), Show::Table(4), "When it goes into alarm"),
    Column::text("description", "DESCRIPTION", (10, 80), Show::Data, "What its makers say of it"),
    Column::text(
        "state_reason",
        "STATE REASON",
        (10, 120),
        Show::Data,
        "Why it is in this state, in CloudWatch's words",
    ),
    Column::text("type", "TYPE", (6, 9), Show::Data, "metric or composite"),
    Column::text("namespace", "NAMESPACE", (7, 30), Show::Data, "Namespace of its metric"),
    Column::text("stat", "STATISTIC", (3, 12), Show::Data, "Statistic of its metric"),
    Column::text("dimensions", "DIMENSIONS", (10, 80), Show::Data, "Dimensions of its metric, as NAME=VALUE"),
    Column::text("threshold", "THRESHOLD", (3, 12), Show::Data, "Threshold"),
    Column::text("missing_data", "MISSING DATA", (6, 12), Show::Data, "What missing data counts as"),
    Column::text("rule", "RULE", (10, 120), Show::Data, "Rule of a composite alarm"),
    Column::text("children", "CHILDREN", (10, 80), Show::Data, "Alarms that its rule names"),
    Column::text("actions_enabled", "ACTIONS ENABLED", (3, 3), Show::Data, "Whether its actions are carried out"),
    Column::text("actions", "ACTIONS", (10, 120), Show::Data, "What it does when it goes into alarm"),
    Column::text("changed", "CHANGED", (4, 20), Show::Data, "When its configuration was last changed"),
];

/// Without the types CloudWatch would tell of metric alarms only.
fn ask(env: &Env) -> DescribeAlarmsFluentBuilder {
    let call = env.aws.cloudwatch().describe_alarms();
    call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm)
}

fn rows(env: &Env, answer: &DescribeAlarmsOutput) -> Result<Vec<Resource>, Fault> {
    let now = Timestamp::now();
    let metric = answer.metric_alarms().iter().map(|alarm| row::of_metric(&env.scope, alarm, now));
    metric.chain(answer.composite_alarms().iter().map(|alarm| row::of_composite(&env.scope, alarm, now))).collect()
}

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(pages(LIST, move |token| async move {
        let call = ask(env).max_records(PAGE as i32).set_next_token(token);
        let page = call.send().await.map_err(|error| fault(LIST, &error))?;
        sink.page(rows(env, &page)?);
        Ok(page.next_token)
    }))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (alarm, history) = join(named(env, &[&id.id]), history(env, id)).await;
        let alarm = alarm?.into_iter().next().ok_or_else(|| parts::gone(id))?;
        let mut sections = vec![parts::summary(&DEF, &alarm)];
        let children = parts::items_of(&DEF, &alarm, "children");
        if !children.is_empty() {
            let names: Vec<&str> = children.iter().take(PAGE).map(|name| &**name).collect();
            sections.push(parts::or_why("Children", named(env, &names).await.map(|found| children_table(&found))));
        }
        sections.push(parts::or_why("History", history));
        Ok(Detail { sections })
    })
}

/// The alarms of these names, up to a hundred.
async fn named(env: &Env, names: &[&str]) -> Result<Vec<Resource>, Fault> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let answer = ask(env).set_alarm_names(Some(names)).max_records(PAGE as i32).send().await;
    rows(env, &answer.map_err(|error| fault(LIST, &error))?)
}

fn children_table(children: &[Resource]) -> Section {
    let row = |child: &Resource| {
        let cells = ["state", "since"].map(|column| DEF.cell(child, column).cloned().unwrap_or_default());
        let [state, since] = cells;
        (vec![Value::Text(child.name.clone()), state, since, Value::text(&child.reason)], Some(child.id.clone()))
    };
    let columns = vec!["alarm", "state", "since", "reason"];
    Section::Table { title: "Children", columns, rows: children.iter().map(row).collect() }
}

/// The newest of its history, in one call: it can be as long as it likes.
async fn history(env: &Env, id: &ResourceId) -> Result<Section, Fault> {
    let call = env.aws.cloudwatch().describe_alarm_history().alarm_name(&*id.id).max_records(HISTORY_SHOWN);
    let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
    let answer = call.scan_by(ScanBy::TimestampDescending).send().await.map_err(|error| fault(HISTORY, &error))?;
    Ok(history_table(answer.alarm_history_items()))
}

fn history_table(items: &[AlarmHistoryItem]) -> Section {
    let row = |item: &AlarmHistoryItem| {
        let sort = item.history_item_type().map(|sort| match sort.as_str() {
            "StateUpdate" => "state",
            "ConfigurationUpdate" => "configuration",
            "Action" => "action",
            other => other,
        });
        (vec![parts::time(item.timestamp()), Value::maybe(sort), Value::maybe(item.history_summary())], None)
    };
    let columns = vec!["when", "what", "summary"];
    Section::Table { title: "History", columns, rows: items.iter().map(row).collect() }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = ask(env).alarm_names(&*id.id).customize().interceptor(capture.clone());
        let answer = call.send().await.map_err(|error| fault(LIST, &error))?;
        let metric = !answer.metric_alarms().is_empty();
        capture.pretty(LIST, if metric { "/MetricAlarms/0" } else { "/CompositeAlarms/0" })
    })
}

/// Its dimensions, as names and values.
fn dimensions_of(alarm: &Resource) -> Vec<(&str, &str)> {
    parts::items_of(&DEF, alarm, "dimensions").iter().filter_map(|item| item.split_once('=')).collect()
}

fn relations(alarm: &Resource) -> Vec<Relation> {
    let scope = &alarm.id.scope;
    let watched = dimensions::resources(scope, parts::text_of(&DEF, alarm, "namespace"), &dimensions_of(alarm));
    let mut relations: Vec<Relation> = watched.into_iter().map(|(label, id)| parts::to_one(label, id)).collect();
    let children = parts::items_of(&DEF, alarm, "children");
    if !children.is_empty() {
        relations.push(parts::to_those("children", scope, KIND, parts::exactly("name", children)));
    }
    relations.push(parts::to_those("parents", scope, KIND, parts::lists("children", [&alarm.id.id])));
    relations
}

/// The very metric it watches, where it is one and no expression.
fn metrics(alarm: &Resource) -> Vec<MetricSpec> {
    let (namespace, metric, stat) = (
        parts::text_of(&DEF, alarm, "namespace"),
        parts::text_of(&DEF, alarm, "metric"),
        parts::text_of(&DEF, alarm, "stat"),
    );
    if namespace.is_empty() || stat.is_empty() {
        return Vec::new();
    }
    let dimensions = dimensions_of(alarm).into_iter();
    vec![MetricSpec {
        resource: alarm.id.clone(),
        label: "metric",
        namespace: namespace.to_owned().into(),
        metric: metric.to_owned().into(),
        dimensions: dimensions.map(|(name, value)| (name.to_owned().into(), Arc::from(value))).collect(),
        stat: stat.to_owned().into(),
        unit: unit(metric),
    }]
}

/// The unit that a metric's name suggests: CloudWatch tells it only with the points.
fn unit(metric: &str) -> Unit {
    let has = |words: &[&str]| words.iter().any(|word| metric.contains(word));
    if has(&["Utilization", "Percent"]) {
        Unit::Percent
    } else if has(&["Latency", "ResponseTime"]) {
        Unit::Seconds
    } else if has(&["Bytes", "Storage", "FreeableMemory", "SwapUsage"]) {
        Unit::Bytes
    } else {
        Unit::Count
    }
}

#[cfg(test)]
mod tests;
