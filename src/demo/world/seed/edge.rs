//! Builders of load balancers, target groups and Auto Scaling groups.

use std::collections::VecDeque;

use super::{DAY, LONG_AGO};
use crate::demo::world::account::{Account, after_colon};
use crate::demo::world::dice::{hash, hex, uuid};
use crate::demo::world::model::{
    AsgInstance, AutoScalingGroup, Listener, LoadBalancer, MetricId, Target, TargetGroup, Word,
};
use crate::demo::world::signal::{Signal, Surge, after};
use crate::demo::world::sim::balancer_metric;

/// Requests a minute by night and what the busiest hour adds, and the response time in seconds.
pub(super) type Traffic = ((f64, f64), f64);

impl Account {
    /// An application load balancer with a listener that redirects to HTTPS, and one that forwards to its first group.
    pub(super) fn add_balancer(&mut self, name: &str, scheme: Word, traffic: Traffic) {
        let id = hex(hash(self.seed, name), 16);
        let path = format!("app/{name}/{id}");
        let arn = self.arn("elasticloadbalancing", &format!("loadbalancer/{path}"));
        let listener = |port, protocol, secure: bool| Listener {
            arn: self.arn("elasticloadbalancing", &format!("listener/{path}/{}", hex(hash(port as u64, name), 16))),
            port,
            protocol,
            ssl_policy: secure.then_some("ELBSecurityPolicy-TLS13-1-2-2021-06"),
            certificate_arn: secure
                .then(|| self.arn("acm", &format!("certificate/{}", uuid(hash(1, name), hash(2, name))))),
            forward_to: None,
        };
        let listeners = vec![listener(80, "HTTP", false), listener(443, "HTTPS", true)];
        let internal = if scheme == "internal" { "internal-" } else { "" };
        let balancer = LoadBalancer {
            name: name.to_owned(),
            arn: arn.clone(),
            dns_name: format!(
                "{internal}{name}-{}.{}.elb.amazonaws.com",
                hash(self.seed, &id) % 2_000_000_000,
                self.region
            ),
            hosted_zone_id: "Z215JYRZR1TBD5".to_owned(),
            scheme,
            state: "active",
            kind: "application",
            vpc_id: self.network.vpc_id.clone(),
            zones: self.network.subnets.clone(),
            security_groups: vec![self.network.security_group.clone()],
            created_at: after(self.now, -310 * DAY),
            listeners,
            tags: self.usual_tags(),
        };
        self.load_balancers.insert(name.to_owned(), balancer);
        self.add_traffic(&[("LoadBalancer", balancer_metric(&arn).1)], traffic);
    }

    fn add_traffic(&mut self, dimensions: &[(&str, &str)], traffic: Traffic) {
        let ((base, swing), seconds) = traffic;
        let metric = |name| MetricId::new("AWS/ApplicationELB", name, dimensions);
        self.count_wave(metric("RequestCount"), (base, swing));
        self.count_wave(metric("HTTPCode_Target_2XX_Count"), (base * 0.97, swing * 0.97));
        self.count_wave(metric("HTTPCode_Target_4XX_Count"), (base * 0.01, swing * 0.012));
        self.count_wave(metric("HTTPCode_Target_5XX_Count"), (0.4, 1.2));
        self.count_wave(metric("HTTPCode_ELB_5XX_Count"), (0.0, 0.6));
        self.wave(metric("TargetResponseTime"), (seconds * 0.7, seconds * 0.5), "Seconds");
    }

    /// Sends a metric of a balancer to another level, and with it that of one of its target groups.
    pub(super) fn surge_traffic(&mut self, balancer: &str, group: &str, name: &str, surge: &Surge) {
        let balancer = self.load_balancers.get(balancer).map(|balancer| balancer_metric(&balancer.arn).1.to_owned());
        let group = format!("targetgroup/{group}/");
        for (metric, signal) in &mut self.signals {
            let all =
                metric.dimensions.len() == 1 && metric.dimensions.first().map(|(_, value)| value) == balancer.as_ref();
            let part = metric.dimensions.iter().any(|(_, value)| value.starts_with(&group));
            if let (true, Signal::Wave(wave)) = (metric.name == name && (all || part), signal) {
                wave.surges.push(surge.clone());
            }
        }
    }

