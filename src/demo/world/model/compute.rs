//! EKS clusters with their node groups, and Auto Scaling groups with their instances and activities.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::{Tags, Word};

/// An EKS cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct EksCluster {
    pub name: String,
    pub arn: String,
    /// `ACTIVE`, `UPDATING`, …
    pub status: Word,
    pub version: String,
    pub platform_version: String,
    pub endpoint: String,
    pub role_arn: String,
    pub oidc_issuer: String,
    pub created_at: Timestamp,
    pub vpc_id: String,
    pub subnet_ids: Vec<String>,
    pub security_group_ids: Vec<String>,
    pub cluster_security_group_id: String,
    pub endpoint_public_access: bool,
    pub endpoint_private_access: bool,
    pub service_ipv4_cidr: String,
    pub logging_enabled: Vec<Word>,
    pub tags: Tags,
    pub nodegroups: BTreeMap<String, Nodegroup>,
}

/// A managed node group.
#[derive(Debug, Clone, PartialEq)]
pub struct Nodegroup {
    pub name: String,
    pub arn: String,
    pub cluster_name: String,
    /// `ACTIVE`, `DEGRADED`, `UPDATING`, …
    pub status: Word,
    pub version: String,
    pub release_version: String,
    /// `ON_DEMAND` or `SPOT`.
    pub capacity_type: Word,
    pub ami_type: Word,
    pub instance_types: Vec<String>,
    pub min_size: i32,
    pub max_size: i32,
    pub desired_size: i32,
    pub disk_size: i32,
    pub subnets: Vec<String>,
    pub node_role: String,
    pub labels: Tags,
    pub tags: Tags,
    /// The Auto Scaling group behind it.
    pub auto_scaling_group: String,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
    pub health_issues: Vec<NodegroupIssue>,
}

/// A health issue of a node group.
#[derive(Debug, Clone, PartialEq)]
pub struct NodegroupIssue {
    /// Such as `AsgInstanceLaunchFailures`.
    pub code: Word,
    pub message: String,
    pub resource_ids: Vec<String>,
}

/// An Auto Scaling group.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoScalingGroup {
    pub name: String,
    pub arn: String,
    pub launch_template_id: String,
    pub launch_template_name: String,
    pub launch_template_version: String,
    pub min_size: i32,
    pub max_size: i32,
    pub desired_capacity: i32,
    pub default_cooldown: i32,
    pub availability_zones: Vec<String>,
    pub subnets: Vec<String>,
    pub target_group_arns: Vec<String>,
    /// `EC2` or `ELB`.
    pub health_check_type: Word,
    pub health_check_grace_period: i32,
    pub created_at: Timestamp,
    pub suspended_processes: Vec<String>,
    pub termination_policies: Vec<String>,
    pub service_linked_role_arn: String,
    pub tags: Tags,
    pub instances: Vec<AsgInstance>,
    /// Newest first.
    pub activities: VecDeque<ScalingActivity>,
    /// Zones in which no more instances of its type can be had.
    pub(in crate::demo::world) scarce_zones: Vec<String>,
    /// The log group its instances write to, each a stream of its own.
    pub(in crate::demo::world) log_group: Option<String>,
}

/// An instance of an Auto Scaling group.
#[derive(Debug, Clone, PartialEq)]
pub struct AsgInstance {
    pub id: String,
    pub instance_type: String,
    pub availability_zone: String,
    /// `Pending`, `InService`, `Terminating`, …
    pub lifecycle_state: Word,
    /// `Healthy` or `Unhealthy`.
    pub health_status: Word,
    pub protected_from_scale_in: bool,
    pub launched_at: Timestamp,
}

/// A scaling activity.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingActivity {
    pub id: String,
    pub description: String,
    pub cause: String,
    /// `Successful`, `InProgress`, `Failed`, `WaitingForELBConnectionDraining`, `PreInService`.
    pub status: Word,
    pub status_message: Option<String>,
    pub start: Timestamp,
    pub end: Option<Timestamp>,
    pub progress: i32,
    /// JSON, as the API has it.
    pub details: String,
}
