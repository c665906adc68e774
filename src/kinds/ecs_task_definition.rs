//! `ecs-task-definition`: task definitions of ECS.
//!
//! A list of the region shows the newest revision of every active family, and the other revisions that services are set to. It
//! calls `ListTaskDefinitionFamilies`, what a list of services calls (without its evidence), and `DescribeTaskDefinition` for
//! each, four at once: revisions never change, so the cadence is slow. Within a service: what its deployments use. Within a task
//! definition: the newest revisions of its family. Values of environment variables are never shown, only their names.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, PortMapping, Service, SortOrder, TaskDefinition, TaskDefinitionFamilyStatus,
    TaskDefinitionStatus,
};
use futures_util::future::try_join;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::parts::{self, Verdict, fine, required};
use super::{Asked, Column, KindDef, Op, Relation, Show, Sink, System, ecs};
use crate::model::{Detail, Fault, Health, LogSource, Resource, ResourceId, Scope, Section, Value};
use crate::providers::Env;
use crate::providers::aws::raw::Capture;
use crate::providers::aws::{fault, gathered};

const KIND: &str = "ecs-task-definition";
const FAMILIES: Op = "ecs:ListTaskDefinitionFamilies";
const REVISIONS: Op = "ecs:ListTaskDefinitions";

/// Calls for one task definition each that are under way at once.
const DESCRIBING: usize = 4;
/// How many of the newest revisions of a family are listed.
const REVISIONS_SHOWN: i32 = 30;

/// ECS task definitions.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "task-definitions",
    aliases: &["td", "tds", "taskdef", "taskdefs", "task-definition"],
    doc: "ECS task definitions: images, size, log groups, how many services use them",
    system: System::Aws,
    pane: None,
    columns: COLUMNS,
    reads: &[FAMILIES, REVISIONS, ecs::DEFINITION, ecs::LIST_CLUSTERS, ecs::LIST_SERVICES, ecs::SERVICES],
    cadence: Duration::from_mins(5),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs,
    has_logs: true,
    console: |definition| {
        let (family, revision) = definition.id.id.split_once(':')?;
        let region = &definition.id.scope.region;
        Some(format!("ecs/v2/task-definitions/{family}/{revision}/containers?region={region}"))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("family", "FAMILY", (8, 32), Show::Data, "Family"),
    Column::number("revision", "REVISION", 8, Show::Data, "Revision"),
    Column::number("used_by", "USED BY", 7, Show::Table(1), "Services that deploy it; not told within a family"),
    Column::text("image", "IMAGES", (16, 60), Show::Table(0), "Images of its containers, without their registries"),
    Column::text("cpu", "CPU", (3, 6), Show::Table(2), "CPU units of a task; 1024 are one"),
    Column::text("memory", "MEMORY", (4, 8), Show::Table(3), "Memory of a task, MiB"),
    Column::text("registered", "REGISTERED", (4, 10), Show::Table(4), "When it was registered"),
    Column::text("status", "STATUS", (6, 18), Show::Table(5), "ACTIVE, INACTIVE or DELETE_IN_PROGRESS"),
    Column::text("images", "FULL IMAGES", (16, 120), Show::Data, "Images of its containers"),
    Column::text("registered_by", "REGISTERED BY", (8, 40), Show::Data, "Who registered it"),
    Column::text("containers", "CONTAINERS", (8, 60), Show::Data, "Its containers"),
    Column::text("log_groups", "LOG GROUPS", (8, 60), Show::Data, "Log groups its containers write to"),
    Column::text("network_mode", "NETWORK", (4, 8), Show::Data, "Network mode"),
    Column::text("compatibilities", "RUNS ON", (3, 20), Show::Data, "Launch types it is made for"),
    Column::text("architecture", "ARCHITECTURE", (5, 8), Show::Data, "CPU architecture"),
    Column::text("task_role", "TASK ROLE", (8, 40), Show::Data, "Role of the application"),
    Column::text("execution_role", "EXECUTION ROLE", (8, 40), Show::Data, "Role that pulls images and writes logs"),
];

