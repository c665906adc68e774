//! `log-group`: log groups of CloudWatch Logs.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::operation::describe_log_groups::builders::DescribeLogGroupsFluentBuilder;
use aws_sdk_cloudwatchlogs::types::{LogGroup, LogGroupClass, LogStream, MetricFilter, OrderBy};
use futures_util::future::join3;

use super::parts::{self, fine, int, required, yes};
use super::{Asked, Column, KindDef, Op, Relation, Show, Sink, System, columns};
use crate::model::{Detail, Fault, LogSource, Resource, ResourceId, Scope, Section, Unit, Value, text};
use crate::providers::Env;
use crate::providers::aws::raw::{Capture, pretty};
use crate::providers::aws::{fault, pages};

const KIND: &str = "log-group";
const LIST: Op = "logs:DescribeLogGroups";
const STREAMS: Op = "logs:DescribeLogStreams";
const FILTERS: Op = "logs:DescribeMetricFilters";

/// The most that one page of groups holds.
const PAGE: i32 = 50;
/// How many streams and filters a detail shows: a page of each.
const SHOWN: i32 = 50;

/// Log groups.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "log-groups",
    aliases: &["lg", "lgs", "loggroups"],
    doc: "Log groups of CloudWatch: size, retention; Enter or l tails one",
    system: System::Aws,
    pane: None,
    columns: COLUMNS,
    reads: &[LIST, STREAMS, FILTERS],
    cadence: Duration::from_mins(2),
    list,
    detail,
    raw,
    relations,
    metrics: |group| parts::metrics(&group.id, "AWS/Logs", &[("LogGroupName", &group.id.id)], METRICS),
    logs,
    has_logs: true,
    console: |group| {
        // This page of the console wants its names encoded twice, the second time with a dollar sign.
        let name = parts::encoded(&parts::encoded(&group.id.id)).replace('%', "$");
        Some(parts::console(group, "cloudwatch", &format!("logsV2:log-groups/log-group/{name}")))
    },
};

const COLUMNS: &[Column] = &[
    Column::number("stored", "STORED", 8, Show::Table(0), "Bytes stored"),
    Column::number("retention_days", "RETENTION", 9, Show::Table(1), "Days that lines are kept; nothing for ever"),
    Column::text("class", "CLASS", (8, 17), Show::Table(2), "STANDARD, INFREQUENT_ACCESS or DELIVERY"),
    Column::text("created", "CREATED", (4, 8), Show::Table(3), "When it was made"),
    Column::number("metric_filters", "METRIC FILTERS", 3, Show::Data, "Filters that make metrics of its lines"),
    Column::text("kms_key", "KMS KEY", (10, 80), Show::Data, "Key that encrypts it"),
    columns::DELETION_PROTECTION,
];

const METRICS: &[parts::Metric] =
    &[("events", "IncomingLogEvents", "Sum", Unit::Count), ("bytes", "IncomingBytes", "Sum", Unit::Bytes)];

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(pages(LIST, move |token| async move {
        let call = env.aws.logs().describe_log_groups().limit(PAGE).set_next_token(token);
        let page = call.send().await.map_err(|error| fault(LIST, &error))?;
        sink.page(page.log_groups().iter().map(|group| resource(&env.scope, group)).collect::<Result<_, _>>()?);
        Ok(page.next_token)
    }))
}

/// The API finds groups by prefix only; of those, the one with just this name sorts first.
fn ask(env: &Env, id: &ResourceId) -> DescribeLogGroupsFluentBuilder {
    env.aws.logs().describe_log_groups().log_group_name_prefix(&*id.id)
}

async fn one(env: &Env, id: &ResourceId) -> Result<LogGroup, Fault> {
    let answer = ask(env, id).send().await.map_err(|error| fault(LIST, &error))?;
    let mut found = answer.log_groups.unwrap_or_default().into_iter();
    found.find(|group| group.log_group_name() == Some(&*id.id)).ok_or_else(|| parts::gone(id))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (group, streams, filters) = Box::pin(join3(one(env, id), streams(env, id), filters(env, id))).await;
        let summary = parts::summary(&DEF, &resource(&env.scope, &group?)?);
        let mut sections = vec![summary, parts::or_why("Newest streams", streams)];
        sections.extend(filters.unwrap_or_else(|fault| Some(parts::or_why("Metric filters", Err(fault)))));
        Ok(Detail { sections })
    })
}

async fn streams(env: &Env, id: &ResourceId) -> Result<Section, Fault> {
    let call = env.aws.logs().describe_log_streams().log_group_name(&*id.id).limit(SHOWN);
    let call = call.order_by(OrderBy::LastEventTime).descending(true);
    let answer = call.send().await.map_err(|error| fault(STREAMS, &error))?;
    let row = |stream: &LogStream| {
        let last = Value::instant_ms(stream.last_event_timestamp());
        let first = Value::instant_ms(stream.first_event_timestamp());
        (vec![Value::maybe(stream.log_stream_name()), last, first], None)
    };
    let columns = vec!["stream", "last event", "first event"];
    Ok(Section::Table { title: "Newest streams", columns, rows: answer.log_streams().iter().map(row).collect() })
}

