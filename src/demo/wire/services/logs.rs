//! CloudWatch Logs: groups, streams and lines. The live tail is a stream, and a module of its own.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Node, fields, list};
use super::super::pattern::Pattern;
use super::not_offered;
use crate::demo::world::{LogEvent, LogGroup, LogPage, LogPosition, LogQuery, LogStream};

/// Lines that one call looks at: what a pattern does not find among them is looked for by the next page.
const SCANNED: usize = 10_000;
/// Bytes of lines on one page.
const PAGE_BYTES: usize = 1 << 20;

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "DescribeLogGroups" => describe_groups(call),
        "DescribeLogStreams" => describe_streams(call),
        "FilterLogEvents" => filter_events(call),
        "GetLogEvents" => get_events(call),
        _ => Err(not_offered(call)),
    }
}

/// The group with that name or ARN.
pub fn group<'a>(call: &Call<'a>, reference: &str) -> Result<&'a LogGroup, Failure> {
    let name = match reference.split_once(":log-group:") {
        Some((_, name)) => name.strip_suffix(":*").unwrap_or(name),
        None => reference,
    };
    let unknown = || Failure::new(400, "ResourceNotFoundException", "The specified log group does not exist.");
    call.account.log_groups.get(name).ok_or_else(unknown)
}

/// The group that the call names in one way or the other.
fn named_group<'a>(call: &Call<'a>) -> Result<&'a LogGroup, Failure> {
    match (call.input.text("logGroupName"), call.input.text("logGroupIdentifier")) {
        (Some(name), None) | (None, Some(name)) => group(call, name),
        _ => Err(call.invalid("Exactly one of logGroupName and logGroupIdentifier must be specified.")),
    }
}

