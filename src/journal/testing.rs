//! Entries for tests.

use jiff::Timestamp;

use super::{Draft, Event, Place, Who};
use crate::model::Risk;

/// An instant.
pub(crate) fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// Somebody.
pub(crate) fn who() -> Who {
    Who { user: "anna".into(), host: "bridge".into(), caller: None }
}

fn draft(run: &str, event: Event) -> Draft {
    let place = Place { environment: "dhbw-prod".into(), region: "eu-central-1".into(), ..Place::default() };
    Draft { at: now(), run: run.to_owned(), who: who(), place, event }
}

/// Something short.
pub(crate) fn note(run: &str) -> Draft {
    draft(run, Event::Disarmed { reason: None })
}

/// An intent of a usual size.
pub(crate) fn intent(run: &str, part: usize, step: usize) -> Draft {
    let event = Event::Intent {
        action: "ecs-scale".into(),
        title: "scale lecture-backend-service from 2 to 6 tasks".into(),
        part,
        step,
        steps: 1,
        operation: "ecs:UpdateService".into(),
        input: serde_json::from_str(r#"{"cluster":"lecture","service":"lecture-backend-service","desiredCount":6}"#)
            .unwrap(),
        changes: vec![("desired count".into(), 2.into(), 6.into())],
        risk: Risk::Medium,
        reason: Some("the queue grows".into()),
        ticket: None,
        policy: vec!["policy 2 (config.toml:34)".into()],
        broke_glass: false,
    };
    draft(run, event)
}
