//! Auto Scaling: the capacity of a group set.

use serde_json::json;

use super::super::call::Answer;
use super::super::change::Change;
use super::super::node::fields;

pub fn answer(change: &mut Change<'_>) -> Option<Answer> {
    match change.operation {
        "SetDesiredCapacity" => Some(set_desired_capacity(change)),
        _ => None,
    }
}

fn set_desired_capacity(change: &mut Change<'_>) -> Answer {
    let name = change.required("AutoScalingGroupName")?;
    let Some(group) = change.account.auto_scaling_groups.get(name) else {
        return Err(change.invalid("AutoScalingGroup name not found - null"));
    };
    let (least, most) = (group.min_size, group.max_size);
    let desired = change.whole("DesiredCapacity", 0..=i64::from(i32::MAX))?;
    let desired = desired.ok_or_else(|| change.invalid("DesiredCapacity must be given"))?;
    if desired < least {
        return Err(change.invalid(format!(
            "New SetDesiredCapacity value {desired} is below min value {least} for the AutoScalingGroup."
        )));
    }
    if desired > most {
        return Err(change.invalid(format!(
            "New SetDesiredCapacity value {desired} is above max value {most} for the AutoScalingGroup."
        )));
    }
    let cooldown = change.input.truth("HonorCooldown");
    let request = json!({ "autoScalingGroupName": name, "desiredCapacity": desired, "honorCooldown": cooldown });
    let resource = ("AWS::AutoScaling::AutoScalingGroup", name.to_owned());
    change.account.operated("autoscaling.amazonaws.com", "SetDesiredCapacity", resource, request);
    change.account.set_capacity(name, desired);
    Ok(fields! {})
}
