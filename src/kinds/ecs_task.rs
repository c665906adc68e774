//! `ecs-task`: tasks of ECS, those that run and those that stopped within the last hour (ECS forgets them then).
//!
//! A list calls `ListTasks` twice for each cluster (running, stopped) and `DescribeTasks` by a hundred: of all clusters, of one,
//! of a service, or of a task definition.

mod row;

use aws_sdk_ecs::types::{Attachment, Container, Task};
use futures_util::future::try_join;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::ecs::{self, Whose, name_of};
use super::parts::{self, field};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System};
use crate::model::{Detail, Fault, LogSource, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::aws::fault;
use crate::providers::aws::raw::Capture;

/// Clusters whose tasks are listed at once.
const LISTING: usize = 4;
/// Calls that describe a hundred tasks each at once.
const DESCRIBING: usize = 4;

/// ECS tasks.
pub static DEF: KindDef = KindDef {
    id: "ecs-task",
    title: "tasks",
    aliases: &["task"],
    doc: "ECS tasks, running and just stopped: status, exit codes, why they stopped, image, address",
    system: System::Aws,
    pane: None,
    columns: COLUMNS,
    reads: &[ecs::LIST_CLUSTERS, ecs::LIST_TASKS, ecs::TASKS, ecs::DEFINITION],
    cadence: ecs::CADENCE,
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs,
    has_logs: true,
    console: |task| {
        let (cluster, region) = (ecs::cluster_of(&task.id), &task.id.scope.region);
        Some(format!("ecs/v2/clusters/{cluster}/tasks/{}/configuration?region={region}", task.id.id))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("status", "STATUS", (7, 14), Show::Table(0), "Where it is in its life"),
    Column::text("service", "SERVICE", (8, 32), Show::Table(1), "The service it belongs to, or its group"),
    Column::text("task_definition", "TASK DEFINITION", (10, 36), Show::Table(2), "Family and revision"),
    Column::text("started", "STARTED", (4, 8), Show::Table(3), "When its containers ran"),
    Column::text("exit_codes", "EXIT", (4, 20), Show::Table(4), "Exit codes of its containers"),
    Column::text("zone", "ZONE", (10, 14), Show::Table(5), "Availability zone"),
    Column::text("ip", "ADDRESS", (9, 15), Show::Table(6), "Private address"),
    Column::text("cluster", "CLUSTER", (8, 24), Show::Data, "Cluster it runs in"),
    Column::text("desired_status", "DESIRED", (7, 8), Show::Data, "RUNNING or STOPPED"),
    Column::text("check", "CHECK", (7, 9), Show::Data, "HEALTHY, UNHEALTHY or UNKNOWN by its containers' checks"),
    Column::text("stop_code", "STOP CODE", (10, 26), Show::Data, "Sort of its end"),
    Column::text("stopped_reason", "STOPPED REASON", (10, 80), Show::Data, "Why it stopped, in ECS's words"),
    Column::text("images", "IMAGES", (16, 80), Show::Data, "Images of its containers"),
    Column::text("digests", "DIGESTS", (12, 80), Show::Data, "Digests of the images that run"),
    Column::text("cpu", "CPU", (3, 6), Show::Data, "CPU units"),
    Column::text("memory", "MEMORY", (4, 8), Show::Data, "Memory, MiB"),
    Column::text("launch_type", "LAUNCH", (3, 12), Show::Data, "FARGATE, EC2, EXTERNAL, or its capacity provider"),
    Column::text("started_by", "STARTED BY", (8, 40), Show::Data, "The deployment or person that started it"),
    Column::text("instance", "INSTANCE", (8, 40), Show::Data, "Container instance it runs on"),
    Column::text("exec", "EXEC", (3, 3), Show::Data, "Whether commands can be run in it"),
    Column::text("created", "CREATED", (4, 20), Show::Data, "When it was asked for"),
    Column::text("stopped", "STOPPED", (4, 20), Show::Data, "When it had stopped"),
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let (whose, revision) = whose(within);
        let clusters = stream::iter(ecs::clusters(env, within).await?);
        let listed = clusters.map(|cluster| hundreds(env, cluster, whose)).buffered(LISTING);
        let hundreds = listed.map_ok(|hundreds| stream::iter(hundreds).map(Ok)).try_flatten();
        let described = hundreds.map_ok(|(cluster, arns)| async move {
            ecs::tasks(env, &cluster, &arns).await.map(|tasks| (cluster, tasks))
        });
        let mut pages = std::pin::pin!(described.try_buffered(DESCRIBING));
        while let Some((cluster, tasks)) = pages.try_next().await? {
            let wanted = |task: &&Task| {
                revision.is_none_or(|revision| task.task_definition_arn().map(name_of) == Some(revision))
            };
            let rows = tasks.iter().filter(wanted).map(|task| row::of(&env.scope, &cluster, task));
            sink.page(rows.collect::<Result<_, _>>()?);
        }
        Ok(())
    })
}

