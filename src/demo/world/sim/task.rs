//! A task's life: provisioned, pending, running, healthy; then stopped by the scheduler or by its own fate.

use super::ecs::groups_of;
use super::{RUNNING, STOPPED, nth};
use crate::demo::world::account::Account;
use crate::demo::world::agenda::{Act, TaskStep};
use crate::demo::world::dice::{hash, hex, mix2, uuid};
use crate::demo::world::model::{
    AwsLogs, Container, ContainerDefinition, EcsService, EcsTask, Fate, StreamSpan, TaskDefinition,
};
use crate::demo::world::signal::after;

impl Account {
    /// Starts a task of the service's primary deployment and returns its id.
    pub(in crate::demo::world) fn start_task(&mut self, cluster: &str, service: &mut EcsService) -> Option<String> {
        let (id, task) = self.free_task(cluster, service)?;
        service.task_ids.push(id.clone());
        self.ecs_clusters.get_mut(cluster)?.tasks.insert(id.clone(), task);
        let wait = self.dice.between(6, 10);
        self.step_later(wait, cluster, &id, TaskStep::Pending);
        Some(id)
    }

    /// A task whose address no other has that is not over.
    pub(in crate::demo::world) fn free_task(
        &mut self,
        cluster: &str,
        service: &EcsService,
    ) -> Option<(String, EcsTask)> {
        loop {
            let id = self.dice.hex(32);
            let task = self.new_task(&id, service)?;
            let mut others = self.ecs_clusters.get(cluster)?.tasks.values();
            if !others.any(|other| other.last_status != STOPPED && other.private_ip == task.private_ip) {
                return Some((id, task));
            }
        }
    }

    /// A task as it is when it has just been asked for.
    fn new_task(&self, id: &str, service: &EcsService) -> Option<EcsTask> {
        let primary = service.deployments.first()?;
        let definition = self.task_definition(&primary.task_definition)?;
        let seed = hash(self.seed, id);
        let place = nth(&self.network.subnets, seed);
        let (zone, subnet) = place.cloned().unwrap_or_default();
        let third = 16 * (seed % self.network.subnets.len().max(1) as u64) + (seed >> 8) % 16;
        let cluster = service.cluster_arn.rsplit('/').next()?;
        Some(EcsTask {
            id: id.to_owned(),
            arn: self.arn("ecs", &format!("task/{cluster}/{id}")),
            cluster_arn: service.cluster_arn.clone(),
            group: format!("service:{}", service.name),
            started_by: primary.id.clone(),
            task_definition: primary.task_definition.clone(),
            last_status: "PROVISIONING",
            desired_status: RUNNING,
            health_status: "UNKNOWN",
            launch_type: service.launch_type,
            platform_version: service.platform_version,
            cpu: definition.cpu.clone(),
            memory: definition.memory.clone(),
            availability_zone: zone,
            subnet_id: subnet,
            eni_id: format!("eni-0{}", hex(mix2(seed, 1), 16)),
            private_ip: format!("10.20.{third}.{}", 4 + (seed >> 24) % 250),
            mac_address: format!(
                "0a:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}",
                seed & 255,
                (seed >> 8) & 255,
                (seed >> 16) & 255,
                (seed >> 24) & 255,
                (seed >> 32) & 255
            ),
            connectivity: "DISCONNECTED",
            connectivity_at: None,
            created_at: self.now,
            pull_started_at: None,
            pull_stopped_at: None,
            started_at: None,
            stopping_at: None,
            stopped_at: None,
            execution_stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            containers: self.new_containers(definition, cluster, id, seed),
            version: 1,
        })
    }

    fn new_containers(&self, definition: &TaskDefinition, cluster: &str, task: &str, seed: u64) -> Vec<Container> {
        let made = |(n, container): (usize, &ContainerDefinition)| {
            let own = mix2(seed, 100 + n as u64);
            Container {
                arn: self.arn("ecs", &format!("container/{cluster}/{task}/{}", uuid(own, mix2(own, 1)))),
                name: container.name.clone(),
                image: container.image.clone(),
                image_digest: None,
                runtime_id: None,
                last_status: "PENDING",
                health_status: "UNKNOWN",
                exit_code: None,
                reason: None,
                cpu: container.cpu.to_string(),
                memory: container.memory.map(|memory| memory.to_string()).unwrap_or_default(),
            }
        };
        definition.containers.iter().enumerate().map(made).collect()
    }

    fn step_later(&mut self, seconds: i64, cluster: &str, task: &str, step: TaskStep) {
        let (cluster, task) = (cluster.to_owned(), task.to_owned());
        self.later(seconds, Act::Task { cluster, task, step });
    }

