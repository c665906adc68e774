//! `enterprise-prod`: the database is short of connections since somebody scaled the application up: ten tasks with pools
//! of twenty want all of its two hundred. Beside it, a release of the reporting service failed and was given up, and one
//! of the notifier was rolled back hours ago.

use jiff::Timestamp;
use serde_json::json;

use super::databases::Database;
use super::services::Spec;
use super::states::Place;
use super::watch::Watch;
use super::{Site, begin, lasting, spell};
use crate::demo::world::account::Account;
use crate::demo::world::logs::{Tone, Trouble};
use crate::demo::world::model::{Fate, MetricId};
use crate::demo::world::people;
use crate::demo::world::signal::after;
use crate::demo::world::sim::Release;
use crate::demo::world::stories::Beat;

const CLUSTER: &str = "enterprise-prod-cluster";
const BALANCER: &str = "enterprise-prod-alb";
const LOGS: &str = "/aws/application/enterprise-prod";
/// Seconds from the estate's start to the scaling and to the failed release.
const SCALE_UP: i64 = -52 * 60;
const FAILED: i64 = -95 * 60;

pub(super) fn account(seed: u64, start: Timestamp) -> Account {
    let site = Site {
        environment: "enterprise-prod",
        id: "444455556666",
        alias: "enterprise-prod",
        region: "us-east-1",
        peak_hour: 16,
    };
    let mut account = begin(seed, start, &site);
    account.add_balancer(BALANCER, "internet-facing", ((220.0, 2_600.0), 0.18));
    account.add_balancer("enterprise-prod-internal", "internal", ((30.0, 240.0), 0.06));
    databases(&mut account);
    account.add_cluster(CLUSTER);
    front(&mut account);
    web(&mut account);
    back(&mut account);
    batch(&mut account);
    account.add_cluster("enterprise-prod-tools");
    tools(&mut account);
    alarms(&mut account);
    short_of_connections(&mut account, start);
    failed_releases(&mut account, start);
    states(&mut account);
    account.begin_life();
    account
}

fn databases(account: &mut Account) {
    let id = account.id.clone();
    let role = |name: &str| format!("arn:aws:iam::{id}:role/{name}");
    let main = Database {
        id: "enterprise-prod-db",
        class: "db.r5.large",
        engine: "postgres",
        version: "15.4",
        name: "enterprise",
        user: "admin",
        storage: 500,
        multi_az: true,
        connections: (52.0, 48.0),
    };
    account.add_database(main);
    if let Some(instance) = account.db_instances.get_mut(main.id) {
        instance.pending_modified.push(("EngineVersion", "15.5".to_owned()));
        instance.roles.push((role("enterprise-db-export"), "s3Export".to_owned()));
    }
    let reporting = Database {
        id: "enterprise-prod-reporting",
        class: "db.r6g.large",
        engine: "aurora-postgresql",
        version: "15.5",
        name: "reporting",
        user: "reporting_admin",
        storage: 300,
        multi_az: true,
        connections: (9.0, 21.0),
    };
    account.add_aurora(reporting, 1, Some((0.5, 16.0)));
    if let Some(cluster) = account.db_clusters.get_mut(reporting.id) {
        cluster.roles.push((role("enterprise-reporting-import"), "s3Import".to_owned()));
    }
    account.add_replication_group("enterprise-prod-cache", "Sessions of app-service", "cache.r7g.large");
    let logs = "/aws/rds/instance/enterprise-prod-db/postgresql";
    account.add_log_group(logs, Tone::Postgres, 0.8, false);
    account.add_stream(logs, "enterprise-prod-db.0");
}

fn front(account: &mut Account) {
    account.add_service(
        CLUSTER,
        &Spec {
            name: "app-service",
            family: "app-task",
            image: "enterprise-app",
            tag: "5.18.2",
            revision: 4,
            size: (1024, 2048),
            desired: 4,
            load: (18.0, 34.0, 58.0),
            port: Some(8080),
            balancer: Some((BALANCER, "/health")),
            logs: LOGS,
            rate: 5.0,
            hostile: true,
            environment: &[("DB_HOST", "enterprise-prod-db"), ("DB_POOL_SIZE", "20"), ("LOG_LEVEL", "info")],
            secrets: &[("DB_PASSWORD", "enterprise/prod/db"), ("SESSION_KEY", "enterprise/prod/session")],
            ..Spec::default()
        },
    );
    account.add_service(
        CLUSTER,
        &Spec {
            name: "maintenance-page",
            family: "maintenance-page",
            container: "nginx",
            image: "maintenance-page",
            tag: "1.0.3",
            revision: 2,
            size: (256, 512),
            desired: 0,
            port: Some(8080),
            balancer: Some((BALANCER, "/")),
            logs: "/ecs/maintenance-page",
            tone: Tone::Access,
            rate: 0.1,
            deployed_days_ago: 64,
            ..Spec::default()
        },
    );
}

