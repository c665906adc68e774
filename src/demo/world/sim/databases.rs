//! What the operator does to databases and caches, and what becomes of it: modified, restarted, failed over, restored, snapshots of
//! caches. Whether it may be done is for the services that take the requests.

use crate::demo::world::account::Account;
use crate::demo::world::agenda::Act;
use crate::demo::world::model::{CacheSnapshot, DbClusterMember, MetricId, Word};

/// Seconds that each takes.
const RESTART: i64 = 45;
const MODIFICATION: i64 = 240;
const FAILOVER: i64 = 35;
const RESTORE: i64 = 300;
const CACHE_SNAPSHOT: i64 = 90;

/// What shall be another of an instance; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InstanceUpdate {
    /// Instance class.
    pub class: Option<String>,
    /// Engine version.
    pub version: Option<String>,
    /// Maintenance window.
    pub window: Option<String>,
    /// At once instead of in the window.
    pub now: bool,
}

/// What a restored database has that is not in its snapshot; what is `None` is as the account has it by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Restored {
    /// Instance class; the source's unless given.
    pub class: Option<String>,
    /// Subnet group.
    pub subnet_group: Option<String>,
    /// Security group.
    pub security_group: Option<String>,
    /// Parameter group.
    pub parameter_group: Option<String>,
    /// With a standby.
    pub multi_az: bool,
    /// With a public address.
    pub public: bool,
    /// Can't be deleted.
    pub protected: bool,
    /// Port, of a cluster.
    pub port: Option<i32>,
    /// Capacity units, of a cluster.
    pub serverless: Option<(f64, f64)>,
}

/// What a database comes to next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo::world) enum DatabaseStep {
    Restarted,
    Modified,
    InstanceThere,
    ClusterThere,
}

impl Account {
    /// Restarts an instance.
    pub fn restart_instance(&mut self, id: &str, failover: bool) {
        self.set_instance_status(id, "rebooting");
        if failover && let Some(instance) = self.db_instances.get_mut(id) {
            let standby = instance.secondary_availability_zone.take();
            if let Some(standby) = standby {
                instance.secondary_availability_zone =
                    Some(std::mem::replace(&mut instance.availability_zone, standby));
            }
            self.rds_event("db-instance", id, "Multi-AZ instance failover completed", &["failover"]);
        }
        self.database_later(RESTART, id, DatabaseStep::Restarted);
    }

    /// Changes an instance, now or in its window. A window of its own counts at once.
    pub fn modify_instance(&mut self, id: &str, update: InstanceUpdate) {
        let Some(instance) = self.db_instances.get_mut(id) else { return };
        if let Some(window) = update.window {
            instance.maintenance_window = window;
        }
        let pending = [("DBInstanceClass", update.class), ("EngineVersion", update.version)];
        let pending: Vec<(Word, String)> = pending.into_iter().filter_map(|(what, to)| Some((what, to?))).collect();
        if pending.is_empty() {
            return;
        }
        // What waited before still does, and is applied with what is applied at once.
        instance.pending_modified.retain(|(what, _)| pending.iter().all(|(other, _)| other != what));
        instance.pending_modified.extend(pending);
        if update.now {
            instance.status = "modifying";
            self.rds_event("db-instance", id, "Applying modification to database instance", &["configuration change"]);
            self.database_later(MODIFICATION, id, DatabaseStep::Modified);
        }
    }

    /// Makes a reader the writer.
    pub fn fail_over(&mut self, cluster: &str, to: &str) {
        if let Some(cluster) = self.db_clusters.get_mut(cluster) {
            cluster.status = "failing-over";
        }
        self.rds_event("db-cluster", cluster, &format!("Started failover to DB instance: {to}"), &["failover"]);
        self.later(FAILOVER, Act::FailedOver { cluster: cluster.to_owned(), writer: to.to_owned() });
    }

    pub(super) fn failed_over(&mut self, cluster: &str, writer: &str) {
        let Some(found) = self.db_clusters.get_mut(cluster) else { return };
        found.status = "available";
        let before = found.members.iter().find(|member| member.writer).map(|member| member.instance.clone());
        for member in &mut found.members {
            member.writer = member.instance == writer;
        }
        // Only readers lag.
        if let (Some(before), Some(lag)) = (before, self.signals.remove(&Self::replica_lag(writer))) {
            self.signals.insert(Self::replica_lag(&before), lag);
        }
        self.rds_event("db-cluster", cluster, &format!("Completed failover to DB instance: {writer}"), &["failover"]);
    }

    /// How far a reader of a cluster is behind its writer.
    pub(in crate::demo::world) fn replica_lag(instance: &str) -> MetricId {
        MetricId::new("AWS/RDS", "AuroraReplicaLag", &[("DBInstanceIdentifier", instance)])
    }

