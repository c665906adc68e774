//! CloudWatch Logs, with the live tail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::operation::filter_log_events::builders::FilterLogEventsFluentBuilder;
use aws_sdk_cloudwatchlogs::primitives::event_stream::EventReceiver;
use aws_sdk_cloudwatchlogs::types::error::StartLiveTailResponseStreamError;
use aws_sdk_cloudwatchlogs::types::{
    FilteredLogEvent, LiveTailSessionUpdate, LogStream, OrderBy, StartLiveTailResponseStream,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::SignedDuration;

use super::{all, config, estate, first, start};
use crate::demo::Estate;
use crate::demo::world::Clock;

/// The environment and group with the most lines in the last five minutes.
async fn busiest(estate: &Estate) -> (SdkConfig, String) {
    let mut found = Vec::new();
    for (_, config) in all(estate) {
        let logs = Client::new(&config);
        for group in logs.describe_log_groups().into_paginator().items().send().try_collect().await.unwrap() {
            let name = group.log_group_name().unwrap().to_owned();
            let from = start().as_millisecond() - 300_000;
            let lines = logs.filter_log_events().log_group_name(&name).start_time(from).send().await.unwrap();
            found.push((lines.events().len(), config.clone(), name));
        }
    }
    let (count, config, name) = found.into_iter().max_by_key(|(count, ..)| *count).unwrap();
    assert!(count > 10, "{count} lines in {name}");
    (config, name)
}

#[tokio::test]
async fn groups_and_streams() {
    let estate = estate();
    let (mut groups_seen, mut streams_seen) = (0, 0);
    for (_, config) in all(&estate) {
        let logs = Client::new(&config);
        let groups = logs.describe_log_groups().limit(2).into_paginator().items().send().try_collect().await.unwrap();
        for group in &groups {
            let name = group.log_group_name().unwrap();
            assert!(group.arn().unwrap().ends_with(":*") && group.creation_time().is_some());
            let same = logs.describe_log_groups().log_group_name_prefix(name).send().await.unwrap();
            assert!(same.log_groups().iter().any(|one| one.log_group_name() == Some(name)));
            let streams = logs.describe_log_streams().log_group_name(name).order_by(OrderBy::LastEventTime);
            let streams = streams.descending(true).send().await.unwrap();
            let times: Vec<_> = streams.log_streams().iter().map(LogStream::last_event_timestamp).collect();
            assert!(times.is_sorted_by(|one, other| one >= other));
            streams_seen += times.len();
        }
        groups_seen += groups.len();
        let error = logs.describe_log_streams().log_group_name("nothing").send().await.unwrap_err();
        assert!(error.into_service_error().is_resource_not_found_exception());
    }
    assert!(groups_seen > 5 && streams_seen > 5, "{groups_seen} {streams_seen}");
}

async fn lines(request: FilterLogEventsFluentBuilder) -> Vec<FilteredLogEvent> {
    let pages = request.into_paginator().send().try_collect().await.unwrap();
    pages.into_iter().flat_map(|page| page.events.unwrap_or_default()).collect()
}

#[tokio::test]
async fn lines_are_filtered_and_every_page_followed() {
    let estate = estate();
    let (config, group) = busiest(&estate).await;
    let logs = Client::new(&config);
    let from = start().as_millisecond() - 300_000;
    let ask = || logs.filter_log_events().log_group_name(&group).start_time(from);
    let whole = ask().send().await.unwrap();
    let all: Vec<&str> = whole.events().iter().filter_map(|event| event.event_id()).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "ids are unique");
    assert!(whole.events().is_sorted_by(|one, other| one.timestamp() <= other.timestamp()));
    let pages = lines(ask().limit(7)).await;
    let joined: Vec<&str> = pages.iter().filter_map(|event| event.event_id()).collect();
    assert_eq!(joined, all);
    let message = whole.events().iter().filter_map(|event| event.message()).find(|line| line.len() > 12).unwrap();
    let word: String = message.chars().filter(char::is_ascii).take(12).collect();
    let pattern = format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""));
    let found = lines(ask().filter_pattern(&pattern)).await;
    let expected = whole.events().iter().filter(|event| event.message().unwrap().contains(&word)).count();
    assert_eq!(found.len(), expected, "{pattern}");
    let error = ask().filter_pattern("no-such").send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_parameter_exception());
    let error = ask().log_stream_names("nothing").send().await.unwrap_err();
    assert!(error.into_service_error().is_resource_not_found_exception());
    let error = ask().next_token("x").send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_parameter_exception());
}

#[tokio::test]
async fn a_rare_pattern_has_empty_pages_before_the_end() {
    let estate = Estate::sized(1, Clock::manual(start()), 1, 1);
    let logs = Client::new(&config(&estate, &first(&estate)));
    let now = start().as_millisecond();
    let request =
        logs.filter_log_events().log_group_name("/bench/firehose").start_time(now - 4_000).end_time(now - 3_000);
    let empty = request.clone().filter_pattern("\"there is no such line\"");
    let pages = empty.into_paginator().send().try_collect().await.unwrap();
    assert!(pages.len() >= 2, "{}", pages.len());
    assert!(pages.iter().all(|page| page.events().is_empty()));
    let lines = lines(request).await;
    assert!((19_000..=21_001).contains(&lines.len()), "{}", lines.len());
}

