//! Auto Scaling groups: instances come, fall ill and are replaced; activities tell of it.

use super::{Call, nth};
use crate::demo::world::account::Account;
use crate::demo::world::agenda::{Act, InstanceStep};
use crate::demo::world::dice::hash;
use crate::demo::world::model::{AsgInstance, AutoScalingGroup, MetricId, ScalingActivity, StreamSpan, Word};
use crate::demo::world::people;

/// Seconds an instance takes to boot, to fail its first health checks, to be given up, and to drain.
const BOOT: i64 = 45;
const SICKEN: i64 = 60;
const PATIENCE: i64 = 480;
const DRAIN: i64 = 75;

/// On its way out.
const TERMINATING: Word = "Terminating";

impl Account {
    pub(super) fn instance_step(&mut self, group: &str, id: &str, step: InstanceStep) {
        match step {
            InstanceStep::InService => self.in_service(group, id),
            InstanceStep::Sicken => self.sicken(group, id),
            InstanceStep::Replace => self.replace(group, id),
            InstanceStep::Terminated => self.terminated(group, id),
        }
    }

    fn step(&mut self, seconds: i64, group: &str, id: &str, step: InstanceStep) {
        let (group, instance) = (group.to_owned(), id.to_owned());
        self.later(seconds, Act::Instance { group, instance, step });
    }

    fn with_instance(&mut self, group: &str, id: &str, change: impl FnOnce(&mut AsgInstance)) {
        let instances = self.auto_scaling_groups.get_mut(group).map(|group| &mut group.instances);
        if let Some(instance) = instances.and_then(|all| all.iter_mut().find(|instance| instance.id == id)) {
            change(instance);
        }
        self.count_instances(group);
    }

    fn targets_of(&self, group: &str) -> Vec<String> {
        self.auto_scaling_groups.get(group).map(|group| group.target_group_arns.clone()).unwrap_or_default()
    }

    /// Opens or closes the log stream of an instance.
    fn write_logs(&mut self, group: &str, id: &str, begins: bool) {
        let now = self.now;
        let logs = self.auto_scaling_groups.get(group).and_then(|group| group.log_group.as_ref());
        let Some(logs) = logs.and_then(|logs| self.log_groups.get_mut(logs)) else {
            return;
        };
        if begins {
            logs.streams.insert(id.to_owned(), StreamSpan { from: now, until: None, failing: false });
        } else if let Some(span) = logs.streams.get_mut(id) {
            span.until = Some(now);
        }
    }

    fn in_service(&mut self, group: &str, id: &str) {
        let mut zone = String::new();
        self.with_instance(group, id, |instance| {
            instance.lifecycle_state = "InService";
            zone.clone_from(&instance.availability_zone);
        });
        self.finish_activity(group, id, "Successful");
        self.write_logs(group, id, true);
        for target in self.targets_of(group) {
            self.register_target(&target, id, &zone);
        }
        // What nobody checks can't be found ill.
        if !self.targets_of(group).is_empty() {
            self.step(SICKEN, group, id, InstanceStep::Sicken);
        }
    }

