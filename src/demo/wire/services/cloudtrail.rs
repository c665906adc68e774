//! CloudTrail: the lookup of management events.

use jiff::SignedDuration;

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Node, fields, list};
use super::not_offered;
use crate::demo::world::TrailEvent;

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "LookupEvents" => lookup(call),
        _ => Err(not_offered(call)),
    }
}

fn lookup(call: &Call<'_>) -> Answer {
    let input = call.input;
    let end = input.time("EndTime").unwrap_or(call.account.now);
    let start = input.time("StartTime").unwrap_or_else(|| end - SignedDuration::from_hours(90 * 24));
    if start > end {
        return Err(Failure::new(400, "InvalidTimeRangeException", "The start time is after the end time"));
    }
    let attributes = input.structures("LookupAttributes");
    if attributes.len() > 1 {
        return Err(Failure::new(
            400,
            "InvalidLookupAttributesException",
            "You can look up by one attribute at a time",
        ));
    }
    let attribute = attributes
        .first()
        .map(|one| (one.text("AttributeKey").unwrap_or_default(), one.text("AttributeValue").unwrap_or_default()));
    let found: Vec<&TrailEvent> = call
        .account
        .trail
        .iter()
        .filter(|event| (start..=end).contains(&event.at))
        .filter(|event| attribute.is_none_or(|(key, value)| has(event, key, value)))
        .collect();
    let page = call.page(found.len(), call.size("MaxResults", 50, 1..51)?, "NextToken")?;
    Ok(fields! { "Events": list(page.of(&found).iter().map(|event| event_node(event))), "NextToken": page.next })
}

fn has(event: &TrailEvent, key: &str, value: &str) -> bool {
    match key {
        "EventId" => event.id == value,
        "EventName" => event.name == value,
        "ReadOnly" => event.read_only.to_string() == value,
        "Username" => event.username == value,
        "ResourceType" => event.resources.iter().any(|(kind, _)| *kind == value),
        "ResourceName" => event.resources.iter().any(|(_, name)| name == value),
        "EventSource" => event.source == value,
        "AccessKeyId" => event.access_key_id.as_deref() == Some(value),
        _ => false,
    }
}

fn event_node(event: &TrailEvent) -> Node {
    let resources = event.resources.iter().map(|(kind, name)| fields! { "ResourceType": *kind, "ResourceName": name });
    fields! {
        "EventId": &event.id,
        "EventName": &event.name,
        // A string, as the API has it.
        "ReadOnly": event.read_only.to_string(),
        "AccessKeyId": &event.access_key_id,
        "EventTime": event.at,
        "EventSource": event.source,
        "Username": &event.username,
        "Resources": list(resources),
        "CloudTrailEvent": &event.record,
    }
}