/// How many services deploy a revision, by `family:revision`; nothing where nobody counted.
type Uses = Option<BTreeMap<String, i64>>;

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let Some(within) = within else { return Box::pin(region(env, sink)).await };
        let references = match within.kind {
            KIND => revisions(env, within.id.split(':').next().unwrap_or_default()).await?,
            _ => deployed(&ecs::service(env, within).await?),
        };
        describe(env, references, &None, sink).await.map(drop)
    })
}

/// The newest of every family, then what else is in use.
async fn region(env: &Env, sink: &dyn Sink) -> Result<(), Fault> {
    let (families, uses) = try_join(families(env), Box::pin(uses(env))).await?;
    let uses = Some(uses);
    let shown = describe(env, families, &uses, sink).await?;
    let older = uses.iter().flatten().map(|(reference, _)| reference).filter(|reference| !shown.contains(reference));
    describe(env, older.cloned().collect(), &uses, sink).await.map(drop)
}

async fn families(env: &Env) -> Result<Vec<String>, Fault> {
    gathered(FAMILIES, |token| async move {
        let call = env.aws.ecs().list_task_definition_families().status(TaskDefinitionFamilyStatus::Active);
        let call = call.max_results(ecs::PAGE as i32).set_next_token(token);
        let page = call.send().await.map_err(|error| fault(FAMILIES, &error))?;
        Ok((page.families.unwrap_or_default(), page.next_token))
    })
    .await
}

async fn uses(env: &Env) -> Result<BTreeMap<String, i64>, Fault> {
    let mut uses = BTreeMap::new();
    let mut services = std::pin::pin!(ecs::services(env, ecs::clusters(env, None).await?));
    while let Some((_, ten)) = services.try_next().await? {
        for reference in ten.iter().flat_map(deployed) {
            *uses.entry(reference).or_default() += 1;
        }
    }
    Ok(uses)
}

/// What a service is set to and what its deployments use, each once.
fn deployed(service: &Service) -> Vec<String> {
    let deployments = service.deployments().iter().filter_map(|deployment| deployment.task_definition());
    let sets = service.task_sets().iter().filter_map(|set| set.task_definition());
    let arns = service.task_definition().into_iter().chain(deployments).chain(sets);
    parts::each_once(arns.map(|arn| ecs::name_of(arn).to_owned()))
}

/// The newest active revisions of a family.
async fn revisions(env: &Env, family: &str) -> Result<Vec<String>, Fault> {
    let call = env.aws.ecs().list_task_definitions().family_prefix(family).sort(SortOrder::Desc);
    let call = call.status(TaskDefinitionStatus::Active).max_results(REVISIONS_SHOWN);
    let page = call.send().await.map_err(|error| fault(REVISIONS, &error))?;
    Ok(page.task_definition_arns().iter().map(|arn| ecs::name_of(arn).to_owned()).collect())
}

/// Shows task definitions as they come, and returns which they were.
async fn describe(env: &Env, references: Vec<String>, uses: &Uses, sink: &dyn Sink) -> Result<Vec<String>, Fault> {
    let described = stream::iter(references).map(|reference| async move { ecs::definition(env, &reference).await });
    let mut pages = described.buffered(DESCRIBING).try_chunks(20);
    let mut shown = Vec::new();
    while let Some(page) = pages.try_next().await.map_err(|error| error.1)? {
        let rows: Vec<Resource> =
            page.iter().map(|definition| resource(&env.scope, definition, uses)).collect::<Result<_, _>>()?;
        shown.extend(rows.iter().map(|row| row.id.id.to_string()));
        sink.page(rows);
    }
    Ok(shown)
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let definition = ecs::definition(env, &id.id).await?;
        let summary = parts::summary(&DEF, &resource(&env.scope, &definition, &None)?);
        Ok(Detail {
            sections: parts::filled(vec![summary, containers(&env.scope, &definition), variables(&definition)]),
        })
    })
}

