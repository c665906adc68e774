//! Auto Scaling: groups with their instances, and activities.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::node::{Fields, Node, fields, list};
use super::not_offered;
use crate::demo::world::{AsgInstance, AutoScalingGroup, ScalingActivity};

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "DescribeAutoScalingGroups" => describe_groups(call),
        "DescribeScalingActivities" => describe_activities(call),
        _ => Err(not_offered(call)),
    }
}

fn describe_groups(call: &Call<'_>) -> Answer {
    let names = call.input.texts("AutoScalingGroupNames");
    let filters = call.input.structures("Filters");
    let groups: Vec<&AutoScalingGroup> = call
        .account
        .auto_scaling_groups
        .values()
        .filter(|group| names.is_empty() || names.iter().any(|name| *name == group.name || *name == group.arn))
        .filter(|group| filters.iter().all(|filter| fits(filter, group)))
        .collect();
    let page = call.page(groups.len(), call.size("MaxRecords", 50, 1..101)?, "NextToken")?;
    let nodes = page.of(&groups).iter().map(|group| group_node(group));
    Ok(fields! { "AutoScalingGroups": list(nodes), "NextToken": page.next })
}

fn fits(filter: &Input, group: &AutoScalingGroup) -> bool {
    let values = filter.texts("Values");
    let name = filter.text("Name").unwrap_or_default();
    match name.strip_prefix("tag:") {
        Some(key) => group.tags.get(key).is_some_and(|value| values.contains(&value.as_str())),
        None if name == "tag-key" => group.tags.keys().any(|key| values.contains(&key.as_str())),
        None => name == "tag-value" && group.tags.values().any(|value| values.contains(&value.as_str())),
    }
}

fn group_node(group: &AutoScalingGroup) -> Node {
    let tag = |(key, value): (&String, &String)| {
        fields! {
            "ResourceId": &group.name,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": true,
        }
    };
    let suspended = group.suspended_processes.iter().map(|process| {
        fields! { "ProcessName": process, "SuspensionReason": "User suspended" }
    });
    let mut node = Fields::default();
    node.put("AutoScalingGroupName", &group.name);
    node.put("AutoScalingGroupARN", &group.arn);
    node.put("LaunchTemplate", launch_template(group));
    node.put("MinSize", group.min_size);
    node.put("MaxSize", group.max_size);
    node.put("DesiredCapacity", group.desired_capacity);
    node.put("DefaultCooldown", group.default_cooldown);
    node.put("AvailabilityZones", list(&group.availability_zones));
    node.put("LoadBalancerNames", list(Vec::<Node>::new()));
    node.put("TargetGroupARNs", list(&group.target_group_arns));
    node.put("HealthCheckType", group.health_check_type);
    node.put("HealthCheckGracePeriod", group.health_check_grace_period);
    node.put("Instances", list(group.instances.iter().map(|instance| instance_node(instance, group))));
    node.put("CreatedTime", group.created_at);
    node.put("SuspendedProcesses", list(suspended));
    node.put("VPCZoneIdentifier", group.subnets.join(","));
    node.put("Tags", list(group.tags.iter().map(tag)));
    node.put("TerminationPolicies", list(&group.termination_policies));
    node.put("NewInstancesProtectedFromScaleIn", false);
    node.put("ServiceLinkedRoleARN", &group.service_linked_role_arn);
    Node::Map(node)
}

fn launch_template(group: &AutoScalingGroup) -> Node {
    fields! {
        "LaunchTemplateId": &group.launch_template_id,
        "LaunchTemplateName": &group.launch_template_name,
        "Version": &group.launch_template_version,
    }
}

fn instance_node(instance: &AsgInstance, group: &AutoScalingGroup) -> Node {
    fields! {
        "InstanceId": &instance.id,
        "InstanceType": &instance.instance_type,
        "AvailabilityZone": &instance.availability_zone,
        "LifecycleState": instance.lifecycle_state,
        "HealthStatus": instance.health_status,
        "LaunchTemplate": launch_template(group),
        "ProtectedFromScaleIn": instance.protected_from_scale_in,
    }
}

fn describe_activities(call: &Call<'_>) -> Answer {
    let groups = &call.account.auto_scaling_groups;
    let wanted = call.input.text("AutoScalingGroupName");
    if let Some(name) = wanted.filter(|name| !groups.values().any(|group| named(group, name))) {
        return Err(Failure::new(400, "ValidationError", format!("AutoScalingGroup name not found - {name}")));
    }
    let ids = call.input.texts("ActivityIds");
    let mut activities: Vec<(&AutoScalingGroup, &ScalingActivity)> = groups
        .values()
        .filter(|group| wanted.is_none_or(|name| named(group, name)))
        .flat_map(|group| group.activities.iter().map(move |activity| (group, activity)))
        .filter(|(_, activity)| ids.is_empty() || ids.contains(&activity.id.as_str()))
        .collect();
    activities.sort_by_key(|(_, activity)| std::cmp::Reverse(activity.start));
    let page = call.page(activities.len(), call.size("MaxRecords", 100, 1..101)?, "NextToken")?;
    let nodes = page.of(&activities).iter().map(|(group, activity)| activity_node(group, activity));
    Ok(fields! { "Activities": list(nodes), "NextToken": page.next })
}

fn named(group: &AutoScalingGroup, name: &str) -> bool {
    group.name == name || group.arn == name
}

fn activity_node(group: &AutoScalingGroup, activity: &ScalingActivity) -> Node {
    fields! {
        "ActivityId": &activity.id,
        "AutoScalingGroupName": &group.name,
        "Description": &activity.description,
        "Cause": &activity.cause,
        "StartTime": activity.start,
        "EndTime": activity.end,
        "StatusCode": activity.status,
        "StatusMessage": &activity.status_message,
        "Progress": activity.progress,
        "Details": &activity.details,
        "AutoScalingGroupARN": &group.arn,
    }
}
