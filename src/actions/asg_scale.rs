//! `asg-scale`: the desired capacity of an Auto Scaling group, within its own limits.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_autoscaling::types::{Activity, AutoScalingGroup, Instance, LifecycleState, ScalingActivityStatusCode};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::parts::{self, Beginning, Stand};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices};
use crate::guard::{Permit, Watching};
use crate::kinds::asg::{self, ACTIVITIES};
use crate::kinds::elb::target_group_name;
use crate::kinds::parts::{gone, id, instant};
use crate::model::{
    Fault, FaultClass, FieldChange, Fields, Followed, Order, Plan, Precondition, Resource, ResourceId, Risk, Seen,
    Sent, Step, Undo, Value, Verdict,
};
use crate::providers::Acting;
use crate::providers::aws::{Ride, fault, sent};

const ID: &str = "asg-scale";
const KIND: &str = "asg";
const GROUPS: Op = "autoscaling:DescribeAutoScalingGroups";
const SET: Op = "autoscaling:SetDesiredCapacity";

/// More than any group has.
const MOST: i64 = 10_000;
/// Instances boot, warm up and drain; longer than this is no scaling any more.
const PATIENCE: Duration = Duration::from_mins(30);
/// How many of the newest activities are looked at.
const NEWEST: i32 = 20;
/// So many launches may fail in a row: a group tries its other zones first.
const FAILURES: usize = 3;
/// A tag by which managed node groups are known.
const NODEGROUP: &str = "eks:nodegroup-name";

/// Sets the desired capacity of a group.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "scale",
    doc: "Set how many instances an Auto Scaling group shall have",
    kinds: &[KIND],
    fields: &[
        FieldDef::new("group", "group", "Auto Scaling group", "dev-backend-asg", FieldSort::Text).required().locating(),
        FieldDef::new(
            "desired",
            "desired",
            "Instances it shall have, between its minimum and its maximum",
            "4",
            FieldSort::Number(0, MOST),
        )
        .required(),
    ],
    sends: &[SET],
    reads: &[GROUPS, ACTIVITIES],
    risk: "up medium, down high, to 0 critical",
    undo: "scale back",
    example: "asg-scale -e starttech-dev --group dev-backend-asg --desired 4",
    applies,
    form: |group, _| form(group),
    choices: no_choices,
    locate: |acting, fields| async move { Ok(id(&acting.env.scope, KIND, parts::wanted(fields, "group")?)) }.boxed(),
    plan,
    look,
    send,
    follow,
};

fn applies(group: &Resource) -> Result<(), String> {
    let number = |column: &str| match asg::DEF.cell(group, column) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    match (number("min"), number("max")) {
        (Some(least), Some(most)) if least == most => Err(format!("its minimum and maximum are both {most}")),
        _ => Ok(()),
    }
}

fn form(group: &Resource) -> Fields {
    let desired = asg::DEF.cell(group, "desired").map(|cell| cell.show_exact().into_owned());
    desired.into_iter().map(|desired| ("desired", desired)).collect()
}

async fn group(acting: &Acting, id: &ResourceId) -> Result<AutoScalingGroup, Fault> {
    let call = acting.env.aws.autoscaling().describe_auto_scaling_groups().auto_scaling_group_names(&*id.id);
    let answer = call.send().await.map_err(|error| fault(GROUPS, &error))?;
    answer.auto_scaling_groups.and_then(|groups| groups.into_iter().next()).ok_or_else(|| gone(id))
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let wrong = |text: &str| Fault::new(FaultClass::Invalid, format!("`{text}` is no number of instances"));
        let text = parts::wanted(fields, "desired")?;
        let to: i64 = text.parse().ok().filter(|count| (0..=MOST).contains(count)).ok_or_else(|| wrong(text))?;
        let group = group(acting, target).await?;
        let name = &*target.id;
        let from = i64::from(group.desired_capacity().unwrap_or_default());
        let mut plan = parts::plan(acting, ID, target, fields, group.auto_scaling_group_arn());
        plan.target.name = crate::model::text::clean(name).into();
        plan.title = format!("scale {name} from {from} to {to} instances").into();
        plan.changes = vec![FieldChange { field: "desired".into(), from: Value::Int(from), to: Value::Int(to) }];
        plan.preconditions = preconditions(&group, from, to);
        plan.affects = affects(&group, from, to);
        let input = json!({ "AutoScalingGroupName": name, "DesiredCapacity": to, "HonorCooldown": false });
        let words = format!("set the desired capacity of {name} to {to}");
        plan.steps = vec![parts::step(acting, SET, words, &input, seen(&group))];
        plan.risk = match to {
            0 => Risk::Critical,
            to if to < from => Risk::High,
            _ => Risk::Medium,
        };
        plan.number = Some((from, to));
        let order =
            Order { action: ID, target: plan.order.target.clone(), fields: [("desired", from.to_string())].into() };
        plan.undo = Undo::By { words: format!("scale back to {from}").into(), order };
        let count = to.to_string();
        let flags = [("auto-scaling-group-name", name), ("desired-capacity", &count), ("no-honor-cooldown", "")];
        plan.command = parts::aws_command(acting, "autoscaling set-desired-capacity", &flags);
        Ok(plan)
    }
    .boxed()
}