/// The containers of a task definition; each leads to its log group.
pub fn containers(scope: &Scope, definition: &TaskDefinition) -> Section {
    let row = |container: &ContainerDefinition| {
        let memory = container.memory().or(container.memory_reservation());
        let logs =
            ecs::awslogs(container).filter(|(_, region, _)| region.is_none_or(|region| *region == *scope.region));
        let cells = vec![
            Value::maybe(container.name()),
            Value::maybe(container.image()),
            Value::list(container.port_mappings().iter().filter_map(port)),
            parts::int(Some(container.cpu()).filter(|cpu| *cpu > 0)),
            parts::int(memory),
            Value::Bool(container.essential() != Some(false)),
            Value::maybe(container.health_check().map(|check| check.command().join(" "))),
            Value::maybe(ecs::awslogs(container).map(|(group, ..)| group)),
        ];
        (cells, logs.map(|(group, ..)| parts::id(&scope.region_scope(), "log-group", group)))
    };
    Section::Table {
        title: "Containers",
        columns: vec!["container", "image", "ports", "cpu", "memory", "essential", "health check", "log group"],
        rows: definition.container_definitions().iter().map(row).collect(),
    }
}

fn port(port: &PortMapping) -> Option<String> {
    let protocol = port.protocol().map(|protocol| format!("/{}", protocol.as_str())).unwrap_or_default();
    Some(format!("{}{protocol}", port.container_port()?))
}

/// The names of environment variables, and where secrets come from; never a value.
fn variables(definition: &TaskDefinition) -> Section {
    let mut rows = Vec::new();
    for container in definition.container_definitions() {
        let row =
            |name: &str, from: &str| (vec![Value::maybe(container.name()), Value::text(name), Value::text(from)], None);
        rows.extend(container.environment().iter().filter_map(|pair| Some(row(pair.name()?, "set here"))));
        rows.extend(container.environment_files().iter().map(|file| row("(file)", file.value())));
        rows.extend(container.secrets().iter().map(|secret| row(secret.name(), secret.value_from())));
    }
    Section::Table { title: "Environment", columns: vec!["container", "variable", "comes from"], rows }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = env.aws.ecs().describe_task_definition().task_definition(&*id.id);
        let call = call.customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(ecs::DEFINITION, &error))?;
        capture.pretty(ecs::DEFINITION, "/taskDefinition")
    })
}

/// A task definition as a row.
pub fn resource(scope: &Scope, definition: &TaskDefinition, uses: &Uses) -> Result<Resource, Fault> {
    let family = required(definition.family(), ecs::DEFINITION, "family")?;
    let name = format!("{family}:{}", definition.revision());
    let all = definition.container_definitions();
    let groups = parts::each_once(all.iter().filter_map(|container| Some(ecs::awslogs(container)?.0)));
    let platform = definition.runtime_platform();
    let services = uses.as_ref().map(|uses| uses.get(&name).copied().unwrap_or_default());
    let cells = vec![
        Value::text(family),
        parts::int(Some(definition.revision())),
        parts::int(services),
        Value::list(all.iter().filter_map(|container| container.image().map(ecs::name_of))),
        Value::maybe(definition.cpu()),
        Value::maybe(definition.memory()),
        parts::time(definition.registered_at()),
        Value::maybe(definition.status().map(TaskDefinitionStatus::as_str)),
        Value::list(all.iter().filter_map(|container| container.image())),
        Value::maybe(definition.registered_by().map(ecs::name_of)),
        Value::list(all.iter().filter_map(|container| container.name())),
        Value::list(groups),
        Value::maybe(definition.network_mode().map(aws_sdk_ecs::types::NetworkMode::as_str)),
        Value::list(runs_on(definition).iter().map(Compatibility::as_str)),
        Value::maybe(platform.and_then(|p| p.cpu_architecture()).map(aws_sdk_ecs::types::CpuArchitecture::as_str)),
        Value::maybe(definition.task_role_arn().map(ecs::name_of)),
        Value::maybe(definition.execution_role_arn().map(ecs::name_of)),
    ];
    let id = ecs::definition_id(scope, &name);
    Ok(parts::row(id, &name, definition.task_definition_arn(), verdict(definition, services), cells))
}

/// What it requires, else what it could run on.
fn runs_on(definition: &TaskDefinition) -> &[Compatibility] {
    match definition.requires_compatibilities() {
        [] => definition.compatibilities(),
        required => required,
    }
}