fn describe_groups(call: &Call<'_>) -> Answer {
    let [prefix, part, class] =
        ["logGroupNamePrefix", "logGroupNamePattern", "logGroupClass"].map(|key| call.input.text(key));
    if prefix.is_some() && part.is_some() {
        return Err(call.invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let wanted = call.input.texts("logGroupIdentifiers");
    let found: Vec<&LogGroup> = call
        .account
        .log_groups
        .values()
        .filter(|group| prefix.is_none_or(|prefix| group.name.starts_with(prefix)))
        .filter(|group| part.is_none_or(|part| group.name.contains(part)))
        .filter(|group| class.is_none_or(|class| group.class == class))
        .filter(|group| wanted.is_empty() || wanted.iter().any(|one| *one == group.name || *one == group.arn))
        .collect();
    let page = call.page(found.len(), call.size("limit", 50, 1..51)?, "nextToken")?;
    let groups = page.of(&found).iter().map(|group| group_node(group));
    Ok(fields! { "logGroups": list(groups), "nextToken": page.next })
}

fn group_node(group: &LogGroup) -> Node {
    fields! {
        "logGroupName": &group.name,
        "creationTime": group.created_at.as_millisecond(),
        "retentionInDays": group.retention_days,
        "metricFilterCount": group.metric_filter_count,
        "arn": format!("{}:*", group.arn),
        "storedBytes": group.stored_bytes,
        "logGroupClass": group.class,
        "logGroupArn": &group.arn,
    }
}

fn describe_streams(call: &Call<'_>) -> Answer {
    let group = named_group(call)?;
    let prefix = call.input.text("logStreamNamePrefix");
    let by_time = call.input.text("orderBy") == Some("LastEventTime");
    if by_time && prefix.is_some() {
        return Err(call.invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let mut streams = call.account.log_streams(&group.name).unwrap_or_default();
    streams.retain(|stream| prefix.is_none_or(|prefix| stream.name.starts_with(prefix)));
    if by_time {
        streams.sort_by_key(|stream| stream.last_event);
    }
    if call.input.truth("descending") {
        streams.reverse();
    }
    let page = call.page(streams.len(), call.size("limit", 50, 1..51)?, "nextToken")?;
    Ok(fields! { "logStreams": list(page.of(&streams).iter().map(stream_node)), "nextToken": page.next })
}

fn stream_node(stream: &LogStream) -> Node {
    let millis = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_millisecond);
    fields! {
        "logStreamName": &stream.name,
        "creationTime": stream.created_at.as_millisecond(),
        "firstEventTimestamp": millis(stream.first_event),
        "lastEventTimestamp": millis(stream.last_event),
        "lastIngestionTime": millis(stream.last_ingestion),
        "arn": &stream.arn,
        "storedBytes": 0,
    }
}

fn filter_events(call: &Call<'_>) -> Answer {
    let input = call.input;
    let group = named_group(call)?;
    let pattern =
        Pattern::parse(input.text("filterPattern").unwrap_or_default()).map_err(|words| call.invalid(words))?;
    let streams: Vec<String> = input.texts("logStreamNames").into_iter().map(str::to_owned).collect();
    let prefix = input.text("logStreamNamePrefix");
    if prefix.is_some() && !streams.is_empty() {
        return Err(call.invalid("logStreamNames and logStreamNamePrefix are mutually exclusive."));
    }
    if let Some(missing) = unknown_stream(call, &group.name, &streams) {
        return Err(missing);
    }
    let limit = call.size("limit", SCANNED, 1..SCANNED + 1)?;
    let token = input.text("nextToken");
    let page = scan(
        call,
        limit,
        &pattern,
        &LogQuery {
            group: &group.name,
            streams: &streams,
            stream_prefix: prefix,
            start: input.whole("startTime"),
            // Both ends belong to what is asked for.
            end: input.whole("endTime").map(|end| end.saturating_add(1)),
            limit: SCANNED,
            after: token.map(|token| place_in(call, token)).transpose()?,
            backward: false,
        },
    );
    let next = match token {
        _ if !call.repeat_token => page.next.map(|place| token_of(call, place)),
        Some(token) => Some(token.to_owned()),
        None => Some(token_of(call, page.next.unwrap_or(LogPosition { timestamp: 0, number: 0 }))),
    };
    let events = page.events.into_iter().map(|event| {
        fields! {
            "logStreamName": event.stream,
            "timestamp": event.timestamp,
            "message": event.message,
            "ingestionTime": event.ingestion,
            "eventId": event.id,
        }
    });
    Ok(fields! { "events": list(events), "searchedLogStreams": list(Vec::<Node>::new()), "nextToken": next })
}

/// The lines that fit among the next so many, and where to go on: an empty page is not the last one.
fn scan(call: &Call<'_>, limit: usize, pattern: &Pattern, query: &LogQuery<'_>) -> LogPage {
    let without_pattern = matches!(pattern, Pattern::Any);
    let query = LogQuery { limit: if without_pattern { limit } else { SCANNED }, ..query.clone() };
    let Some(scanned) = call.account.log_events(&query) else { return LogPage { events: Vec::new(), next: None } };
    let (mut events, mut bytes) = (Vec::new(), 0);
    for event in scanned.events {
        let place = event.place;
        if pattern.fits(&event.message) {
            bytes += event.message.len() + 26;
            events.push(event);
        }
        if events.len() >= limit || bytes >= PAGE_BYTES {
            return LogPage { events, next: Some(place) };
        }
    }
    LogPage { events, next: scanned.next }
}

fn unknown_stream(call: &Call<'_>, group: &str, wanted: &[String]) -> Option<Failure> {
    let streams = call.account.log_streams(group).filter(|_| !wanted.is_empty())?;
    let is_there = |name: &String| streams.iter().any(|stream| stream.name == *name);
    let words = "The specified log stream does not exist.";
    (!wanted.iter().all(is_there)).then(|| Failure::new(400, "ResourceNotFoundException", words))
}

fn token_of(call: &Call<'_>, place: LogPosition) -> String {
    call.token(format!("{}/{}", place.timestamp, place.number))
}

fn place_in(call: &Call<'_>, token: &str) -> Result<LogPosition, Failure> {
    let text: String = call.position(token)?;
    let read = |text: &str| {
        let (timestamp, number) = text.split_once('/')?;
        Some(LogPosition { timestamp: timestamp.parse().ok()?, number: number.parse().ok()? })
    };
    read(&text).ok_or_else(|| call.service.invalid_token())
}

fn get_events(call: &Call<'_>) -> Answer {
    let input = call.input;
    let group = named_group(call)?;
    let streams = [call.required("logStreamName")?.to_owned()];
    if let Some(missing) = unknown_stream(call, &group.name, &streams) {
        return Err(missing);
    }
    let token = input.text("nextToken");
    let (backward, after) = match token.and_then(|token| token.split_once('/')) {
        Some(("f", place)) => (false, Some(place_in(call, place)?)),
        Some(("b", place)) => (true, Some(place_in(call, place)?)),
        _ if token.is_some() => return Err(call.service.invalid_token()),
        _ => (!input.truth("startFromHead"), None),
    };
    let page = call.account.log_events(&LogQuery {
        group: &group.name,
        streams: &streams,
        stream_prefix: None,
        start: input.whole("startTime"),
        end: input.whole("endTime"),
        limit: call.size("limit", SCANNED, 1..SCANNED + 1)?,
        after,
        backward,
    });
    let events = page.map_or_else(Vec::new, |page| page.events);
    // Both tokens are always there: at an end, the one that leads further is the one that was given.
    let stay = after.unwrap_or(LogPosition { timestamp: call.account.now.as_millisecond(), number: 0 });
    let place = |event: Option<&LogEvent>| event.map_or(stay, |event| event.place);
    let (first, last) = (place(events.first()), place(events.last()));
    let node = |event: LogEvent| {
        fields! { "timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingestion }
    };
    Ok(fields! {
        "nextForwardToken": format!("f/{}", token_of(call, last)),
        "nextBackwardToken": format!("b/{}", token_of(call, first)),
        "events": list(events.into_iter().map(node)),
    })
}