fn preconditions(group: &AutoScalingGroup, from: i64, to: i64) -> Vec<Precondition> {
    let (least, most) =
        (i64::from(group.min_size().unwrap_or_default()), i64::from(group.max_size().unwrap_or_default()));
    let serving = serving(group).count();
    let idle = if from == to { "nothing would change: " } else { "" };
    let changes = format!("{idle}{from} are wanted now, {serving} are in service");
    let status = group.status();
    let mut all = vec![
        parts::must("the group is not being deleted", status.is_none(), status.unwrap_or("no deletion is under way")),
        parts::must(
            "within minimum and maximum",
            (least..=most).contains(&to),
            format!("from {least} to {most}, {to} is asked for"),
        ),
        parts::must("something changes", from != to, changes),
        not_suspended(group, from, to),
    ];
    if to < from {
        all.push(not_protected(group, to));
    }
    if let Some(nodegroup) = tag(group, NODEGROUP) {
        let words = format!("it belongs to node group {nodegroup} of EKS, whose autoscaler may set another count");
        all.push(Precondition::new("nobody else scales it", Verdict::Warn, words));
    }
    all
}

/// Without these processes the count is only written down.
fn not_suspended(group: &AutoScalingGroup, from: i64, to: i64) -> Precondition {
    let suspended = group.suspended_processes().iter().filter_map(|process| {
        let name = process.process_name()?;
        matches!(name, "Launch" | "Terminate")
            .then(|| (name, process.suspension_reason().unwrap_or("no reason is told")))
    });
    let suspended: Vec<(&str, &str)> = suspended.collect();
    if suspended.is_empty() {
        return parts::should("Launch and Terminate are not suspended", true, "neither is suspended");
    }
    let needed = if to > from { "Launch" } else { "Terminate" };
    let told: Vec<String> = suspended.iter().map(|(name, why)| format!("{name} is suspended ({why})")).collect();
    let so = if suspended.iter().any(|(name, _)| *name == needed) {
        "; nothing would happen until it is resumed"
    } else {
        ""
    };
    parts::should("Launch and Terminate are not suspended", false, format!("{}{so}", told.join(", ")))
}

/// Protected instances stay, whatever is wanted.
fn not_protected(group: &AutoScalingGroup, to: i64) -> Precondition {
    const NAME: &str = "no instance is protected from scale-in";
    let all = group.instances();
    let protected = all.iter().filter(|instance| instance.protected_from_scale_in() == Some(true));
    let protected: Vec<&str> = protected.filter_map(Instance::instance_id).collect();
    let (count, of) = (protected.len(), all.len());
    if count == 0 {
        return parts::should(NAME, true, format!("none of {of} is protected"));
    }
    let few: Vec<&str> = protected.into_iter().take(5).collect();
    let stays = if count as i64 > to { format!("; it can't come below {count}") } else { String::new() };
    parts::should(NAME, false, format!("{count} of {of} are protected ({}){stays}", few.join(", ")))
}

fn tag<'a>(group: &'a AutoScalingGroup, key: &str) -> Option<&'a str> {
    group.tags().iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value())
}

/// Instances that are in service and healthy.
fn serving(group: &AutoScalingGroup) -> impl Iterator<Item = &Instance> {
    group.instances().iter().filter(|instance| {
        instance.lifecycle_state() == Some(&LifecycleState::InService)
            && instance.health_status().is_none_or(|health| health.eq_ignore_ascii_case("healthy"))
    })
}

