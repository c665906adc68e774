//! Load balancers, their listeners, target groups and targets.

use jiff::Timestamp;

use super::{Tags, Word};

/// An application or network load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadBalancer {
    pub name: String,
    pub arn: String,
    pub dns_name: String,
    pub hosted_zone_id: String,
    /// `internet-facing` or `internal`.
    pub scheme: Word,
    /// `active`, `provisioning`, …
    pub state: Word,
    /// `application` or `network`.
    pub kind: Word,
    pub vpc_id: String,
    /// Zone and subnet.
    pub zones: Vec<(String, String)>,
    pub security_groups: Vec<String>,
    pub created_at: Timestamp,
    pub listeners: Vec<Listener>,
    pub tags: Tags,
}

/// A listener; its default action forwards to a target group or redirects to HTTPS.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    pub arn: String,
    pub port: i32,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`.
    pub protocol: Word,
    pub ssl_policy: Option<Word>,
    pub certificate_arn: Option<String>,
    /// `None`: redirect to HTTPS.
    pub forward_to: Option<String>,
}

/// A target group with what is registered in it.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetGroup {
    pub name: String,
    pub arn: String,
    pub protocol: Word,
    pub port: i32,
    pub vpc_id: String,
    /// `ip` or `instance`.
    pub target_type: Word,
    pub health_check_protocol: Word,
    pub health_check_path: String,
    pub health_check_port: String,
    pub health_check_interval_seconds: i32,
    pub health_check_timeout_seconds: i32,
    pub healthy_threshold: i32,
    pub unhealthy_threshold: i32,
    /// Such as `200-299`.
    pub matcher: String,
    pub load_balancer_arns: Vec<String>,
    pub targets: Vec<Target>,
    pub tags: Tags,
}

/// A target and its health.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// An IP address or an instance id.
    pub id: String,
    pub port: i32,
    pub availability_zone: String,
    /// `initial`, `healthy`, `unhealthy`, `draining`, `unused`.
    pub state: Word,
    /// Such as `Target.ResponseCodeMismatch`.
    pub reason: Option<Word>,
    pub description: Option<String>,
}
