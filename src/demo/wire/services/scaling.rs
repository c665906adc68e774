//! Application Auto Scaling: what it may set the desired counts of services to.

use super::super::call::{Answer, Call};
use super::super::node::{Node, fields, list};
use super::not_offered;
use crate::demo::world::ScalableTarget;

const DIMENSION: &str = "ecs:service:DesiredCount";

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "DescribeScalableTargets" => describe_targets(call),
        _ => Err(not_offered(call)),
    }
}

fn describe_targets(call: &Call<'_>) -> Answer {
    let namespace = call.required("ServiceNamespace")?;
    let ids = call.input.texts("ResourceIds");
    let dimension = call.input.text("ScalableDimension").unwrap_or(DIMENSION);
    let targets = call.account.scalable_targets.values();
    let fits = |target: &&ScalableTarget| {
        (namespace, dimension) == ("ecs", DIMENSION) && (ids.is_empty() || ids.contains(&target.resource_id.as_str()))
    };
    let found: Vec<&ScalableTarget> = targets.filter(fits).collect();
    let page = call.page(found.len(), call.size("MaxResults", 50, 1..51)?, "NextToken")?;
    let nodes = page.of(&found).iter().map(|target| node(call, target));
    Ok(fields! { "ScalableTargets": list(nodes), "NextToken": page.next })
}

fn node(call: &Call<'_>, target: &ScalableTarget) -> Node {
    let role =
        "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService";
    fields! {
        "ServiceNamespace": "ecs",
        "ResourceId": &target.resource_id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.min_capacity,
        "MaxCapacity": target.max_capacity,
        "RoleARN": format!("arn:aws:iam::{}:role/{role}", call.account.id),
        "CreationTime": target.created_at,
        "SuspendedState": fields! {
            "DynamicScalingInSuspended": false,
            "DynamicScalingOutSuspended": false,
            "ScheduledScalingSuspended": false,
        },
    }
}
