//! Builders of ECS clusters and services, with all that belongs to a service: task definitions, tasks, logs and metrics.

use std::collections::{BTreeMap, VecDeque};

use super::{DAY, LONG_AGO};
use crate::demo::world::account::Account;
use crate::demo::world::dice::{hash, hex, mix2};
use crate::demo::world::logs::Tone;
use crate::demo::world::model::{
    AwsLogs, AwsVpc, CompletedDeployment, ContainerDefinition, Deployment, DeploymentConfiguration, EcsCluster,
    EcsService, Fate, MetricId, ScalableTarget, ServiceLoadBalancer, ServiceRun, Tags, TaskDefinition,
};
use crate::demo::world::people;
use crate::demo::world::signal::after;

/// Where the collectors beside the large services write to.
const SIDECAR_LOGS: &str = "/ecs/otel-collector";

/// A service to be made.
#[derive(Debug, Clone)]
pub(super) struct Spec<'a> {
    pub(super) name: &'a str,
    pub(super) family: &'a str,
    pub(super) container: &'a str,
    pub(super) image: &'a str,
    pub(super) tag: &'a str,
    pub(super) revision: i32,
    /// CPU units and MiB of a task.
    pub(super) size: (i32, i32),
    pub(super) desired: i32,
    /// CPU by night, what the busiest hour adds, and memory; percent.
    pub(super) load: (f64, f64, f64),
    pub(super) port: Option<i32>,
    /// The load balancer that its target group hangs on, and the path of the health check.
    pub(super) balancer: Option<(&'a str, &'a str)>,
    pub(super) logs: &'a str,
    pub(super) tone: Tone,
    /// Lines a second.
    pub(super) rate: f64,
    pub(super) hostile: bool,
    pub(super) environment: &'a [(&'a str, &'a str)],
    /// Name in the container and name of the secret.
    pub(super) secrets: &'a [(&'a str, &'a str)],
    pub(super) deployed_days_ago: i64,
    /// Most and least percent while deploying.
    pub(super) percents: (i32, i32),
    /// Circuit breaker, with rollback.
    pub(super) breaker: (bool, bool),
}

impl Default for Spec<'_> {
    fn default() -> Self {
        Self {
            name: "",
            family: "",
            container: "app",
            image: "",
            tag: "1.0.0",
            revision: 3,
            size: (512, 1024),
            desired: 2,
            load: (8.0, 22.0, 41.0),
            port: None,
            balancer: None,
            logs: "",
            tone: Tone::Json,
            rate: 0.4,
            hostile: false,
            environment: &[("LOG_LEVEL", "info")],
            secrets: &[],
            deployed_days_ago: 6,
            percents: (200, 100),
            breaker: (true, true),
        }
    }
}

impl Spec<'_> {
    fn has_sidecar(&self) -> bool {
        self.port.is_some() && self.desired > 2
    }
}

impl Account {
    pub(super) fn add_cluster(&mut self, name: &str) {
        let cluster = EcsCluster {
            name: name.to_owned(),
            arn: self.arn("ecs", &format!("cluster/{name}")),
            status: "ACTIVE",
            capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
            registered_container_instances: 0,
            container_insights: true,
            tags: self.usual_tags(),
            services: BTreeMap::new(),
            tasks: BTreeMap::new(),
            bulk: None,
        };
        self.ecs_clusters.insert(name.to_owned(), cluster);
        let dimensions = [("ClusterName", name)];
        self.wave(MetricId::new("AWS/ECS", "CPUUtilization", &dimensions), (14.0, 22.0), "Percent");
        self.wave(MetricId::new("AWS/ECS", "MemoryUtilization", &dimensions), (38.0, 9.0), "Percent");
    }

