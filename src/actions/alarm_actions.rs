//! `alarm-actions`: whether what an alarm does when it changes its state is carried out. Switching it off has an end: `until` is not sent
//! (CloudWatch knows no such thing), it stands in the order and among the plan's changes, so that the journal has it and the console
//! can remind of it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{Span, SpanRelativeTo, Timestamp};
use serde_json::json;

use super::parts::{self, Stand};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices};
use crate::guard::{Permit, Watching};
use crate::kinds::alarm;
use crate::kinds::parts::{gone, id, instant, minute};
use crate::model::{
    Fault, FaultClass, FieldChange, Fields, Followed, Order, Plan, Precondition, Resource, ResourceId, Risk, Seen,
    Sent, Step, Undo, Value, Verdict, text,
};
use crate::providers::Acting;
use crate::providers::aws::{Ride, fault, sent};

const ID: &str = "alarm-actions";
const KIND: &str = "alarm";
const ALARMS: Op = "cloudwatch:DescribeAlarms";
const ENABLE: Op = "cloudwatch:EnableAlarmActions";
const DISABLE: Op = "cloudwatch:DisableAlarmActions";

/// The field with the end of a time without actions; its change in the plan has the same name.
const UNTIL: &str = "until";
const ENABLED: &str = "enabled";
const DISABLED: &str = "disabled";
/// What the form proposes.
const A_WHILE: &str = "1h";

/// CloudWatch tells the new state within seconds.
const PATIENCE: Duration = Duration::from_mins(2);

/// Switches the actions of an alarm.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "actions on, off",
    doc: "Enable or disable the actions of an alarm; disabled ones have an end that the console reminds of",
    kinds: &[KIND],
    fields: &[
        FieldDef::new("alarm", "alarm", "Alarm, by name", "enterprise-prod-5xx", FieldSort::Text).required().locating(),
        FieldDef::new(
            "state",
            "actions",
            "Whether its actions shall be carried out",
            DISABLED,
            FieldSort::OneOf(&[ENABLED, DISABLED]),
        )
        .required(),
        FieldDef::new(
            UNTIL,
            "until",
            "When disabled actions are to be enabled again: a length of time or an instant; you are reminded, nothing is done by itself",
            "2h",
            FieldSort::Text,
        ),
    ],
    sends: &[ENABLE, DISABLE],
    reads: &[ALARMS],
    risk: "medium",
    undo: "switch them back",
    example: "alarm-actions -e enterprise-prod --alarm enterprise-prod-5xx --state disabled --until 2h",
    applies: |_| Ok(()),
    form: |alarm, _| form(alarm),
    choices: no_choices,
    locate: |acting, fields| async move { Ok(id(&acting.env.scope, KIND, parts::wanted(fields, "alarm")?)) }.boxed(),
    plan,
    look,
    send,
    follow,
};

fn form(alarm: &Resource) -> Fields {
    match alarm::DEF.cell(alarm, "actions_enabled") {
        Some(Value::Bool(false)) => Fields::from([("state", ENABLED.to_owned())]),
        _ => Fields::from([("state", DISABLED.to_owned()), (UNTIL, A_WHILE.to_owned())]),
    }
}

/// What is asked of an alarm, of either sort.
#[derive(Clone, Debug, Default)]
struct Found {
    arn: Option<String>,
    enabled: bool,
    state: Option<StateValue>,
    since: Option<Timestamp>,
    configured: Option<Timestamp>,
    actions: Vec<String>,
}

async fn find(acting: &Acting, id: &ResourceId) -> Result<Found, Fault> {
    let call = acting.env.aws.cloudwatch().describe_alarms().alarm_names(&*id.id);
    let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
    let answer = call.send().await.map_err(|error| fault(ALARMS, &error))?;
    macro_rules! found {
        ($alarm:expr) => {
            Found {
                arn: $alarm.alarm_arn().map(str::to_owned),
                enabled: $alarm.actions_enabled() != Some(false),
                state: $alarm.state_value().cloned(),
                since: instant($alarm.state_transitioned_timestamp().or($alarm.state_updated_timestamp())),
                configured: instant($alarm.alarm_configuration_updated_timestamp()),
                actions: [$alarm.alarm_actions(), $alarm.ok_actions(), $alarm.insufficient_data_actions()].concat(),
            }
        };
    }
    let metric = answer.metric_alarms().first().map(|alarm| found!(alarm));
    let composite = answer.composite_alarms().first().map(|alarm| found!(alarm));
    metric.or(composite).ok_or_else(|| gone(id))
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let on = parts::wanted(fields, "state")? == ENABLED;
        let until = if on { None } else { Some(end(fields, Timestamp::now())?) };
        let found = find(acting, target).await?;
        let name = text::clean(&target.id).into_owned();
        let mut plan = parts::plan(acting, ID, target, fields, found.arn.as_deref());
        plan.target.name = name.as_str().into();
        // A plan made again later must mean the same end.
        match until {
            Some(until) => drop(plan.order.fields.insert(UNTIL, until.to_string())),
            None => drop(plan.order.fields.remove(UNTIL)),
        }
        plan.title = match until {
            Some(until) => format!("disable the actions of {name} until {}", minute(until)).into(),
            None => format!("enable the actions of {name}").into(),
        };
        let (from, to) = (Value::Bool(found.enabled), Value::Bool(on));
        plan.changes = vec![FieldChange { field: "actions_enabled".into(), from, to }];
        plan.changes.extend(until.map(|until| FieldChange {
            field: UNTIL.into(),
            from: Value::None,
            to: Value::Instant(until),
        }));
        plan.preconditions = preconditions(&found, on);
        plan.affects = affects(&found, on);
        let (operation, command) = if on {
            (ENABLE, "cloudwatch enable-alarm-actions")
        } else {
            (DISABLE, "cloudwatch disable-alarm-actions")
        };
        let input = json!({ "AlarmNames": [&*target.id] });
        plan.steps = vec![parts::step(acting, operation, plan.title.clone(), &input, seen(&found))];
        plan.risk = Risk::Medium;
        plan.undo = undo(&plan.order.target, on);
        plan.command = parts::aws_command(acting, command, &[("alarm-names", &name)]);
        Ok(plan)
    }
    .boxed()
}