/// Its metric filters, where it has any.
async fn filters(env: &Env, id: &ResourceId) -> Result<Option<Section>, Fault> {
    let call = env.aws.logs().describe_metric_filters().log_group_name(&*id.id).limit(SHOWN);
    let answer = call.send().await.map_err(|error| fault(FILTERS, &error))?;
    let row = |filter: &MetricFilter| {
        let metrics = filter.metric_transformations().iter();
        let metrics = metrics.map(|to| format!("{} {}", to.metric_namespace(), to.metric_name()));
        let cells = [Value::maybe(filter.filter_name()), Value::maybe(filter.filter_pattern()), Value::list(metrics)];
        (cells.to_vec(), None)
    };
    let rows: Vec<_> = answer.metric_filters().iter().map(row).collect();
    let columns = vec!["filter", "pattern", "metrics"];
    Ok((!rows.is_empty()).then_some(Section::Table { title: "Metric filters", columns, rows }))
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = ask(env, id).customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(LIST, &error))?;
        let answer = capture.json(LIST)?;
        let groups = answer.pointer("/logGroups").and_then(|groups| groups.as_array());
        let named = |group: &&serde_json::Value| group["logGroupName"] == *id.id;
        pretty(groups.and_then(|groups| groups.iter().find(named)).ok_or_else(|| parts::gone(id))?)
    })
}

/// A group as a row.
fn resource(scope: &Scope, group: &LogGroup) -> Result<Resource, Fault> {
    let name = required(group.log_group_name(), LIST, "logGroupName")?;
    let stored = group.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok());
    let cells = vec![
        stored.map_or(Value::None, Value::Bytes),
        int(group.retention_in_days()),
        Value::maybe(group.log_group_class().map(LogGroupClass::as_str)),
        Value::instant_ms(group.creation_time()),
        int(group.metric_filter_count()),
        Value::maybe(group.kms_key_id()),
        yes(group.deletion_protection_enabled()),
    ];
    // Of its two ARNs, the one without the `:*` for its streams.
    let arn = group.log_group_arn().or_else(|| group.arn().map(|arn| arn.trim_end_matches(":*")));
    Ok(parts::row(parts::id(scope, KIND, name), name, arn, fine(), cells))
}

/// AWS names the groups of its own services by what they are of; into the others containers write.
fn relations(group: &Resource) -> Vec<Relation> {
    let scope = &group.id.scope;
    let writers = || {
        let writes = parts::lists("log_groups", [&group.id.id]);
        parts::to_those("task definitions", scope, "ecs-task-definition", writes)
    };
    let parts: Vec<&str> = group.id.id.split('/').collect();
    let of = match parts.as_slice() {
        ["", "aws", "rds", "instance", name, _] => Some(("database", "rds-instance", *name)),
        ["", "aws", "rds", "cluster", name, _] => Some(("cluster", "rds-cluster", *name)),
        ["", "aws", "eks", name, "cluster"] => Some(("cluster", "eks-cluster", *name)),
        ["", "aws", "ecs", "containerinsights", name, _] => Some(("cluster", "ecs-cluster", *name)),
        _ => None,
    };
    let of = of.map_or_else(writers, |(label, kind, name)| parts::to_one(label, parts::id(scope, kind, name)));
    [of].into_iter().chain([parts::to_alarms(scope, &[("LogGroupName", &group.id.id)])]).collect()
}

fn logs<'a>(_: &'a Env, id: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async { Ok(vec![source(id)]) })
}

fn source(id: &ResourceId) -> LogSource {
    LogSource::group(id.scope.clone(), id.id.clone(), None, text::clean(id.id.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Health, Query};

    fn row(name: &str) -> Resource {
        let group = LogGroup::builder().log_group_name(name).stored_bytes(2048).creation_time(0).retention_in_days(30);
        let group = group.arn("arn:aws:logs:eu-central-1:1:log-group:x:*");
        resource(&Scope::new("dhbw-prod", "eu-central-1"), &group.build()).unwrap()
    }

    #[test]
    fn a_row_has_every_column() {
        let row = row("/ecs/lecture-backend");
        assert_eq!(row.cells.len(), COLUMNS.len());
        assert_eq!((row.health, &*row.reason), (Health::Ok, ""));
        assert_eq!(row.arn.as_deref(), Some("arn:aws:logs:eu-central-1:1:log-group:x"));
        assert_eq!(DEF.cell(&row, "retention_days"), Some(&Value::Int(30)));
    }

    #[test]
    fn groups_of_services_lead_to_them() {
        let first = |name: &str| match &relations(&row(name))[0].query {
            Query::Detail(id) => format!("{} {}", id.kind, id.id),
            Query::List { kind, .. } => (*kind).to_owned(),
            _ => String::new(),
        };
        assert_eq!(first("/aws/rds/instance/db/postgresql"), "rds-instance db");
        assert_eq!(first("/aws/eks/beta9/cluster"), "eks-cluster beta9");
        assert_eq!(first("/ecs/lecture-backend"), "ecs-task-definition");
    }

    #[test]
    fn it_is_its_own_log_source_and_links_to_the_console() {
        let row = row("/ecs/lecture-backend");
        let source = source(&row.id);
        assert_eq!((&**source.name(), &*source.label), ("/ecs/lecture-backend", "ecs/lecture-backend"));
        let link = (DEF.console)(&row).unwrap();
        assert!(link.ends_with("#logsV2:log-groups/log-group/$252Fecs$252Flecture-backend"), "{link}");
    }
}
