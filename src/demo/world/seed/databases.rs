//! Builders of RDS instances, Aurora clusters, their snapshots, and ElastiCache.

use jiff::Timestamp;

use super::DAY;
use crate::demo::world::account::Account;
use crate::demo::world::agenda::Act;
use crate::demo::world::dice::{hash, hex};
use crate::demo::world::model::{
    CacheCluster, CacheNode, DbCluster, DbClusterMember, DbInstance, MetricId, ReplicationGroup, ReplicationMember,
    Word,
};
use crate::demo::world::people;
use crate::demo::world::signal::after;
use crate::demo::world::stories::Beat;

/// When the nightly backup begins, in seconds after midnight: within the backup window.
const BACKUP: i64 = 3 * 3_600 + 7 * 60;

/// A database to be made: an instance by itself, or one of a cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Database<'a> {
    pub(super) id: &'a str,
    pub(super) class: &'a str,
    pub(super) engine: Word,
    pub(super) version: &'a str,
    pub(super) name: &'a str,
    pub(super) user: &'a str,
    /// GiB.
    pub(super) storage: i32,
    pub(super) multi_az: bool,
    /// Connections by night, and what the busiest hour adds.
    pub(super) connections: (f64, f64),
}

impl Account {
    /// The part of end points that is this account's own.
    fn endpoint_id(&self) -> String {
        format!("c{}", hex(hash(self.seed, "rds"), 11))
    }

    pub(super) fn add_database(&mut self, database: Database<'_>) {
        let endpoint = format!("{}.{}.{}.rds.amazonaws.com", database.id, self.endpoint_id(), self.region);
        let instance = self.new_instance(database, None, 0, endpoint);
        self.db_instances.insert(database.id.to_owned(), instance);
        self.add_instance_metrics(database);
        self.add_snapshots(database.id);
    }

    /// An Aurora cluster `id` with a writer and as many readers, instances `id-instance-1` and so on.
    pub(super) fn add_aurora(&mut self, database: Database<'_>, readers: usize, serverless: Option<(f64, f64)>) {
        let id = database.id;
        let names: Vec<String> = (1..=readers + 1).map(|n| format!("{id}-instance-{n}")).collect();
        for (tier, name) in names.iter().enumerate() {
            let endpoint = format!("{name}.{}.{}.rds.amazonaws.com", self.endpoint_id(), self.region);
            let member = Database { id: name, ..database };
            let instance = self.new_instance(member, Some(id), tier, endpoint);
            self.db_instances.insert(name.clone(), instance);
            self.add_instance_metrics(member);
            if tier > 0 {
                self.wave(Self::replica_lag(name), (12.0, 9.0), "Milliseconds");
            }
        }
        let cluster = self.new_cluster(database, &names, serverless);
        self.db_clusters.insert(id.to_owned(), cluster);
        let dimensions = [("DBClusterIdentifier", id)];
        self.count_wave(MetricId::new("AWS/RDS", "DatabaseConnections", &dimensions), database.connections);
        self.wave(MetricId::new("AWS/RDS", "CPUUtilization", &dimensions), (7.0, 26.0), "Percent");
        self.wave(MetricId::new("AWS/RDS", "AuroraReplicaLag", &dimensions), (12.0, 9.0), "Milliseconds");
        self.wave(MetricId::new("AWS/RDS", "VolumeBytesUsed", &dimensions), (48.0e9, 0.0), "Bytes");
        self.wave(MetricId::new("AWS/RDS", "ReadLatency", &dimensions), (0.0006, 0.0009), "Seconds");
        self.wave(MetricId::new("AWS/RDS", "WriteLatency", &dimensions), (0.0012, 0.0016), "Seconds");
        self.add_snapshots(id);
    }

    fn new_instance(&self, database: Database<'_>, cluster: Option<&str>, tier: usize, endpoint: String) -> DbInstance {
        let aurora = cluster.is_some();
        let zones = &self.network.subnets;
        let zone = zones[tier % zones.len()].0.clone();
        let second = zones[(tier + 1) % zones.len()].0.clone();
        let own = hash(self.seed, database.id);
        let major = database.version.split('.').next().unwrap_or_default();
        DbInstance {
            id: database.id.to_owned(),
            arn: self.arn("rds", &format!("db:{}", database.id)),
            resource_id: format!("db-{}", hex(own, 26).to_uppercase()),
            class: database.class.to_owned(),
            engine: database.engine,
            engine_version: database.version.to_owned(),
            status: "available",
            endpoint,
            port: 5432,
            master_username: database.user.to_owned(),
            db_name: (!database.name.is_empty()).then(|| database.name.to_owned()),
            allocated_storage: if aurora { 1 } else { database.storage },
            max_allocated_storage: (!aurora).then_some(database.storage * 4),
            storage_type: if aurora { "aurora" } else { "gp3" },
            iops: (!aurora).then_some(3_000),
            storage_encrypted: true,
            multi_az: database.multi_az && !aurora,
            availability_zone: zone,
            secondary_availability_zone: (database.multi_az && !aurora).then_some(second),
            publicly_accessible: false,
            deletion_protection: self.environment.ends_with("prod"),
            backup_retention_period: 7,
            backup_window: "03:00-03:30".to_owned(),
            maintenance_window: "sun:04:00-sun:05:00".to_owned(),
            created_at: after(self.now, -310 * DAY),
            latest_restorable_time: (!aurora).then(|| after(self.now, -240)),
            cluster: cluster.map(str::to_owned),
            promotion_tier: aurora.then_some(tier as i32),
            ca_certificate: "rds-ca-rsa2048-g1",
            performance_insights: true,
            auto_minor_version_upgrade: true,
            parameter_group: format!("{}-pg{major}", self.environment),
            subnet_group: format!("{}-db-subnet-group", self.environment),
            vpc_id: self.network.vpc_id.clone(),
            security_group: self.network.security_group.clone(),
            pending_modified: Vec::new(),
            roles: Vec::new(),
            tags: self.usual_tags(),
        }
    }

