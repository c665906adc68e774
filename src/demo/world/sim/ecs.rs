//! The service scheduler: starts what is missing, stops what is too much, tells when a service is steady.
//! It is looked at again whenever one of its tasks gets on, so that nothing polls.

use jiff::Timestamp;

use super::{RUNNING, STOPPED};
use crate::demo::world::account::Account;
use crate::demo::world::agenda::{Act, TaskStep};
use crate::demo::world::model::{CompletedDeployment, EcsService, MetricId, ServiceEvent, Word};
use crate::demo::world::signal::after;

/// Events kept of a service, as AWS does.
const EVENTS: usize = 100;
/// Completed deployments that are remembered.
const COMPLETED: usize = 20;
/// Seconds after which a service says again that it is steady.
const STEADY: i64 = 6 * 3_600;

/// Tasks that are meant to run, by deployment: the primary one and those before it.
#[derive(Default)]
struct Crew {
    live: Vec<String>,
    healthy: usize,
    old_live: Vec<String>,
    old_healthy: usize,
}

impl Account {
    /// Puts a look at the service on the agenda, unless there is one.
    pub(in crate::demo::world) fn look_at(&mut self, cluster: &str, name: &str, seconds: i64) {
        let services = self.ecs_clusters.get_mut(cluster).map(|cluster| &mut cluster.services);
        let Some(service) = services.and_then(|services| services.get_mut(name)) else {
            return;
        };
        if !std::mem::replace(&mut service.run.looking, true) {
            let (cluster, service) = (cluster.to_owned(), name.to_owned());
            self.later(seconds, Act::Reconcile { cluster, service });
        }
    }

    pub(super) fn reconcile(&mut self, cluster: &str, name: &str) {
        let Some(mut service) = self.take_service(cluster, name) else {
            return;
        };
        service.run.looking = false;
        self.start_missing(cluster, &mut service);
        self.stop_surplus(cluster, &mut service);
        self.settle(cluster, &mut service);
        self.recount(cluster, &mut service);
        let backoff = service.run.backoff_until.filter(|until| *until > self.now);
        self.put_service(cluster, service);
        if let Some(until) = backoff {
            self.look_at(cluster, name, until.as_second() - self.now.as_second() + 1);
        }
    }

    pub(super) fn take_service(&mut self, cluster: &str, name: &str) -> Option<EcsService> {
        self.ecs_clusters.get_mut(cluster)?.services.remove(name)
    }

    pub(super) fn put_service(&mut self, cluster: &str, service: EcsService) {
        if let Some(cluster) = self.ecs_clusters.get_mut(cluster) {
            cluster.services.insert(service.name.clone(), service);
        }
    }

    fn crew(&self, cluster: &str, service: &EcsService) -> Crew {
        let mut crew = Crew::default();
        let (Some(cluster), Some(primary)) = (self.ecs_clusters.get(cluster), service.deployments.first()) else {
            return crew;
        };
        let checked = !service.load_balancers.is_empty();
        let tasks = service.task_ids.iter().filter_map(|id| cluster.tasks.get(id));
        for task in tasks.filter(|task| task.desired_status == RUNNING) {
            let up = task.last_status == RUNNING && (task.health_status == "HEALTHY" || !checked);
            if task.started_by == primary.id {
                crew.healthy += usize::from(up);
                crew.live.push(task.id.clone());
            } else {
                crew.old_healthy += usize::from(up);
                crew.old_live.push(task.id.clone());
            }
        }
        crew
    }

    fn start_missing(&mut self, cluster: &str, service: &mut EcsService) {
        let crew = self.crew(cluster, service);
        let desired = service.desired_count.max(0) as usize;
        let percent = service.deployment_configuration.maximum_percent.max(100) as usize;
        let room = (desired * percent / 100).saturating_sub(crew.live.len() + crew.old_live.len());
        let missing = desired.saturating_sub(crew.live.len()).min(room);
        let failed = service.deployments.first().is_none_or(|primary| primary.rollout_state == "FAILED");
        let waiting = service.run.backoff_until.is_some_and(|until| until > self.now);
        if missing == 0 || failed || waiting {
            return;
        }
        service.run.steady = false;
        let started: Vec<String> = (0..missing).filter_map(|_| self.start_task(cluster, service)).collect();
        let names: Vec<String> = started.iter().map(|id| format!("(task {id})")).collect();
        self.tell(service, &format!("has started {missing} tasks: {}.", names.join(" ")));
    }