/// Whose tasks are asked for, and of which revision only.
fn whose(within: Option<&ResourceId>) -> (Whose<'_>, Option<&str>) {
    match within {
        Some(id) if id.kind == "ecs-service" => (Whose::Service(&id.id), None),
        Some(id) if id.kind == "ecs-task-definition" => {
            (Whose::Family(id.id.split(':').next().unwrap_or_default()), Some(&id.id))
        }
        _ => (Whose::All, None),
    }
}

/// ARNs of a cluster's tasks by a hundred, those to run first.
async fn hundreds(env: &Env, cluster: String, whose: Whose<'_>) -> Result<Vec<(String, Vec<String>)>, Fault> {
    let (mut arns, stopped) = try_join(
        Box::pin(ecs::task_arns(env, &cluster, whose, true)),
        Box::pin(ecs::task_arns(env, &cluster, whose, false)),
    )
    .await?;
    arns.extend(stopped);
    Ok(arns.chunks(ecs::PAGE).map(|hundred| (cluster.clone(), hundred.to_vec())).collect())
}

async fn one(env: &Env, id: &ResourceId) -> Result<Task, Fault> {
    let tasks = ecs::tasks(env, ecs::cluster_of(id), &[id.id.to_string()]).await?;
    tasks.into_iter().next().ok_or_else(|| parts::gone(id))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let task = one(env, id).await?;
        let row = row::of(&env.scope, ecs::cluster_of(id), &task)?;
        Ok(Detail {
            sections: parts::filled(vec![parts::summary(&DEF, &row), containers(&task), life(&task), network(&task)]),
        })
    })
}

fn containers(task: &Task) -> Section {
    let row = |container: &Container| {
        let cells = vec![
            Value::maybe(container.name()),
            Value::maybe(container.last_status()),
            parts::int(container.exit_code()),
            Value::maybe(container.reason()),
            Value::maybe(container.health_status().map(aws_sdk_ecs::types::HealthStatus::as_str)),
            Value::maybe(container.image()),
            Value::maybe(container.image_digest()),
        ];
        (cells, None)
    };
    Section::Table {
        title: "Containers",
        columns: vec!["container", "status", "exit", "reason", "check", "image", "digest"],
        rows: task.containers().iter().map(row).collect(),
    }
}

/// The steps of its life that it has taken.
fn life(task: &Task) -> Section {
    let steps = [
        ("asked for", task.created_at()),
        ("image pull began", task.pull_started_at()),
        ("image pull ended", task.pull_stopped_at()),
        ("started", task.started_at()),
        ("told to stop", task.stopping_at()),
        ("containers ended", task.execution_stopped_at()),
        ("stopped", task.stopped_at()),
    ];
    let taken = steps.into_iter().filter(|(_, at)| at.is_some());
    Section::Fields { title: "Life", fields: taken.map(|(step, at)| field(step, parts::time(at))).collect() }
}

fn network(task: &Task) -> Section {
    let details = task.attachments().iter().flat_map(Attachment::details);
    let fields =
        details.filter_map(|pair| Some(field(&parts::words(pair.name()?), Value::maybe(pair.value())))).collect();
    Section::Fields { title: "Network", fields }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = env.aws.ecs().describe_tasks().cluster(ecs::cluster_of(id)).tasks(&*id.id);
        let call = call.customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(ecs::TASKS, &error))?;
        capture.pretty(ecs::TASKS, "/tasks/0")
    })
}

fn relations(task: &Resource) -> Vec<Relation> {
    let scope = &task.id.scope;
    let cluster = ecs::cluster_of(&task.id);
    let mut relations = Vec::new();
    if row::has_service(task) {
        relations
            .push(parts::to_one("service", ecs::service_id(scope, cluster, parts::text_of(&DEF, task, "service"))));
    }
    if let Some(Value::Text(definition)) = DEF.cell(task, "task_definition") {
        relations.push(parts::to_one("task definition", ecs::definition_id(scope, definition)));
    }
    relations.push(parts::to_one("cluster", parts::id(&scope.region_scope(), "ecs-cluster", cluster)));
    relations
}