    fn new_cluster(&self, database: Database<'_>, members: &[String], serverless: Option<(f64, f64)>) -> DbCluster {
        let id = database.id;
        let host = format!("{}.{}.rds.amazonaws.com", self.endpoint_id(), self.region);
        let member = |(tier, name): (usize, &String)| DbClusterMember {
            instance: name.clone(),
            writer: tier == 0,
            promotion_tier: tier as i32,
        };
        let major = database.version.split('.').next().unwrap_or_default();
        DbCluster {
            id: id.to_owned(),
            arn: self.arn("rds", &format!("cluster:{id}")),
            resource_id: format!("cluster-{}", hex(hash(self.seed, id), 26).to_uppercase()),
            engine: database.engine,
            engine_version: database.version.to_owned(),
            engine_mode: "provisioned",
            status: "available",
            endpoint: format!("{id}.cluster-{host}"),
            reader_endpoint: format!("{id}.cluster-ro-{host}"),
            port: 5432,
            database_name: database.name.to_owned(),
            master_username: database.user.to_owned(),
            multi_az: members.len() > 1,
            availability_zones: self.network.subnets.iter().map(|(zone, _)| zone.clone()).collect(),
            members: members.iter().enumerate().map(member).collect(),
            storage_encrypted: true,
            deletion_protection: true,
            backup_retention_period: 7,
            backup_window: "03:00-03:30".to_owned(),
            maintenance_window: "sun:04:00-sun:05:00".to_owned(),
            created_at: after(self.now, -310 * DAY),
            earliest_restorable_time: after(self.now, -7 * DAY),
            latest_restorable_time: after(self.now, -240),
            serverless,
            parameter_group: format!("{}-aurora-pg{major}", self.environment),
            subnet_group: format!("{}-db-subnet-group", self.environment),
            security_group: self.network.security_group.clone(),
            roles: Vec::new(),
            tags: self.usual_tags(),
        }
    }

    fn add_instance_metrics(&mut self, database: Database<'_>) {
        let dimensions = [("DBInstanceIdentifier", database.id)];
        let metric = |name| MetricId::new("AWS/RDS", name, &dimensions);
        let gib = 1_073_741_824.0;
        self.wave(metric("CPUUtilization"), (7.0, 24.0), "Percent");
        self.count_wave(metric("DatabaseConnections"), database.connections);
        if database.engine.starts_with("aurora") {
            self.wave(metric("FreeLocalStorage"), (29.0 * gib, -0.8 * gib), "Bytes");
        } else {
            self.draining_wave(metric("FreeStorageSpace"), f64::from(database.storage) * gib * 0.61, -0.04 * gib);
        }
        self.wave(metric("FreeableMemory"), (4.1 * gib, -0.6 * gib), "Bytes");
        self.wave(metric("ReadLatency"), (0.0006, 0.0009), "Seconds");
        self.wave(metric("WriteLatency"), (0.0012, 0.0016), "Seconds");
        self.wave(metric("ReadIOPS"), (24.0, 340.0), "Count/Second");
        self.wave(metric("WriteIOPS"), (31.0, 210.0), "Count/Second");
    }

    /// A week of automated snapshots, the one of the night to come, and a manual one.
    fn add_snapshots(&mut self, source: &str) {
        let now = self.now;
        for day in 0..7 {
            self.now = after(last_night(now), -day * DAY);
            let id = format!("rds:{source}-{}", self.now.strftime("%Y-%m-%d-%H-%M"));
            let snapshot = self.snapshot_of(&id, source, "automated");
            self.db_snapshots.extend(snapshot.map(|snapshot| (snapshot.id.clone(), snapshot)));
        }
        self.now = now;
        self.nightly(source);
        let manual = self.days_ago(18, |account| {
            let id = format!("manual-{source}-{}", account.now.strftime("%Y%m%d%H%M"));
            account.snapshot_of(&id, source, "manual")
        });
        self.db_snapshots.extend(manual.map(|snapshot| (snapshot.id.clone(), snapshot)));
    }

