//! `ecs-deploy`: another task definition for a service, the one of the last completed deployment, or the same one once more. Only what
//! changes is sent, and never the count: autoscaling may have set another one since.

mod aim;
mod choices;
mod difference;
mod follow;
mod images;

use std::sync::Arc;

use aws_sdk_ecs::types::{ContainerDefinition, DeploymentConfiguration, Service, TaskDefinition, TaskDefinitionStatus};
use futures_util::FutureExt;
use serde_json::{Map, Value as Json, json};

use super::ecs;
use super::parts;
use super::{ActionDef, Asked, Choice, FieldDef, FieldSort};
use crate::guard::Watching;
use crate::kinds::ecs_service;
use crate::kinds::parts::text_of;
use crate::kinds::terraform;
use crate::model::{
    FieldChange, Fields, Followed, Order, Plan, Precondition, Resource, ResourceId, Risk, Seen, Step, Undo, Value,
};
use crate::providers::Acting;
use aim::{Aim, Found, Wanted};

const ID: &str = "ecs-deploy";
const DEFINITION_FIELD: &str = "task-definition";
/// What the row says that is set.
const SET_FIELD: &str = "set";

/// Deploys a service.
///
/// A plan waits twice, but for these: each hundred of completed deployments more is one answer more to wait for, since their order is
/// not documented; what to go back to takes two more where only the history tells it and it is none of the revisions just before the
/// one that is set; and two more without the row's word on what is set.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "deploy",
    doc: "Deploy another revision of a service, roll it back, or force a new deployment of the same one",
    kinds: &[ecs::SERVICE],
    fields: FIELDS,
    sends: &[ecs::UPDATE],
    reads: &[
        ecs::SERVICES,
        ecs::LIST_TASKS,
        ecs::TASKS,
        ecs::DEFINITION,
        choices::LIST,
        aim::HISTORY,
        aim::REVISIONS,
        images::IMAGES,
    ],
    risk: "medium",
    undo: "deploy the revision that was set before; a forced deployment has none",
    example: "ecs-deploy -e dhbw-prod --cluster lecture-dhbw-cluster --service lecture-backend-service --rollback yes",
    applies: |service| ecs::applies(service).and_then(|()| ecs::is_rolled(service)),
    form: |service, _| form(service),
    choices: |acting, id, field| choices(acting, id, field),
    locate,
    plan,
    look,
    send: |acting, _, step, permit| ecs::update(acting, step, permit).boxed(),
    follow,
};

const FIELDS: &[FieldDef] = &[
    ecs::CLUSTER_FIELD,
    ecs::SERVICE_FIELD,
    FieldDef::new(
        SET_FIELD,
        "set",
        "Task definition that is set, where that is known: the plan comes sooner then",
        "lecture-backend:48",
        FieldSort::Text,
    )
    .locating(),
    FieldDef::new(
        DEFINITION_FIELD,
        "task definition",
        "Task definition to deploy: family:revision, a family for its newest, or an ARN",
        "lecture-backend:47",
        FieldSort::Chosen,
    ),
    FieldDef::new(
        "rollback",
        "roll back",
        "Deploy what the last completed deployment before had",
        "yes",
        FieldSort::Flag,
    ),
    FieldDef::new("force", "force", "Begin a new deployment even of what is set already", "yes", FieldSort::Flag),
    FieldDef::new(
        "minimum-percent",
        "minimum %",
        "Least of the desired tasks kept healthy in a rollout, from now on",
        "100",
        FieldSort::Number(0, 100),
    ),
    FieldDef::new(
        "maximum-percent",
        "maximum %",
        "Most of the desired tasks that run in a rollout, from now on",
        "200",
        FieldSort::Number(100, 1_000),
    ),
];

fn form(service: &Resource) -> Fields {
    let set = text_of(&ecs_service::DEF, service, "task_definition");
    let mut fields = Fields::from([("force", "no".to_owned()), ("rollback", "no".to_owned())]);
    if !set.is_empty() {
        fields.insert(SET_FIELD, set.to_owned());
    }
    fields
}

