//! `tfe-prod`: Terraform Enterprise on EKS, with its database and load balancer. All is well.

use jiff::Timestamp;

use super::databases::Database;
use super::services::Spec;
use super::states::Place;
use super::{LONG_AGO, Site, begin};
use crate::demo::world::account::Account;
use crate::demo::world::kube;
use crate::demo::world::logs::Tone;
use crate::demo::world::people;
use crate::demo::world::stories::Beat;

const CLUSTER: &str = "tfe-prod";

pub(super) fn account(seed: u64, start: Timestamp) -> Account {
    let site =
        Site { environment: "tfe-prod", id: "777788889999", alias: "tfe-prod", region: "us-east-2", peak_hour: 16 };
    let mut account = begin(seed, start, &site);
    account.add_eks(CLUSTER, "1.32", "eks.25");
    let nodes = account.add_nodegroup(CLUSTER, "tfe-nodes", "m6i.2xlarge", (2, 3, 6));
    account.add_nodegroup(CLUSTER, "tfe-agents", "c6i.xlarge", (1, 2, 10));
    edge(&mut account, &nodes);
    data(&mut account, start);
    account.add_cluster("tfe-support");
    services(&mut account, start);
    alarms(&mut account);
    let (bucket, key) = ("tfe-prod-terraform-state", "platform/terraform.tfstate");
    account.add_bucket(bucket);
    account.keeps_states(bucket, None);
    account.add_state(Place { bucket, table: None, key }, 72, &[34, 11]);
    kube::seed::tfe(&mut account, start);
    account.begin_life();
    account
}

fn edge(account: &mut Account, nodes: &str) {
    account.add_balancer("tfe-prod-alb", "internet-facing", ((30.0, 340.0), 0.27));
    let group = account.add_target_group("tfe-prod-https-tg", "tfe-prod-alb", 30_443, "/_health_check", "instance");
    let instances = account.auto_scaling_groups.get(nodes).map(|group| group.instances.clone()).unwrap_or_default();
    for instance in instances {
        account.add_healthy_target(&group, &instance.id, &instance.availability_zone);
    }
    account.days_ago(LONG_AGO, |account| account.count_hosts(&group));
}

fn data(account: &mut Account, start: Timestamp) {
    let database = Database {
        id: "tfe-prod-db",
        class: "db.m6i.xlarge",
        engine: "postgres",
        version: "15.10",
        name: "tfe",
        user: "tfe",
        storage: 250,
        multi_az: true,
        connections: (44.0, 60.0),
    };
    account.add_database(database);
    account.add_replication_group("tfe-prod-redis", "Terraform Enterprise's queue", "cache.m7g.large");
    account.add_log_group("/tfe/terraform-enterprise", Tone::Tfe, 1.8, true);
    for pod in ["terraform-enterprise-7f4b8c6d9-hx8wl", "terraform-enterprise-7f4b8c6d9-zq5kd"] {
        account.add_stream("/tfe/terraform-enterprise", pod);
    }
    let snapshot = Beat::Snapshot {
        source: "tfe-prod-db".to_owned(),
        prefix: "before-upgrade-".to_owned(),
        kind: "manual",
        every: None,
        by: &people::NOOR,
    };
    account.on(start, -80 * 60, snapshot);
}

fn services(account: &mut Account, start: Timestamp) {
    for (name, desired) in [("tfe-agent-pool", 4), ("module-mirror", 2), ("policy-checker", 2), ("run-archiver", 1)] {
        account.add_service(
            "tfe-support",
            &Spec {
                name,
                family: name,
                image: &format!("tfe/{name}"),
                tag: "1.22.0",
                revision: 10,
                desired,
                load: (16.0, 33.0, 46.0),
                port: (name == "module-mirror").then_some(8080),
                balancer: (name == "module-mirror").then_some(("tfe-prod-alb", "/health")),
                logs: &format!("/ecs/tfe/{name}"),
                tone: Tone::Worker,
                rate: 0.3,
                ..Spec::default()
            },
        );
    }
    let breathe = Beat::Breathe {
        cluster: "tfe-support".to_owned(),
        service: "tfe-agent-pool".to_owned(),
        counts: (6, 4),
        every: 23 * 60,
    };
    account.on(start, -2 * 3_600, breathe);
}

fn alarms(account: &mut Account) {
    account.watch_database("tfe-db-cpu-high", "tfe-prod-db", "CPUUtilization", 80.0, false);
    account.watch_database("tfe-db-connections-high", "tfe-prod-db", "DatabaseConnections", 300.0, false);
    account.watch_database("tfe-db-storage-low", "tfe-prod-db", "FreeStorageSpace", 26_843_545_600.0, true);
    account.watch_balancer("tfe-5xx", "tfe-prod-alb", ("HTTPCode_Target_5XX_Count", "Sum"), 30.0);
    account.watch_balancer("tfe-latency-high", "tfe-prod-alb", ("TargetResponseTime", "Average"), 1.5);
    account.watch_cpu("tfe-agents-cpu-high", "tfe-support", "tfe-agent-pool");
    account.add_composite(
        "tfe-unavailable",
        "Terraform Enterprise answers badly",
        &["tfe-5xx", "tfe-latency-high"],
        " AND ",
    );
}
