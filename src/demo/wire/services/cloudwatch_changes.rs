//! CloudWatch: the actions of alarms switched on and off. Names that are none are passed over, as CloudWatch does.

use serde_json::json;

use super::super::call::Answer;
use super::super::change::Change;
use super::super::node::fields;

pub fn answer(change: &mut Change<'_>) -> Option<Answer> {
    match change.operation {
        "EnableAlarmActions" => Some(switch(change, "EnableAlarmActions", true)),
        "DisableAlarmActions" => Some(switch(change, "DisableAlarmActions", false)),
        _ => None,
    }
}

fn switch(change: &mut Change<'_>, operation: &'static str, on: bool) -> Answer {
    let names = change.input.texts("AlarmNames");
    let Some(first) = names.first().filter(|_| names.len() <= 100) else {
        return Err(change.invalid("AlarmNames must have 1 to 100 items"));
    };
    let resource = ("AWS::CloudWatch::Alarm", (*first).to_owned());
    change.account.operated("monitoring.amazonaws.com", operation, resource, json!({ "alarmNames": names }));
    change.account.switch_actions(&names, on);
    Ok(fields! {})
}