/// While the operator chooses, what Terraform's states hold is read, too.
fn choices<'a>(acting: &'a Acting, id: &'a ResourceId, field: &'static str) -> Asked<'a, Vec<Choice>> {
    async move {
        if field != DEFINITION_FIELD {
            return Ok(Vec::new());
        }
        terraform::read_ahead(&acting.env).await;
        choices::revisions(acting, id).await
    }
    .boxed()
}

/// On the command line nothing is chosen first: what Terraform's states hold is waited for here, so that the plan has it.
fn locate<'a>(acting: &'a Acting, fields: &'a Fields) -> Asked<'a, Arc<ResourceId>> {
    async move {
        let id = ecs::locate(acting, fields)?;
        drop(held(acting, &id).await);
        Ok(id)
    }
    .boxed()
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let wanted = Wanted::of(fields)?;
        let expected = parts::given(fields, SET_FIELD).map(ecs::name_of);
        let found = aim::find(acting, target, &wanted.aim, expected);
        let (found, held) = parts::meanwhile(found, held(acting, target)).await;
        let (found, held) = (found?, held.unwrap_or_else(not_read_yet));
        let service = &found.service;
        let mut plan = parts::plan(acting, ID, target, fields, service.service_arn());
        plan.risk = Risk::Medium;
        plan.preconditions = vec![ecs::active(service), ecs::rolled_by_ecs(service), ecs::at_rest(service), held];
        let (to, asked) = match &found.to {
            Ok((to, asked)) => (to, asked),
            Err(why) => {
                plan.title = format!("roll back {}", target.id).into();
                plan.preconditions.push(parts::must("something to go back to", false, why));
                return Ok(plan);
            }
        };
        plan.preconditions.extend(suits(service, to));
        let ran = images::ran(&found.tasks, &found.revisions);
        let back = wanted.aim == Aim::Back;
        plan.preconditions.extend(images::preconditions(to, back, &ran, asked));
        finish(acting, &mut plan, &wanted, &found, to);
        Ok(plan)
    }
    .boxed()
}

const NOT_HELD: &str = "not held by Terraform";

/// Nothing waits for Terraform's states. It warns whether they are slow or not, so that the same is to be typed however fast they are.
fn not_read_yet() -> Precondition {
    let words = "could not tell: Terraform's states are still being read; if one holds it, the next apply sets it back";
    parts::should(NOT_HELD, false, words)
}

/// Whether Terraform would set the service back: what its states say is asked while everything else is.
async fn held(acting: &Acting, id: &ResourceId) -> Precondition {
    let (identity, region) = (&acting.env.identity, &acting.env.scope.region);
    let partition = identity.arn.split(':').nth(1).unwrap_or("aws");
    let service = format!("service/{}/{}", ecs::cluster_of(id), id.id);
    let arn = format!("arn:{partition}:ecs:{region}:{}:{service}", identity.account);
    match terraform::holder(&acting.env, "aws_ecs_service", &arn).await {
        Some(held) => {
            let (state, address) = (held.state, held.address);
            let words = format!("state {state} holds it as {address}: the next apply sets it as it is written there");
            parts::should(NOT_HELD, false, words)
        }
        None => parts::should(NOT_HELD, true, "no state that could be read holds it"),
    }
}

/// What depends on what is deployed and needs no more reading.
fn finish(acting: &Acting, plan: &mut Plan, wanted: &Wanted, found: &Found, to: &TaskDefinition) {
    let service = &found.service;
    let id = Arc::clone(&plan.target.id);
    let (set, new) = (ecs::definition_name(service), revision(to));
    let percents = Percents::of(service, wanted);
    plan.changes = changes(set, &new, wanted.force, &percents);
    plan.preconditions.push(parts::must("something changes", !plan.changes.is_empty(), something(set, &plan.changes)));
    plan.affects = affects(found, to, set != new);
    plan.title = match (&wanted.aim, set == new) {
        (Aim::Back, _) => format!("roll {} back from {set} to {new}", id.id),
        (_, true) => format!("deploy {new} to {} once more", id.id),
        (_, false) => format!("deploy {new} to {} instead of {set}", id.id),
    }
    .into();
    let input = input(&id, (set != new).then_some(&new), wanted.force, &percents);
    plan.command = command(acting, &input, &percents);
    plan.undo = undo(&id, set, &new, found, &percents);
    let words = format!("deploy {new} to {}", id.id);
    plan.steps = vec![parts::step(acting, ecs::UPDATE, words, &Json::Object(input), ecs::seen(service))];
}