    fn stop_surplus(&mut self, cluster: &str, service: &mut EcsService) {
        let crew = self.crew(cluster, service);
        let desired = service.desired_count.max(0) as usize;
        let deployment = service.deployments.first().map(|primary| (primary.id.clone(), primary.rollout_state));
        let Some((deployment, state)) = deployment else {
            return;
        };
        let minimum =
            (desired * service.deployment_configuration.minimum_healthy_percent.max(0) as usize).div_ceil(100);
        let spare = (crew.healthy + crew.old_healthy).saturating_sub(minimum);
        let old = if state == "FAILED" { 0 } else { crew.old_live.len().min(spare) };
        let extra = crew.live.len().saturating_sub(desired);
        let mut stopped: Vec<String> = crew.old_live.into_iter().take(old).collect();
        stopped.extend(crew.live.into_iter().rev().take(extra));
        if stopped.is_empty() {
            return;
        }
        service.run.steady = false;
        let names: Vec<String> = stopped.iter().map(|id| format!("(task {id})")).collect();
        let count = stopped.len();
        self.tell(service, &format!("has stopped {count} running tasks: {}.", names.join(" ")));
        if let Some(balancer) = service.load_balancers.first() {
            let group = balancer.target_group_arn.clone();
            self.tell(service, &format!("deregistered {count} targets in (target-group {group})"));
            self.tell(service, &format!("has begun draining connections on {count} tasks."));
        }
        let groups = groups_of(service);
        for id in stopped {
            let reason = format!("Scaling activity initiated by (deployment {deployment})");
            self.stop_task(cluster, &id, "ServiceSchedulerInitiated", &reason, &groups);
        }
    }

    /// Completes a deployment whose tasks are all up and have no predecessors left.
    fn settle(&mut self, cluster: &str, service: &mut EcsService) {
        let crew = self.crew(cluster, service);
        let desired = service.desired_count.max(0) as usize;
        let done = crew.healthy == desired && crew.live.len() == desired && crew.old_live.is_empty();
        let now = self.now;
        let Some(primary) = service.deployments.first_mut().filter(|primary| done && primary.rollout_state != "FAILED")
        else {
            return;
        };
        let id = primary.id.clone();
        if primary.rollout_state == "IN_PROGRESS" {
            primary.rollout_state = "COMPLETED";
            primary.rollout_state_reason = format!("ECS deployment {id} completed.");
            primary.updated_at = now;
            let (definition, created_at) = (primary.task_definition.clone(), primary.created_at);
            service.deployments.truncate(1);
            let images = self.images_of(&definition);
            service.completed.push_front(CompletedDeployment {
                id: id.clone(),
                definition,
                created_at,
                at: now,
                images,
            });
            service.completed.truncate(COMPLETED);
            self.tell(service, &format!("(deployment {id}) deployment completed."));
        }
        if !std::mem::replace(&mut service.run.steady, true) {
            self.tell(service, "has reached a steady state.");
        }
    }

    /// Counts the tasks of a service and of each deployment anew.
    pub(super) fn recount(&mut self, cluster: &str, service: &mut EcsService) {
        let Some(tasks) = self.ecs_clusters.get(cluster).map(|cluster| &cluster.tasks) else {
            return;
        };
        for deployment in &mut service.deployments {
            let own = service.task_ids.iter().filter_map(|id| tasks.get(id));
            let own = own.filter(|task| task.started_by == deployment.id && task.desired_status == RUNNING);
            let (running, pending): (Vec<_>, Vec<_>) = own.partition(|task| task.last_status == RUNNING);
            deployment.running_count = running.len() as i32;
            deployment.pending_count = pending.len() as i32;
            if deployment.status == "PRIMARY" {
                deployment.desired_count = service.desired_count;
            } else {
                deployment.desired_count = deployment.running_count;
            }
        }
        service.running_count = service.deployments.iter().map(|deployment| deployment.running_count).sum();
        service.pending_count = service.deployments.iter().map(|deployment| deployment.pending_count).sum();
        let dimensions = [("ClusterName", cluster), ("ServiceName", service.name.as_str())];
        let (running, pending) = (f64::from(service.running_count), f64::from(service.pending_count));
        self.note(MetricId::new("ECS/ContainerInsights", "RunningTaskCount", &dimensions), running);
        self.note(MetricId::new("ECS/ContainerInsights", "PendingTaskCount", &dimensions), pending);
    }

