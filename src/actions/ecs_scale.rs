//! `ecs-scale`: the desired count of a service. Nothing but the count is sent.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
use aws_sdk_ecs::types::Service;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use serde_json::json;

use super::ecs::{self, Trouble, Troubled};
use super::parts::{self, Beginning, Stand};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices};
use crate::guard::{Permit, Watching};
use crate::kinds::ecs_service;
use crate::model::{
    Fault, FaultClass, FieldChange, Fields, Followed, Order, Plan, Precondition, Resource, ResourceId, Risk, Seen,
    Sent, Step, Undo, Value,
};
use crate::providers::Acting;
use crate::providers::aws::fault;

const ID: &str = "ecs-scale";
/// The range that autoscaling keeps a service in.
const RANGE: Op = "application-autoscaling:DescribeScalableTargets";

/// The most tasks that a service can have.
const MOST: i64 = 5_000;
/// Tasks that drain and images that are large take their time; longer than this is no scaling any more.
const PATIENCE: Duration = Duration::from_mins(20);
/// So many looks with every task there are enough, whatever is said of a rollout that began before: the count is what was wanted.
const STEADY: u32 = 10;

/// Sets the desired count of a service.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "scale",
    doc: "Set how many tasks of a service shall run",
    kinds: &[ecs::SERVICE],
    fields: &[
        ecs::CLUSTER_FIELD,
        ecs::SERVICE_FIELD,
        FieldDef::new("desired", "desired", "Tasks that shall run", "6", FieldSort::Number(0, MOST)).required(),
    ],
    sends: &[ecs::UPDATE],
    reads: &[ecs::SERVICES, ecs::LIST_TASKS, ecs::TASKS, RANGE],
    risk: "up medium, down high, to 0 critical",
    undo: "scale back",
    example: "ecs-scale -e dhbw-prod --cluster lecture-dhbw-cluster --service lecture-backend-service --desired 6",
    applies: |service| ecs::applies(service).and_then(|()| ecs::is_replica(service)),
    form: |service, _| form(service),
    choices: no_choices,
    locate: |acting, fields| async move { ecs::locate(acting, fields) }.boxed(),
    plan,
    look,
    send: |acting, _, step, permit| send(acting, step, permit),
    follow,
};

fn form(service: &Resource) -> Fields {
    let desired = ecs_service::DEF.cell(service, "desired").map(|cell| cell.show_exact().into_owned());
    desired.into_iter().map(|desired| ("desired", desired)).collect()
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let to = wanted(fields)?;
        let (service, range) = join(ecs::service(&acting.env, target), range(acting, target)).await;
        let service = service?;
        let from = i64::from(service.desired_count());
        let (cluster, name) = (ecs::cluster_of(target), &*target.id);
        let mut plan = parts::plan(acting, ID, target, fields, service.service_arn());
        plan.title = format!("scale {name} from {from} to {to} tasks").into();
        plan.changes = vec![FieldChange { field: "desired".into(), from: Value::Int(from), to: Value::Int(to) }];
        plan.preconditions = vec![
            ecs::active(&service),
            ecs::replica(&service),
            parts::must("something changes", from != to, changes(&service, to)),
            within(&range, to),
            ecs::at_rest(&service),
        ];
        plan.affects = affects(&service, from, to);
        let input = json!({ "cluster": cluster, "service": name, "desiredCount": to });
        let words = format!("set the desired count of {name} to {to}");
        plan.steps = vec![parts::step(acting, ecs::UPDATE, words, &input, seen(&service))];
        plan.risk = risk(from, to);
        plan.number = Some((from, to));
        plan.undo = Undo::By {
            words: format!("scale back to {from}").into(),
            order: Order {
                action: ID,
                target: plan.order.target.clone(),
                fields: [("desired", from.to_string())].into(),
            },
        };
        let count = to.to_string();
        let flags = [("cluster", cluster), ("service", name), ("desired-count", &count)];
        plan.command = parts::aws_command(acting, "ecs update-service", &flags);
        Ok(plan)
    }
    .boxed()
}

/// The count that is asked for.
fn wanted(fields: &Fields) -> Result<i64, Fault> {
    let wrong = |text: &str| Fault::new(FaultClass::Invalid, format!("`{text}` is no number of tasks"));
    let text = parts::wanted(fields, "desired")?;
    text.parse().ok().filter(|count| (0..=MOST).contains(count)).ok_or_else(|| wrong(text))
}

fn risk(from: i64, to: i64) -> Risk {
    match to {
        0 => Risk::Critical,
        to if to < from => Risk::High,
        _ => Risk::Medium,
    }
}

fn changes(service: &Service, to: i64) -> String {
    let (desired, running) = (service.desired_count(), service.running_count());
    let idle = if i64::from(desired) == to { "nothing would change: " } else { "" };
    format!("{idle}{desired} are wanted now, {running} run")
}

