//! `beta9-prod`: a provisioning platform on EKS. The node group with GPUs wants nodes that AWS has no capacity for; the
//! queue's backlog comes and goes.

use jiff::Timestamp;

use super::databases::Database;
use super::services::Spec;
use super::states::Place;
use super::watch::Watch;
use super::{Site, begin, spell};
use crate::demo::world::account::Account;
use crate::demo::world::kube;
use crate::demo::world::logs::{Tone, Trouble};
use crate::demo::world::model::MetricId;
use crate::demo::world::signal::{Surge, after};
use crate::demo::world::stories::Beat;

const CLUSTER: &str = "beta9-prod";
/// Seconds from the estate's start until capacity ran out.
const NO_CAPACITY: i64 = -3 * 3_600;

pub(super) fn account(seed: u64, start: Timestamp) -> Account {
    let site =
        Site { environment: "beta9-prod", id: "666677778888", alias: "beta9-prod", region: "us-west-2", peak_hour: 19 };
    let mut account = begin(seed, start, &site);
    account.add_eks(CLUSTER, "1.33", "eks.18");
    account.add_nodegroup(CLUSTER, "system", "m6i.large", (2, 3, 5));
    account.add_nodegroup(CLUSTER, "provisioning-workers", "m6i.xlarge", (2, 4, 12));
    let gpu = account.add_nodegroup(CLUSTER, "gpu-workers", "g5.xlarge", (0, 1, 8));
    no_capacity(&mut account, start, gpu);
    data(&mut account);
    account.add_cluster("beta9-platform");
    services(&mut account, start);
    alarms(&mut account, start);
    // No configuration says where: the digests in the table do.
    let (bucket, table) = ("beta9-terraform-state", "beta9-terraform-locks");
    account.add_bucket(bucket);
    account.add_lock_table(table);
    for (environment, serial) in [("env-4f1c2a", 12), ("env-81d0e7", 19), ("env-c3b955", 5)] {
        let key = format!("environments/{environment}/terraform.tfstate");
        account.add_state(Place { bucket, table: Some(table), key: &key }, serial, &[20, 7]);
    }
    ingress(&mut account);
    kube::seed::beta9(&mut account, start);
    account.add_bound(CLUSTER);
    account.begin_life();
    account
}

fn no_capacity(account: &mut Account, start: Timestamp, gpu: String) {
    account.degrade_nodegroup(
        CLUSTER,
        "gpu-workers",
        3,
        "Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient \
         g5.xlarge capacity in the Availability Zone you requested (us-west-2b). Our system will be working on \
         provisioning additional capacity. Launching EC2 instance failed.",
    );
    let zones = vec!["us-west-2b".to_owned(), "us-west-2c".to_owned()];
    if let Some(group) = account.auto_scaling_groups.get_mut(&gpu) {
        group.scarce_zones.clone_from(&zones);
    }
    let beat = Beat::NoCapacity { group: gpu, instance_type: "g5.xlarge".to_owned(), zones, every: 420 };
    account.on(start, NO_CAPACITY, beat);
    let logs = "/beta9/cluster-autoscaler";
    account.add_log_group(logs, Tone::Autoscaler, 0.6, false);
    account.add_stream(logs, "cluster-autoscaler-7d9c6b5f48-x2lqp");
    account.add_spell(logs, spell(after(start, NO_CAPACITY), 0.5, Trouble::NoNodes));
}

fn data(account: &mut Account) {
    let database = Database {
        id: "beta9-provisioning-db",
        class: "db.m6g.large",
        engine: "postgres",
        version: "16.8",
        name: "provisioning",
        user: "beta9",
        storage: 200,
        multi_az: true,
        connections: (31.0, 55.0),
    };
    account.add_database(database);
    account.add_replication_group("beta9-queue", "Queue provisioning:jobs", "cache.m7g.large");
    account.add_log_group("/beta9/provisioning", Tone::Worker, 2.0, true);
    for pod in [
        "provisioning-api-6c8d9f7b54-4kq2m",
        "provisioning-worker-5f6b7c9d88-j7xwz",
        "provisioning-worker-5f6b7c9d88-q9bnt",
    ] {
        account.add_stream("/beta9/provisioning", pod);
    }
}