    /// Tags that everything of the environment has.
    pub(super) fn usual_tags(&self) -> Tags {
        let pairs = [("Environment", self.environment.as_str()), ("ManagedBy", "terraform")];
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    /// Makes a service that has been running well for some days.
    pub(super) fn add_service(&mut self, cluster: &str, spec: &Spec<'_>) {
        self.add_log_group(spec.logs, spec.tone, spec.rate, spec.hostile);
        if spec.has_sidecar() {
            self.add_log_group(SIDECAR_LOGS, Tone::Collector, 0.1, false);
        }
        let task_definition = self.add_task_definitions(spec);
        let target_group = spec.balancer.map(|(balancer, path)| {
            let name = format!("{}-tg", spec.name.trim_end_matches("-service"));
            self.add_target_group(&name, balancer, spec.port.unwrap_or(80), path, "ip")
        });
        let mut service = self.days_ago(spec.deployed_days_ago, |account| {
            account.new_service(cluster, spec, &task_definition, target_group)
        });
        self.days_ago(spec.deployed_days_ago, |account| account.add_running_tasks(cluster, spec, &mut service));
        for hours in [18, 12, 6] {
            self.hours_ago(hours, |account| account.tell(&mut service, "has reached a steady state."));
        }
        self.add_service_metrics(cluster, spec);
        for group in &service.load_balancers {
            self.days_ago(LONG_AGO, |account| account.count_hosts(&group.target_group_arn));
        }
        if let Some(cluster) = self.ecs_clusters.get_mut(cluster) {
            cluster.services.insert(spec.name.to_owned(), service);
        }
    }

    /// Has the desired count of a service set between these by its policies.
    pub(super) fn add_scalable_target(&mut self, cluster: &str, service: &str, (least, most): (i32, i32)) {
        let resource_id = format!("service/{cluster}/{service}");
        let created_at = after(self.now, -200 * DAY);
        let target =
            ScalableTarget { resource_id: resource_id.clone(), min_capacity: least, max_capacity: most, created_at };
        self.scalable_targets.insert(resource_id, target);
    }

    fn add_service_metrics(&mut self, cluster: &str, spec: &Spec<'_>) {
        let dimensions = [("ClusterName", cluster), ("ServiceName", spec.name)];
        let count = |name| MetricId::new("ECS/ContainerInsights", name, &dimensions);
        self.days_ago(LONG_AGO, |account| {
            account.note(count("RunningTaskCount"), f64::from(spec.desired));
            account.note(count("PendingTaskCount"), 0.0);
        });
        if spec.desired > 0 {
            let (base, swing, memory) = spec.load;
            self.wave(MetricId::new("AWS/ECS", "CPUUtilization", &dimensions), (base, swing), "Percent");
            self.wave(MetricId::new("AWS/ECS", "MemoryUtilization", &dimensions), (memory, 6.0), "Percent");
        }
    }

    /// The last three revisions; returns the ARN of the newest.
    fn add_task_definitions(&mut self, spec: &Spec<'_>) -> String {
        let first = (spec.revision - 2).max(1);
        let revisions = (first..=spec.revision).map(|revision| self.new_revision(spec, revision)).collect::<Vec<_>>();
        let arn = revisions.last().map(|newest| newest.arn.clone()).unwrap_or_default();
        self.task_definitions.insert(spec.family.to_owned(), revisions);
        arn
    }

    fn new_revision(&self, spec: &Spec<'_>, revision: i32) -> TaskDefinition {
        let age = spec.deployed_days_ago + 9 * i64::from(spec.revision - revision);
        let role = |name: &str| format!("arn:aws:iam::{}:role/{name}", self.id);
        let registered_at = after(self.now, -age * DAY - 300);
        let mut containers = vec![self.main_container(spec, revision)];
        if spec.has_sidecar() {
            containers.push(self.sidecar());
        }
        TaskDefinition {
            arn: self.arn("ecs", &format!("task-definition/{}:{revision}", spec.family)),
            family: spec.family.to_owned(),
            revision,
            status: "ACTIVE",
            network_mode: "awsvpc",
            requires_compatibilities: vec!["FARGATE"],
            cpu: spec.size.0.to_string(),
            memory: spec.size.1.to_string(),
            task_role_arn: role(&format!("{}-task", spec.family)),
            execution_role_arn: role("ecsTaskExecutionRole"),
            cpu_architecture: "X86_64",
            operating_system_family: "LINUX",
            registered_at,
            registered_by: people::GITHUB.arn(&self.id),
            containers,
            tags: self.usual_tags(),
            fate: Fate::Well,
        }
    }

    fn main_container(&self, spec: &Spec<'_>, revision: i32) -> ContainerDefinition {
        let back = spec.revision - revision;
        let tag = if back == 0 { spec.tag.to_owned() } else { format!("{}-r{revision}", spec.tag) };
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let secret = |(key, name): &(&str, &str)| {
            ((*key).to_owned(), self.arn("secretsmanager", &format!("secret:{name}-{}", hex(hash(self.seed, name), 6))))
        };
        let path = spec.balancer.map_or("/health", |(_, path)| path);
        let check = spec.port.map(|port| format!("curl -fs http://localhost:{port}{path} || exit 1"));
        ContainerDefinition {
            name: spec.container.to_owned(),
            image: format!("{}.dkr.ecr.{}.amazonaws.com/{}:{tag}", self.id, self.region, spec.image),
            image_digest: format!("sha256:{}", hex(mix2(hash(self.seed, spec.image), revision as u64), 64)),
            cpu: spec.size.0,
            memory: Some(spec.size.1),
            memory_reservation: Some(spec.size.1 / 2),
            essential: true,
            container_ports: spec.port.into_iter().collect(),
            environment: spec.environment.iter().map(own).collect(),
            secrets: spec.secrets.iter().map(secret).collect(),
            log: Some(self.aws_logs(spec.logs)),
            health_check_command: check.map(|check| vec!["CMD-SHELL".to_owned(), check]).unwrap_or_default(),
        }
    }

    fn sidecar(&self) -> ContainerDefinition {
        ContainerDefinition {
            name: "otel-collector".to_owned(),
            image: "public.ecr.aws/aws-observability/aws-otel-collector:v0.45.1".to_owned(),
            image_digest: format!("sha256:{}", hex(45_001, 64)),
            cpu: 32,
            memory: Some(128),
            memory_reservation: None,
            essential: false,
            container_ports: vec![4317],
            environment: Vec::new(),
            secrets: Vec::new(),
            log: Some(self.aws_logs(SIDECAR_LOGS)),
            health_check_command: Vec::new(),
        }
    }

    fn aws_logs(&self, group: &str) -> AwsLogs {
        AwsLogs { group: group.to_owned(), region: self.region.clone(), stream_prefix: "ecs".to_owned() }
    }

    fn new_service(&mut self, cluster: &str, spec: &Spec<'_>, definition: &str, group: Option<String>) -> EcsService {
        let id = self.dice.deployment_id();
        let at = self.now;
        let deployment = Deployment {
            id: id.clone(),
            status: "PRIMARY",
            task_definition: definition.to_owned(),
            desired_count: spec.desired,
            pending_count: 0,
            running_count: 0,
            failed_tasks: 0,
            created_at: at,
            updated_at: after(at, 190),
            launch_type: "FARGATE",
            platform_version: "1.4.0",
            rollout_state: "COMPLETED",
            rollout_state_reason: format!("ECS deployment {id} completed."),
        };
        let balancer = |target_group_arn| ServiceLoadBalancer {
            target_group_arn,
            container_name: spec.container.to_owned(),
            container_port: spec.port.unwrap_or(80),
        };
        EcsService {
            name: spec.name.to_owned(),
            arn: self.arn("ecs", &format!("service/{cluster}/{}", spec.name)),
            cluster_arn: self.arn("ecs", &format!("cluster/{cluster}")),
            status: "ACTIVE",
            desired_count: spec.desired,
            running_count: 0,
            pending_count: 0,
            launch_type: "FARGATE",
            platform_version: "LATEST",
            task_definition: definition.to_owned(),
            deployment_controller: "ECS",
            scheduling_strategy: "REPLICA",
            deployment_configuration: DeploymentConfiguration {
                maximum_percent: spec.percents.0,
                minimum_healthy_percent: spec.percents.1,
                circuit_breaker_enable: spec.breaker.0,
                circuit_breaker_rollback: spec.breaker.1,
            },
            completed: self.completed(spec, &deployment),
            deployments: vec![deployment],
            events: VecDeque::new(),
            health_check_grace_period_seconds: group.is_some().then_some(60),
            load_balancers: group.into_iter().map(balancer).collect(),
            network: Some(self.aws_vpc()),
            role_arn: format!("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", self.id),
            created_at: after(at, -310 * DAY),
            created_by: people::TERRAFORM.arn(&self.id),
            enable_execute_command: true,
            propagate_tags: "SERVICE",
            tags: self.usual_tags(),
            task_ids: Vec::new(),
            run: ServiceRun { steady: true, ..ServiceRun::default() },
        }
    }

    /// The deployments of the revisions that are there, newest first; the newest is the one that is now.
    fn completed(&self, spec: &Spec<'_>, now: &Deployment) -> VecDeque<CompletedDeployment> {
        let revisions = self.task_definitions.get(spec.family).map(Vec::as_slice).unwrap_or_default();
        let done = |definition: &TaskDefinition| {
            let is_now = definition.arn == now.task_definition;
            let number = mix2(hash(self.seed, spec.name), definition.revision as u64) % 9_000_000_000_000_000_000;
            let created_at = if is_now { now.created_at } else { after(definition.registered_at, 300) };
            CompletedDeployment {
                id: if is_now { now.id.clone() } else { format!("ecs-svc/{number:019}") },
                definition: definition.arn.clone(),
                created_at,
                at: after(created_at, 190),
                images: definition
                    .containers
                    .iter()
                    .map(|it| (it.name.clone(), it.image.clone(), it.image_digest.clone()))
                    .collect(),
            }
        };
        revisions.iter().rev().map(done).collect()
    }

    fn aws_vpc(&self) -> AwsVpc {
        AwsVpc {
            subnets: self.network.subnets.iter().map(|(_, subnet)| subnet.clone()).collect(),
            security_groups: vec![self.network.security_group.clone()],
            assign_public_ip: "DISABLED",
        }
    }

    /// The tasks of a service that has been deployed at the account's present time, and the events of that.
    fn add_running_tasks(&mut self, cluster: &str, spec: &Spec<'_>, service: &mut EcsService) {
        for _ in 0..spec.desired {
            self.add_running_task(cluster, service);
        }
        service.running_count = spec.desired;
        let names: Vec<String> = service.task_ids.iter().map(|id| format!("(task {id})")).collect();
        if let Some(primary) = service.deployments.first_mut() {
            primary.running_count = spec.desired;
            let completed = format!("(deployment {}) deployment completed.", primary.id);
            if !names.is_empty() {
                self.tell(service, &format!("has started {} tasks: {}.", names.len(), names.join(" ")));
            }
            self.tell(service, &completed);
        }
        self.tell(service, "has reached a steady state.");
    }

    /// A task that has been running since the account's present time.
    fn add_running_task(&mut self, cluster: &str, service: &mut EcsService) {
        let Some((id, mut task)) = self.free_task(cluster, service) else {
            return;
        };
        self.show_running(&mut task);
        task.health_status = "HEALTHY";
        for container in &mut task.containers {
            container.health_status = "HEALTHY";
        }
        task.version = 5;
        for balancer in &service.load_balancers {
            self.add_healthy_target(&balancer.target_group_arn, &task.private_ip, &task.availability_zone);
        }
        service.task_ids.push(id.clone());
        if let Some(cluster) = self.ecs_clusters.get_mut(cluster) {
            cluster.tasks.insert(id, task);
        }
    }
}
