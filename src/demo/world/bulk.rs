//! Healthy services by the thousand for measuring: made when they are asked for, so that the estate itself costs no memory.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::account::Account;
use super::model::{Caller, EcsCluster, EcsService, EcsTask, Network};

/// So many services in a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Bulk {
    count: usize,
}

impl Bulk {
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn running_tasks(&self) -> i32 {
        0
    }

    pub(super) fn names(&self, first: usize, take: usize) -> Vec<String> {
        (first..self.count).take(take).map(|n| format!("service-{n:05}")).collect()
    }

    pub(super) fn service(&self, _cluster: &EcsCluster, _name: &str) -> Option<EcsService> {
        None
    }

    pub(super) fn task_ids(&self, _service: Option<&str>, _desired: &str) -> Vec<String> {
        Vec::new()
    }

    pub(super) fn task(&self, _cluster: &EcsCluster, _id: &str) -> Option<EcsTask> {
        None
    }
}

/// The `n`th account of a sized estate.
pub(super) fn account(_seed: u64, start: Timestamp, n: usize, services: usize) -> Account {
    let id = format!("{:012}", 700_000_000_000_u64 + n as u64);
    let arn = format!("arn:aws:ecs:eu-central-1:{id}:cluster/bench");
    let cluster = EcsCluster {
        name: "bench".to_owned(),
        arn,
        status: "ACTIVE",
        capacity_providers: Vec::new(),
        registered_container_instances: 0,
        container_insights: false,
        tags: BTreeMap::new(),
        services: BTreeMap::new(),
        tasks: BTreeMap::new(),
        bulk: Some(Bulk { count: services }),
    };
    Account {
        environment: format!("env-{n:03}"),
        alias: format!("bench-{n:03}"),
        region: "eu-central-1".to_owned(),
        caller: Caller { arn: format!("arn:aws:iam::{id}:user/bench"), user_id: "AIDABENCH".to_owned() },
        network: Network { vpc_id: "vpc-0".to_owned(), subnets: Vec::new(), security_group: "sg-0".to_owned() },
        id,
        now: start,
        ecs_clusters: BTreeMap::from([("bench".to_owned(), cluster)]),
        task_definitions: BTreeMap::new(),
        eks_clusters: BTreeMap::new(),
        auto_scaling_groups: BTreeMap::new(),
        db_instances: BTreeMap::new(),
        db_clusters: BTreeMap::new(),
        db_snapshots: BTreeMap::new(),
        rds_events: VecDeque::new(),
        cache_clusters: BTreeMap::new(),
        replication_groups: BTreeMap::new(),
        load_balancers: BTreeMap::new(),
        target_groups: BTreeMap::new(),
        alarms: BTreeMap::new(),
        alarm_history: VecDeque::new(),
        log_groups: BTreeMap::new(),
        trail: VecDeque::new(),
    }
}
