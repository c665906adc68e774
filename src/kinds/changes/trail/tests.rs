use serde_json::json;

use super::*;
use crate::kinds::ecs;

fn scope() -> Scope {
    Scope::new("dhbw-prod", "eu-central-1")
}

fn event(at: i64, record: &Value) -> Event {
    Event::builder()
        .event_id(format!("id-{at}"))
        .event_name(record["eventName"].as_str().unwrap())
        .event_time(DateTime::from_secs(at))
        .cloud_trail_event(record.to_string())
        .build()
}

fn update(at: i64) -> Event {
    let record = json!({
        "eventName": "UpdateService",
        "eventSource": "ecs.amazonaws.com",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Ops/jane"},
        "requestParameters": {"cluster": "main", "service": "web", "desiredCount": 4},
    });
    event(at, &record)
}

#[test]
fn an_event_is_who_what_and_on_which() {
    let change = of_event(&scope(), &update(5), None).unwrap();
    assert_eq!((&*change.who, &*change.what), ("jane", "UpdateService: desired count → 4"));
    assert_eq!((&*change.name, &*change.id, change.failed), ("web", "id-5", false));
    assert_eq!(change.resource, Some(ecs::service_id(&scope(), "main", "web")));
}

#[test]
fn a_record_that_is_none_still_tells_the_index() {
    let event = Event::builder().event_name("PutImage").event_time(DateTime::from_secs(5)).username("ci");
    let change = of_event(&scope(), &event.cloud_trail_event("{broken").build(), None).unwrap();
    assert_eq!((&*change.what, &*change.who), ("PutImage", "ci"));
}

#[test]
fn only_what_concerns_the_resource_is_told() {
    let about = |id: std::sync::Arc<ResourceId>| of_event(&scope(), &update(5), Some(&id)).is_some();
    assert!(about(ecs::service_id(&scope(), "main", "web")));
    assert!(about(parts::id(&scope(), "ecs-cluster", "main")));
    assert!(!about(ecs::service_id(&scope(), "other", "web")));
    assert!(!about(parts::id(&scope(), "ecs-cluster", "other")));
    assert!(!about(parts::id(&scope(), "rds-instance", "web")));
    let old = ecs::definition_id(&scope(), "web:7");
    assert!(concerns(&ecs::definition_id(&scope(), "web:8"), &old));
    assert!(!concerns(&ecs::definition_id(&scope(), "webby:8"), &old));
}

#[test]
fn what_is_not_read_to_the_end_says_so() {
    let mut reading = Reading::default();
    let asked = Instant::now();
    let token = || Some("more".to_owned());
    for _ in 1..PAGES {
        assert_eq!(reading.take(&scope(), &[update(900)], None, asked, token()).unwrap(), token());
    }
    let fault = reading.take(&scope(), &[update(600)], None, asked, token()).unwrap_err();
    assert_eq!(
        fault.summary,
        "cloudtrail:LookupEvents: only the newest 1500 events are read, back to 1970-01-01 00:10Z"
    );
    assert_eq!((reading.changes.len(), reading.next), (PAGES, Some(asked + PACE)));
    let mut reading = Reading { pages: PAGES - 1, ..Reading::default() };
    assert_eq!(reading.take(&scope(), &[update(600)], None, asked, None).unwrap(), None);
}
