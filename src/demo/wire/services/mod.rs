//! The services: one file each, from the model to an answer's tree. They must not know a protocol.

mod autoscaling;
mod autoscaling_changes;
mod cloudtrail;
mod cloudwatch;
mod cloudwatch_changes;
mod dynamodb;
mod ecr;
mod ecs;
mod ecs_changes;
mod ecs_history;
mod ecs_tasks;
mod eks;
mod elasticache;
mod elasticache_changes;
mod elb;
mod identity;
pub(super) mod logs;
mod metrics;
mod rds;
mod rds_changes;
mod rds_snapshots;
pub(super) mod s3;
mod scaling;
mod sso;

use super::call::{Answer, Call};
use super::change::Change;
use super::failure::Failure;
use super::node::{Fields, Node};
use super::service::Service;

/// What the call's service answers.
pub fn answer(call: &Call<'_>) -> Answer {
    match call.service {
        Service::AutoScaling => autoscaling::answer(call),
        Service::CloudTrail => cloudtrail::answer(call),
        Service::CloudWatch => cloudwatch::answer(call),
        Service::ApplicationAutoScaling => scaling::answer(call),
        Service::DynamoDb => dynamodb::answer(call),
        Service::Ecr => ecr::answer(call),
        Service::Ecs => ecs::answer(call),
        Service::Eks => eks::answer(call),
        Service::ElastiCache => elasticache::answer(call),
        Service::Elb => elb::answer(call),
        Service::Iam | Service::Sts => identity::answer(call),
        Service::Logs => logs::answer(call),
        Service::Rds => rds::answer(call),
        Service::SsoOidc => sso::answer(call),
        // Its answers are objects: see `s3`.
        Service::S3 => Err(not_offered(call)),
    }
}

/// What comes of a call that changes something; `None` where it does not, or where the estate can't do it.
pub fn change(change: &mut Change<'_>) -> Option<Answer> {
    match change.service {
        Service::AutoScaling => autoscaling_changes::answer(change),
        Service::CloudWatch => cloudwatch_changes::answer(change),
        Service::DynamoDb => dynamodb::change(change),
        Service::Ecs => ecs_changes::answer(change),
        Service::ElastiCache => elasticache_changes::answer(change),
        Service::Rds => rds_changes::answer(change),
        _ => None,
    }
}

/// How the names of operations begin that change something.
const CHANGES: [&str; 34] = [
    "Add",
    "Apply",
    "Assume",
    "Attach",
    "Cancel",
    "Complete",
    "Copy",
    "Create",
    "Delete",
    "Deregister",
    "Detach",
    "Disable",
    "Enable",
    "Enter",
    "Execute",
    "Exit",
    "Failover",
    "Modify",
    "Promote",
    "Put",
    "Reboot",
    "Register",
    "Remove",
    "Reset",
    "Restore",
    "Resume",
    "Run",
    "Set",
    "Start",
    "Stop",
    "Submit",
    "Suspend",
    "Terminate",
    "Update",
];

/// The answer to an operation that the estate doesn't have: whoever calls may change nothing, and the rest is unknown.
fn not_offered(call: &Call<'_>) -> Failure {
    let operation = call.operation;
    if changes(operation) {
        return call.service.denied(&call.account.caller.arn, operation);
    }
    call.service.unknown_operation(operation)
}

/// Whether an operation is one that changes something.
pub fn changes(operation: &str) -> bool {
    let rest_change = operation.contains(' ') && !operation.starts_with("GET ");
    rest_change || CHANGES.iter().any(|verb| operation.starts_with(verb))
}

/// A map of tags as a list of pairs, under the names that the service gives to their parts.
fn tags(tags: &crate::demo::world::Tags, element: &'static str, key: &'static str, value: &'static str) -> Node {
    let pair = |(k, v): (&String, &String)| {
        let mut fields = Fields::default();
        fields.put(key, k);
        fields.put(value, v);
        Node::Map(fields)
    };
    Node::List(element, tags.iter().map(pair).collect())
}