    /// Counts anew after a task got on, and has the scheduler look.
    pub(super) fn task_moved(&mut self, cluster: &str, name: &str, look_in: i64) {
        if let Some(mut service) = self.take_service(cluster, name) {
            self.recount(cluster, &mut service);
            self.put_service(cluster, service);
        }
        self.look_at(cluster, name, look_in);
    }

    /// Adds an event to a service in AWS's own form.
    pub(in crate::demo::world) fn tell(&mut self, service: &mut EcsService, text: &str) {
        add_event(service, self.dice.uuid(), self.now, text);
    }

    /// Says again that steady services are steady, every six hours as AWS does.
    pub(super) fn steady_states(&mut self) {
        let (now, old) = (self.now, after(self.now, -STEADY));
        let dice = &mut self.dice;
        for service in self.ecs_clusters.values_mut().flat_map(|cluster| cluster.services.values_mut()) {
            if service.run.steady && service.events.front().is_none_or(|event| event.created_at < old) {
                add_event(service, dice.uuid(), now, "has reached a steady state.");
            }
        }
    }

    /// Notes that a task of the service failed: counts it, waits longer, and may give the deployment up.
    pub(super) fn task_failed(&mut self, cluster: &str, name: &str, deployment: &str) {
        let Some(mut service) = self.take_service(cluster, name) else {
            return;
        };
        // Another deployment has taken its place: its failures hold nothing up any more.
        let counts = service.deployments.first().is_some_and(|primary| primary.id == deployment);
        if counts {
            service.run.failures += 1;
            service.run.steady = false;
            let wait = (10 + 5 * i64::from(service.run.failures)).min(110);
            service.run.backoff_until = Some(after(self.now, wait));
        }
        if let Some(deployment) = service.deployments.iter_mut().find(|d| d.id == deployment) {
            deployment.failed_tasks += 1;
            deployment.updated_at = self.now;
        }
        if counts && service.run.failures.is_multiple_of(6) {
            self.tell(
                &mut service,
                "is unable to consistently start tasks successfully. For more information, see the Troubleshooting \
                 section of the Amazon ECS Developer Guide.",
            );
        }
        self.break_circuit(cluster, &mut service, deployment);
        self.put_service(cluster, service);
    }

    /// Begins to stop a task: its targets in `groups` drain first, if it has any.
    pub(super) fn stop_task(&mut self, cluster: &str, id: &str, code: Word, reason: &str, groups: &[String]) {
        let now = self.now;
        let tasks = self.ecs_clusters.get_mut(cluster).map(|cluster| &mut cluster.tasks);
        let Some(task) = tasks.and_then(|tasks| tasks.get_mut(id)) else {
            return;
        };
        task.desired_status = STOPPED;
        task.last_status = "DEACTIVATING";
        task.stopping_at = Some(now);
        task.stop_code = Some(code);
        task.stopped_reason = Some(reason.to_owned());
        task.version += 1;
        let ip = task.private_ip.clone();
        for group in groups {
            self.drain_target(group, &ip);
        }
        let wait = if groups.is_empty() { 1 } else { 30 };
        let (cluster, task) = (cluster.to_owned(), id.to_owned());
        self.later(wait, Act::Task { cluster, task, step: TaskStep::Signal });
    }
}

fn add_event(service: &mut EcsService, id: String, created_at: Timestamp, text: &str) {
    let message = format!("(service {}) {text}", service.name);
    service.events.push_front(ServiceEvent { id, created_at, message });
    service.events.truncate(EVENTS);
}

/// ARNs of the target groups a service registers its tasks in.
pub(super) fn groups_of(service: &EcsService) -> Vec<String> {
    service.load_balancers.iter().map(|balancer| balancer.target_group_arn.clone()).collect()
}
