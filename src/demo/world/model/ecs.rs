//! ECS: clusters, services, tasks and task definitions.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::{Tags, Word};
use crate::demo::world::bulk::Bulk;

/// A cluster with its services and tasks. Services and tasks are read through the methods, since those of a sized
/// world are made when they are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsCluster {
    pub name: String,
    pub arn: String,
    /// `ACTIVE`.
    pub status: Word,
    pub capacity_providers: Vec<String>,
    pub registered_container_instances: i32,
    pub container_insights: bool,
    pub tags: Tags,
    pub(in crate::demo::world) services: BTreeMap<String, EcsService>,
    pub(in crate::demo::world) tasks: BTreeMap<String, EcsTask>,
    pub(in crate::demo::world) bulk: Option<Bulk>,
}

impl EcsCluster {
    /// How many services the cluster has.
    pub fn service_count(&self) -> usize {
        self.services.len() + self.bulk.as_ref().map_or(0, Bulk::count)
    }

    /// Names of services, in a stable order, from the `skip`th on.
    pub fn service_names(&self, skip: usize, take: usize) -> Vec<String> {
        let mut names: Vec<String> = self.services.keys().skip(skip).take(take).cloned().collect();
        if let Some(bulk) = &self.bulk {
            let first = skip.saturating_sub(self.services.len());
            names.extend(bulk.names(first, take - names.len()));
        }
        names
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<Cow<'_, EcsService>> {
        match self.services.get(name) {
            Some(service) => Some(Cow::Borrowed(service)),
            None => self.bulk.as_ref()?.service(self, name).map(Cow::Owned),
        }
    }

    /// Ids of tasks with the desired status (`RUNNING` or `STOPPED`), of one service or of all.
    pub fn task_ids(&self, service: Option<&str>, desired: &str) -> Vec<String> {
        let wanted = |task: &&EcsTask| task.desired_status == desired;
        let stored = match service.map(|name| self.services.get(name)) {
            Some(Some(service)) => {
                let tasks = service.task_ids.iter().filter_map(|id| self.tasks.get(id));
                return tasks.filter(wanted).map(|task| task.id.clone()).collect();
            }
            Some(None) => Vec::new(),
            None => self.tasks.values().filter(wanted).map(|task| task.id.clone()).collect(),
        };
        let made = self.bulk.iter().flat_map(|bulk| bulk.task_ids(service, desired));
        stored.into_iter().chain(made).collect()
    }

    /// The task with that id (the last part of its ARN).
    pub fn task(&self, id: &str) -> Option<Cow<'_, EcsTask>> {
        match self.tasks.get(id) {
            Some(task) => Some(Cow::Borrowed(task)),
            None => self.bulk.as_ref()?.task(self, id).map(Cow::Owned),
        }
    }

    /// Sums for `DescribeClusters`: active services, running tasks, pending tasks.
    pub fn counts(&self) -> (usize, i32, i32) {
        let bulk = self.bulk.as_ref().map_or(0, Bulk::running_tasks);
        let running: i32 = self.services.values().map(|s| s.running_count).sum();
        let pending: i32 = self.services.values().map(|s| s.pending_count).sum();
        (self.service_count(), running + bulk, pending)
    }
}

/// A service with its deployments and its last hundred events.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsService {
    pub name: String,
    pub arn: String,
    pub cluster_arn: String,
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub status: Word,
    pub desired_count: i32,
    pub running_count: i32,
    pub pending_count: i32,
    /// `FARGATE` or `EC2`.
    pub launch_type: Word,
    pub platform_version: Word,
    /// ARN with revision: what the service is set to.
    pub task_definition: String,
    /// `ECS`.
    pub deployment_controller: Word,
    pub scheduling_strategy: Word,
    pub deployment_configuration: DeploymentConfiguration,
    /// The primary one first.
    pub deployments: Vec<Deployment>,
    /// Deployments that were completed, newest first.
    pub completed: VecDeque<CompletedDeployment>,
    /// Newest first, at most a hundred.
    pub events: VecDeque<ServiceEvent>,
    pub load_balancers: Vec<ServiceLoadBalancer>,
    pub network: Option<AwsVpc>,
    pub health_check_grace_period_seconds: Option<i32>,
    pub role_arn: String,
    pub created_at: Timestamp,
    pub created_by: String,
    pub enable_execute_command: bool,
    pub propagate_tags: Word,
    pub tags: Tags,
    /// Ids of its tasks, oldest first, those stopped less than an hour ago included.
    pub task_ids: Vec<String>,
    pub(in crate::demo::world) run: ServiceRun,
}

/// What the scheduler remembers of a service.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::demo::world) struct ServiceRun {
    /// A look is on the agenda already.
    pub(in crate::demo::world) looking: bool,
    /// Failures in a row, and until when no replacement is started because of them.
    pub(in crate::demo::world) failures: u32,
    pub(in crate::demo::world) backoff_until: Option<Timestamp>,
    /// The steady state has been told.
    pub(in crate::demo::world) steady: bool,
}

