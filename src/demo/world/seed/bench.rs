//! Environments to measure with: many healthy services, a few other things, and a log group that never rests.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::databases::Database;
use super::services::Spec;
use super::{Site, empty};
use crate::demo::world::account::Account;
use crate::demo::world::agenda::Act;
use crate::demo::world::bulk::Bulk;
use crate::demo::world::kube::seed::{bench as bench_cluster, bench_instances};
use crate::demo::world::logs::Tone;
use crate::demo::world::signal::after;

const CLUSTER: &str = "bench-cluster";
/// The log group, its lines a second, and its streams.
const FIREHOSE: &str = "/bench/firehose";
const LINES: f64 = 20_000.0;
const STREAMS: usize = 16;

/// The `n`th account of a sized estate, with so many services.
pub(in crate::demo::world) fn account(seed: u64, start: Timestamp, n: usize, services: usize) -> Account {
    let regions = ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"];
    let site = Site {
        environment: &format!("env-{n:03}"),
        id: &format!("{:012}", 700_000_000_000_u64 + n as u64),
        alias: &format!("bench-{n:03}"),
        region: regions[n % regions.len()],
        peak_hour: 12,
    };
    let mut account = empty(seed, start, &site);
    account.add_cluster(CLUSTER);
    let spec = Spec { name: "service", family: "bench-task", image: "bench", logs: "/ecs/bench", ..Spec::default() };
    let bulk = account.bulk(CLUSTER, &spec, services);
    if let Some(cluster) = account.ecs_clusters.get_mut(CLUSTER) {
        cluster.bulk = bulk;
    }
    account.add_database(Database {
        id: "bench-db",
        class: "db.m6g.large",
        engine: "postgres",
        version: "16.8",
        name: "bench",
        user: "bench",
        storage: 100,
        multi_az: true,
        connections: (20.0, 40.0),
    });
    account.add_cache("bench-redis", "cache.t4g.small", None);
    account.watch_database("bench-db-cpu-high", "bench-db", "CPUUtilization", 90.0, false);
    account.add_log_group(FIREHOSE, Tone::Firehose, LINES, false);
    for stream in 0..STREAMS {
        account.add_stream(FIREHOSE, &format!("shard-{stream:02}"));
    }
    account.settle_alarms();
    account.later(20, Act::Alarms);
    account.later(60, Act::Tidy);
    account
}

/// An account with one Kubernetes cluster of so many pods.
pub(in crate::demo::world) fn kube(seed: u64, start: Timestamp, pods: usize, churn: u32) -> Account {
    let site = Site {
        environment: "kube-000",
        id: "700000009000",
        alias: "bench-kube",
        region: "eu-central-1",
        peak_hour: 12,
    };
    let mut account = empty(seed, start, &site);
    account.add_eks("bench", "1.33", "eks.18");
    let group = account.add_nodegroup("bench", "workers", "m6i.xlarge", (0, 0, 1_000));
    if let Some(group) = account.auto_scaling_groups.get_mut(&group) {
        group.instances = bench_instances(pods, &group.availability_zones, after(start, -1_000_000));
        group.desired_capacity = group.instances.len() as i32;
    }
    bench_cluster(&mut account, pods, churn);
    account
}

impl Account {
    /// So many copies of one service.
    fn bulk(&mut self, cluster: &str, spec: &Spec<'_>, count: usize) -> Option<Bulk> {
        self.add_service(cluster, spec);
        let cluster = self.ecs_clusters.get_mut(cluster)?;
        let mut service = cluster.services.remove(spec.name)?;
        let task = std::mem::take(&mut cluster.tasks).into_values().next()?;
        service.task_ids.clear();
        service.events.truncate(1);
        if let Some(group) = self.log_groups.get_mut(spec.logs) {
            group.streams.clear();
        }
        Some(Bulk { count, own: BTreeSet::new(), seed: self.seed, service: Box::new(service), task: Box::new(task) })
    }
}
