//! What the kinds of ECS share: names out of ARNs, clusters and services fetched in bulk, task definitions, why tasks stopped.
//! Not a kind.

pub mod stop;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::types::{ContainerDefinition, LogDriver, Service, Task, TaskDefinition};
use futures_util::Stream;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::parts::required;
use super::{Op, parts};
use crate::model::{Fault, FaultClass, LogSource, ResourceId, Scope, text};
use crate::providers::Env;
use crate::providers::aws::{fault, gathered, paged};

/// What [`clusters`] calls.
pub const LIST_CLUSTERS: Op = "ecs:ListClusters";
/// What [`services`] calls to learn the names.
pub const LIST_SERVICES: Op = "ecs:ListServices";
/// What [`services`] calls for ten of them at a time.
pub const SERVICES: Op = "ecs:DescribeServices";
/// What [`task_arns`] calls.
pub const LIST_TASKS: Op = "ecs:ListTasks";
/// What [`tasks`] calls for a hundred of them at a time.
pub const TASKS: Op = "ecs:DescribeTasks";
/// What [`definition`] calls.
pub const DEFINITION: Op = "ecs:DescribeTaskDefinition";

/// How often lists of services and tasks are asked for again.
pub const CADENCE: Duration = Duration::from_secs(15);

/// The most services that one call describes.
const TEN: usize = 10;
/// The most items on a page, and the most tasks that one call describes.
pub const PAGE: usize = 100;
/// Clusters whose names are listed at once.
const LISTING: usize = 4;
/// Calls that describe services at once.
const DESCRIBING: usize = 8;
/// How long a call waits that ECS finds one too many, and longer each time: an account may make a hundred at once and then twenty a
/// second.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// What stands after the last slash of an ARN: the name.
pub fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The cluster that a resource lives in, or is.
pub fn cluster_of(id: &ResourceId) -> &str {
    id.scope.cluster.as_deref().unwrap_or(if id.kind == "ecs-cluster" { &id.id } else { "default" })
}

/// The id of a service.
pub fn service_id(scope: &Scope, cluster: &str, name: &str) -> Arc<ResourceId> {
    parts::id(&scope.region_scope().in_cluster(cluster), "ecs-service", name)
}

/// The id of a task.
pub fn task_id(scope: &Scope, cluster: &str, task: &str) -> Arc<ResourceId> {
    parts::id(&scope.region_scope().in_cluster(cluster), "ecs-task", task)
}

/// The id of a task definition.
pub fn definition_id(scope: &Scope, reference: &str) -> Arc<ResourceId> {
    parts::id(&scope.region_scope(), "ecs-task-definition", name_of(reference))
}

/// The names of the clusters in the region, or of the one that was asked for.
pub async fn clusters(env: &Env, within: Option<&ResourceId>) -> Result<Vec<String>, Fault> {
    if let Some(within) = within.filter(|id| id.scope.cluster.is_some() || id.kind == "ecs-cluster") {
        return Ok(vec![cluster_of(within).to_owned()]);
    }
    let clusters: Vec<String> = gathered(LIST_CLUSTERS, |token| async move {
        let call = env.aws.ecs().list_clusters().max_results(PAGE as i32).set_next_token(token);
        let page = call.send().await.map_err(|error| fault(LIST_CLUSTERS, &error))?;
        Ok((page.cluster_arns().iter().map(|arn| name_of(arn).to_owned()).collect(), page.next_token))
    })
    .await?;
    env.memory.keep(clusters_in(env), Arc::new(clusters.clone()));
    Ok(clusters)
}

/// The names of the region's clusters as they were listed last; none where they were not yet.
pub fn known_clusters(env: &Env) -> Vec<String> {
    env.memory.get::<Vec<String>>(&clusters_in(env)).as_deref().cloned().unwrap_or_default()
}

fn clusters_in(env: &Env) -> String {
    format!("ecs clusters {}", env.scope.region)
}

/// The services of clusters, with the cluster's name, ten at a time and in the order of the lists.
pub fn services(
    env: &Env,
    clusters: Vec<String>,
) -> impl Stream<Item = Result<(String, Vec<Service>), Fault>> + Send + '_ {
    // Of several clusters the first pages at once; the rest of each while those of its first pages are described.
    let listed = stream::iter(clusters).map(move |cluster| tens(env, cluster)).buffered(LISTING);
    let describe = move |(cluster, names): (String, Vec<String>)| {
        patiently(move || described(env, cluster.clone(), names.clone()))
    };
    listed.try_flatten().map_ok(describe).try_buffered(DESCRIBING)
}

