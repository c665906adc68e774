//! `ecs-stop-task`: stops one task, with a reason. A service starts another in its place; what the task was doing is lost.

use std::time::Duration;

use aws_sdk_ecs::types::{HealthStatus, Service, Task, TaskDefinition};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, OptionFuture, join};
use serde_json::json;

use super::ecs::{self, Trouble, Troubled};
use super::parts::{self, Stand};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices};
use crate::guard::{Permit, Watching};
use crate::kinds::ecs_task;
use crate::kinds::parts::{gone, instant, text_of};
use crate::model::{
    Fault, FaultClass, FieldChange, Fields, Followed, Plan, Precondition, Resource, ResourceId, Risk, Seen, Sent, Step,
    Undo, Value, Verdict,
};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

const ID: &str = "ecs-stop-task";
const STOP: Op = "ecs:StopTask";

/// A task may drain and shut down for some minutes, and its successor has to come up.
const PATIENCE: Duration = Duration::from_mins(20);
/// What the plan stands on: whether somebody else of the service is well.
const OTHERS: &str = "another task is healthy";
/// And the service it belongs to.
const SERVICE: &str = "service";
const NO_SERVICE: &str = "of no service";

/// Stops a task.
///
/// A plan waits twice; once more where the row does not say which service the task belongs to.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "stop",
    doc: "Stop one task; its service starts another",
    kinds: &["ecs-task"],
    fields: &[
        ecs::CLUSTER_FIELD,
        FieldDef::new(
            "service",
            "service",
            "The service it belongs to, where that is known: the plan comes sooner then",
            "lecture-backend-service",
            FieldSort::Text,
        )
        .locating(),
        FieldDef::new("task", "task", "Task, by id or ARN", "0f9c1d7ab3e24c5f8a6b1d2e3f405162", FieldSort::Text)
            .required()
            .locating(),
        FieldDef::new("reason", "reason", "Why; ECS shows it at the stopped task", "leaks memory", FieldSort::Text)
            .required(),
    ],
    sends: &[STOP],
    reads: &[ecs::TASKS, ecs::LIST_TASKS, ecs::SERVICES, ecs::DEFINITION],
    risk: "high; the last healthy task of a service critical",
    undo: "none: a stopped task does not start again; its service starts another",
    example: "ecs-stop-task -e dhbw-prod --cluster lecture-dhbw-cluster --task 0f9c1d7ab3e24c5f --reason 'leaks memory'",
    applies,
    form: |task, _| form(task),
    choices: no_choices,
    locate: |acting, fields| async move { locate(acting, fields) }.boxed(),
    plan,
    look,
    send,
    follow,
};

fn applies(task: &Resource) -> Result<(), String> {
    match text_of(&ecs_task::DEF, task, "desired_status") {
        "STOPPED" => Err(format!("it is {} already", text_of(&ecs_task::DEF, task, "status"))),
        _ => Ok(()),
    }
}

/// The service as the row has it.
fn form(task: &Resource) -> Fields {
    let service = text_of(&ecs_task::DEF, task, "service");
    let is_name = !service.is_empty() && !service.contains(':');
    is_name.then(|| ("service", service.to_owned())).into_iter().collect()
}

fn locate(acting: &Acting, fields: &Fields) -> Result<std::sync::Arc<ResourceId>, Fault> {
    let (cluster, task) = (parts::wanted(fields, "cluster")?, parts::wanted(fields, "task")?);
    Ok(ecs::task_id(&acting.env.scope, ecs::name_of(cluster), ecs::name_of(task)))
}

/// A task, with the service it belongs to and the others of it.
struct Found {
    task: Task,
    /// The service's name; a task started by hand has none.
    name: Option<String>,
    service: Option<Result<Service, Fault>>,
    /// How many others of the service are healthy, of how many.
    others: Option<Result<(usize, usize), Fault>>,
    /// It is healthy itself.
    healthy: bool,
}

impl Found {
    /// Whether the service has nobody else who is well.
    fn is_last(&self) -> bool {
        self.healthy && matches!(self.others, Some(Ok((0, _))))
    }
}

async fn task(acting: &Acting, id: &ResourceId) -> Result<Task, Fault> {
    let found = ecs::tasks(&acting.env, ecs::cluster_of(id), &[id.id.to_string()]).await?;
    found.into_iter().next().ok_or_else(|| gone(id))
}

