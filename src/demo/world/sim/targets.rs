//! Targets: what is registered where, and the counts of hosts that follow from it.

use crate::demo::world::account::{Account, after_colon};
use crate::demo::world::model::{MetricId, Target, Word};

impl Account {
    /// Registers a target; its first health check is still to come.
    pub(super) fn register_target(&mut self, group: &str, id: &str, zone: &str) {
        let Some(group) = self.target_groups.values_mut().find(|candidate| candidate.arn == group) else {
            return;
        };
        let target = Target {
            id: id.to_owned(),
            port: group.port,
            availability_zone: zone.to_owned(),
            state: "initial",
            reason: Some("Elb.RegistrationInProgress"),
            description: Some("Target registration is in progress".to_owned()),
        };
        group.targets.push(target);
        let arn = group.arn.clone();
        self.count_hosts(&arn);
    }

    /// Sets a target's health; `None` reason: it is well.
    pub(super) fn set_target(&mut self, group: &str, id: &str, state: Word, why: Option<(Word, &str)>) {
        let Some(group) = self.target_groups.values_mut().find(|candidate| candidate.arn == group) else {
            return;
        };
        for target in group.targets.iter_mut().filter(|target| target.id == id) {
            target.state = state;
            target.reason = why.map(|(reason, _)| reason);
            target.description = why.map(|(_, description)| description.to_owned());
        }
        let arn = group.arn.clone();
        self.count_hosts(&arn);
    }

    /// Lets a target answer what it has begun, and gives it nothing new.
    pub(super) fn drain_target(&mut self, group: &str, id: &str) {
        let why = ("Target.DeregistrationInProgress", "Target deregistration is in progress");
        self.set_target(group, id, "draining", Some(why));
    }

    pub(super) fn remove_target(&mut self, group: &str, id: &str) {
        if let Some(group) = self.target_groups.values_mut().find(|candidate| candidate.arn == group) {
            group.targets.retain(|target| target.id != id);
            let arn = group.arn.clone();
            self.count_hosts(&arn);
        }
    }

    /// Notes how many hosts of a group are healthy and how many are not.
    pub(in crate::demo::world) fn count_hosts(&mut self, group: &str) {
        let Some(group) = self.target_groups.values().find(|candidate| candidate.arn == group) else {
            return;
        };
        let count = |state: &str| group.targets.iter().filter(|target| target.state == state).count() as f64;
        let (healthy, unhealthy) = (count("healthy"), count("unhealthy"));
        let name = after_colon(&group.arn).to_owned();
        for balancer in group.load_balancer_arns.clone() {
            let (namespace, balancer) = balancer_metric(&balancer);
            let dimensions = [("TargetGroup", name.as_str()), ("LoadBalancer", balancer)];
            self.note(MetricId::new(namespace, "HealthyHostCount", &dimensions), healthy);
            self.note(MetricId::new(namespace, "UnHealthyHostCount", &dimensions), unhealthy);
        }
    }
}

/// The namespace of a load balancer's metrics, and its value for the dimension `LoadBalancer`.
pub(in crate::demo::world) fn balancer_metric(arn: &str) -> (&'static str, &str) {
    let name = after_colon(arn).trim_start_matches("loadbalancer/");
    let namespace = if name.starts_with("net/") { "AWS/NetworkELB" } else { "AWS/ApplicationELB" };
    (namespace, name)
}