/// The names of a cluster's services, by ten. The first page has come when this returns.
async fn tens(
    env: &Env,
    cluster: String,
) -> Result<impl Stream<Item = Result<(String, Vec<String>), Fault>> + Send + '_, Fault> {
    let of = cluster.clone();
    let pages = paged(LIST_SERVICES, move |token| {
        let of = of.clone();
        patiently(move || names(env, of.clone(), token.clone()))
    });
    let mut pages = Box::pin(pages);
    let first = pages.try_next().await?;
    let pages = stream::iter(first.map(Ok)).chain(pages);
    Ok(pages.map_ok(move |arns| by_ten(&cluster, &arns)).try_flatten())
}

fn by_ten(cluster: &str, arns: &[String]) -> impl Stream<Item = Result<(String, Vec<String>), Fault>> + use<> {
    let tens: Vec<_> = arns.chunks(TEN).map(|ten| Ok((cluster.to_owned(), ten.to_vec()))).collect();
    stream::iter(tens)
}

/// A page of their names, and the token of the next one.
async fn names(env: &Env, cluster: String, token: Option<String>) -> Result<(Vec<String>, Option<String>), Fault> {
    let call = env.aws.ecs().list_services().cluster(cluster).max_results(PAGE as i32).set_next_token(token);
    let page = call.send().await.map_err(|error| fault(LIST_SERVICES, &error))?;
    Ok((page.service_arns.unwrap_or_default(), page.next_token))
}

/// Asks again where ECS says that it is asked too often. Of hundreds of calls one must not spoil the others: the whole list asked
/// for anew would be that many more.
async fn patiently<T, Asked: Future<Output = Result<T, Fault>>>(ask: impl Fn() -> Asked) -> Result<T, Fault> {
    for pause in PAUSES {
        match ask().await {
            Err(Fault { class: FaultClass::Throttled { .. }, .. }) => {}
            told => return told,
        }
        // Those who were refused together must not come back together. The keys of a hash are random enough for this.
        let share = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
        tokio::time::sleep(pause.mul_f64(0.5 + 0.5 * share)).await;
    }
    ask().await
}

async fn described(env: &Env, cluster: String, names: Vec<String>) -> Result<(String, Vec<Service>), Fault> {
    let call = env.aws.ecs().describe_services().cluster(&cluster).set_services(Some(names));
    let answer = call.send().await.map_err(|error| fault(SERVICES, &error))?;
    Ok((cluster, answer.services.unwrap_or_default()))
}

/// One service.
pub async fn service(env: &Env, id: &ResourceId) -> Result<Service, Fault> {
    let (_, found) = described(env, cluster_of(id).to_owned(), vec![id.id.to_string()]).await?;
    found.into_iter().next().ok_or_else(|| parts::gone(id))
}

