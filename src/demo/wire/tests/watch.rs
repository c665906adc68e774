//! CloudWatch and CloudTrail.

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{
    AlarmType, Dimension, DimensionFilter, Metric, MetricDataQuery, MetricStat, ScanBy, StateValue, StatusCode,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{all, estate, start};

fn ago(seconds: i64) -> DateTime {
    DateTime::from_secs(start().as_second() - seconds)
}

#[tokio::test]
async fn alarms_of_both_sorts_with_their_history() {
    let estate = estate();
    let (mut metric, mut composite, mut firing, mut history) = (0, 0, 0, 0);
    for (_, config) in all(&estate) {
        let watch = aws_sdk_cloudwatch::Client::new(&config);
        let both = watch.describe_alarms().alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let pages = both.max_records(3).into_paginator().send().try_collect().await.unwrap();
        assert!(pages.iter().all(|page| page.metric_alarms().len() + page.composite_alarms().len() <= 3));
        for alarm in pages.iter().flat_map(DescribeAlarmsOutput::metric_alarms) {
            metric += 1;
            assert!(alarm.threshold().is_some() && alarm.comparison_operator().is_some() && alarm.period().is_some());
            assert!(alarm.statistic().is_some() || alarm.extended_statistic().is_some());
            assert!(alarm.state_updated_timestamp().is_some() && alarm.state_reason().is_some());
            let dimensions = Some(alarm.dimensions().iter().rev().cloned().collect());
            let same = watch
                .describe_alarms_for_metric()
                .namespace(alarm.namespace().unwrap())
                .metric_name(alarm.metric_name().unwrap())
                .set_dimensions(dimensions);
            let same = same.send().await.unwrap();
            assert!(same.metric_alarms().iter().any(|one| one.alarm_name() == alarm.alarm_name()));
        }
        for alarm in pages.iter().flat_map(DescribeAlarmsOutput::composite_alarms) {
            composite += 1;
            assert!(alarm.alarm_rule().is_some_and(|rule| rule.contains("ALARM(")));
            let children = watch.describe_alarms().children_of_alarm_name(alarm.alarm_name().unwrap());
            assert!(!children.send().await.unwrap().metric_alarms().is_empty());
        }
        let only = watch.describe_alarms().send().await.unwrap();
        assert!(only.composite_alarms().is_empty(), "nothing said means metric alarms");
        let in_alarm = watch.describe_alarms().state_value(StateValue::Alarm).send().await.unwrap();
        assert!(in_alarm.metric_alarms().iter().all(|alarm| alarm.state_value() == Some(&StateValue::Alarm)));
        firing += in_alarm.metric_alarms().len();
        let items = watch.describe_alarm_history().into_paginator().items().send().try_collect().await.unwrap();
        assert!(items.is_sorted_by(|one, other| one.timestamp() >= other.timestamp()), "newest first");
        assert!(items.iter().all(|item| item.history_summary().is_some() && item.alarm_name().is_some()));
        history += items.len();
    }
    assert!(metric > 0 && composite > 0 && firing > 0 && history > 0, "{metric} {composite} {firing} {history}");
}

fn query(n: usize, metric: &Metric, period: i32) -> MetricDataQuery {
    let stat = MetricStat::builder().metric(metric.clone()).period(period).stat("Average").build();
    MetricDataQuery::builder().id(format!("m{n}")).label(format!("label {n}")).metric_stat(stat).build()
}

#[tokio::test]
async fn metric_data_by_hundreds_of_queries() {
    let estate = estate();
    let mut seen = 0;
    for (_, config) in all(&estate) {
        let watch = aws_sdk_cloudwatch::Client::new(&config);
        let pages = watch.list_metrics().into_paginator().send().try_collect().await.unwrap();
        let metrics: Vec<Metric> = pages.into_iter().flat_map(|page| page.metrics.unwrap_or_default()).collect();
        let Some(one) = metrics.first() else { continue };
        let name = one.metric_name().unwrap();
        let named = watch.list_metrics().metric_name(name).send().await.unwrap();
        assert!(named.metrics().iter().all(|metric| metric.metric_name() == Some(name)));
        if let Some(dimension) = one.dimensions().first() {
            let filter = DimensionFilter::builder().name(dimension.name().unwrap()).value(dimension.value().unwrap());
            let found = watch.list_metrics().dimensions(filter.build()).send().await.unwrap();
            assert!(found.metrics().contains(one));
        }
        let queries: Vec<MetricDataQuery> =
            metrics.iter().take(500).enumerate().map(|(n, metric)| query(n, metric, 60)).collect();
        let count = queries.len();
        let request =
            watch.get_metric_data().set_metric_data_queries(Some(queries)).start_time(ago(3600)).end_time(ago(0));
        let whole = request.clone().send().await.unwrap();
        assert_eq!((whole.metric_data_results().len(), whole.next_token()), (count, None));
        for (n, result) in whole.metric_data_results().iter().enumerate() {
            assert_eq!(
                (result.id(), result.label()),
                (Some(format!("m{n}").as_str()), Some(format!("label {n}").as_str()))
            );
            assert_eq!(result.timestamps().len(), result.values().len());
            assert!(result.timestamps().is_sorted_by(|one, other| one > other), "newest first");
            assert_eq!(result.status_code(), Some(&StatusCode::Complete));
            seen += result.values().len();
        }
        let forward = request.clone().scan_by(ScanBy::TimestampAscending).send().await.unwrap();
        let (first, last) = (&forward.metric_data_results()[0], &whole.metric_data_results()[0]);
        assert!(first.values().iter().eq(last.values().iter().rev()));
        let few: Vec<MetricDataQuery> =
            metrics.iter().take(5).enumerate().map(|(n, metric)| query(n, metric, 60)).collect();
        let pages = request
            .set_metric_data_queries(Some(few))
            .max_datapoints(7)
            .into_paginator()
            .send()
            .try_collect()
            .await
            .unwrap();
        let joined: Vec<f64> = pages
            .iter()
            .flat_map(GetMetricDataOutput::metric_data_results)
            .flat_map(|one| one.values().to_vec())
            .collect();
        let at_once: Vec<f64> =
            whole.metric_data_results().iter().take(5).flat_map(|one| one.values().to_vec()).collect();
        assert_eq!(joined, at_once);
    }
    assert!(seen > 100, "{seen}");
}

#[tokio::test]
async fn metric_data_has_limits() {
    let estate = estate();
    let (_, config) = all(&estate).remove(0);
    let watch = aws_sdk_cloudwatch::Client::new(&config);
    let dimension = Dimension::builder().name("ServiceName").value("none").build();
    let metric = Metric::builder().namespace("AWS/ECS").metric_name("CPUUtilization").dimensions(dimension).build();
    let ask = |count: usize, period: i32| {
        let queries = (0..count).map(|n| query(n, &metric, period)).collect();
        watch.get_metric_data().set_metric_data_queries(Some(queries)).start_time(ago(600)).end_time(ago(0))
    };
    let nothing = ask(500, 60).send().await.unwrap();
    assert!(nothing.metric_data_results().iter().all(|result| result.values().is_empty()));
    for wrong in [ask(501, 60), ask(1, 61), ask(1, 60).start_time(ago(-60))] {
        assert_eq!(wrong.send().await.unwrap_err().code(), Some("ValidationError"));
    }
    let twice = ask(1, 60).metric_data_queries(query(0, &metric, 60)).send().await.unwrap_err();
    assert_eq!(twice.code(), Some("ValidationError"));
    let wrong = ask(1, 60).next_token("x").send().await.unwrap_err();
    assert_eq!(wrong.code(), Some("InvalidNextToken"));
}

#[tokio::test]
async fn management_events_are_looked_up() {
    let estate = estate();
    let (mut seen, mut long_lists) = (0, 0);
    for (name, config) in all(&estate) {
        let trail = aws_sdk_cloudtrail::Client::new(&config);
        let by = |key: LookupAttributeKey, value: &str| {
            let attribute = LookupAttribute::builder().attribute_key(key).attribute_value(value).build().unwrap();
            trail.lookup_events().lookup_attributes(attribute)
        };
        let writes = by(LookupAttributeKey::ReadOnly, "false").into_paginator().items().send();
        let writes: Vec<_> = writes.try_collect().await.unwrap();
        assert!(writes.is_sorted_by(|one, other| one.event_time() >= other.event_time()), "newest first");
        for event in &writes {
            assert_eq!(event.read_only(), Some("false"));
            assert!(event.event_name().is_some() && event.event_source().is_some() && event.username().is_some());
            let record: serde_json::Value = serde_json::from_str(event.cloud_trail_event().unwrap()).unwrap();
            assert_eq!(record["eventName"].as_str(), event.event_name(), "{name}");
        }
        seen += writes.len();
        long_lists += usize::from(writes.len() > 50);
        let Some(one) = writes.first() else { continue };
        let user = by(LookupAttributeKey::Username, one.username().unwrap()).send().await.unwrap();
        assert!(user.events().iter().all(|event| event.username() == one.username()));
        let named = by(LookupAttributeKey::EventName, one.event_name().unwrap()).send().await.unwrap();
        assert!(named.events().iter().all(|event| event.event_name() == one.event_name()));
        if let Some(resource) = one.resources().first() {
            let touched = by(LookupAttributeKey::ResourceName, resource.resource_name().unwrap()).send().await.unwrap();
            assert!(touched.events().iter().any(|event| event.event_id() == one.event_id()));
        }
        let window = trail.lookup_events().start_time(ago(3600)).end_time(ago(0)).send().await.unwrap();
        assert!(window.events().iter().all(|event| event.event_time().is_some_and(|at| *at >= ago(3600))));
        let error = trail.lookup_events().max_results(51).send().await.unwrap_err();
        assert!(error.into_service_error().is_invalid_max_results_exception());
        let error = trail.lookup_events().next_token("x").send().await.unwrap_err();
        assert!(error.into_service_error().is_invalid_next_token_exception());
    }
    assert!(seen > 0, "{seen} {long_lists}");
}
