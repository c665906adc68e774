//! `starttech-dev`: instances of the backend's Auto Scaling group fail their health checks, because its
//! database can't be reached; they are replaced, and their successors fall ill as well. One instance keeps its connection and serves.

use jiff::Timestamp;

use super::services::Spec;
use super::states::Place;
use super::watch::Watch;
use super::{Site, begin, lasting, spell};
use crate::demo::world::account::{Account, after_colon};
use crate::demo::world::agenda::{Act, InstanceStep};
use crate::demo::world::logs::{Spell, Tone, Trouble};
use crate::demo::world::model::MetricId;
use crate::demo::world::signal::{Surge, after};
use crate::demo::world::sim::balancer_metric;

const GROUP: &str = "dev-backend-asg";
const LOGS: &str = "/aws/ec2/dev/backend";
/// Seconds from the estate's start until the trouble began.
const TROUBLE: i64 = -70 * 60;

pub(super) fn account(seed: u64, start: Timestamp) -> Account {
    let site = Site {
        environment: "starttech-dev",
        id: "555566667777",
        alias: "starttech-dev",
        region: "us-east-1",
        peak_hour: 17,
    };
    let mut account = begin(seed, start, &site);
    account.add_balancer("dev-alb", "internet-facing", ((12.0, 90.0), 0.09));
    let group = account.add_target_group("dev-backend-tg", "dev-alb", 8080, "/health", "instance");
    let instances = account.add_asg(GROUP, "t3.small", (2, 3, 6), Some(&group));
    account.add_log_group(LOGS, Tone::Backend, 2.2, true);
    for instance in &instances {
        account.add_stream(LOGS, instance);
    }
    if let Some(group) = account.auto_scaling_groups.get_mut(GROUP) {
        group.log_group = Some(LOGS.to_owned());
    }
    account.add_cache("dev-redis", "cache.t4g.small", None);
    account.add_cluster("dev-starttech-cluster");
    services(&mut account);
    alarms(&mut account, &group);
    unreachable_database(&mut account, start, &instances);
    states(&mut account, start);
    account.begin_life();
    account
}

fn services(account: &mut Account) {
    let services = [
        ("dev-frontend", "starttech-frontend", Some(3000)),
        ("dev-worker", "starttech-worker", None),
        ("dev-scheduler", "starttech-worker", None),
        ("dev-mailcatcher", "mailcatcher", Some(1080)),
    ];
    for (name, image, port) in services {
        account.add_service(
            "dev-starttech-cluster",
            &Spec {
                name,
                family: name,
                image,
                tag: "dev-1184",
                revision: 118,
                size: (256, 512),
                desired: 1,
                load: (4.0, 9.0, 37.0),
                port,
                balancer: (name == "dev-frontend").then_some(("dev-alb", "/")),
                logs: &format!("/ecs/dev/{}", name.trim_start_matches("dev-")),
                rate: 0.2,
                percents: (200, 0),
                deployed_days_ago: 1,
                ..Spec::default()
            },
        );
    }
}

fn alarms(account: &mut Account, group: &str) {
    let balancer = account.load_balancers.get("dev-alb").map(|balancer| balancer_metric(&balancer.arn).1.to_owned());
    let hosts = [("LoadBalancer", balancer.as_deref().unwrap_or_default()), ("TargetGroup", after_colon(group))];
    account.add_alarm(Watch {
        name: "dev-backend-unhealthy-hosts",
        about: "Targets of dev-backend-tg fail their health checks",
        metric: MetricId::new("AWS/ApplicationELB", "UnHealthyHostCount", &hosts),
        statistic: "Maximum",
        period: (60, 3),
        threshold: 0.0,
        below: false,
        missing: "notBreaching",
    });
    let cpu = MetricId::new("AWS/EC2", "CPUUtilization", &[("AutoScalingGroupName", GROUP)]);
    for (name, threshold, below) in [("dev-backend-cpu-high", 70.0, false), ("dev-backend-cpu-low", 2.0, true)] {
        account.add_alarm(Watch {
            name,
            about: "Scales the group",
            metric: cpu.clone(),
            statistic: "Average",
            period: (60, 5),
            threshold,
            below,
            missing: "missing",
        });
    }
    account.watch_balancer("dev-alb-5xx", "dev-alb", ("HTTPCode_Target_5XX_Count", "Sum"), 60.0);
    account.add_alarm(Watch {
        name: "dev-redis-memory-high",
        about: "dev-redis is nearly full",
        metric: MetricId::new("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", &[("CacheClusterId", "dev-redis")]),
        statistic: "Average",
        period: (300, 2),
        threshold: 80.0,
        below: false,
        missing: "missing",
    });
}

fn unreachable_database(account: &mut Account, start: Timestamp, instances: &[String]) {
    // Half a cycle apart, so that one of the two is always ill.
    for (instance, delay) in instances.iter().skip(1).zip([0, 330]) {
        let act = Act::Instance { group: GROUP.to_owned(), instance: instance.clone(), step: InstanceStep::Sicken };
        account.agenda.add(after(start, TROUBLE + delay), act);
    }
    let from = after(start, TROUBLE);
    // The first instance keeps its connection.
    let spared = instances.first().cloned();
    account.add_spell(LOGS, Spell { spared, ..spell(from, 0.6, Trouble::NoMongo) });
    account.surge_traffic("dev-alb", "dev-backend-tg", "TargetResponseTime", &lasting(from, 1.9));
    account.surge_traffic("dev-alb", "dev-backend-tg", "HTTPCode_Target_5XX_Count", &lasting(from, 22.0));
    // The one instance that is left has much to do every half hour: the alarm comes and goes.
    let busy =
        Surge { from: after(from, 600), until: Some(after(from, 1_320)), ramp: 60, level: 88.0, every: Some(1_800) };
    account.surge("AWS/EC2", "CPUUtilization", ("AutoScalingGroupName", GROUP), &busy);
}

/// An apply of the day before was cancelled while it ran: nobody has released its lock.
fn states(account: &mut Account, start: Timestamp) {
    let (bucket, table) = ("dev-starttech-terraform-state", "dev-starttech-terraform-locks");
    account.add_bucket(bucket);
    account.add_lock_table(table);
    account.add_table("dev-sessions", "session_id");
    account.keeps_states(bucket, Some(table));
    let place = Place { bucket, table: Some(table), key: "starttech/terraform.tfstate" };
    account.add_state(place, 126, &[25, 13, 3]);
    account.leave_lock(start, place, ("runner@fv-az1205-412", 27 * 3_600 + 1_130));
}