    /// The application on the instance answers no health check: by a wrong code or by none.
    fn sicken(&mut self, group: &str, id: &str) {
        let why = if hash(self.seed, id).is_multiple_of(2) {
            ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]")
        } else {
            ("Target.Timeout", "Request timed out")
        };
        for target in self.targets_of(group) {
            self.set_target(&target, id, "unhealthy", Some(why));
        }
        self.step(PATIENCE, group, id, InstanceStep::Replace);
    }

    fn replace(&mut self, group: &str, id: &str) {
        let cause = "an instance was taken out of service in response to an ELB system health check failure.";
        if self.serves(group, id) {
            self.with_instance(group, id, |instance| instance.health_status = "Unhealthy");
            self.terminate(group, id, &format!("At {} {cause}", self.stamp()));
        }
    }

    fn serves(&self, group: &str, id: &str) -> bool {
        let instances = self.auto_scaling_groups.get(group).map(|group| group.instances.as_slice()).unwrap_or_default();
        instances.iter().any(|instance| instance.id == id && instance.lifecycle_state != TERMINATING)
    }

    fn stamp(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn terminate(&mut self, group: &str, id: &str, cause: &str) {
        self.with_instance(group, id, |instance| instance.lifecycle_state = TERMINATING);
        for target in self.targets_of(group) {
            self.drain_target(&target, id);
        }
        let draining = format!("Terminating EC2 instance: {id} - Waiting For ELB Connection Draining.");
        self.activity(group, draining, cause.to_owned(), ("WaitingForELBConnectionDraining", 50));
        self.record_instance("TerminateInstances", id);
        self.step(DRAIN, group, id, InstanceStep::Terminated);
    }

    fn terminated(&mut self, group: &str, id: &str) {
        self.finish_activity(group, id, "Successful");
        self.write_logs(group, id, false);
        for target in self.targets_of(group) {
            self.remove_target(&target, id);
        }
        if let Some(group) = self.auto_scaling_groups.get_mut(group) {
            group.instances.retain(|instance| instance.id != id);
        }
        if self.lacks_instances(group) {
            self.launch(group, "an instance was launched in response to an unhealthy instance needing to be replaced.");
        }
    }

    /// Sets how many instances a group shall have, as somebody asked.
    pub fn set_capacity(&mut self, name: &str, desired: i32) {
        let Some(group) = self.auto_scaling_groups.get_mut(name) else { return };
        let before = std::mem::replace(&mut group.desired_capacity, desired);
        let cause = format!(
            "a user request explicitly set group desired capacity changing the desired capacity from {before} to {desired}."
        );
        self.count_instances(name);
        self.fit(name, &cause);
    }

    /// Whether a group has fewer instances than it wants, those that come up counted.
    pub(in crate::demo::world) fn lacks_instances(&self, group: &str) -> bool {
        self.auto_scaling_groups
            .get(group)
            .is_some_and(|group| live(group).count() < group.desired_capacity.max(0) as usize)
    }

    /// Launches what is missing and terminates what is too much, the oldest first; what is protected stays.
    fn fit(&mut self, name: &str, cause: &str) {
        let Some(group) = self.auto_scaling_groups.get(name) else { return };
        let (live, desired) = (live(group).cloned().collect::<Vec<_>>(), group.desired_capacity.max(0) as usize);
        let suspended = |process: &str| group.suspended_processes.iter().any(|name| name == process);
        let (launches, terminates) = (!suspended("Launch"), !suspended("Terminate"));
        let zones = group.scarce_zones.clone();
        let surplus = live.len().saturating_sub(desired);
        let stamped = format!("At {} {cause}", self.stamp());
        let mut free: Vec<&AsgInstance> = live.iter().filter(|instance| !instance.protected_from_scale_in).collect();
        free.sort_by_key(|instance| instance.launched_at);
        for instance in free.into_iter().take(surplus).filter(|_| terminates) {
            self.terminate(name, &instance.id, &stamped);
        }
        for _ in (live.len()..desired).filter(|_| launches) {
            match zones.first() {
                Some(zone) => self.launch_fails(name, &kind_of(&live), zone),
                None => self.launch(name, cause),
            }
        }
    }

    /// Launches an instance.
    fn launch(&mut self, name: &str, cause: &str) {
        let id = format!("i-0{}", self.dice.hex(16));
        let now = self.now;
        let place = self.dice.next();
        let Some(group) = self.auto_scaling_groups.get_mut(name) else {
            return;
        };
        let kind = kind_of(&group.instances);
        let zone = nth(&group.availability_zones, place).cloned().unwrap_or_default();
        group.instances.push(AsgInstance {
            id: id.clone(),
            instance_type: kind,
            availability_zone: zone,
            lifecycle_state: "Pending",
            health_status: "Healthy",
            protected_from_scale_in: false,
            launched_at: now,
        });
        self.count_instances(name);
        let cause = format!("At {} {cause}", self.stamp());
        self.activity(name, format!("Launching a new EC2 instance: {id}"), cause, ("InProgress", 30));
        self.record_instance("RunInstances", &id);
        self.step(BOOT, name, &id, InstanceStep::InService);
    }

    /// An instance that could not be had.
    pub(in crate::demo::world) fn launch_fails(&mut self, group: &str, kind: &str, zone: &str) {
        let message = format!(
            "We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone}). Our system will be working on provisioning additional capacity. Launching EC2 instance failed."
        );
        let at = self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let cause = format!(
            "At {at} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 1 to 3."
        );
        self.activity(
            group,
            "Launching a new EC2 instance.  Status Reason: Insufficient capacity.".to_owned(),
            cause,
            ("Failed", 100),
        );
        let newest = self.auto_scaling_groups.get_mut(group).and_then(|group| group.activities.front_mut());
        if let Some(activity) = newest {
            activity.status_message = Some(message);
            activity.end = Some(activity.start);
        }
    }

    fn activity(&mut self, group: &str, description: String, cause: String, state: (Word, i32)) {
        let instances = self.auto_scaling_groups.get(group).map(|group| group.instances.as_slice()).unwrap_or_default();
        let zone = instances.iter().find(|instance| description.contains(&instance.id)).map(|i| &i.availability_zone);
        let place = self.network.subnets.iter().find(|(name, _)| Some(name) == zone).or(self.network.subnets.first());
        let details = place
            .map(|(zone, subnet)| serde_json::json!({ "Subnet ID": subnet, "Availability Zone": zone }).to_string());
        let activity = ScalingActivity {
            id: self.dice.uuid(),
            description,
            cause,
            status: state.0,
            status_message: None,
            start: self.now,
            end: None,
            progress: state.1,
            details: details.unwrap_or_default(),
        };
        if let Some(group) = self.auto_scaling_groups.get_mut(group) {
            group.activities.push_front(activity);
        }
    }

    fn finish_activity(&mut self, group: &str, id: &str, status: Word) {
        let now = self.now;
        let activities = self.auto_scaling_groups.get_mut(group).map(|group| &mut group.activities);
        let open = activities.and_then(|all| all.iter_mut().find(|a| a.end.is_none() && a.description.contains(id)));
        if let Some(activity) = open {
            activity.status = status;
            activity.end = Some(now);
            activity.progress = 100;
            activity.description = activity.description.replace(" - Waiting For ELB Connection Draining.", "");
        }
    }

    /// Notes how many instances a group has in service.
    pub(in crate::demo::world) fn count_instances(&mut self, name: &str) {
        let Some(group) = self.auto_scaling_groups.get(name) else {
            return;
        };
        let serving = group.instances.iter().filter(|instance| instance.lifecycle_state == "InService").count();
        let desired = f64::from(group.desired_capacity);
        let dimensions = [("AutoScalingGroupName", name)];
        self.note(MetricId::new("AWS/AutoScaling", "GroupInServiceInstances", &dimensions), serving as f64);
        self.note(MetricId::new("AWS/AutoScaling", "GroupDesiredCapacity", &dimensions), desired);
    }

    fn record_instance(&mut self, name: &'static str, id: &str) {
        let request = serde_json::json!({ "instancesSet": { "items": [{ "instanceId": id }] } });
        let resources = vec![("AWS::EC2::Instance", id.to_owned())];
        self.record(&people::AUTO_SCALING, Call { source: "ec2.amazonaws.com", name, resources, request, error: None });
    }
}

/// The instances of a group that are not on their way out.
fn live(group: &AutoScalingGroup) -> impl Iterator<Item = &AsgInstance> {
    group.instances.iter().filter(|instance| instance.lifecycle_state != TERMINATING)
}

/// The type of the instances that a group has.
fn kind_of(instances: &[AsgInstance]) -> String {
    instances.first().map_or("t3.small", |instance| instance.instance_type.as_str()).to_owned()
}
