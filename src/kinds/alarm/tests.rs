//! Alarms of the SDK's builders, mapped to rows.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::builders::MetricAlarmBuilder;
use aws_sdk_cloudwatch::types::{
    ActionsSuppressedBy, ComparisonOperator, CompositeAlarm, Dimension, HistoryItemType, Metric, MetricAlarm,
    MetricDataQuery, MetricStat, StateValue, Statistic,
};
use jiff::Timestamp;

use super::*;
use crate::model::filter::Sieve;
use crate::model::{Filter, Health, Query, Scope};

fn scope() -> Scope {
    Scope::new("dhbw-prod", "eu-central-1")
}

fn alarm(name: &str, state: StateValue) -> MetricAlarmBuilder {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    MetricAlarm::builder()
        .alarm_name(name)
        .state_value(state)
        .state_reason("Threshold Crossed: 3 out of the last 5 datapoints were greater than the threshold")
        .state_reason_data("{\"recentDatapoints\":[70.0,95.1,88.0,79.0,91.2]}")
        .state_transitioned_timestamp(DateTime::from_secs(0))
        .state_updated_timestamp(DateTime::from_secs(600))
        .actions_enabled(true)
        .namespace("AWS/ECS")
        .metric_name("CPUUtilization")
        .statistic(Statistic::Average)
        .threshold(80.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .evaluation_periods(5)
        .datapoints_to_alarm(3)
        .period(60)
        .dimensions(dimension("ClusterName", "lecture"))
        .dimensions(dimension("ServiceName", "backend"))
}

fn metric_row(alarm: MetricAlarmBuilder) -> Resource {
    row::of_metric(&scope(), &alarm.build(), Timestamp::from_second(7_200).unwrap()).unwrap()
}

fn shown(row: &Resource, column: &str) -> String {
    DEF.cell(row, column).unwrap().show_exact().into_owned()
}

#[test]
fn a_firing_alarm_says_why_and_since_when() {
    let row = metric_row(alarm("cpu", StateValue::Alarm));
    assert_eq!(row.cells.len(), COLUMNS.len());
    assert_eq!(row.health, Health::Failed);
    assert_eq!(&*row.reason, "CPUUtilization 91.2 > 80 for 3 of 5 (since 00:00Z)");
    assert!(shown(&row, "state_reason").starts_with("Threshold Crossed: 3 out of"));
    assert_eq!(shown(&row, "state"), "ALARM");
    assert_eq!(shown(&row, "watches"), "backend");
    assert_eq!(shown(&row, "condition"), "Average > 80, 3 of 5 × 1m");
    assert_eq!(shown(&row, "dimensions"), "ClusterName=lecture, ServiceName=backend");
}

#[test]
fn states_have_their_health() {
    let quiet = metric_row(alarm("cpu", StateValue::Ok));
    assert_eq!((quiet.health, &*quiet.reason), (Health::Ok, ""));
    let blind = metric_row(alarm("cpu", StateValue::InsufficientData).state_reason("Insufficient Data: 1"));
    assert_eq!(blind.health, Health::Unknown);
    assert_eq!(&*blind.reason, "not enough data of CPUUtilization (since 00:00Z)");
    let muted = metric_row(alarm("cpu", StateValue::Ok).actions_enabled(false));
    assert_eq!((muted.health, &*muted.reason), (Health::Ok, "its actions are disabled"));
    let both = metric_row(alarm("cpu", StateValue::Alarm).actions_enabled(false));
    assert!(both.reason.ends_with("(since 00:00Z); its actions are disabled"), "{}", both.reason);
    let tomorrow = Timestamp::from_second(100_000).unwrap();
    let old = row::of_metric(&scope(), &alarm("cpu", StateValue::Alarm).build(), tomorrow).unwrap();
    assert!(old.reason.ends_with("(since 1970-01-01)"), "{}", old.reason);
}

#[test]
fn levers_of_target_tracking_are_no_calls_for_help() {
    let low = metric_row(alarm("TargetTracking-service/c/s-AlarmLow-1f", StateValue::Alarm));
    assert_eq!(low.health, Health::Ok);
    let high = metric_row(alarm("TargetTracking-service/c/s-AlarmHigh-1f", StateValue::Alarm));
    assert_eq!(high.health, Health::Progressing);
}

#[test]
fn an_expression_shows_its_label_and_all_dimensions() {
    let metric = |name: &str| {
        let dimension = Dimension::builder().name("LoadBalancer").value("app/web/1").build();
        MetricStat::builder()
            .period(300)
            .metric(Metric::builder().metric_name(name).dimensions(dimension).build())
            .build()
    };
    let query =
        |id: &str, name: &str| MetricDataQuery::builder().id(id).metric_stat(metric(name)).return_data(false).build();
    let alarm = MetricAlarm::builder()
        .alarm_name("5xx share")
        .state_value(StateValue::Ok)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .threshold(0.5)
        .evaluation_periods(1)
        .metrics(MetricDataQuery::builder().id("e1").expression("100*m1/m2").label("5xx %").build())
        .metrics(query("m1", "HTTPCode_ELB_5XX_Count"))
        .metrics(query("m2", "RequestCount"));
    let row = metric_row(alarm);
    assert_eq!(shown(&row, "metric"), "5xx %");
    assert_eq!(shown(&row, "condition"), "≥ 0.5, 1 of 1 × 5m");
    assert_eq!(shown(&row, "dimensions"), "LoadBalancer=app/web/1");
    assert_eq!(shown(&row, "watches"), "web");
    assert!(metrics(&row).is_empty());
}

#[test]
fn it_leads_to_what_it_watches_and_charts_it() {
    let row = metric_row(alarm("cpu", StateValue::Alarm));
    let Query::Detail(service) = &relations(&row)[0].query else { panic!("no detail") };
    assert_eq!(
        (service.kind, &*service.id, service.scope.cluster.as_deref()),
        ("ecs-service", "backend", Some("lecture"))
    );
    let spec = &metrics(&row)[0];
    assert_eq!(
        (&*spec.namespace, &*spec.metric, &*spec.stat, spec.unit),
        ("AWS/ECS", "CPUUtilization", "Average", Unit::Percent)
    );
    assert_eq!(spec.dimensions[1], ("ServiceName".into(), "backend".into()));
}

#[test]
fn composites_and_children_lead_to_each_other() {
    let composite = CompositeAlarm::builder()
        .alarm_name("site")
        .state_value(StateValue::Alarm)
        .state_reason("cpu is in ALARM")
        .alarm_rule("ALARM(cpu) OR ALARM(\"5xx share\")")
        .actions_suppressed_by(ActionsSuppressedBy::Alarm)
        .actions_suppressed_reason("maintenance is in ALARM")
        .build();
    let site = row::of_composite(&scope(), &composite, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(site.cells.len(), COLUMNS.len());
    assert_eq!(&*site.reason, "cpu is in ALARM; its actions are suppressed: maintenance is in ALARM");
    let cpu = metric_row(alarm("cpu", StateValue::Alarm));
    let cpu2 = metric_row(alarm("cpu2", StateValue::Alarm));
    let down = relations(&site).into_iter().find(|relation| relation.label == "children").unwrap();
    assert!(passes(&down, &cpu) && !passes(&down, &cpu2));
    let up = |row: &Resource| relations(row).into_iter().find(|relation| relation.label == "parents").unwrap();
    assert!(passes(&up(&cpu), &site) && !passes(&up(&cpu2), &site));
}

fn passes(relation: &Relation, row: &Resource) -> bool {
    let filter = Filter::parse(relation.filter.as_deref().unwrap()).unwrap();
    Sieve::new(&filter, &|_, column| DEF.column(column), Timestamp::UNIX_EPOCH).passes(row)
}

#[test]
fn history_is_in_words() {
    let item = AlarmHistoryItem::builder()
        .history_item_type(HistoryItemType::StateUpdate)
        .timestamp(DateTime::from_secs(0))
        .history_summary("Alarm updated from OK to ALARM");
    let Section::Table { rows, .. } = history_table(&[item.build()]) else { panic!("no table") };
    assert_eq!(rows[0].0[1], Value::text("state"));
}
