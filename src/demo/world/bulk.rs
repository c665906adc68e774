//! Healthy services by the thousand for measuring: copies of one, made when they are asked for, so that the estate itself
//! costs no memory. It must not know what else is in the account.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::account::Account;
use super::dice::{hash, hex, mix2};
use super::model::{EcsCluster, EcsService, EcsTask, MetricId};
use super::signal::{Signal, Wave, after};

/// Tasks that the largest of the services has.
const MOST_TASKS: usize = 3;
/// Hexadecimal digits of a task's id that say which service it is of, and which of its tasks.
const SERVICE_DIGITS: usize = 6;
const TASK_DIGITS: usize = 2;

/// So many services in a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Bulk {
    pub(super) count: usize,
    /// Those that something was done to: they are in the cluster by themselves now.
    pub(super) own: BTreeSet<usize>,
    pub(super) seed: u64,
    /// What they are copies of.
    pub(super) service: Box<EcsService>,
    pub(super) task: Box<EcsTask>,
}

impl Bulk {
    pub(super) fn count(&self) -> usize {
        self.count - self.own.len()
    }

    pub(super) fn running_tasks(&self) -> i32 {
        self.numbers().map(desired).sum::<usize>() as i32
    }

    pub(super) fn names(&self, first: usize, take: usize) -> Vec<String> {
        self.numbers().skip(first).take(take).map(name).collect()
    }

    fn numbers(&self) -> impl Iterator<Item = usize> {
        (0..self.count).filter(|number| !self.own.contains(number))
    }

    /// The number of a service that is still one of many.
    fn copy(&self, name_of: &str) -> Option<usize> {
        self.number(name_of).filter(|number| !self.own.contains(number))
    }

    /// The number of a service by its name.
    fn number(&self, name_of: &str) -> Option<usize> {
        let number: usize = name_of.strip_prefix("service-")?.parse().ok()?;
        (number < self.count && name(number) == name_of).then_some(number)
    }

    pub(super) fn service(&self, cluster: &EcsCluster, name: &str) -> Option<EcsService> {
        let number = self.copy(name)?;
        let mut service = (*self.service).clone();
        let count = desired(number) as i32;
        name.clone_into(&mut service.name);
        service.arn = format!("{}/{name}", cluster.arn.replace(":cluster/", ":service/"));
        (service.desired_count, service.running_count) = (count, count);
        for deployment in &mut service.deployments {
            deployment.id = self.deployment(number);
            deployment.rollout_state_reason = format!("ECS deployment {} completed.", deployment.id);
            (deployment.desired_count, deployment.running_count) = (count, count);
            deployment.created_at = after(deployment.created_at, -(number as i64) * 61);
        }
        for event in &mut service.events {
            event.message = format!("(service {name}) has reached a steady state.");
        }
        service.task_ids = self.ids_of(number);
        Some(service)
    }

    pub(super) fn task_ids(&self, service: Option<&str>, desired: &str) -> Vec<String> {
        if desired != "RUNNING" {
            return Vec::new();
        }
        match service {
            Some(name) => self.copy(name).map(|number| self.ids_of(number)).unwrap_or_default(),
            None => self.numbers().flat_map(|number| self.ids_of(number)).collect(),
        }
    }

    pub(super) fn task(&self, cluster: &EcsCluster, id: &str) -> Option<EcsTask> {
        let digits = |from: usize, count: usize| usize::from_str_radix(id.get(from..from + count)?, 16).ok();
        let number = digits(0, SERVICE_DIGITS).filter(|number| *number < self.count && !self.own.contains(number))?;
        let which = digits(SERVICE_DIGITS, TASK_DIGITS)?;
        if self.ids_of(number).get(which).is_none_or(|own| own != id) {
            return None;
        }
        let mut task = (*self.task).clone();
        id.clone_into(&mut task.id);
        task.arn = format!("{}/{id}", cluster.arn.replace(":cluster/", ":task/"));
        task.group = format!("service:{}", name(number));
        task.started_by = self.deployment(number);
        task.private_ip = format!("10.{}.{}.{}", 64 + number / 62_500 % 64, number / 250 % 250, 4 + number % 250);
        for container in &mut task.containers {
            container.arn = format!("{}/{id}/{}", cluster.arn.replace(":cluster/", ":container/"), container.name);
        }
        Some(task)
    }

    fn ids_of(&self, number: usize) -> Vec<String> {
        let rest = 32 - SERVICE_DIGITS - TASK_DIGITS;
        let id = |which: usize| {
            let tail = hex(mix2(self.seed ^ which as u64, number as u64), rest);
            format!("{number:06x}{which:02x}{tail}")
        };
        (0..desired(number)).map(id).collect()
    }

    fn deployment(&self, number: usize) -> String {
        format!("ecs-svc/{:019}", mix2(self.seed, number as u64) % 9_000_000_000_000_000_000)
    }
}

impl Account {
    /// Makes a service that is one of many one by itself, with its tasks, since something is to happen to it.
    pub(super) fn own(&mut self, cluster: &str, name: &str) {
        let Some(cluster) = self.ecs_clusters.get_mut(cluster) else { return };
        let Some(number) = cluster.bulk.as_ref().and_then(|bulk| bulk.copy(name)) else { return };
        let Some(service) = cluster.service(name).map(Cow::into_owned) else { return };
        let tasks = service.task_ids.iter().filter_map(|id| cluster.task(id).map(Cow::into_owned));
        let tasks: Vec<EcsTask> = tasks.collect();
        cluster.tasks.extend(tasks.into_iter().map(|task| (task.id.clone(), task)));
        cluster.services.insert(name.to_owned(), service);
        if let Some(bulk) = &mut cluster.bulk {
            bulk.own.insert(number);
        }
    }

    /// The course of a metric of a service made here; its dimensions are sorted.
    pub(super) fn bulk_signal(&self, metric: &MetricId) -> Option<Signal> {
        let [(cluster_key, cluster), (service_key, service)] = metric.dimensions.as_slice() else {
            return None;
        };
        let known = cluster_key == "ClusterName"
            && service_key == "ServiceName"
            && self.ecs_clusters.get(cluster)?.bulk.as_ref()?.number(service).is_some();
        let base = match metric.name.as_str() {
            "CPUUtilization" => 12.0,
            "MemoryUtilization" => 41.0,
            _ => return None,
        };
        (known && metric.namespace == "AWS/ECS").then(|| {
            Signal::Wave(Wave {
                seed: hash(hash(self.seed, service), &metric.name),
                base,
                swing: 24.0,
                noise: 0.1,
                limits: (0.0, 100.0),
                count: false,
                unit: "Percent",
                drift: 0.0,
                since: Timestamp::UNIX_EPOCH.as_second(),
                peak_hour: self.peak_hour,
                surges: Vec::new(),
            })
        })
    }
}

fn name(number: usize) -> String {
    format!("service-{number:05}")
}

fn desired(number: usize) -> usize {
    1 + number % MOST_TASKS
}