/// Reads the task and all that is to be known of the others: two rounds of questions where its service is as was `expected`.
async fn find(acting: &Acting, id: &ResourceId, expected: Option<&str>) -> Result<Found, Fault> {
    let env = &acting.env;
    let expected: OptionFuture<_> = expected.map(|name| async move { (name, Of::read(acting, id, name).await) }).into();
    let (task, expected) = join(task(acting, id), expected).await;
    let task = task?;
    let name = task.group().and_then(|group| group.strip_prefix("service:")).map(str::to_owned);
    let rest: OptionFuture<_> = name.as_deref().map(|name| rest(acting, id, name, expected)).into();
    let definition = ecs::definition(env, task.task_definition_arn().unwrap_or_default());
    let (definition, rest) = join(definition, rest).await;
    let (service, others) = rest.unzip();
    let checked = is_checked(&definition, &task, others.as_ref());
    let count = |others: &[Task]| (others.iter().filter(|it| is_healthy(it, checked)).count(), others.len());
    Ok(Found {
        healthy: is_healthy(&task, checked),
        others: others.map(|others| others.map(|others| count(&others))),
        name,
        service,
        task,
    })
}

/// What is read of a service by its name.
struct Of {
    service: Result<Service, Fault>,
    arns: Result<Vec<String>, Fault>,
}

impl Of {
    async fn read(acting: &Acting, id: &ResourceId, name: &str) -> Self {
        let (env, cluster) = (&acting.env, ecs::cluster_of(id));
        let service = ecs::service_id(&env.scope, cluster, name);
        // A hundred say enough: one that is well among them will do.
        let (service, arns) = join(ecs::service(env, &service), ecs::some_task_arns(env, cluster, name)).await;
        Self { service, arns }
    }
}

/// The service, and its other tasks that are to run. What was read of the service that was expected counts where it is this one.
async fn rest(
    acting: &Acting,
    id: &ResourceId,
    name: &str,
    expected: Option<(&str, Of)>,
) -> (Result<Service, Fault>, Result<Vec<Task>, Fault>) {
    let of = match expected {
        Some((expected, of)) if expected == name => of,
        _ => Of::read(acting, id, name).await,
    };
    let others = async {
        let mut arns = of.arns?;
        arns.retain(|arn| ecs::name_of(arn) != &*id.id);
        if arns.is_empty() { Ok(Vec::new()) } else { ecs::tasks(&acting.env, ecs::cluster_of(id), &arns).await }
    };
    (of.service, others.await)
}

/// Whether the containers of such a task have health checks.
fn is_checked(
    definition: &Result<TaskDefinition, Fault>,
    task: &Task,
    others: Option<&Result<Vec<Task>, Fault>>,
) -> bool {
    let defined = definition.iter().flat_map(TaskDefinition::container_definitions);
    let told = |task: &Task| matches!(task.health_status(), Some(HealthStatus::Healthy | HealthStatus::Unhealthy));
    let others = others.into_iter().flatten().flatten();
    defined.into_iter().any(|container| container.health_check().is_some())
        || told(task)
        || others.into_iter().any(told)
}

/// Runs, and is healthy where there are health checks.
fn is_healthy(task: &Task, checked: bool) -> bool {
    task.last_status() == Some("RUNNING") && (!checked || task.health_status() == Some(&HealthStatus::Healthy))
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let reason = parts::wanted(fields, "reason")?;
        let found = find(acting, target, parts::given(fields, "service").map(ecs::name_of)).await?;
        let (cluster, id) = (ecs::cluster_of(target), &*target.id);
        let mut plan = parts::plan(acting, ID, target, fields, found.task.task_arn());
        let of = found.name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        plan.title = format!("stop task {id}{of}").into();
        let desired = found.task.desired_status();
        plan.changes = vec![FieldChange {
            field: "desired_status".into(),
            from: Value::maybe(desired),
            to: Value::text("STOPPED"),
        }];
        let running = desired != Some("STOPPED");
        let status = found.task.last_status().unwrap_or("of no status");
        plan.preconditions = vec![parts::must("the task is to run", running, format!("it is {status}"))];
        plan.preconditions.extend(others_serve(&found));
        plan.affects = affects(&found);
        plan.risk = if found.is_last() { Risk::Critical } else { Risk::High };
        plan.undo = Undo::No(match &found.name {
            Some(name) => format!("a stopped task does not start again; {name} starts another in its place").into(),
            None => "a stopped task does not start again, and no service starts another".into(),
        });
        let input = json!({ "cluster": cluster, "task": id, "reason": reason });
        plan.steps = vec![parts::step(acting, STOP, format!("stop task {id}"), &input, seen(&found))];
        let flags = [("cluster", cluster), ("task", id), ("reason", reason)];
        plan.command = parts::aws_command(acting, "ecs stop-task", &flags);
        Ok(plan)
    }
    .boxed()
}