fn affects(group: &AutoScalingGroup, from: i64, to: i64) -> Vec<Arc<str>> {
    let instances = |count: i64| if count == 1 { "1 instance".to_owned() } else { format!("{count} instances") };
    let mut affects = match to - from {
        0 => Vec::new(),
        more @ 1.. => vec![format!("{} more to launch", instances(more))],
        fewer => {
            let policies = group.termination_policies().join(", ");
            vec![format!("{} to terminate, chosen by {policies}; what is on their disks is lost", instances(-fewer))]
        }
    };
    let names: Vec<&str> = group.target_group_arns().iter().map(|arn| target_group_name(arn)).collect();
    if !names.is_empty() && to != from {
        let verb = if to > from { "registered in" } else { "drained from" };
        affects.push(format!("they are {verb} {}", names.join(", ")));
    }
    if to == 0 {
        affects.push("no instance is left".to_owned());
    }
    affects.into_iter().map(Into::into).collect()
}

fn seen(group: &AutoScalingGroup) -> Seen {
    let number = |number: Option<i32>| number.map_or_else(|| "untold".to_owned(), |number| number.to_string());
    let mut suspended: Vec<&str> = group.suspended_processes().iter().filter_map(|it| it.process_name()).collect();
    suspended.sort_unstable();
    Seen::default()
        .with("ARN", group.auto_scaling_group_arn().unwrap_or("untold"))
        .with("created", instant(group.created_time()).map_or_else(|| "untold".to_owned(), |at| at.to_string()))
        .with("desired", number(group.desired_capacity()))
        .with("minimum", number(group.min_size()))
        .with("maximum", number(group.max_size()))
        .with("suspended", suspended.join(", "))
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&group(acting, &plan.target.id).await?)) }.boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        let desired = step.input.get("DesiredCapacity").and_then(Json::as_i64).and_then(|to| i32::try_from(to).ok());
        let name = parts::text_of(step, "AutoScalingGroupName").map(str::to_owned);
        let call = acting.writes.autoscaling().set_desired_capacity().set_auto_scaling_group_name(name);
        let call = call.set_desired_capacity(desired).set_honor_cooldown(parts::flag_of(step, "HonorCooldown"));
        sent(SET, call.customize().interceptor(Ride::with(permit)).send().await)
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let (id, (from, to)) = (&*plan.target.id, plan.number.unwrap_or_default());
        // What failed before is not this one's; clocks differ a little.
        let since = plan.made_at - SignedDuration::from_secs(60);
        let beginning = Beginning::default();
        let look = || async {
            let (group, newest) = join(group(acting, id), activities(acting, id)).await;
            let group = group?;
            if beginning.is_early(group.desired_capacity().map(i64::from) == Some(from)) {
                return Ok(parts::going("the new count is not seen yet", Some(0)));
            }
            // Not every operator may read why; the count itself tells whether it is done.
            let newest = newest.unwrap_or_default();
            let new = newest.iter().filter(|it| instant(it.start_time()).is_none_or(|began| began >= since));
            Ok(stand(&group, &new.collect::<Vec<_>>(), from, to))
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}

/// The newest activities of a group, newest first.
async fn activities(acting: &Acting, id: &ResourceId) -> Result<Vec<Activity>, Fault> {
    let call = acting.env.aws.autoscaling().describe_scaling_activities().auto_scaling_group_name(&*id.id);
    let answer = call.max_records(NEWEST).send().await.map_err(|error| fault(ACTIVITIES, &error))?;
    Ok(answer.activities.unwrap_or_default())
}

fn stand(group: &AutoScalingGroup, activities: &[&Activity], from: i64, to: i64) -> Stand {
    let desired = group.desired_capacity().unwrap_or_default();
    if let Some(status) = group.status() {
        return parts::failed(status);
    }
    if i64::from(desired) != to {
        return parts::failed(format!("{desired} instances are wanted now: somebody else or a policy has set that"));
    }
    let (serving, all) = (serving(group).count() as i64, group.instances().len() as i64);
    let mut words = format!("{serving} of {to} instances in service");
    if serving == to && all == to {
        return parts::verified(words);
    }
    if all != serving {
        words = format!("{words}, {} on their way", all - serving);
    }
    let failed = activities.iter().take_while(|it| it.status_code() != Some(&ScalingActivityStatusCode::Successful));
    let failed = failed.filter(|it| it.status_code() == Some(&ScalingActivityStatusCode::Failed)).collect::<Vec<_>>();
    if let Some(newest) = failed.first() {
        let why = newest.status_message().or(newest.description()).unwrap_or("no reason is told");
        words = format!("{words}; “{}”", why.trim_end_matches('.'));
    }
    let under_way = activities.iter().any(|it| it.end_time().is_none());
    if failed.len() >= FAILURES && !under_way {
        return parts::failed(words);
    }
    let percent = (100 * (serving - from)).checked_div(to - from).map(|percent| percent.clamp(0, 100) as u8);
    parts::going(words, percent)
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