/// What becomes of the tasks of a task definition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::demo::world) enum Fate {
    /// They come up and stay.
    #[default]
    Well,
    /// The essential container exits with code 1 some twenty seconds after it started.
    Crash,
    /// They run but answer health checks with 502.
    Sick,
    /// Their image can't be pulled.
    NoImage,
}

/// `deploymentConfiguration` of a service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeploymentConfiguration {
    pub maximum_percent: i32,
    pub minimum_healthy_percent: i32,
    pub circuit_breaker_enable: bool,
    pub circuit_breaker_rollback: bool,
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// `ecs-svc/` and a number.
    pub id: String,
    /// `PRIMARY`, `ACTIVE`, `INACTIVE`.
    pub status: Word,
    pub task_definition: String,
    pub desired_count: i32,
    pub pending_count: i32,
    pub running_count: i32,
    pub failed_tasks: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub launch_type: Word,
    pub platform_version: Word,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub rollout_state: Word,
    pub rollout_state_reason: String,
}

/// A deployment that was completed, and the images that it resolved its tags to.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletedDeployment {
    /// `ecs-svc/` and a number.
    pub id: String,
    pub definition: String,
    pub created_at: Timestamp,
    /// When it was completed.
    pub at: Timestamp,
    /// Container, image and digest.
    pub images: Vec<(String, String, String)>,
}

/// A tag that was pushed again: what it points to now, and what becomes of tasks that start from it.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedTag {
    pub digest: String,
    pub(in crate::demo::world) fate: Fate,
}

/// What Application Auto Scaling may set a service's desired count to.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalableTarget {
    /// `service/CLUSTER/NAME`.
    pub resource_id: String,
    pub min_capacity: i32,
    pub max_capacity: i32,
    pub created_at: Timestamp,
}

/// A message the scheduler left on a service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceEvent {
    pub id: String,
    pub created_at: Timestamp,
    pub message: String,
}

/// A target group that a service registers its tasks in.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceLoadBalancer {
    pub target_group_arn: String,
    pub container_name: String,
    pub container_port: i32,
}

/// `awsvpcConfiguration`.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsVpc {
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    /// `ENABLED` or `DISABLED`.
    pub assign_public_ip: Word,
}

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsTask {
    pub id: String,
    pub arn: String,
    pub cluster_arn: String,
    /// `service:NAME`.
    pub group: String,
    /// The deployment's id.
    pub started_by: String,
    pub task_definition: String,
    /// `PROVISIONING`, `PENDING`, `ACTIVATING`, `RUNNING`, `DEACTIVATING`, `STOPPING`, `DEPROVISIONING`, `STOPPED`.
    pub last_status: Word,
    pub desired_status: Word,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health_status: Word,
    pub launch_type: Word,
    pub platform_version: Word,
    pub cpu: String,
    pub memory: String,
    pub availability_zone: String,
    pub subnet_id: String,
    pub eni_id: String,
    pub private_ip: String,
    pub mac_address: String,
    /// `CONNECTED` or `DISCONNECTED`, and since when.
    pub connectivity: Word,
    pub connectivity_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub pull_started_at: Option<Timestamp>,
    pub pull_stopped_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub stopping_at: Option<Timestamp>,
    pub stopped_at: Option<Timestamp>,
    pub execution_stopped_at: Option<Timestamp>,
    /// `EssentialContainerExited`, `ServiceSchedulerInitiated`, `TaskFailedToStart`, `UserInitiated`.
    pub stop_code: Option<Word>,
    pub stopped_reason: Option<String>,
    pub containers: Vec<Container>,
    pub version: i64,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    pub arn: String,
    pub name: String,
    pub image: String,
    pub image_digest: Option<String>,
    pub runtime_id: Option<String>,
    pub last_status: Word,
    pub health_status: Word,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
    pub cpu: String,
    pub memory: String,
}

/// One revision of a task definition.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinition {
    pub arn: String,
    pub family: String,
    pub revision: i32,
    /// `ACTIVE` or `INACTIVE`.
    pub status: Word,
    pub network_mode: Word,
    pub requires_compatibilities: Vec<Word>,
    pub cpu: String,
    pub memory: String,
    pub task_role_arn: String,
    pub execution_role_arn: String,
    pub cpu_architecture: Word,
    pub operating_system_family: Word,
    pub registered_at: Timestamp,
    pub registered_by: String,
    pub containers: Vec<ContainerDefinition>,
    pub tags: Tags,
    pub(in crate::demo::world) fate: Fate,
}

/// A container in a task definition.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerDefinition {
    pub name: String,
    pub image: String,
    pub image_digest: String,
    pub cpu: i32,
    /// MiB; the hard limit, then the soft one.
    pub memory: Option<i32>,
    pub memory_reservation: Option<i32>,
    pub essential: bool,
    pub container_ports: Vec<i32>,
    pub environment: Vec<(String, String)>,
    /// Name in the container and ARN of the secret or parameter.
    pub secrets: Vec<(String, String)>,
    pub log: Option<AwsLogs>,
    pub health_check_command: Vec<String>,
}

/// `logConfiguration` with the `awslogs` driver.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsLogs {
    pub group: String,
    pub region: String,
    pub stream_prefix: String,
}