    pub(super) fn task_step(&mut self, cluster: &str, id: &str, step: TaskStep) {
        let Some(mut task) = self.ecs_clusters.get_mut(cluster).and_then(|cluster| cluster.tasks.remove(id)) else {
            return;
        };
        // A task that was told to stop goes the way of stopping only.
        let stopping = task.desired_status == STOPPED;
        let onward = matches!(step, TaskStep::Pending | TaskStep::Running | TaskStep::Healthy | TaskStep::Fail);
        let service = task.group.trim_start_matches("service:").to_owned();
        let failed = step == TaskStep::Fail && !stopping;
        if !(stopping && onward) {
            task.version += 1;
            self.change_task(cluster, &service, &mut task, step);
        }
        let deployment = task.started_by.clone();
        if let Some(cluster) = self.ecs_clusters.get_mut(cluster) {
            cluster.tasks.insert(id.to_owned(), task);
        }
        if failed {
            self.task_failed(cluster, &service, &deployment);
        }
        self.task_moved(cluster, &service, 1);
    }

    fn change_task(&mut self, cluster: &str, service: &str, task: &mut EcsTask, step: TaskStep) {
        let fate =
            self.task_definition(&task.task_definition).map_or(Fate::Well, |definition| self.fate_of(definition));
        match step {
            TaskStep::Pending => {
                task.last_status = "PENDING";
                task.pull_started_at = Some(after(self.now, 2));
                let (wait, next) = match fate {
                    Fate::NoImage => (9, TaskStep::Fail),
                    _ => (self.dice.between(11, 22), TaskStep::Running),
                };
                self.step_later(wait, cluster, &task.id, next);
            }
            TaskStep::Running => self.task_runs(cluster, service, task, fate),
            TaskStep::Healthy if fate == Fate::Sick => {
                for group in self.service_groups(cluster, service) {
                    let why = ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]");
                    self.set_target(&group, &task.private_ip, "unhealthy", Some(why));
                }
                self.step_later(50, cluster, &task.id, TaskStep::Fail);
            }
            TaskStep::Healthy => self.task_is_healthy(cluster, service, task),
            TaskStep::Fail => self.task_fails(cluster, service, task, fate),
            TaskStep::Signal => {
                task.last_status = "STOPPING";
                self.leave_targets(cluster, service, task);
                self.step_later(8, cluster, &task.id, TaskStep::Deprovision);
            }
            TaskStep::Deprovision => {
                self.task_ends(task, 0);
                self.step_later(9, cluster, &task.id, TaskStep::Stopped);
            }
            TaskStep::Stopped => {
                task.last_status = STOPPED;
                task.stopped_at = Some(self.now);
                task.connectivity = "DISCONNECTED";
            }
        }
    }

    fn task_runs(&mut self, cluster: &str, service: &str, task: &mut EcsTask, fate: Fate) {
        self.show_running(task);
        for group in self.service_groups(cluster, service) {
            self.register_target(&group, &task.private_ip.clone(), &task.availability_zone.clone());
            if let Some(mut service) = self.take_service(cluster, service) {
                self.tell(&mut service, &format!("registered 1 targets in (target-group {group})"));
                self.put_service(cluster, service);
            }
        }
        let (wait, next) = match fate {
            Fate::Crash => (self.dice.between(16, 19), TaskStep::Fail),
            _ => (self.dice.between(24, 40), TaskStep::Healthy),
        };
        self.step_later(wait, cluster, &task.id, next);
    }

    /// What shows that a task runs: its containers, times and log streams.
    pub(in crate::demo::world) fn show_running(&mut self, task: &mut EcsTask) {
        let now = self.now;
        task.last_status = RUNNING;
        task.pull_started_at.get_or_insert(now);
        task.pull_stopped_at = Some(now);
        task.started_at = Some(now);
        task.connectivity = "CONNECTED";
        task.connectivity_at = Some(after(now, -3).max(task.created_at));
        let Some(definition) = self.task_definition(&task.task_definition) else {
            return;
        };
        let failing = self.fate_of(definition) != Fate::Well;
        let made = |made_of: &ContainerDefinition| (made_of.clone(), self.digest_of(made_of));
        let definitions: Vec<_> = definition.containers.iter().map(made).collect();
        for (container, (made_of, digest)) in task.containers.iter_mut().zip(definitions) {
            container.last_status = RUNNING;
            container.image_digest = Some(digest);
            container.runtime_id = Some(format!("{}-{}", task.id, hash(0, &made_of.name) % 10_000_000_000));
            if let Some(logs) = &made_of.log {
                self.open_stream(logs, &made_of.name, &task.id, failing && made_of.essential);
            }
        }
    }

    fn open_stream(&mut self, logs: &AwsLogs, container: &str, task: &str, failing: bool) {
        let from = self.now;
        if let Some(group) = self.log_groups.get_mut(&logs.group) {
            let name = format!("{}/{container}/{task}", logs.stream_prefix);
            group.streams.insert(name, StreamSpan { from, until: None, failing });
        }
    }

    fn task_is_healthy(&mut self, cluster: &str, service: &str, task: &mut EcsTask) {
        task.health_status = "HEALTHY";
        for container in &mut task.containers {
            container.health_status = "HEALTHY";
        }
        for group in self.service_groups(cluster, service) {
            self.set_target(&group, &task.private_ip, "healthy", None);
        }
        let services = self.ecs_clusters.get_mut(cluster).map(|cluster| &mut cluster.services);
        let owner = services.and_then(|services| services.get_mut(service));
        let primary = |owner: &&mut EcsService| owner.deployments.first().is_some_and(|d| d.id == task.started_by);
        if let Some(owner) = owner.filter(primary) {
            owner.run.failures = 0;
            owner.run.backoff_until = None;
        }
    }

    fn task_fails(&mut self, cluster: &str, service: &str, task: &mut EcsTask, fate: Fate) {
        task.desired_status = STOPPED;
        task.stopping_at = Some(self.now);
        let group = self.service_groups(cluster, service).into_iter().next().unwrap_or_default();
        let (code, reason, exit) = match fate {
            Fate::NoImage => {
                let image = task.containers.first().map(|container| container.image.clone()).unwrap_or_default();
                let reason = format!(
                    "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref {image}: {image}: not found"
                );
                ("TaskFailedToStart", reason, None)
            }
            Fate::Sick => {
                let codes = "(reason Health checks failed with these codes: [502])";
                if let Some(mut owner) = self.take_service(cluster, service) {
                    let port = owner.load_balancers.first().map_or(0, |balancer| balancer.container_port);
                    self.tell(
                        &mut owner,
                        &format!("(port {port}) is unhealthy in (target-group {group}) due to {codes}."),
                    );
                    self.put_service(cluster, owner);
                }
                (
                    "ServiceSchedulerInitiated",
                    format!("Task failed ELB health checks in (target-group {group})"),
                    Some(143),
                )
            }
            _ => ("EssentialContainerExited", "Essential container in task exited".to_owned(), Some(1)),
        };
        task.stop_code = Some(code);
        task.stopped_reason = Some(reason.clone());
        if let Some(exit) = exit {
            self.task_ends(task, exit);
        } else {
            task.last_status = "DEPROVISIONING";
            task.pull_stopped_at = Some(self.now);
            for container in &mut task.containers {
                container.last_status = STOPPED;
                container.reason = Some(reason.clone());
            }
        }
        self.leave_targets(cluster, service, task);
        self.step_later(9, cluster, &task.id, TaskStep::Stopped);
    }

    /// The containers have ended.
    fn task_ends(&mut self, task: &mut EcsTask, exit: i32) {
        let now = self.now;
        task.last_status = "DEPROVISIONING";
        task.health_status = "UNKNOWN";
        task.execution_stopped_at = Some(now);
        let definition = self.task_definition(&task.task_definition);
        let definitions = definition.map(|definition| definition.containers.clone()).unwrap_or_default();
        for (container, made_of) in task.containers.iter_mut().zip(&definitions) {
            container.last_status = STOPPED;
            container.health_status = "UNKNOWN";
            container.exit_code = Some(if made_of.essential { exit } else { 0 });
            let Some(logs) = &made_of.log else { continue };
            let stream = format!("{}/{}/{}", logs.stream_prefix, made_of.name, task.id);
            let group = self.log_groups.get_mut(&logs.group);
            if let Some(span) = group.and_then(|group| group.streams.get_mut(&stream)) {
                span.until = Some(now);
            }
        }
    }

    fn leave_targets(&mut self, cluster: &str, service: &str, task: &EcsTask) {
        for group in self.service_groups(cluster, service) {
            self.remove_target(&group, &task.private_ip);
        }
    }

    fn service_groups(&self, cluster: &str, service: &str) -> Vec<String> {
        let service = self.ecs_clusters.get(cluster).and_then(|cluster| cluster.services.get(service));
        service.map(groups_of).unwrap_or_default()
    }
}
