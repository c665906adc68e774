//! One customer's account: everything in it, and how its parts are found. It must not know how the parts change.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::agenda::{Act, Agenda};
use super::dice::Dice;
use super::kube::KubeCluster;
use super::model::{
    Alarm, AlarmHistoryItem, AutoScalingGroup, Bucket, CacheCluster, CacheSnapshot, Caller, DbCluster, DbInstance,
    DbSnapshot, EcsCluster, EksCluster, LoadBalancer, LogGroup, MetricId, MovedTag, Network, RdsEvent,
    ReplicationGroup, ScalableTarget, StateBackend, Table, TargetGroup, TaskDefinition, TrailEvent,
};
use super::signal::{Signal, Steps, after};

/// An account with its one region, at the instant `now`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "named after what they hold")]
pub struct Account {
    /// Such as `dhbw-prod`.
    pub environment: String,
    /// Twelve digits.
    pub id: String,
    pub alias: String,
    pub region: String,
    pub caller: Caller,
    pub network: Network,
    pub now: Timestamp,
    /// By name, as are the others unless they say otherwise.
    pub ecs_clusters: BTreeMap<String, EcsCluster>,
    /// Revisions by family, oldest first.
    pub task_definitions: BTreeMap<String, Vec<TaskDefinition>>,
    /// By resource id.
    pub scalable_targets: BTreeMap<String, ScalableTarget>,
    /// Images whose tag was pushed again, by the whole reference.
    pub moved_tags: BTreeMap<String, MovedTag>,
    pub eks_clusters: BTreeMap<String, EksCluster>,
    /// The insides of the EKS clusters.
    pub kube: BTreeMap<String, KubeCluster>,
    pub auto_scaling_groups: BTreeMap<String, AutoScalingGroup>,
    pub db_instances: BTreeMap<String, DbInstance>,
    pub db_clusters: BTreeMap<String, DbCluster>,
    /// Snapshots of instances and of clusters, by id.
    pub db_snapshots: BTreeMap<String, DbSnapshot>,
    /// Oldest first, as the API has them.
    pub rds_events: VecDeque<RdsEvent>,
    pub cache_clusters: BTreeMap<String, CacheCluster>,
    /// Manual ones.
    pub cache_snapshots: BTreeMap<String, CacheSnapshot>,
    pub replication_groups: BTreeMap<String, ReplicationGroup>,
    pub load_balancers: BTreeMap<String, LoadBalancer>,
    pub target_groups: BTreeMap<String, TargetGroup>,
    pub buckets: BTreeMap<String, Bucket>,
    pub tables: BTreeMap<String, Table>,
    /// Where its Terraform keeps its states.
    pub backends: Vec<StateBackend>,
    pub alarms: BTreeMap<String, Alarm>,
    /// Newest first.
    pub alarm_history: VecDeque<AlarmHistoryItem>,
    pub log_groups: BTreeMap<String, LogGroup>,
    /// Newest first.
    pub trail: VecDeque<TrailEvent>,
    /// The hour (UTC) in which the customers are busiest.
    pub(super) peak_hour: i64,
    pub(super) seed: u64,
    pub(super) dice: Dice,
    pub(super) agenda: Agenda,
    pub(super) signals: BTreeMap<MetricId, Signal>,
}

impl Account {
    /// The ECS cluster with that name or ARN.
    pub fn ecs_cluster(&self, name_or_arn: &str) -> Option<&EcsCluster> {
        self.ecs_clusters.get(last_part(name_or_arn))
    }

    /// A task definition by `family`, `family:revision` or ARN; without a revision, the newest active one.
    pub fn task_definition(&self, reference: &str) -> Option<&TaskDefinition> {
        let (family, revision) = match last_part(reference).split_once(':') {
            Some((family, revision)) => (family, Some(revision.parse::<i32>().ok()?)),
            None => (last_part(reference), None),
        };
        let revisions = self.task_definitions.get(family)?;
        match revision {
            Some(number) => revisions.iter().find(|td| td.revision == number),
            None => revisions.iter().rev().find(|td| td.status == "ACTIVE"),
        }
    }

    /// The target group with that ARN.
    pub fn target_group(&self, arn: &str) -> Option<&TargetGroup> {
        self.target_groups.values().find(|group| group.arn == arn)
    }

    /// The load balancer with that ARN.
    pub fn load_balancer(&self, arn: &str) -> Option<&LoadBalancer> {
        self.load_balancers.values().find(|balancer| balancer.arn == arn)
    }

    /// An ARN of this account and region.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.id)
    }

    /// Writes down what happens in so many seconds.
    pub(super) fn later(&mut self, seconds: i64, act: Act) {
        let at = after(self.now, seconds);
        self.agenda.add(at, act);
    }

    /// Notes what a count is from now on.
    pub(super) fn note(&mut self, metric: MetricId, value: f64) {
        let now = self.now;
        let signal = self.signals.entry(metric).or_insert_with(|| Signal::Steps(Steps::default()));
        if let Signal::Steps(steps) = signal {
            steps.note(now, value);
        }
    }
}

impl MetricId {
    /// A metric by namespace, name and dimensions, which are sorted by name.
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let mut dimensions: Vec<(String, String)> = dimensions.iter().map(own).collect();
        dimensions.sort();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }
}

/// What stands after the last slash: a name out of an ARN.
pub(super) fn last_part(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// What stands after the last colon: the resource of an ARN, with its kind where that is set off by a slash.
pub(super) fn after_colon(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