/// The end of a time without actions: a length of time from now, or an instant.
fn end(fields: &Fields, now: Timestamp) -> Result<Timestamp, Fault> {
    let invalid = |words: String| Fault::new(FaultClass::Invalid, words);
    let Some(text) = parts::given(fields, UNTIL) else {
        return Err(invalid(
            "`--until` is missing: disabled actions need an end, such as `2h` or `2026-03-02T18:00Z`".to_owned(),
        ));
    };
    let length = |text: &str| {
        let span: Span = text.parse().ok()?;
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        // Nobody reads fractions of a second.
        Timestamp::from_second(now.checked_add(length).ok()?.as_second()).ok()
    };
    match text.parse().ok().or_else(|| length(text)) {
        Some(end) if end > now => Ok(end),
        Some(end) => Err(invalid(format!("`--until {text}` is over already ({})", minute(end)))),
        None => Err(invalid(format!("`--until {text}` is neither a length of time nor an instant"))),
    }
}

fn preconditions(found: &Found, on: bool) -> Vec<Precondition> {
    let now = if found.enabled { "its actions are enabled" } else { "its actions are disabled" };
    let changes = match (found.enabled == on, on) {
        (false, _) => parts::must("something changes", true, now),
        (true, true) => parts::must("something changes", false, format!("nothing would change: {now}")),
        // Sent all the same, so that the new end stands in the journal beside what was sent for it.
        (true, false) => parts::should("something changes", false, format!("{now} already; only the end is another")),
    };
    let count = found.actions.len();
    let evidence = match count {
        0 => "it has no actions: nobody hears of it either way".to_owned(),
        1 => "it has 1 action".to_owned(),
        count => format!("it has {count} actions"),
    };
    let mut all = vec![changes, parts::should("it has actions", count > 0, evidence)];
    if let (false, Some(StateValue::Alarm)) = (on, &found.state) {
        let since = found.since.map(|at| format!(" since {}", minute(at))).unwrap_or_default();
        let words = format!("it is in ALARM{since}: that it recovers, or goes off again, would be told to nobody");
        all.push(Precondition::new("not in alarm", Verdict::Warn, words));
    }
    all
}

fn affects(found: &Found, on: bool) -> Vec<Arc<str>> {
    let verb = if on { "carried out again" } else { "not carried out meanwhile" };
    let mut affects: Vec<Arc<str>> = Vec::new();
    for action in &found.actions {
        let words = match action.split(':').nth(2) {
            Some("autoscaling") => format!("a scaling policy is {verb}: {action}"),
            Some("sns") => format!("messages to {} are {verb}", action.rsplit(':').next().unwrap_or(action)),
            _ => format!("{verb}: {action}"),
        };
        let words: Arc<str> = text::clean(&words).into();
        if !affects.contains(&words) {
            affects.push(words);
        }
    }
    if on {
        affects.push("actions follow changes of state: a state it is in already sets none off".into());
    }
    affects
}

fn undo(target: &Arc<ResourceId>, on: bool) -> Undo {
    let order = |fields: Fields| Order { action: ID, target: Arc::clone(target), fields };
    let on_again = Fields::from([("state", ENABLED.to_owned())]);
    let off_again = Fields::from([("state", DISABLED.to_owned()), (UNTIL, A_WHILE.to_owned())]);
    if on {
        Undo::By { words: "disable them again, for an hour".into(), order: order(off_again) }
    } else {
        Undo::By { words: "enable them again".into(), order: order(on_again) }
    }
}

fn seen(found: &Found) -> Seen {
    let at = |at: Option<Timestamp>| at.map_or_else(|| "untold".to_owned(), |at| at.to_string());
    Seen::default()
        .with("ARN", found.arn.as_deref().unwrap_or("untold"))
        .with("configured", at(found.configured))
        .with("actions", if found.enabled { ENABLED } else { DISABLED })
        .with("in alarm", if found.state == Some(StateValue::Alarm) { "yes" } else { "no" })
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&find(acting, &plan.target.id).await?)) }.boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        let (names, ride) = (parts::texts_of(step, "AlarmNames"), Ride::with(permit));
        let client = acting.writes.cloudwatch();
        if step.operation == ENABLE {
            let call = client.enable_alarm_actions().set_alarm_names(names).customize();
            return sent(ENABLE, call.interceptor(ride).send().await);
        }
        let call = client.disable_alarm_actions().set_alarm_names(names).customize();
        sent(DISABLE, call.interceptor(ride).send().await)
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let (id, on) = (&*plan.target.id, step.operation == ENABLE);
        let word = if on { ENABLED } else { DISABLED };
        let look = || async {
            let found = find(acting, id).await?;
            Ok::<Stand, Fault>(if found.enabled == on {
                parts::verified(format!("its actions are {word}"))
            } else {
                parts::going(format!("its actions are not {word} yet"), None)
            })
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