#[tokio::test]
async fn a_stream_is_read_in_both_directions() {
    let estate = estate();
    let (config, group) = busiest(&estate).await;
    let logs = Client::new(&config);
    let recent =
        lines(logs.filter_log_events().log_group_name(&group).start_time(start().as_millisecond() - 300_000)).await;
    let mut counts = BTreeMap::<&str, usize>::new();
    for event in &recent {
        *counts.entry(event.log_stream_name().unwrap()).or_default() += 1;
    }
    let (stream, count) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap();
    assert!(count > 10, "{count} lines in {stream}");
    let ask = || logs.get_log_events().log_group_name(&group).log_stream_name(stream).limit(5);
    let newest = ask().send().await.unwrap();
    assert_eq!(newest.events().len(), 5);
    let before = ask().next_token(newest.next_backward_token().unwrap()).send().await.unwrap();
    assert!(before.events().last().unwrap().timestamp() <= newest.events()[0].timestamp());
    let again = ask().next_token(before.next_forward_token().unwrap()).send().await.unwrap();
    assert_eq!(again.events(), newest.events());
    let end = ask().next_token(newest.next_forward_token().unwrap()).send().await.unwrap();
    assert!(end.events().is_empty());
    assert_eq!(end.next_forward_token(), newest.next_forward_token());
    let oldest = ask().start_from_head(true).send().await.unwrap();
    assert!(oldest.events()[0].timestamp() < newest.events()[0].timestamp());
}

type Tail = EventReceiver<StartLiveTailResponseStream, StartLiveTailResponseStreamError>;

async fn tail(config: &SdkConfig, arns: Vec<String>, pattern: Option<&str>) -> Tail {
    let request = Client::new(config).start_live_tail().set_log_group_identifiers(Some(arns));
    let mut tail =
        request.set_log_event_filter_pattern(pattern.map(str::to_owned)).send().await.unwrap().response_stream;
    let opening = tail.recv().await.unwrap().unwrap();
    assert!(opening.as_session_start().is_ok_and(|session| session.session_id().is_some()));
    tail
}

async fn update(tail: &mut Tail) -> LiveTailSessionUpdate {
    let event = tokio::time::timeout(Duration::from_secs(5), tail.recv()).await.unwrap().unwrap().unwrap();
    event.as_session_update().unwrap().clone()
}

fn is_sampled(update: &LiveTailSessionUpdate) -> bool {
    update.session_metadata().unwrap().sampled()
}

#[tokio::test]
async fn a_live_tail_brings_what_has_come_in() {
    let clock = Clock::manual(start());
    let estate = Estate::new(7, clock.clone());
    let (config, group) = busiest(&estate).await;
    let account = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap().account.unwrap();
    let arn = format!("arn:aws:logs:{}:{account}:log-group:{group}", config.region().unwrap());
    let mut tail = tail(&config, vec![arn.clone()], None).await;
    clock.advance(SignedDuration::from_secs(90));
    let first = update(&mut tail).await;
    let lines = first.session_results();
    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.ingestion_time() > Some(start().as_millisecond()));
        assert!(line.message().is_some() && line.log_stream_name().is_some());
        assert_eq!(line.log_group_identifier(), Some(arn.as_str()));
    }
    // The clock stands still: nothing new, and nothing twice.
    let second = update(&mut tail).await;
    assert!(second.session_results().is_empty() && !is_sampled(&second));
}

#[tokio::test]
async fn a_live_tail_samples_what_is_too_much_and_filters() {
    let clock = Clock::manual(start());
    let estate = Estate::sized(1, clock.clone(), 1, 1);
    let name = first(&estate);
    let config = config(&estate, &name);
    let account = &estate.environments()[0].account;
    let arn = format!("arn:aws:logs:{}:{account}:log-group:/bench/firehose", config.region().unwrap());
    let mut flood = tail(&config, vec![arn.clone()], None).await;
    let mut nothing = tail(&config, vec![arn], Some("\"there is no such line\"")).await;
    clock.advance(SignedDuration::from_secs(1));
    let update_of_flood = update(&mut flood).await;
    assert!(is_sampled(&update_of_flood));
    assert!((400..=500).contains(&update_of_flood.session_results().len()));
    assert!(update(&mut nothing).await.session_results().is_empty());
}

#[tokio::test]
async fn a_live_tail_breaks_when_it_is_told_to() {
    let estate = Estate::sized(1, Clock::manual(start()), 1, 1);
    let name = first(&estate);
    let config = config(&estate, &name);
    let account = &estate.environments()[0].account;
    let arn = format!("arn:aws:logs:{}:{account}:log-group:/bench/firehose", config.region().unwrap());
    let mut tail = tail(&config, vec![arn], None).await;
    estate.faults().add(&format!("{name}/logs/StartLiveTail=break")).unwrap();
    let broken = tokio::time::timeout(Duration::from_secs(5), tail.recv()).await.unwrap();
    assert!(broken.is_err(), "{broken:?}");
}

#[tokio::test]
async fn a_live_tail_needs_groups_that_are_there() {
    let estate = estate();
    let config = config(&estate, &first(&estate));
    let account = &estate.environments()[0].account;
    let logs = Client::new(&config);
    let arn = format!("arn:aws:logs:{}:{account}:log-group:nothing", config.region().unwrap());
    let error = logs.start_live_tail().log_group_identifiers(arn).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ResourceNotFoundException"));
    let error = logs.start_live_tail().log_group_identifiers("a-name").send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterException"));
}