/// Whether others do the work meanwhile.
fn others_serve(found: &Found) -> Option<Precondition> {
    const NAME: &str = "others serve meanwhile";
    Some(match found.others.as_ref()? {
        Err(fault) => parts::untold(NAME, fault),
        Ok((0, of)) => {
            let own = if found.healthy { "the last healthy one" } else { "not healthy itself" };
            Precondition::new(NAME, Verdict::Warn, format!("none of {of} other tasks is healthy; this one is {own}"))
        }
        Ok((healthy, of)) => parts::should(NAME, true, format!("{healthy} of {of} other tasks are healthy")),
    })
}

fn affects(found: &Found) -> Vec<std::sync::Arc<str>> {
    let mut affects = Vec::new();
    match (&found.name, &found.service) {
        (Some(name), Some(Ok(service))) => {
            let (running, desired) = (service.running_count(), service.desired_count());
            affects.push(format!("{name} starts another: {running} of {desired} tasks run now"));
            affects.extend(ecs::target_groups(service).map(|groups| format!("its connections drain from {groups}")));
        }
        (Some(name), _) => affects.push(format!("{name} starts another")),
        (None, _) => affects.push("nothing starts another: it belongs to no service".to_owned()),
    }
    affects.into_iter().map(Into::into).collect()
}

fn seen(found: &Found) -> Seen {
    let task = &found.task;
    let others = match &found.others {
        Some(Ok((0, _))) => "no",
        Some(Ok(_)) => "yes",
        Some(Err(_)) => "untold",
        None => NO_SERVICE,
    };
    Seen::default()
        .with("ARN", task.task_arn().unwrap_or("untold"))
        .with("created", instant(task.created_at()).map_or_else(|| "untold".to_owned(), |at| at.to_string()))
        .with("desired status", task.desired_status().unwrap_or("untold"))
        .with(SERVICE, found.name.as_deref().unwrap_or(NO_SERVICE))
        .with("healthy", if found.healthy { "yes" } else { "no" })
        .with(OTHERS, others)
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step) -> Asked<'a, Seen> {
    async move {
        let service = step.seen.0.get(SERVICE);
        let service = service.map(|name| &**name).filter(|name| *name != NO_SERVICE);
        Ok(seen(&find(acting, &plan.target.id, service).await?))
    }
    .boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        let text = |parameter: &str| parts::text_of(step, parameter).map(str::to_owned);
        let call = acting.writes.ecs().stop_task().set_cluster(text("cluster"));
        let call = call.set_task(text("task")).set_reason(text("reason"));
        sent(STOP, call.customize().interceptor(Ride::with(permit)).send().await)
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let id = &*plan.target.id;
        let name = step.seen.0.get(SERVICE).filter(|name| &***name != NO_SERVICE);
        let service_id = name.map(|name| ecs::service_id(&acting.env.scope, ecs::cluster_of(id), name));
        let trouble = Trouble::default();
        let look = || async {
            let of_service: OptionFuture<_> = service_id.as_ref().map(|id| ecs::service(&acting.env, id)).into();
            let (task, service) = join(task(acting, id), of_service).await;
            let status = status(task)?;
            let Some(service) = service.transpose()? else { return Ok(alone(&status)) };
            let troubled = trouble.since(&service);
            match stand(&status, &service, &troubled) {
                Stand::Going(headway) if troubled.keeps_stopping => {
                    let words = format!("its successors keep stopping ({})", headway.words);
                    Ok(ecs::stopping(acting, service_id.as_ref().unwrap_or(&plan.target.id), &words, &troubled).await)
                }
                stand => Ok(stand),
            }
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}

/// The task's status; one that is not told of any more has stopped.
fn status(task: Result<Task, Fault>) -> Result<String, Fault> {
    match task {
        Ok(task) => Ok(task.last_status().unwrap_or("of no status").to_owned()),
        Err(fault) if fault.class == FaultClass::NotFound => Ok("STOPPED".to_owned()),
        Err(fault) => Err(fault),
    }
}

fn alone(status: &str) -> Stand {
    match status {
        "STOPPED" => parts::verified("the task has stopped"),
        status => parts::going(format!("the task is {status}"), None),
    }
}

fn stand(status: &str, service: &Service, trouble: &Troubled) -> Stand {
    let (running, desired) = (service.running_count(), service.desired_count());
    let stopped = status == "STOPPED";
    if stopped && running >= desired {
        return parts::verified(format!("the task has stopped; {running} of {desired} tasks run"));
    }
    let mut words = if stopped { "the task has stopped".to_owned() } else { format!("the task is {status}") };
    words = format!("{words}; {running} of {desired} tasks run");
    if let Some(event) = &trouble.event {
        words = format!("{words}; “{event}”");
    }
    parts::going(words, None)
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