fn services(account: &mut Account, start: Timestamp) {
    account.add_balancer("beta9-gateway", "internet-facing", ((20.0, 180.0), 0.21));
    let services = [
        ("sandbox-gateway", Some(8443), 2),
        ("billing-meter", None, 2),
        ("image-builder", None, 3),
        ("audit-export", None, 1),
    ];
    for (name, port, desired) in services {
        account.add_service(
            "beta9-platform",
            &Spec {
                name,
                family: name,
                image: &format!("beta9/{name}"),
                tag: "0.22.4",
                revision: 22,
                desired,
                load: (12.0, 29.0, 49.0),
                port,
                balancer: port.map(|_| ("beta9-gateway", "/health")),
                logs: &format!("/beta9/{name}"),
                tone: Tone::Worker,
                rate: 0.4,
                ..Spec::default()
            },
        );
    }
    account.add_scalable_target("beta9-platform", "image-builder", (2, 8));
    let breathe = Beat::Breathe {
        cluster: "beta9-platform".to_owned(),
        service: "image-builder".to_owned(),
        counts: (5, 3),
        every: 17 * 60,
    };
    account.on(start, -3 * 3_600 - 500, breathe);
}

/// The target group that the load balancer controller has made for an ingress's service.
fn ingress(account: &mut Account) {
    account.add_target_group(kube::seed::BETA9_GROUP, "beta9-gateway", 8080, "/health", "ip");
    if let Some(group) = account.target_groups.get_mut(kube::seed::BETA9_GROUP) {
        let tags = [
            ("elbv2.k8s.aws/cluster", CLUSTER),
            ("ingress.k8s.aws/stack", "beta9-provisioning/provisioning"),
            ("ingress.k8s.aws/resource", "beta9-provisioning/provisioning-provisioning-api:80"),
        ];
        group.tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        group.unhealthy_threshold = 2;
    }
}

fn alarms(account: &mut Account, start: Timestamp) {
    let backlog = MetricId::new("Beta9/Provisioning", "QueueDepth", &[("Queue", "provisioning:jobs")]);
    account.count_wave(backlog.clone(), (3.0, 11.0));
    let surge = Surge {
        from: after(start, -6_600),
        until: Some(after(start, -5_940)),
        ramp: 120,
        level: 84.0,
        every: Some(2_700),
    };
    account.surge("Beta9/Provisioning", "QueueDepth", ("Queue", "provisioning:jobs"), &surge);
    account.add_alarm(Watch {
        name: "beta9-queue-backlog",
        about: "provisioning:jobs has more than 50 jobs for three minutes",
        metric: backlog,
        statistic: "Maximum",
        period: (60, 3),
        threshold: 50.0,
        below: false,
        missing: "notBreaching",
    });
    account.watch_database("beta9-db-cpu-high", "beta9-provisioning-db", "CPUUtilization", 80.0, false);
    account.watch_database("beta9-db-connections-high", "beta9-provisioning-db", "DatabaseConnections", 300.0, false);
    account.watch_cpu("beta9-image-builder-cpu-high", "beta9-platform", "image-builder");
    account.add_alarm(Watch {
        name: "beta9-redis-cpu-high",
        about: "The queue's engine is busy",
        metric: MetricId::new("AWS/ElastiCache", "EngineCPUUtilization", &[("CacheClusterId", "beta9-queue-001")]),
        statistic: "Average",
        period: (300, 3),
        threshold: 80.0,
        below: false,
        missing: "missing",
    });
    let names = ["beta9-queue-backlog", "beta9-db-cpu-high"];
    account.add_composite("beta9-provisioning-slow", "New environments take long", &names, " OR ");
}