fn logs<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async move {
        let task = one(env, id).await?;
        let Some(definition) = task.task_definition_arn() else { return Ok(Vec::new()) };
        Ok(ecs::log_sources(&env.scope, &ecs::definition(env, definition).await?, Some(&id.id)))
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{HealthStatus, KeyValuePair, TaskStopCode};
    use rstest::rstest;

    use super::*;
    use crate::model::{Health, Scope};

    fn task(status: &str, desired: &str) -> aws_sdk_ecs::types::builders::TaskBuilder {
        let address = KeyValuePair::builder().name("privateIPv4Address").value("10.20.1.7").build();
        Task::builder()
            .task_arn("arn:aws:ecs:eu-central-1:111122223333:task/main/0123abcd")
            .task_definition_arn("arn:aws:ecs:eu-central-1:111122223333:task-definition/web:7")
            .group("service:web")
            .last_status(status)
            .desired_status(desired)
            .attachments(Attachment::builder().details(address).build())
    }

    fn row(task: aws_sdk_ecs::types::builders::TaskBuilder) -> Resource {
        row::of(&Scope::new("dhbw-prod", "eu-central-1"), "main", &task.build()).unwrap()
    }

    #[test]
    fn a_row_has_every_column() {
        let crashed = Container::builder().name("web").exit_code(1).image("web:1").image_digest("sha256:ab").build();
        let row = row(task("STOPPED", "STOPPED").containers(crashed));
        assert_eq!(row.cells.len(), COLUMNS.len());
        let shown = |column: &str| DEF.cell(&row, column).unwrap().show_exact().into_owned();
        assert_eq!((&*row.id.id, row.id.scope.cluster.as_deref()), ("0123abcd", Some("main")));
        assert_eq!((shown("service"), shown("exit_codes")), ("web".to_owned(), "1".to_owned()));
        assert_eq!((shown("ip"), shown("digests")), ("10.20.1.7".to_owned(), "sha256:ab".to_owned()));
        let labels: Vec<_> = relations(&row).iter().map(|relation| relation.label).collect();
        assert_eq!(labels, ["service", "task definition", "cluster"]);
    }

    #[rstest]
    #[case(task("RUNNING", "RUNNING"), Health::Ok, "")]
    #[case(task("RUNNING", "RUNNING").health_status(HealthStatus::Unhealthy), Health::Degraded, "fails its containers' health checks")]
    #[case(task("PENDING", "RUNNING"), Health::Progressing, "pending")]
    #[case(task("RUNNING", "STOPPED").stopped_reason("Scaling activity"), Health::Progressing, "stopping: Scaling activity")]
    #[case(
        task("STOPPED", "STOPPED").stop_code(TaskStopCode::TaskFailedToStart).stopped_reason("CannotPullContainerError: x"),
        Health::Failed, "CannotPullContainerError: x"
    )]
    #[case(
        task("DEPROVISIONING", "STOPPED").stop_code(TaskStopCode::EssentialContainerExited).stopped_reason("Essential container in task exited"),
        Health::Failed, "Essential container in task exited"
    )]
    #[case(
        task("STOPPED", "STOPPED").stop_code(TaskStopCode::UserInitiated).stopped_reason("by jane"),
        Health::Ok, "stopped: by jane"
    )]
    #[case(
        task("STOPPED", "STOPPED").stop_code(TaskStopCode::SpotInterruption).stopped_reason("Spot"),
        Health::Degraded, "its capacity was taken away: Spot"
    )]
    fn verdicts(#[case] task: aws_sdk_ecs::types::builders::TaskBuilder, #[case] health: Health, #[case] reason: &str) {
        let row = row(task);
        assert_eq!((row.health, &*row.reason), (health, reason));
    }

    #[test]
    fn a_task_of_no_service_leads_to_none() {
        let row = row(task("RUNNING", "RUNNING").group("family:job"));
        assert_eq!(DEF.cell(&row, "service"), Some(&Value::text("family:job")));
        assert_eq!(relations(&row)[0].label, "task definition");
    }
}