    /// A Redis cluster of one node; `group`: the replication group it is in, and its number in it.
    pub(super) fn add_cache(&mut self, id: &str, node_type: &str, group: Option<(&str, usize)>) -> (String, String) {
        let zones = &self.network.subnets;
        let zone = zones[group.map_or(0, |(_, n)| n) % zones.len()].0.clone();
        let short = self.region.replace("-east-", "e").replace("-west-", "w").replace("-central-", "c");
        let endpoint = format!("{id}.{}.0001.{short}.cache.amazonaws.com", hex(hash(self.seed, "cache"), 6));
        let created_at = after(self.now, -200 * DAY);
        let node = CacheNode {
            id: "0001".to_owned(),
            status: "available",
            endpoint: endpoint.clone(),
            port: 6379,
            parameter_group_status: "in-sync",
            availability_zone: zone.clone(),
            created_at,
        };
        let cluster = CacheCluster {
            id: id.to_owned(),
            arn: self.arn("elasticache", &format!("cluster:{id}")),
            engine: "redis",
            engine_version: "7.1.0".to_owned(),
            node_type: node_type.to_owned(),
            status: "available",
            replication_group: group.map(|(group, _)| group.to_owned()),
            parameter_group: "default.redis7".to_owned(),
            subnet_group: format!("{}-cache-subnets", self.environment),
            security_group: self.network.security_group.clone(),
            availability_zone: zone.clone(),
            maintenance_window: "sun:05:00-sun:06:00".to_owned(),
            snapshot_retention_limit: 5,
            snapshot_window: "04:00-05:00".to_owned(),
            created_at,
            auth_token_enabled: group.is_some(),
            transit_encryption: group.is_some(),
            at_rest_encryption: true,
            nodes: vec![node],
        };
        self.cache_clusters.insert(id.to_owned(), cluster);
        self.add_cache_metrics(id);
        (endpoint, zone)
    }

    fn add_cache_metrics(&mut self, id: &str) {
        for dimensions in [vec![("CacheClusterId", id)], vec![("CacheClusterId", id), ("CacheNodeId", "0001")]] {
            let metric = |name| MetricId::new("AWS/ElastiCache", name, &dimensions);
            self.wave(metric("CPUUtilization"), (4.0, 12.0), "Percent");
            self.wave(metric("EngineCPUUtilization"), (6.0, 21.0), "Percent");
            self.wave(metric("DatabaseMemoryUsagePercentage"), (34.0, 14.0), "Percent");
            self.wave(metric("FreeableMemory"), (1.1e9, -0.2e9), "Bytes");
            self.count_wave(metric("Evictions"), (0.0, 0.0));
            self.count_wave(metric("CurrConnections"), (18.0, 46.0));
            self.count_wave(metric("CacheHits"), (900.0, 9_000.0));
            self.count_wave(metric("CacheMisses"), (40.0, 600.0));
        }
    }

    /// A replication group of a primary and one replica, `id-001` and `id-002`.
    pub(super) fn add_replication_group(&mut self, id: &str, description: &str, node_type: &str) {
        let names = [format!("{id}-001"), format!("{id}-002")];
        let mut members = Vec::new();
        for (n, name) in names.iter().enumerate() {
            let (endpoint, availability_zone) = self.add_cache(name, node_type, Some((id, n)));
            let role = if n == 0 { "primary" } else { "replica" };
            members.push(ReplicationMember {
                cache_cluster: name.clone(),
                node_id: "0001".to_owned(),
                role,
                availability_zone,
                endpoint,
            });
        }
        let host = format!("{id}.{}.ng.0001.cache.amazonaws.com", hex(hash(self.seed, "cache"), 6));
        let group = ReplicationGroup {
            id: id.to_owned(),
            arn: self.arn("elasticache", &format!("replicationgroup:{id}")),
            description: description.to_owned(),
            status: "available",
            engine: "redis",
            node_type: node_type.to_owned(),
            primary_endpoint: format!("master.{host}"),
            reader_endpoint: format!("replica.{host}"),
            port: 6379,
            automatic_failover: "enabled",
            multi_az: "enabled",
            cluster_enabled: false,
            snapshot_retention_limit: 5,
            snapshot_window: "04:00-05:00".to_owned(),
            auth_token_enabled: true,
            transit_encryption: true,
            at_rest_encryption: true,
            created_at: after(self.now, -200 * DAY),
            members,
        };
        self.replication_groups.insert(id.to_owned(), group);
    }

    /// The backup of every night, as events and snapshots tell it.
    fn nightly(&mut self, source: &str) {
        let beat = Beat::Snapshot {
            source: source.to_owned(),
            prefix: format!("rds:{source}-"),
            kind: "automated",
            every: Some(DAY),
            by: &people::TERRAFORM,
        };
        let next = after(last_night(self.now), DAY);
        self.agenda.add(next, Act::Story(beat));
    }
}

/// The last time that the backup window was open.
fn last_night(now: Timestamp) -> Timestamp {
    let second = now.as_second() - BACKUP;
    after(now, -second.rem_euclid(DAY) - i64::from(now.subsec_nanosecond() > 0))
}
