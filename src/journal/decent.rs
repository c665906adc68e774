//! What may be written down: text from outside is cleaned and kept to a length, and secrets are masked.

use std::borrow::Cow;

use serde_json::Value;

use super::entry::{Draft, Entry, Event};
use crate::model::{mask, text};

/// As many bytes of one text are kept.
const LONGEST: usize = 16 * 1024;

/// The same, with nothing in it that must not be written down.
pub(super) fn decent(mut draft: Draft) -> Draft {
    let Draft { who, place, event, .. } = &mut draft;
    for text in [&mut who.user, &mut who.host, &mut place.environment, &mut place.region] {
        tidy(text);
    }
    for text in [&mut place.kind, &mut place.id, &mut place.name] {
        tidy(text);
    }
    [&mut who.caller, &mut place.account, &mut place.cluster].into_iter().flatten().for_each(tidy);
    match event {
        Event::Intent { title, input, changes, reason, ticket, policy, .. } => {
            tidy(title);
            [reason, ticket].into_iter().flatten().chain(policy).for_each(tidy);
            let mut masked = mask::masked(Value::Object(std::mem::take(input)));
            tidy_value(&mut masked);
            if let Value::Object(fields) = masked {
                *input = fields;
            }
            for (field, from, to) in changes {
                tidy(field);
                for value in [from, to] {
                    if mask::is_secret(field) && !value.is_null() {
                        *value = Value::String(mask::MASK.to_owned());
                    }
                    *value = mask::masked(value.take());
                    tidy_value(value);
                }
            }
        }
        Event::Outcome { request_id, fault, .. } => [request_id, fault].into_iter().flatten().for_each(tidy),
        Event::Followed { words, .. } => tidy(words),
        Event::Armed { reason, .. } | Event::Disarmed { reason } => reason.iter_mut().for_each(tidy),
        Event::Sent { .. } | Event::Resumed { .. } => {}
    }
    draft
}

/// The same of an entry that was read: who has written it is not known for sure.
pub(super) fn decent_entry(entry: Entry) -> Entry {
    let Entry { seq, at, run, who, place, event, prev, hash } = entry;
    let Draft { at, mut run, who, place, event } = decent(Draft { at, run, who, place, event });
    tidy(&mut run);
    Entry { seq, at, run, who, place, event, prev, hash }
}

fn tidy_value(value: &mut Value) {
    match value {
        Value::String(text) => tidy(text),
        Value::Array(items) => items.iter_mut().for_each(tidy_value),
        Value::Object(fields) => fields.values_mut().for_each(tidy_value),
        _ => {}
    }
}

fn tidy(text: &mut String) {
    if let Cow::Owned(cleaned) = text::clean(text) {
        *text = cleaned;
    }
    if text.len() > LONGEST {
        let end = text.floor_char_boundary(LONGEST);
        let more = text.len() - end;
        text.truncate(end);
        text.push_str("… (");
        text.push_str(&more.to_string());
        text.push_str(" bytes more)");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{intent, note};
    use super::*;

    #[test]
    fn secrets_and_escapes_are_not_written_down() {
        let mut draft = intent("r", 0, 0);
        let Event::Intent { title, input, changes, reason, .. } = &mut draft.event else { panic!() };
        *title = "scale \u{1b}[31mweb".to_owned();
        *reason = Some("x".repeat(LONGEST + 5));
        input.insert("MasterUserPassword".into(), json!("hunter2"));
        input.insert("Tags".into(), json!([{ "Key": "a\u{9b}2J", "Value": "b" }]));
        changes.push(("auth token".into(), json!("old"), json!("new")));
        changes.push(("private key".into(), json!(null), json!(["a"])));
        let written = serde_json::to_string(&{
            let Event::Intent { title, input, changes, .. } = decent(draft.clone()).event else { panic!() };
            (title, input, changes)
        })
        .unwrap();
        for secret in ["hunter2", "old", "new", "[31m", "2J", "[\"a\"]"] {
            assert!(!written.contains(secret), "{secret}: {written}");
        }
        assert!(written.contains(r#""private key",null,"(masked)""#), "{written}");
        let Event::Intent { reason: Some(reason), .. } = decent(draft).event else { panic!() };
        assert!(reason.ends_with("x… (5 bytes more)"));
    }

    #[test]
    fn what_was_read_is_cleaned_as_well() {
        let mut draft = note("r");
        draft.place.name = "\u{1b}]0;x\u{7}web".into();
        assert_eq!(decent(draft).place.name, "web");
    }
}