fn web(account: &mut Account) {
    account.add_service(
        CLUSTER,
        &Spec {
            name: "web-service",
            family: "web-task",
            container: "nginx",
            image: "enterprise-web",
            tag: "5.18.0",
            revision: 31,
            size: (256, 512),
            desired: 3,
            load: (5.0, 19.0, 22.0),
            port: Some(8081),
            balancer: Some((BALANCER, "/")),
            logs: "/ecs/enterprise-web",
            tone: Tone::Access,
            rate: 3.0,
            ..Spec::default()
        },
    );
}

fn back(account: &mut Account) {
    account.add_service(
        CLUSTER,
        &Spec {
            name: "auth-service",
            family: "auth-task",
            image: "enterprise-auth",
            tag: "3.4.1",
            revision: 19,
            desired: 3,
            load: (11.0, 24.0, 47.0),
            port: Some(8090),
            balancer: Some(("enterprise-prod-internal", "/health")),
            logs: "/ecs/enterprise-auth",
            rate: 0.9,
            ..Spec::default()
        },
    );
    account.add_service(
        CLUSTER,
        &Spec {
            name: "search-service",
            family: "search-task",
            image: "enterprise-search",
            tag: "2.2.0",
            revision: 8,
            size: (2048, 8192),
            load: (13.0, 27.0, 66.0),
            port: Some(8100),
            balancer: Some(("enterprise-prod-internal", "/health")),
            logs: "/ecs/enterprise-search",
            rate: 0.5,
            ..Spec::default()
        },
    );
    account.add_service(
        CLUSTER,
        &Spec {
            name: "reporting-service",
            family: "reporting-task",
            container: "reporting",
            image: "enterprise-reporting",
            tag: "5.1.3",
            revision: 11,
            load: (7.0, 12.0, 44.0),
            port: Some(8080),
            balancer: Some(("enterprise-prod-internal", "/health")),
            logs: "/ecs/enterprise-reporting",
            tone: Tone::Worker,
            rate: 0.3,
            breaker: (true, false),
            ..Spec::default()
        },
    );
}

fn batch(account: &mut Account) {
    let workers = [
        ("billing-worker", "billing", "4.0.9", 2),
        ("import-worker", "import", "2.8.8", 3),
        ("notifier", "notifier", "1.9.0", 2),
    ];
    for (name, short, tag, desired) in workers {
        account.add_service(
            CLUSTER,
            &Spec {
                name,
                family: name,
                container: "worker",
                image: &format!("enterprise-{short}"),
                tag,
                revision: 14,
                desired,
                load: (15.0, 30.0, 52.0),
                logs: &format!("/ecs/enterprise-{short}"),
                tone: Tone::Worker,
                rate: 0.4,
                ..Spec::default()
            },
        );
    }
}

fn tools(account: &mut Account) {
    for (name, tag) in
        [("grafana", "12.2.0"), ("otel-gateway", "0.138.0"), ("unleash", "7.1.2"), ("pgbouncer-canary", "1.24.1")]
    {
        account.add_service(
            "enterprise-prod-tools",
            &Spec {
                name,
                family: name,
                container: name,
                image: name,
                tag,
                revision: 5,
                desired: 1,
                load: (4.0, 6.0, 36.0),
                logs: &format!("/ecs/tools/{name}"),
                rate: 0.1,
                deployed_days_ago: 33,
                ..Spec::default()
            },
        );
    }
}

fn alarms(account: &mut Account) {
    account.watch_cpu("enterprise-prod-app-cpu-high", CLUSTER, "app-service");
    account.watch_cpu("enterprise-prod-import-cpu-high", CLUSTER, "import-worker");
    account.watch_database(
        "enterprise-prod-db-connections-high",
        "enterprise-prod-db",
        "DatabaseConnections",
        180.0,
        false,
    );
    account.watch_database("enterprise-prod-db-cpu-high", "enterprise-prod-db", "CPUUtilization", 80.0, false);
    account.watch_database(
        "enterprise-prod-db-storage-low",
        "enterprise-prod-db",
        "FreeStorageSpace",
        53_687_091_200.0,
        true,
    );
    account.watch_balancer("enterprise-prod-latency-high", BALANCER, ("TargetResponseTime", "p99"), 1.5);
    account.watch_balancer("enterprise-prod-5xx", BALANCER, ("HTTPCode_Target_5XX_Count", "Sum"), 50.0);
    account.add_alarm(Watch {
        name: "enterprise-prod-cache-evictions",
        about: "The session cache evicts: users are signed out",
        metric: MetricId::new("AWS/ElastiCache", "Evictions", &[("CacheClusterId", "enterprise-prod-cache-001")]),
        statistic: "Sum",
        period: (300, 2),
        threshold: 100.0,
        below: false,
        missing: "notBreaching",
    });
    account.add_composite(
        "enterprise-prod-customer-impact",
        "Connections are short and it shows: page the database team",
        &["enterprise-prod-db-connections-high", "enterprise-prod-latency-high"],
        " AND ",
    );
}

