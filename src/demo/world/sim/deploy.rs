//! What somebody does to a service: a new revision, another count. And what the circuit breaker does about it.

use jiff::Timestamp;
use serde_json::json;

use super::{Actor, Call};
use crate::demo::world::account::{Account, last_part};
use crate::demo::world::dice::hex;
use crate::demo::world::model::{Deployment, EcsService, Fate, ServiceRun, TaskDefinition};

/// A new revision for a service.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::demo::world) struct Release {
    pub(in crate::demo::world) cluster: String,
    pub(in crate::demo::world) service: String,
    pub(in crate::demo::world) tag: String,
    pub(in crate::demo::world) fate: Fate,
    /// A secret that the revision no longer has.
    pub(in crate::demo::world) drops_secret: Option<String>,
    pub(in crate::demo::world) by: &'static Actor,
}

impl Account {
    /// Registers a new revision and points the service to it.
    pub(in crate::demo::world) fn release(&mut self, release: &Release) {
        let Release { cluster, service, by, .. } = release;
        let current = self.ecs_clusters.get(cluster).and_then(|cluster| cluster.services.get(service));
        let Some(family) = current.map(|service| family_of(&service.task_definition).to_owned()) else {
            return;
        };
        let Some(definition) = self.next_revision(&family, release) else {
            return;
        };
        let arn = definition.arn.clone();
        self.task_definitions.entry(family.clone()).or_default().push(definition);
        self.record(
            by,
            Call {
                source: "ecs.amazonaws.com",
                name: "RegisterTaskDefinition",
                resources: vec![("AWS::ECS::TaskDefinition", arn.clone())],
                request: json!({ "family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"] }),
                error: None,
            },
        );
        self.record_update(by, cluster, service, &json!({ "taskDefinition": last_part(&arn) }));
        if let Some(mut owner) = self.take_service(cluster, service) {
            self.set_task_definition(&mut owner, &arn);
            self.put_service(cluster, owner);
        }
        self.look_at(cluster, service, 3);
    }

    /// Sets the desired count of a service.
    pub(in crate::demo::world) fn rescale(&mut self, cluster: &str, service: &str, desired: i32, by: &Actor) {
        self.record_update(by, cluster, service, &json!({ "desiredCount": desired }));
        let now = self.now;
        let services = self.ecs_clusters.get_mut(cluster).map(|cluster| &mut cluster.services);
        if let Some(owner) = services.and_then(|services| services.get_mut(service)) {
            set_desired(owner, desired, now);
        }
        self.look_at(cluster, service, 2);
    }

    fn record_update(&mut self, by: &Actor, cluster: &str, service: &str, change: &serde_json::Value) {
        let mut request = json!({ "cluster": cluster, "service": service });
        if let (Some(request), Some(change)) = (request.as_object_mut(), change.as_object()) {
            request.extend(change.clone());
        }
        let arn = self.arn("ecs", &format!("service/{cluster}/{service}"));
        let resources = vec![("AWS::ECS::Service", arn)];
        self.record(by, Call { source: "ecs.amazonaws.com", name: "UpdateService", resources, request, error: None });
    }

    /// The revision after the newest one, with another image.
    fn next_revision(&mut self, family: &str, release: &Release) -> Option<TaskDefinition> {
        let mut next = self.task_definitions.get(family)?.last()?.clone();
        next.revision += 1;
        next.arn = self.arn("ecs", &format!("task-definition/{family}:{}", next.revision));
        next.registered_at = self.now;
        next.registered_by = release.by.arn(&self.id);
        next.fate = release.fate;
        let digest = format!("sha256:{}", hex(self.dice.next(), 64));
        if let Some(container) = next.containers.first_mut() {
            let repository = container.image.rsplit_once(':').map_or("", |(repository, _)| repository);
            container.image = format!("{repository}:{}", release.tag);
            container.image_digest = digest;
            container.secrets.retain(|(name, _)| release.drops_secret.as_ref() != Some(name));
        }
        Some(next)
    }

    /// Makes a task definition the service's own, in a new deployment.
    pub(super) fn set_task_definition(&mut self, service: &mut EcsService, arn: &str) -> String {
        let id = self.dice.deployment_id();
        if let Some(primary) = service.deployments.first_mut() {
            primary.status = "ACTIVE";
        }
        arn.clone_into(&mut service.task_definition);
        service.run = ServiceRun { looking: service.run.looking, ..Default::default() };
        let deployment = Deployment {
            id: id.clone(),
            status: "PRIMARY",
            task_definition: arn.to_owned(),
            desired_count: service.desired_count,
            pending_count: 0,
            running_count: 0,
            failed_tasks: 0,
            created_at: self.now,
            updated_at: self.now,
            launch_type: service.launch_type,
            platform_version: service.platform_version,
            rollout_state: "IN_PROGRESS",
            rollout_state_reason: format!("ECS deployment {id} in progress."),
        };
        service.deployments.insert(0, deployment);
        id
    }

    /// Gives a deployment up after so many failures, where the service has a circuit breaker, and goes back to the one
    /// before where it is told to.
    pub(super) fn break_circuit(&mut self, cluster: &str, service: &mut EcsService, deployment: &str) {
        let configuration = service.deployment_configuration;
        let enough = (service.desired_count + 1).max(6) / 2;
        let Some(primary) = service.deployments.first_mut().filter(|primary| {
            primary.id == deployment && primary.rollout_state == "IN_PROGRESS" && primary.failed_tasks >= enough
        }) else {
            return;
        };
        if !configuration.circuit_breaker_enable {
            return;
        }
        primary.rollout_state = "FAILED";
        "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut primary.rollout_state_reason);
        primary.updated_at = self.now;
        self.tell(service, &format!("(deployment {deployment}) deployment failed: tasks failed to start."));
        let before = service.deployments.get(1).map(|old| (old.id.clone(), old.task_definition.clone()));
        let Some((old, arn)) = before.filter(|_| configuration.circuit_breaker_rollback) else {
            return;
        };
        self.tell(service, &format!("rolling back to (deployment {old})."));
        let id = self.set_task_definition(service, &arn);
        // The tasks that still run are those of the revision it goes back to.
        if let Some(cluster) = self.ecs_clusters.get_mut(cluster) {
            for task in cluster.tasks.values_mut().filter(|task| task.started_by == old) {
                task.started_by.clone_from(&id);
            }
        }
        service.deployments.retain(|kept| kept.id != old);
        if let Some(primary) = service.deployments.first_mut() {
            primary.rollout_state_reason =
                format!("ECS deployment circuit breaker: rolling back to deploymentId {old}.");
        }
    }
}

/// Sets how many tasks a service shall have.
pub(super) fn set_desired(service: &mut EcsService, desired: i32, now: Timestamp) {
    service.desired_count = desired;
    service.run.steady = false;
    if let Some(primary) = service.deployments.first_mut() {
        primary.updated_at = now;
    }
}

/// The family in a task definition's ARN.
fn family_of(arn: &str) -> &str {
    last_part(arn).split(':').next().unwrap_or_default()
}
