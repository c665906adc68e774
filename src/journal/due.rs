//! What was done for a time that is over, and was not taken back since: what the console reminds of. Reads entries, nothing else.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;

use super::{Entry, Event, Outcome, Place};

/// The change that says until when something is meant to be so.
const UNTIL: &str = "until";

/// The intents for a time that were not taken back since, the newest first. `entries` are the newest of the journal, the newest
/// first.
pub fn timed(entries: &[Entry]) -> Vec<&Entry> {
    let mut succeeded = HashSet::new();
    let mut settled: HashSet<(&str, &Place)> = HashSet::new();
    let mut timed = Vec::new();
    for entry in entries {
        match &entry.event {
            Event::Outcome { part, step, outcome: Outcome::Succeeded, .. } => {
                succeeded.insert((&entry.run, *part, *step));
            }
            Event::Intent { action, part, step, changes, .. } if succeeded.contains(&(&entry.run, *part, *step)) => {
                // Whatever came last about the same thing counts.
                let newest = settled.insert((action, &entry.place));
                if newest && until(changes).is_some() {
                    timed.push(entry);
                }
            }
            _ => {}
        }
    }
    timed
}

/// Whether the time of such an intent is over.
pub fn is_over(entry: &Entry, now: Timestamp) -> bool {
    matches!(&entry.event, Event::Intent { changes, .. } if until(changes).is_some_and(|until| until <= now))
}

fn until(changes: &[(String, Value, Value)]) -> Option<Timestamp> {
    let (_, _, to) = changes.iter().find(|(field, ..)| field == UNTIL)?;
    to.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::journal::Who;
    use crate::model::Risk;

    fn entry(run: &str, event: Event) -> Entry {
        let place = Place { environment: "a".to_owned(), id: "alarm".to_owned(), ..Place::default() };
        let (at, who) = (Timestamp::UNIX_EPOCH, Who::default());
        Entry { seq: 1, at, run: run.to_owned(), who, place, event, prev: String::new(), hash: String::new() }
    }

    fn due(entries: &[Entry], now: Timestamp) -> Vec<&Entry> {
        timed(entries).into_iter().filter(|entry| is_over(entry, now)).collect()
    }

    fn intent(run: &str, until: Option<&str>) -> Entry {
        let changes = until.map(|until| (UNTIL.to_owned(), Value::Null, json!(until))).into_iter().collect();
        let event = Event::Intent {
            action: "alarm-actions".to_owned(),
            title: String::new(),
            part: 0,
            step: 0,
            steps: 1,
            operation: String::new(),
            input: serde_json::Map::new(),
            changes,
            risk: Risk::Medium,
            reason: None,
            ticket: None,
            policy: Vec::new(),
            broke_glass: false,
        };
        entry(run, event)
    }

    fn outcome(run: &str, outcome: Outcome) -> Entry {
        entry(run, Event::Outcome { part: 0, step: 0, outcome, request_id: None, fault: None })
    }

    #[test]
    fn what_is_over_and_was_not_taken_back_is_due() {
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let off = intent("1", Some("2026-03-02T11:00:00Z"));
        let done = outcome("1", Outcome::Succeeded);
        assert_eq!(due(&[done.clone(), off.clone()], now), [&off]);
        assert_eq!(due(&[outcome("1", Outcome::Failed), off.clone()], now), [&off; 0]);
        assert_eq!(due(&[done.clone(), intent("1", Some("2026-03-02T13:00:00Z"))], now), [&off; 0]);
        let on = [outcome("2", Outcome::Succeeded), intent("2", None), done, off];
        assert_eq!(due(&on, now), Vec::<&Entry>::new());
    }
}