fn short_of_connections(account: &mut Account, start: Timestamp) {
    account.on(
        start,
        SCALE_UP,
        Beat::Rescale {
            cluster: CLUSTER.to_owned(),
            service: "app-service".to_owned(),
            desired: 10,
            by: &people::MARCUS,
        },
    );
    let from = after(start, SCALE_UP + 180);
    let database = ("DBInstanceIdentifier", "enterprise-prod-db");
    account.surge("AWS/RDS", "DatabaseConnections", database, &lasting(from, 196.0));
    account.surge("AWS/RDS", "CPUUtilization", database, &lasting(from, 61.0));
    account.surge("AWS/RDS", "ReadLatency", database, &lasting(from, 0.021));
    account.surge("AWS/RDS", "WriteLatency", database, &lasting(from, 0.038));
    account.limit("AWS/RDS", "DatabaseConnections", database, 200.0);
    account.surge_traffic(BALANCER, "app-tg", "TargetResponseTime", &lasting(from, 2.6));
    account.surge_traffic(BALANCER, "app-tg", "HTTPCode_Target_5XX_Count", &lasting(from, 34.0));
    account.add_spell(LOGS, spell(from, 0.3, Trouble::NoSlots));
    account.add_spell("/aws/rds/instance/enterprise-prod-db/postgresql", spell(from, 0.7, Trouble::NoSlotsServer));
    let parameters = json!({ "dBParameterGroupName": "enterprise-prod-pg15", "parameters": [{ "parameterName": "max_connections", "parameterValue": "200" }] });
    account.on(
        start,
        -5 * 3_600 - 900,
        Beat::Did {
            by: &people::TERRAFORM,
            source: "rds.amazonaws.com",
            name: "ModifyDBParameterGroup",
            resource: ("AWS::RDS::DBParameterGroup", "enterprise-prod-pg15".to_owned()),
            request: parameters,
        },
    );
    let snapshot = Beat::Snapshot {
        source: "enterprise-prod-db".to_owned(),
        prefix: "pre-deploy-".to_owned(),
        kind: "manual",
        every: None,
        by: &people::MARCUS,
    };
    account.on(start, FAILED - 900, snapshot);
}

fn failed_releases(account: &mut Account, start: Timestamp) {
    let release = |service: &str, tag: &str, fate| Release {
        cluster: CLUSTER.to_owned(),
        service: service.to_owned(),
        tag: tag.to_owned(),
        fate,
        drops_secret: None,
        by: &people::GITHUB,
    };
    // The release before it was built again under its old tag: going back to that revision would start another image.
    let again = Beat::Push { repository: "enterprise-reporting", tag: "5.1.3", fate: Fate::Sick, by: &people::GITHUB };
    account.on(start, FAILED - 240, again);
    account.on(start, FAILED, Beat::Release(Box::new(release("reporting-service", "5.2.0", Fate::Sick))));
    account.on(start, -4 * 3_600, Beat::Release(Box::new(release("notifier", "1.10.0-rc1", Fate::NoImage))));
}

/// A state for each layer. Somebody put an earlier version of one back by hand, so that its digest is another state's.
fn states(account: &mut Account) {
    let (bucket, table) = ("enterprise-prod-terraform-state", "enterprise-prod-terraform-locks");
    account.add_bucket(bucket);
    account.add_lock_table(table);
    account.keeps_states(bucket, Some(table));
    let place = Place { bucket, table: Some(table), key: "prod/network/terraform.tfstate" };
    account.add_state(place, 58, &[40, 31]);
    account.add_state(Place { key: "prod/database/terraform.tfstate", ..place }, 90, &[39, 12]);
    let compute = "prod/compute/terraform.tfstate";
    account.add_state(Place { key: compute, ..place }, 163, &[36, 22, 10, 4]);
    account.note_digest(table, &format!("{bucket}/{compute}"), "6d0b2a6d7e1f4c55a8f3b0c9e2d14b7a");
}