/// Whose tasks are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// All of the cluster.
    All,
    /// Those of a service.
    Service(&'a str),
    /// Those of any revision of a family.
    Family(&'a str),
}

/// ARNs of the tasks of a cluster that are to run, or that have been told to stop or stopped within the last hour.
pub async fn task_arns(env: &Env, cluster: &str, whose: Whose<'_>, running: bool) -> Result<Vec<String>, Fault> {
    let status = if running { "RUNNING" } else { "STOPPED" };
    gathered(LIST_TASKS, |token| {
        let call = env.aws.ecs().list_tasks().cluster(cluster).desired_status(status.into()).max_results(PAGE as i32);
        let call = match whose {
            Whose::All => call,
            Whose::Service(name) => call.service_name(name),
            Whose::Family(name) => call.family(name),
        };
        async move {
            let page = call.set_next_token(token).send().await.map_err(|error| fault(LIST_TASKS, &error))?;
            Ok((page.task_arns.unwrap_or_default(), page.next_token))
        }
    })
    .await
}

/// The first hundred of a service's tasks that are to run, by one call.
pub async fn some_task_arns(env: &Env, cluster: &str, service: &str) -> Result<Vec<String>, Fault> {
    let call = env.aws.ecs().list_tasks().cluster(cluster).service_name(service).desired_status("RUNNING".into());
    let page = call.max_results(PAGE as i32).send().await.map_err(|error| fault(LIST_TASKS, &error))?;
    Ok(page.task_arns.unwrap_or_default())
}

/// Up to a hundred tasks of a cluster.
pub async fn tasks(env: &Env, cluster: &str, arns: &[String]) -> Result<Vec<Task>, Fault> {
    let call = env.aws.ecs().describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
    let answer = call.send().await.map_err(|error| fault(TASKS, &error))?;
    Ok(answer.tasks.unwrap_or_default())
}

/// A task definition, by `family:revision`, or the newest of a family.
pub async fn definition(env: &Env, reference: &str) -> Result<TaskDefinition, Fault> {
    let call = env.aws.ecs().describe_task_definition().task_definition(reference);
    let answer = call.send().await.map_err(|error| fault(DEFINITION, &error))?;
    required(answer.task_definition.as_ref(), DEFINITION, "taskDefinition").cloned()
}

/// Where a container's `awslogs` driver writes: group, region where it is not the task's own, prefix of the streams.
pub fn awslogs(container: &ContainerDefinition) -> Option<(&str, Option<&str>, Option<&str>)> {
    let logs = container.log_configuration().filter(|logs| *logs.log_driver() == LogDriver::Awslogs)?;
    let option = |name: &str| logs.options()?.get(name).map(String::as_str);
    Some((option("awslogs-group")?, option("awslogs-region"), option("awslogs-stream-prefix")))
}

/// Where the containers of a task definition write their logs; of one task only, if it is named.
pub fn log_sources(scope: &Scope, definition: &TaskDefinition, task: Option<&str>) -> Vec<LogSource> {
    let source = |container: &ContainerDefinition| {
        let (group, region, prefix) = awslogs(container)?;
        let name = container.name().unwrap_or_default();
        let region = region.unwrap_or(&scope.region);
        // Streams are PREFIX/CONTAINER/TASK; without a prefix they are the runtime's own ids, which tell nothing.
        let streams = prefix.map(|prefix| format!("{prefix}/{name}/{}", task.unwrap_or_default()).into());
        let scope = Scope::new(scope.environment.clone(), region);
        Some(LogSource::group(scope, group, streams, text::clean(name)))
    };
    definition.container_definitions().iter().filter_map(source).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_sdk_ecs::types::LogConfiguration;

    use super::*;

    fn container(name: &str, options: &[(&str, &str)]) -> ContainerDefinition {
        let logs =
            options.iter().fold(LogConfiguration::builder().log_driver(LogDriver::Awslogs), |logs, (key, value)| {
                logs.options(*key, *value)
            });
        ContainerDefinition::builder().name(name).log_configuration(logs.build().unwrap()).build()
    }

    fn streams(source: &LogSource) -> Option<&str> {
        let crate::model::LogOrigin::Group { stream_prefix, .. } = &source.of else { panic!("a log group") };
        stream_prefix.as_deref()
    }

    #[test]
    fn names_come_out_of_arns() {
        assert_eq!(name_of("arn:aws:ecs:eu-central-1:111122223333:service/main/web"), "web");
        assert_eq!(name_of("arn:aws:ecs:eu-central-1:111122223333:task-definition/web:7"), "web:7");
        let scope = Scope::new("e", "r");
        assert_eq!(cluster_of(&service_id(&scope, "main", "web")), "main");
        assert_eq!(cluster_of(&parts::id(&scope, "ecs-cluster", "main")), "main");
    }

    #[tokio::test]
    async fn only_what_is_one_call_too_many_is_asked_again() {
        let asked = AtomicUsize::new(0);
        let told = patiently(|| async {
            match asked.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Fault::new(FaultClass::Throttled { until: None }, "too many")),
                1 => Err(Fault::new(FaultClass::Service, "broken")),
                _ => Ok(()),
            }
        });
        assert_eq!(told.await.map_err(|fault| fault.class), Err(FaultClass::Service));
        assert_eq!(asked.into_inner(), 2);
    }

    #[test]
    fn logs_are_those_of_each_container() {
        let definition = TaskDefinition::builder()
            .container_definitions(container("web", &[("awslogs-group", "/ecs/web"), ("awslogs-stream-prefix", "ecs")]))
            .container_definitions(container("side", &[("awslogs-group", "/ecs/s"), ("awslogs-region", "us-east-1")]))
            .container_definitions(ContainerDefinition::builder().name("quiet").build())
            .build();
        let scope = Scope::new("dhbw-prod", "eu-central-1").in_cluster("main");
        let sources = log_sources(&scope, &definition, None);
        let told: Vec<_> = sources.iter().map(|s| (&*s.label, &**s.name(), &*s.scope.region, streams(s))).collect();
        assert_eq!(
            told,
            [("web", "/ecs/web", "eu-central-1", Some("ecs/web/")), ("side", "/ecs/s", "us-east-1", None)]
        );
        assert_eq!(streams(&log_sources(&scope, &definition, Some("t1"))[0]), Some("ecs/web/t1"));
        assert_eq!(sources[0].scope.cluster, None);
    }
}