    /// An instance with the data of another one, under a new name; in a cluster as its next member.
    pub fn make_instance_like(&mut self, like: &str, id: &str, restored: Restored, cluster: Option<&str>) {
        let Some(mut instance) = self.db_instances.get(like).cloned() else { return };
        let by_default = format!("default.{}{}", instance.engine, major(&instance.engine_version));
        instance.endpoint = instance.endpoint.replacen(like, id, 1);
        instance.arn = self.arn("rds", &format!("db:{id}"));
        instance.resource_id = format!("db-{}", id.to_uppercase().replace('-', ""));
        id.clone_into(&mut instance.id);
        instance.class = restored.class.unwrap_or(instance.class);
        instance.subnet_group = restored.subnet_group.unwrap_or_else(|| "default".to_owned());
        instance.security_group = restored.security_group.unwrap_or_else(|| "sg-default".to_owned());
        instance.parameter_group = restored.parameter_group.unwrap_or(by_default);
        let standby = instance.secondary_availability_zone.take().filter(|_| restored.multi_az);
        instance.secondary_availability_zone = standby;
        instance.multi_az = restored.multi_az;
        instance.publicly_accessible = restored.public;
        instance.deletion_protection = restored.protected;
        instance.roles.clear();
        instance.status = "creating";
        instance.created_at = self.now;
        instance.pending_modified.clear();
        instance.cluster = cluster.map(str::to_owned);
        if let Some(cluster) = cluster.and_then(|cluster| self.db_clusters.get_mut(cluster)) {
            let writer = cluster.members.is_empty();
            cluster.members.push(DbClusterMember { instance: id.to_owned(), writer, promotion_tier: 1 });
        }
        self.db_instances.insert(id.to_owned(), instance);
        self.rds_event("db-instance", id, "DB instance created", &["creation"]);
        self.database_later(RESTORE, id, DatabaseStep::InstanceThere);
    }

    /// A cluster with the data of another one, under a new name and without an instance.
    pub fn make_cluster_like(&mut self, like: &str, id: &str, restored: Restored) {
        let Some(mut cluster) = self.db_clusters.get(like).cloned() else { return };
        let by_default = format!("default.{}{}", cluster.engine, major(&cluster.engine_version));
        cluster.subnet_group = restored.subnet_group.unwrap_or_else(|| "default".to_owned());
        cluster.security_group = restored.security_group.unwrap_or_else(|| "sg-default".to_owned());
        cluster.parameter_group = restored.parameter_group.unwrap_or(by_default);
        cluster.deletion_protection = restored.protected;
        cluster.port = restored.port.unwrap_or(cluster.port);
        cluster.serverless = restored.serverless;
        cluster.roles.clear();
        cluster.endpoint = cluster.endpoint.replacen(like, id, 1);
        cluster.reader_endpoint = cluster.reader_endpoint.replacen(like, id, 1);
        cluster.arn = self.arn("rds", &format!("cluster:{id}"));
        cluster.resource_id = format!("cluster-{}", id.to_uppercase().replace('-', ""));
        id.clone_into(&mut cluster.id);
        cluster.status = "creating";
        cluster.created_at = self.now;
        cluster.members.clear();
        self.db_clusters.insert(id.to_owned(), cluster);
        self.rds_event("db-cluster", id, "DB cluster created", &["creation"]);
        self.database_later(RESTORE, id, DatabaseStep::ClusterThere);
    }

    /// Begins a snapshot of a cache cluster or a replication group.
    pub fn begin_cache_snapshot(&mut self, id: &str, source: &str, of_group: bool) {
        let snapshot = CacheSnapshot {
            arn: self.arn("elasticache", &format!("snapshot:{id}")),
            id: id.to_owned(),
            source: source.to_owned(),
            of_group,
            status: "creating",
            started_at: self.now,
        };
        self.cache_snapshots.insert(id.to_owned(), snapshot);
        self.later(CACHE_SNAPSHOT, Act::CacheSnapshot { id: id.to_owned() });
    }

    pub(super) fn cache_snapshot_done(&mut self, id: &str) {
        if let Some(snapshot) = self.cache_snapshots.get_mut(id) {
            snapshot.status = "available";
        }
    }

    fn database_later(&mut self, seconds: i64, id: &str, step: DatabaseStep) {
        self.later(seconds, Act::Database { id: id.to_owned(), step });
    }

    pub(super) fn database_step(&mut self, id: &str, step: DatabaseStep) {
        if step == DatabaseStep::ClusterThere {
            if let Some(cluster) = self.db_clusters.get_mut(id) {
                cluster.status = "available";
            }
            return;
        }
        let Some(instance) = self.db_instances.get_mut(id) else { return };
        instance.status = "available";
        match step {
            DatabaseStep::Restarted => self.rds_event("db-instance", id, "DB instance restarted", &["availability"]),
            DatabaseStep::Modified => {
                for (what, to) in std::mem::take(&mut instance.pending_modified) {
                    match what {
                        "DBInstanceClass" => instance.class = to,
                        _ => instance.engine_version = to,
                    }
                }
                let words = "Finished applying modification to DB instance";
                self.rds_event("db-instance", id, words, &["configuration change"]);
            }
            DatabaseStep::InstanceThere | DatabaseStep::ClusterThere => {}
        }
    }
}

/// The first number of a version.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}
