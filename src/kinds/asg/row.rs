//! Auto Scaling groups of the SDK as rows, and their health by instances and activities.

use aws_sdk_autoscaling::types::{
    Activity, AutoScalingGroup, Instance, LaunchTemplateSpecification, LifecycleState, ScalingActivityStatusCode,
};
use jiff::{SignedDuration, Timestamp};

use super::{KIND, LIST, target_groups};
use crate::kinds::parts::{self, Verdict, fine, int, required, yes};
use crate::model::{Fault, Health, Resource, Scope, Value};

/// Activities further back than this do not tell why it is short now.
const LATELY: SignedDuration = SignedDuration::from_hours(1);
/// Processes without which a group does not keep itself up.
const VITAL: [&str; 4] = ["Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy"];

/// A group as a row; `activities` newest first, where they are known.
pub fn of(scope: &Scope, group: &AutoScalingGroup, activities: &[Activity], now: Timestamp) -> Result<Resource, Fault> {
    let name = required(group.auto_scaling_group_name(), LIST, "AutoScalingGroupName")?;
    let seen = Seen::new(group);
    let instances = group.instances();
    let subnets = group.vpc_zone_identifier().unwrap_or_default();
    let cells = vec![
        Value::Count { have: seen.serving, want: seen.desired },
        int(group.min_size()),
        int(group.max_size()),
        Value::list(group.availability_zones()),
        Value::maybe(group.health_check_type()),
        Value::Int(seen.desired),
        Value::Int(seen.serving),
        Value::Int(seen.unhealthy),
        Value::list(instances.iter().filter_map(Instance::instance_id)),
        Value::list(types(instances)),
        Value::maybe(launches(group)),
        Value::list(target_groups(group)),
        Value::list(suspended(group)),
        int(group.health_check_grace_period()),
        int(group.default_cooldown()),
        Value::list(subnets.split(',').filter(|subnet| !subnet.is_empty())),
        Value::list(group.termination_policies()),
        yes(group.new_instances_protected_from_scale_in()),
        Value::maybe(eks_cluster(group)),
        Value::maybe(tag(group, "eks:nodegroup-name")),
        parts::time(group.created_time()),
    ];
    let verdict = verdict(group, &seen, activities, now);
    Ok(parts::row(parts::id(scope, KIND, name), name, group.auto_scaling_group_arn(), verdict, cells))
}

fn tag<'a>(group: &'a AutoScalingGroup, key: &str) -> Option<&'a str> {
    group.tags().iter().find(|tag| tag.key() == Some(key))?.value()
}

/// The EKS cluster of a group: by the tag of managed node groups, else by the one that all nodes' groups must have.
fn eks_cluster(group: &AutoScalingGroup) -> Option<&str> {
    let owned = || group.tags().iter().find_map(|tag| tag.key()?.strip_prefix("kubernetes.io/cluster/"));
    tag(group, "eks:cluster-name").or_else(owned)
}

/// Whether it does not have what it wants, so that its activities are worth a call.
pub fn is_short(group: &AutoScalingGroup) -> bool {
    let seen = Seen::new(group);
    seen.serving < seen.desired || seen.unhealthy > 0
}

/// Its instances by what they do.
struct Seen {
    desired: i64,
    serving: i64,
    unhealthy: i64,
    starting: i64,
    all: i64,
}

impl Seen {
    fn new(group: &AutoScalingGroup) -> Self {
        let count = |pass: fn(&Instance) -> bool| group.instances().iter().filter(|i| pass(i)).count() as i64;
        Self {
            desired: group.desired_capacity().unwrap_or_default().into(),
            serving: count(|i| i.lifecycle_state() == Some(&LifecycleState::InService) && !is_unhealthy(i)),
            unhealthy: count(is_unhealthy),
            starting: count(|i| i.lifecycle_state().is_some_and(|state| state.as_str().starts_with("Pending"))),
            all: group.instances().len() as i64,
        }
    }
}

fn is_unhealthy(instance: &Instance) -> bool {
    instance.health_status().is_some_and(|health| !health.eq_ignore_ascii_case("healthy"))
}

