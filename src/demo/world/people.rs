//! Who works on the estate: invented people, pipelines and services, with addresses that are set aside for examples.

use super::sim::Actor;

const CONSOLE: &str =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36";
const CLI: &str = "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7";
const OPERATE: Option<&str> = Some("aws-reserved/sso.amazonaws.com/AWSReservedSSO_Operations_8d1f4c0e7a2b9635");

/// The developer who released the backend at dhbw.
pub(super) const JANA: Actor =
    Actor { name: "jana.weber@dhbw.example", role: OPERATE, address: "203.0.113.24", agent: CLI };
/// The engineer who scaled up at enterprise.
pub(super) const MARCUS: Actor =
    Actor { name: "marcus.oduya@enterprise.example", role: OPERATE, address: "198.51.100.77", agent: CLI };
/// On call.
pub(super) const NOOR: Actor =
    Actor { name: "noor.haddad@example.com", role: OPERATE, address: "203.0.113.8", agent: CONSOLE };
/// Who calls through the estate's API: on call, by a tool.
pub(super) const OPERATOR: Actor = Actor {
    name: "noor.haddad@example.com",
    role: OPERATE,
    address: "203.0.113.8",
    agent: "aws-sdk-rust/1.3.11 ua/2.1 os/linux lang/rust",
};
/// A user of IAM from before single sign-on.
pub(super) const TOMASZ: Actor = Actor { name: "tomasz.zielinski", role: None, address: "198.51.100.14", agent: CLI };
/// The deployment pipeline.
pub(super) const GITHUB: Actor = Actor {
    name: "GitHubActions",
    role: Some("GitHubActionsDeployRole"),
    address: "192.0.2.61",
    agent: "aws-sdk-js/3.943.0 ua/2.1 os/linux md/nodejs#20.19.5 exec-env/GitHubActions",
};
/// Terraform's pipeline.
pub(super) const TERRAFORM: Actor = Actor {
    name: "terraform-ci",
    role: Some("terraform-apply"),
    address: "192.0.2.40",
    agent: "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/6.20.0",
};
/// A monitoring service that reads.
pub(super) const DATADOG: Actor = Actor {
    name: "metrics-crawler",
    role: Some("MonitoringIntegrationRole"),
    address: "192.0.2.99",
    agent: "Boto3/1.40.61 Python/3.11",
};
/// AWS itself: Auto Scaling groups.
pub(super) const AUTO_SCALING: Actor = Actor {
    name: "AutoScaling",
    role: Some("aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
    address: "autoscaling.amazonaws.com",
    agent: "autoscaling.amazonaws.com",
};
/// AWS itself: scaling of ECS services.
pub(super) const SERVICE_SCALING: Actor = Actor {
    name: "AutoScaling-UpdateDesiredCapacity",
    role: Some(
        "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
    ),
    address: "ecs.application-autoscaling.amazonaws.com",
    agent: "ecs.application-autoscaling.amazonaws.com",
};