/// A definition does nothing by itself; but a service on one that was taken back can't start tasks after a while.
fn verdict(definition: &TaskDefinition, services: Option<i64>) -> Verdict {
    match definition.status() {
        None | Some(TaskDefinitionStatus::Active) => fine(),
        Some(status) if services.unwrap_or_default() > 0 => {
            (Health::Degraded, format!("{}, but services still use it", parts::status_words(status.as_str())))
        }
        Some(status) => (Health::Unknown, parts::status_words(status.as_str())),
    }
}

fn relations(definition: &Resource) -> Vec<Relation> {
    let scope = &definition.id.scope;
    let mut relations = vec![
        parts::to_those("services", scope, "ecs-service", parts::exactly("task_definition", [&definition.id.id])),
        parts::to_those_within("tasks", "ecs-task", &definition.id),
        parts::to_those_within("revisions", KIND, &definition.id),
    ];
    let groups = parts::items_of(&DEF, definition, "log_groups");
    relations.extend(parts::to_each("log group", scope, "log-group", groups));
    relations
}

fn logs<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async move { Ok(ecs::log_sources(&env.scope, &ecs::definition(env, &id.id).await?, None)) })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{Deployment, KeyValuePair, LogConfiguration, LogDriver, Secret};

    use super::*;

    fn definition(status: TaskDefinitionStatus) -> TaskDefinition {
        let logs = LogConfiguration::builder().log_driver(LogDriver::Awslogs).options("awslogs-group", "/ecs/web");
        let container = ContainerDefinition::builder()
            .name("web")
            .image("111122223333.dkr.ecr.eu-central-1.amazonaws.com/web:1.4.2")
            .environment(KeyValuePair::builder().name("DB_PASSWORD").value("hunter2").build())
            .secrets(Secret::builder().name("API_KEY").value_from("arn:aws:ssm:x:1:parameter/key").build().unwrap())
            .port_mappings(PortMapping::builder().container_port(8080).build())
            .log_configuration(logs.build().unwrap());
        TaskDefinition::builder()
            .family("web")
            .revision(7)
            .status(status)
            .cpu("512")
            .container_definitions(container.build())
            .build()
    }

    fn row(status: TaskDefinitionStatus, services: i64) -> Resource {
        let uses = Some(BTreeMap::from([("web:7".to_owned(), services)]));
        resource(&Scope::new("dhbw-prod", "eu-central-1"), &definition(status), &uses).unwrap()
    }

    #[test]
    fn a_row_has_every_column() {
        let row = row(TaskDefinitionStatus::Active, 2);
        assert_eq!(row.cells.len(), COLUMNS.len());
        assert_eq!((&*row.id.id, &*row.name, row.health), ("web:7", "web:7", Health::Ok));
        assert_eq!(DEF.cell(&row, "used_by"), Some(&Value::Int(2)));
        assert_eq!(DEF.cell(&row, "log_groups"), Some(&Value::list(["/ecs/web"])));
        assert_eq!(relations(&row).last().unwrap().label, "log group");
    }

    #[test]
    fn a_definition_that_was_taken_back_is_sick_only_in_use() {
        assert_eq!(row(TaskDefinitionStatus::Inactive, 0).health, Health::Unknown);
        let used = row(TaskDefinitionStatus::Inactive, 1);
        assert_eq!((used.health, &*used.reason), (Health::Degraded, "inactive, but services still use it"));
    }

    #[test]
    fn values_of_variables_are_nowhere() {
        let definition = definition(TaskDefinitionStatus::Active);
        let scope = Scope::new("e", "r");
        let sections = [variables(&definition), containers(&scope, &definition)];
        let row = resource(&scope, &definition, &None).unwrap();
        let told = format!("{sections:?}{row:?}");
        assert!(told.contains("DB_PASSWORD") && told.contains("API_KEY"));
        assert!(!told.contains("hunter2"));
    }

    #[test]
    fn a_service_deploys_its_old_and_new_revisions() {
        let deployment = |arn: &str| Deployment::builder().task_definition(arn).build();
        let service = Service::builder()
            .task_definition("arn:aws:ecs:r:1:task-definition/web:8")
            .deployments(deployment("arn:aws:ecs:r:1:task-definition/web:8"))
            .deployments(deployment("arn:aws:ecs:r:1:task-definition/web:7"))
            .build();
        assert_eq!(deployed(&service), ["web:8", "web:7"]);
    }
}