/// The types of its instances, each once.
fn types(instances: &[Instance]) -> Vec<&str> {
    let mut types: Vec<&str> = instances.iter().filter_map(Instance::instance_type).collect();
    types.sort_unstable();
    types.dedup();
    types
}

fn suspended(group: &AutoScalingGroup) -> impl Iterator<Item = &str> {
    group.suspended_processes().iter().filter_map(|process| process.process_name())
}

/// Launch template and version, or launch configuration.
fn launches(group: &AutoScalingGroup) -> Option<String> {
    let mixed = group.mixed_instances_policy().and_then(|policy| policy.launch_template());
    let template = group.launch_template().or_else(|| mixed?.launch_template_specification());
    let told = |template: &LaunchTemplateSpecification| {
        let name = template.launch_template_name().or(template.launch_template_id())?;
        Some(template.version().map_or_else(|| name.to_owned(), |version| format!("{name} {version}")))
    };
    template.and_then(told).or_else(|| group.launch_configuration_name().map(str::to_owned))
}

fn verdict(group: &AutoScalingGroup, seen: &Seen, activities: &[Activity], now: Timestamp) -> Verdict {
    if let Some(status) = group.status() {
        return (Health::Progressing, parts::status_words(status));
    }
    let Seen { desired, serving, unhealthy, starting, all } = *seen;
    if desired == 0 && all == 0 {
        return (Health::Ok, "scaled to zero".to_owned());
    }
    if serving > desired || (desired == 0 && all > 0) {
        return (Health::Progressing, format!("scaling in: {all} instances, {desired} are wanted"));
    }
    let why = why(activities, now);
    let because = |words: String| match &why {
        Some(why) => format!("{words}; {}", why.words),
        None => words,
    };
    if unhealthy > 0 {
        return (Health::Degraded, because(format!("{unhealthy} of {all} instances unhealthy")));
    }
    if serving == desired {
        return of_suspended(group);
    }
    let words = match starting {
        0 => format!("{serving} of {desired} in service"),
        _ => format!("{serving} of {desired} in service, {starting} starting"),
    };
    match &why {
        Some(why) if why.failed && serving == 0 => (Health::Failed, because(words)),
        // It is on its way, and nothing says that it won't arrive.
        None if starting > 0 && serving + starting >= desired => (Health::Progressing, words),
        _ => (Health::Degraded, because(words)),
    }
}

/// All is there; but it would not stay so.
fn of_suspended(group: &AutoScalingGroup) -> Verdict {
    let vital: Vec<&str> = suspended(group).filter(|process| VITAL.contains(process)).collect();
    if vital.is_empty() { fine() } else { (Health::Ok, format!("suspended: {}", vital.join(", "))) }
}

/// What its activities say.
struct Why {
    failed: bool,
    words: String,
}

/// The newest activity of late that failed (unless one has succeeded since), or that replaced an unhealthy instance.
fn why(activities: &[Activity], now: Timestamp) -> Option<Why> {
    let lately =
        |activity: &&Activity| parts::instant(activity.start_time()).is_some_and(|at| now.duration_since(at) <= LATELY);
    for activity in activities.iter().filter(lately) {
        let failed = matches!(
            activity.status_code(),
            Some(ScalingActivityStatusCode::Failed | ScalingActivityStatusCode::Cancelled)
        );
        if failed {
            let words = activity.status_message().or(activity.description()).unwrap_or("an activity failed");
            return Some(Why { failed: true, words: words.to_owned() });
        }
        let cause = activity.cause().unwrap_or_default();
        if cause.contains("health check") {
            return Some(Why { failed: false, words: sentence(cause).to_owned() });
        }
        let launched = activity.description().is_some_and(|words| words.starts_with("Launching"));
        if launched
            && !cause.contains("unhealthy")
            && activity.status_code() == Some(&ScalingActivityStatusCode::Successful)
        {
            return None;
        }
    }
    None
}

/// The first sentence of a cause, without the instant that it begins with.
pub fn sentence(cause: &str) -> &str {
    let first = cause.split(".  ").next().unwrap_or(cause).trim().trim_end_matches('.');
    first.strip_prefix("At ").and_then(|rest| rest.split_once(' ')).map_or(first, |(_, words)| words)
}