    /// A target group on a balancer; returns its ARN.
    pub(super) fn add_target_group(&mut self, name: &str, balancer: &str, port: i32, path: &str, kind: Word) -> String {
        let id = hex(hash(self.seed, name), 16);
        let arn = self.arn("elasticloadbalancing", &format!("targetgroup/{name}/{id}"));
        let mut balancers = Vec::new();
        if let Some(balancer) = self.load_balancers.get_mut(balancer) {
            balancers.push(balancer.arn.clone());
            for listener in balancer.listeners.iter_mut().filter(|listener| listener.protocol == "HTTPS") {
                listener.forward_to.get_or_insert_with(|| arn.clone());
            }
        }
        let group = TargetGroup {
            name: name.to_owned(),
            arn: arn.clone(),
            protocol: "HTTP",
            port,
            vpc_id: self.network.vpc_id.clone(),
            target_type: kind,
            health_check_protocol: "HTTP",
            health_check_path: path.to_owned(),
            health_check_port: "traffic-port".to_owned(),
            health_check_interval_seconds: 15,
            health_check_timeout_seconds: 5,
            healthy_threshold: 2,
            unhealthy_threshold: 3,
            matcher: "200".to_owned(),
            load_balancer_arns: balancers.clone(),
            targets: Vec::new(),
            tags: self.usual_tags(),
        };
        self.target_groups.insert(name.to_owned(), group);
        if let Some(balancer) = balancers.first() {
            let dimensions = [("TargetGroup", after_colon(&arn)), ("LoadBalancer", balancer_metric(balancer).1)];
            self.add_traffic(&dimensions, ((40.0, 420.0), 0.11));
        }
        arn
    }

    pub(super) fn add_healthy_target(&mut self, group: &str, id: &str, zone: &str) {
        if let Some(group) = self.target_groups.values_mut().find(|candidate| candidate.arn == group) {
            group.targets.push(Target {
                id: id.to_owned(),
                port: group.port,
                availability_zone: zone.to_owned(),
                state: "healthy",
                reason: None,
                description: None,
            });
        }
    }

    /// An Auto Scaling group whose instances all serve; returns their ids.
    pub(super) fn add_asg(
        &mut self,
        name: &str,
        kind: &str,
        sizes: (i32, i32, i32),
        group: Option<&str>,
    ) -> Vec<String> {
        let (min_size, desired_capacity, max_size) = sizes;
        let zones: Vec<String> = self.network.subnets.iter().map(|(zone, _)| zone.clone()).collect();
        let instances = self.new_instances(kind, desired_capacity, &zones);
        let ids = instances.iter().map(|instance| instance.id.clone()).collect();
        for (instance, group) in instances.iter().filter_map(|instance| group.map(|group| (instance, group))) {
            self.add_healthy_target(group, &instance.id, &instance.availability_zone);
        }
        let uuid = self.dice.uuid();
        let asg = AutoScalingGroup {
            name: name.to_owned(),
            arn: self.arn("autoscaling", &format!("autoScalingGroup:{uuid}:autoScalingGroupName/{name}")),
            launch_template_id: format!("lt-0{}", hex(hash(self.seed, name), 16)),
            launch_template_name: format!("{name}-lt"),
            launch_template_version: "14".to_owned(),
            min_size,
            max_size,
            desired_capacity,
            default_cooldown: 300,
            availability_zones: zones,
            subnets: self.network.subnets.iter().map(|(_, subnet)| subnet.clone()).collect(),
            target_group_arns: group.into_iter().map(str::to_owned).collect(),
            health_check_type: if group.is_some() { "ELB" } else { "EC2" },
            health_check_grace_period: 300,
            created_at: after(self.now, -310 * DAY),
            suspended_processes: Vec::new(),
            termination_policies: vec!["Default".to_owned()],
            service_linked_role_arn: format!(
                "arn:aws:iam::{}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
                self.id
            ),
            tags: self.usual_tags(),
            instances,
            activities: VecDeque::new(),
            scarce_zones: Vec::new(),
            log_group: None,
        };
        self.auto_scaling_groups.insert(name.to_owned(), asg);
        self.days_ago(LONG_AGO, |account| {
            account.count_instances(name);
            if let Some(group) = group {
                account.count_hosts(group);
            }
        });
        let dimensions = [("AutoScalingGroupName", name)];
        self.wave(MetricId::new("AWS/EC2", "CPUUtilization", &dimensions), (11.0, 34.0), "Percent");
        self.wave(MetricId::new("AWS/EC2", "NetworkIn", &dimensions), (2.0e6, 9.0e6), "Bytes");
        ids
    }

    /// Instances that have been serving for days.
    fn new_instances(&mut self, kind: &str, count: i32, zones: &[String]) -> Vec<AsgInstance> {
        let launched_at = after(self.now, -12 * DAY);
        let zones = zones.iter().cycle().take(count.max(0) as usize);
        let instance = |zone: &String| AsgInstance {
            id: format!("i-0{}", self.dice.hex(16)),
            instance_type: kind.to_owned(),
            availability_zone: zone.clone(),
            lifecycle_state: "InService",
            health_status: "Healthy",
            protected_from_scale_in: false,
            launched_at,
        };
        zones.map(instance).collect()
    }
}