/// `family:revision`.
fn revision(definition: &TaskDefinition) -> String {
    format!("{}:{}", definition.family().unwrap_or_default(), definition.revision())
}

/// The deployment configuration's percentages that would change: from, to.
struct Percents {
    minimum: Option<(Option<i32>, i32)>,
    maximum: Option<(Option<i32>, i32)>,
}

impl Percents {
    fn of(service: &Service, wanted: &Wanted) -> Self {
        let settings = service.deployment_configuration();
        let changed = |from: Option<i32>, to: Option<i32>| to.filter(|to| from != Some(*to)).map(|to| (from, to));
        let now = |get: fn(&DeploymentConfiguration) -> Option<i32>| settings.and_then(get);
        Self {
            minimum: changed(now(DeploymentConfiguration::minimum_healthy_percent), wanted.minimum),
            maximum: changed(now(DeploymentConfiguration::maximum_percent), wanted.maximum),
        }
    }

    /// Those that change, by the API's names.
    fn sent(&self) -> Map<String, Json> {
        let both = [("maximumPercent", self.maximum), ("minimumHealthyPercent", self.minimum)];
        both.iter().filter_map(|(name, change)| Some(((*name).to_owned(), json!(change.as_ref()?.1)))).collect()
    }
}

fn changes(set: &str, new: &str, force: bool, percents: &Percents) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    if set != new {
        changes.push(parts::change("task_definition", Some(set), Some(new)));
    } else if force {
        changes.push(parts::change("deployment", Some("the present one"), Some("a new one")));
    }
    if changes.is_empty() {
        return changes;
    }
    let percent = |name: &str, change: &Option<(Option<i32>, i32)>| {
        let (from, to) = (*change)?;
        let from = from.map_or(Value::None, |from| Value::Int(from.into()));
        Some(FieldChange { field: name.into(), from, to: Value::Int(to.into()) })
    };
    changes.extend(percent("minimum_percent", &percents.minimum));
    changes.extend(percent("maximum_percent", &percents.maximum));
    changes
}

fn something(set: &str, changes: &[FieldChange]) -> String {
    match changes {
        [] => format!("nothing would change: {set} is set already; a new deployment of it has to be forced"),
        changes => {
            let fields: Vec<&str> = changes.iter().map(|change| &*change.field).collect();
            format!("{set} is set now; what changes: {}", fields.join(", "))
        }
    }
}

/// Whether the service can run what is to be deployed.
fn suits(service: &Service, to: &TaskDefinition) -> Vec<Precondition> {
    let status = to.status().map_or("of no status", TaskDefinitionStatus::as_str);
    let mut all =
        vec![parts::must("task definition is active", status == "ACTIVE", format!("{} is {status}", revision(to)))];
    let (family, set) = (to.family().unwrap_or_default(), ecs::definition_name(service));
    let same = set.split(':').next() == Some(family);
    all.push(parts::should("same family", same, format!("{set} is set, {} is to be", revision(to))));
    let has = |name: &str, port: i32| {
        let container = |it: &&ContainerDefinition| it.name() == Some(name);
        let mapped = |it: &aws_sdk_ecs::types::PortMapping| it.container_port().is_none_or(|own| own == port);
        to.container_definitions().iter().find(container).is_some_and(|it| it.port_mappings().iter().any(mapped))
    };
    for balancer in service.load_balancers() {
        let (name, port) =
            (balancer.container_name().unwrap_or_default(), balancer.container_port().unwrap_or_default());
        let there = has(name, port);
        let evidence = if there {
            format!("{} has {name}:{port}, which is behind its load balancer", revision(to))
        } else {
            format!("its load balancer wants {name}:{port}, which {} has not", revision(to))
        };
        all.push(parts::must("load balancer finds its container", there, evidence));
    }
    all
}

