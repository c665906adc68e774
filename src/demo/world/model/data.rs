//! RDS instances, Aurora clusters, snapshots and events, and ElastiCache.

use jiff::Timestamp;

use super::{Tags, Word};

/// An RDS instance (of a cluster or by itself).
#[derive(Debug, Clone, PartialEq)]
pub struct DbInstance {
    pub id: String,
    pub arn: String,
    pub resource_id: String,
    pub class: String,
    /// `postgres`, `aurora-postgresql`, …
    pub engine: Word,
    pub engine_version: String,
    /// `available`, `backing-up`, `modifying`, …
    pub status: Word,
    pub endpoint: String,
    pub port: i32,
    pub master_username: String,
    pub db_name: Option<String>,
    /// GiB.
    pub allocated_storage: i32,
    pub max_allocated_storage: Option<i32>,
    pub storage_type: Word,
    pub iops: Option<i32>,
    pub storage_encrypted: bool,
    pub multi_az: bool,
    pub availability_zone: String,
    pub secondary_availability_zone: Option<String>,
    pub publicly_accessible: bool,
    pub deletion_protection: bool,
    pub backup_retention_period: i32,
    pub backup_window: String,
    pub maintenance_window: String,
    pub created_at: Timestamp,
    pub latest_restorable_time: Option<Timestamp>,
    pub cluster: Option<String>,
    pub promotion_tier: Option<i32>,
    pub ca_certificate: Word,
    pub performance_insights: bool,
    pub auto_minor_version_upgrade: bool,
    pub parameter_group: String,
    pub subnet_group: String,
    pub vpc_id: String,
    pub security_group: String,
    /// A change that waits for the maintenance window, as (what, to).
    pub pending_modified: Vec<(Word, String)>,
    /// What it may use of other services, as (role's ARN, feature).
    pub roles: Vec<(String, String)>,
    pub tags: Tags,
}

/// An Aurora cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct DbCluster {
    pub id: String,
    pub arn: String,
    pub resource_id: String,
    pub engine: Word,
    pub engine_version: String,
    pub engine_mode: Word,
    pub status: Word,
    pub endpoint: String,
    pub reader_endpoint: String,
    pub port: i32,
    pub database_name: String,
    pub master_username: String,
    pub multi_az: bool,
    pub availability_zones: Vec<String>,
    pub members: Vec<DbClusterMember>,
    pub storage_encrypted: bool,
    pub deletion_protection: bool,
    pub backup_retention_period: i32,
    pub backup_window: String,
    pub maintenance_window: String,
    pub created_at: Timestamp,
    pub earliest_restorable_time: Timestamp,
    pub latest_restorable_time: Timestamp,
    /// Capacity units, when it is Serverless v2: least and most.
    pub serverless: Option<(f64, f64)>,
    pub parameter_group: String,
    pub subnet_group: String,
    pub security_group: String,
    /// What it may use of other services, as (role's ARN, feature).
    pub roles: Vec<(String, String)>,
    pub tags: Tags,
}

/// An instance's part in its cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct DbClusterMember {
    pub instance: String,
    pub writer: bool,
    pub promotion_tier: i32,
}

/// A snapshot, of an instance (`cluster` false) or of an Aurora cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct DbSnapshot {
    pub id: String,
    pub arn: String,
    pub cluster: bool,
    /// The instance or the cluster it is of.
    pub source: String,
    /// `automated` or `manual`.
    pub snapshot_type: Word,
    /// `creating`, `available`, …
    pub status: Word,
    pub percent_progress: i32,
    pub engine: Word,
    pub engine_version: String,
    pub allocated_storage: i32,
    pub storage_type: Word,
    pub encrypted: bool,
    pub port: i32,
    pub availability_zone: String,
    pub vpc_id: String,
    pub master_username: String,
    /// `None` until it is available, for those of instances.
    pub created_at: Option<Timestamp>,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// When the database was made.
    pub source_created_at: Timestamp,
    pub tags: Tags,
}

/// An RDS event.
#[derive(Debug, Clone, PartialEq)]
pub struct RdsEvent {
    pub source_id: String,
    /// `db-instance`, `db-cluster`, `db-snapshot`, `db-cluster-snapshot`.
    pub source_type: Word,
    pub source_arn: String,
    pub message: String,
    pub categories: Vec<Word>,
    pub at: Timestamp,
}

/// An ElastiCache cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheCluster {
    pub id: String,
    pub arn: String,
    /// `redis`, `valkey`.
    pub engine: Word,
    pub engine_version: String,
    pub node_type: String,
    pub status: Word,
    pub replication_group: Option<String>,
    pub parameter_group: String,
    pub subnet_group: String,
    pub security_group: String,
    pub availability_zone: String,
    pub maintenance_window: String,
    pub snapshot_retention_limit: i32,
    pub snapshot_window: String,
    pub created_at: Timestamp,
    pub auth_token_enabled: bool,
    pub transit_encryption: bool,
    pub at_rest_encryption: bool,
    pub nodes: Vec<CacheNode>,
}

/// A manual snapshot of a cache cluster or a replication group.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheSnapshot {
    pub id: String,
    pub arn: String,
    pub source: String,
    pub of_group: bool,
    /// `creating`, `available`.
    pub status: Word,
    pub started_at: Timestamp,
}

/// A node of a cache cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheNode {
    pub id: String,
    pub status: Word,
    pub endpoint: String,
    pub port: i32,
    pub parameter_group_status: Word,
    pub availability_zone: String,
    pub created_at: Timestamp,
}

/// A replication group of cache clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicationGroup {
    pub id: String,
    pub arn: String,
    pub description: String,
    pub status: Word,
    pub engine: Word,
    pub node_type: String,
    pub primary_endpoint: String,
    pub reader_endpoint: String,
    pub port: i32,
    /// `enabled` or `disabled`.
    pub automatic_failover: Word,
    pub multi_az: Word,
    pub cluster_enabled: bool,
    pub snapshot_retention_limit: i32,
    pub snapshot_window: String,
    pub auth_token_enabled: bool,
    pub transit_encryption: bool,
    pub at_rest_encryption: bool,
    pub created_at: Timestamp,
    pub members: Vec<ReplicationMember>,
}

/// A cache cluster's part in its replication group (of one shard, `0001`).
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicationMember {
    pub cache_cluster: String,
    pub node_id: String,
    /// `primary` or `replica`.
    pub role: Word,
    pub availability_zone: String,
    pub endpoint: String,
}