/// The range that autoscaling keeps the service in, if there is one.
async fn range(acting: &Acting, id: &ResourceId) -> Result<Option<ScalableTarget>, Fault> {
    let resource = format!("service/{}/{}", ecs::cluster_of(id), id.id);
    let call = acting.env.aws.scaling().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
    let call = call.resource_ids(resource).scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    let answer = call.send().await.map_err(|error| fault(RANGE, &error))?;
    Ok(answer.scalable_targets.and_then(|targets| targets.into_iter().next()))
}

/// Outside of its range, autoscaling takes the count back when it next looks.
fn within(range: &Result<Option<ScalableTarget>, Fault>, to: i64) -> Precondition {
    const NAME: &str = "within the autoscaling range";
    let target = match range {
        Ok(Some(target)) => target,
        Ok(None) => return parts::should(NAME, true, "no autoscaling is registered for it"),
        Err(fault) => return parts::untold(NAME, fault),
    };
    let (least, most) = (target.min_capacity(), target.max_capacity());
    let suspended = target.suspended_state().is_some_and(|state| {
        state.dynamic_scaling_in_suspended() == Some(true) && state.dynamic_scaling_out_suspended() == Some(true)
    });
    let hand = if suspended { "its scaling is suspended" } else { "its policies may set another count at any time" };
    let inside = (i64::from(least)..=i64::from(most)).contains(&to);
    let so = if inside { String::new() } else { format!(", and would not leave it at {to}") };
    parts::should(NAME, inside, format!("autoscaling keeps it from {least} to {most}{so}; {hand}"))
}

fn affects(service: &Service, from: i64, to: i64) -> Vec<std::sync::Arc<str>> {
    let groups = ecs::target_groups(service);
    let tasks = |count: i64| if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") };
    let mut affects = match to - from {
        0 => Vec::new(),
        more @ 1.. => vec![format!("{} more to start", tasks(more))],
        fewer => vec![format!("{} to stop", tasks(-fewer))],
    };
    match groups {
        Some(groups) if to > from => affects.push(format!("they are registered in {groups}")),
        Some(groups) if to < from => affects.push(format!("their connections drain from {groups}")),
        _ => {}
    }
    if to == 0 {
        affects.push("nothing of the service is left to answer anybody".to_owned());
    }
    affects.into_iter().map(Into::into).collect()
}

fn seen(service: &Service) -> Seen {
    ecs::seen(service).with("desired", service.desired_count())
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&ecs::service(&acting.env, &plan.target.id).await?)) }.boxed()
}

fn send<'a>(acting: &'a Acting, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    ecs::update(acting, step, permit).boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let (id, (from, to)) = (&*plan.target.id, plan.number.unwrap_or_default());
        let (trouble, full, beginning) = (Trouble::default(), AtomicU32::new(0), Beginning::default());
        let look = || async {
            let service = ecs::service(&acting.env, id).await?;
            if beginning.is_early(i64::from(service.desired_count()) == from) {
                return Ok(parts::going("the new count is not seen yet", Some(0)));
            }
            let troubled = trouble.since(&service);
            if is_full(&service, to) && service.deployments().len() == 1 && full.fetch_add(1, Relaxed) >= STEADY {
                let name = ecs::definition_name(&service);
                return Ok(parts::verified(format!("{to} of {to} tasks run; {name} is not called rolled out yet")));
            }
            match stand(&service, from, to, &troubled) {
                Stand::Going(headway) if troubled.keeps_stopping => {
                    let words = format!("tasks keep stopping ({})", headway.words);
                    Ok(ecs::stopping(acting, id, &words, &troubled).await)
                }
                stand => Ok(stand),
            }
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}

/// Whether it has the tasks that are wanted, and no more are coming.
fn is_full(service: &Service, to: i64) -> bool {
    let running = i64::from(service.running_count());
    (i64::from(service.desired_count()), running, service.pending_count()) == (to, to, 0)
}

/// How far a service has come on its way to a count.
fn stand(service: &Service, from: i64, to: i64, trouble: &Troubled) -> Stand {
    let (running, pending) = (i64::from(service.running_count()), service.pending_count());
    if service.status() != Some("ACTIVE") {
        return parts::failed(format!("the service is {}", service.status().unwrap_or("gone")));
    }
    if i64::from(service.desired_count()) != to {
        let now = service.desired_count();
        return parts::failed(format!("{now} tasks are wanted now: somebody else or its autoscaling has set that"));
    }
    let mut words = format!("{running} of {to} tasks run");
    if is_full(service, to) && !ecs::is_rolling(service) {
        return parts::verified(words);
    }
    if pending > 0 {
        words = format!("{words}, {pending} starting");
    } else if running == to {
        words = format!("{words}, {} is being rolled out", ecs::definition_name(service));
    }
    if let Some(event) = &trouble.event {
        words = format!("{words}; “{event}”");
    }
    let percent = (100 * (running - from)).checked_div(to - from).map(|percent| percent.clamp(0, 100) as u8);
    parts::going(words, percent)
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