fn affects(found: &Found, to: &TaskDefinition, other: bool) -> Vec<Arc<str>> {
    let service = &found.service;
    let settings = service.deployment_configuration();
    let mut affects: Vec<Arc<str>> = match (service.desired_count(), settings) {
        (0, _) => vec!["no task runs, and none is started: the service is scaled to zero".into()],
        (count, Some(settings)) => {
            let percent =
                |percent: Option<i32>| percent.map_or("its usual".to_owned(), |percent| format!("{percent} %"));
            let (least, most) = (percent(settings.minimum_healthy_percent()), percent(settings.maximum_percent()));
            vec![
                format!("{count} tasks are replaced, {least} of them at least and {most} at most run meanwhile").into(),
            ]
        }
        (count, None) => vec![format!("{count} tasks are replaced").into()],
    };
    if let Some(groups) = ecs::target_groups(service) {
        affects.push(format!("targets are registered in and drained from {groups}").into());
    }
    if let (true, Ok(current)) = (other, &found.current) {
        let lines = difference::difference(current, to);
        if lines.is_empty() {
            affects.push("the task definitions do not differ in what is compared".into());
        }
        affects.extend(lines);
    }
    affects
}

fn input(id: &ResourceId, definition: Option<&String>, force: bool, percents: &Percents) -> Map<String, Json> {
    let mut input = Map::new();
    input.insert("cluster".to_owned(), json!(ecs::cluster_of(id)));
    input.insert("service".to_owned(), json!(&*id.id));
    if let Some(definition) = definition {
        input.insert("taskDefinition".to_owned(), json!(definition));
    }
    if force {
        input.insert("forceNewDeployment".to_owned(), json!(true));
    }
    let percents = percents.sent();
    if !percents.is_empty() {
        input.insert("deploymentConfiguration".to_owned(), Json::Object(percents));
    }
    input
}

fn command(acting: &Acting, input: &Map<String, Json>, percents: &Percents) -> Arc<str> {
    let text = |name: &str| input.get(name).and_then(Json::as_str);
    let configuration: Vec<String> =
        percents.sent().iter().map(|(name, percent)| format!("{name}={percent}")).collect();
    let configuration = configuration.join(",");
    let named =
        [("cluster", text("cluster")), ("service", text("service")), ("task-definition", text("taskDefinition"))];
    let mut flags: Vec<(&str, &str)> = named.into_iter().filter_map(|(flag, value)| Some((flag, value?))).collect();
    if input.contains_key("forceNewDeployment") {
        flags.push(("force-new-deployment", ""));
    }
    if !configuration.is_empty() {
        flags.push(("deployment-configuration", &configuration));
    }
    parts::aws_command(acting, "ecs update-service", &flags)
}

/// The revision that was set before, if it can still be deployed.
fn undo(id: &Arc<ResourceId>, set: &str, new: &str, found: &Found, percents: &Percents) -> Undo {
    if set == new {
        return Undo::No("the same task definition is started anew: there is nothing to go back to".into());
    }
    if found.current.as_ref().is_ok_and(|current| current.status() != Some(&TaskDefinitionStatus::Active)) {
        return Undo::No(format!("{set} is not active any more and can't be deployed again").into());
    }
    let mut fields = Fields::from([(DEFINITION_FIELD, set.to_owned())]);
    let mut back = |field, change: Option<(Option<i32>, i32)>| {
        if let Some((Some(from), _)) = change {
            fields.insert(field, from.to_string());
        }
    };
    back("minimum-percent", percents.minimum);
    back("maximum-percent", percents.maximum);
    Undo::By {
        words: format!("deploy {set} again").into(),
        order: Order { action: ID, target: Arc::clone(id), fields },
    }
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(ecs::seen(&ecs::service(&acting.env, &plan.target.id).await?)) }.boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    follow::until_rolled_out(acting, plan, step, watch).boxed()
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
