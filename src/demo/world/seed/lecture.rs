//! What the three customers of the lecture platform have in common: one cluster of services, an Aurora cluster, a load
//! balancer, alarms and logs, named as their runbook names them.

use super::databases::Database;
use super::services::Spec;
use super::watch::Watch;
use crate::demo::world::account::Account;
use crate::demo::world::logs::Tone;
use crate::demo::world::model::MetricId;

/// How large a customer is.
pub(super) struct Scale {
    pub(super) backend: i32,
    pub(super) frontend: i32,
    /// Lines a second of the backend.
    pub(super) rate: f64,
    /// The backend's revision and image.
    pub(super) revision: i32,
    pub(super) tag: &'static str,
    /// Most and least percent of the backend while deploying.
    pub(super) percents: (i32, i32),
}

/// The lecture platform of a customer, such as `dhbw`.
pub(super) fn furnish(account: &mut Account, customer: &str, scale: &Scale) {
    let cluster = format!("lecture-{customer}-cluster");
    let balancer = format!("lecture-{customer}-alb");
    account.add_balancer(&balancer, "internet-facing", ((60.0, 900.0), 0.12));
    let database = Database {
        id: &cluster,
        class: "db.r6g.large",
        engine: "aurora-postgresql",
        version: "15.4",
        name: "lecture",
        user: "lecture_admin",
        storage: 120,
        multi_az: true,
        connections: (22.0, 74.0),
    };
    account.add_aurora(database, 1, None);
    account.add_cluster(&cluster);
    web(account, customer, &cluster, &balancer, scale);
    workers(account, customer, &cluster);
    others(account, customer, &cluster);
    alarms(account, customer, &cluster, &balancer, scale.backend);
}

fn web(account: &mut Account, customer: &str, cluster: &str, balancer: &str, scale: &Scale) {
    let bucket = format!("content-{customer}-prod");
    let secret = format!("lecture/{customer}/db");
    account.add_service(
        cluster,
        &Spec {
            name: "lecture-backend-service",
            family: "lecture-backend",
            container: "backend",
            image: "lecture-backend",
            tag: scale.tag,
            revision: scale.revision,
            size: (1024, 2048),
            desired: scale.backend,
            load: (19.0, 31.0, 54.0),
            port: Some(8000),
            balancer: Some((balancer, "/healthz")),
            logs: "/ecs/lecture-backend",
            tone: Tone::Lecture,
            rate: scale.rate,
            environment: &[("CONTENT_BUCKET", &bucket), ("LECTURE_ENV", "prod"), ("GUNICORN_WORKERS", "4")],
            secrets: &[("LECTURE_DB_PASSWORD", &secret), ("SAML_PRIVATE_KEY", "lecture/saml")],
            percents: scale.percents,
            breaker: (false, false),
            ..Spec::default()
        },
    );
    account.add_scalable_target(cluster, "lecture-backend-service", (2, 10));
    account.add_service(
        cluster,
        &Spec {
            name: "lecture-frontend-service",
            family: "lecture-frontend",
            container: "nginx",
            image: "lecture-frontend",
            tag: "2.39.1-b81c02e",
            revision: 61,
            size: (256, 512),
            desired: scale.frontend,
            load: (6.0, 17.0, 28.0),
            port: Some(8080),
            balancer: Some((balancer, "/")),
            logs: "/ecs/lecture-frontend",
            tone: Tone::Access,
            rate: 2.5,
            hostile: true,
            percents: (150, 100),
            ..Spec::default()
        },
    );
}

fn workers(account: &mut Account, customer: &str, cluster: &str) {
    let bucket = format!("content-{customer}-prod");
    account.add_service(
        cluster,
        &Spec {
            name: "lecture-transcriber",
            family: "lecture-transcriber",
            container: "worker",
            image: "lecture-transcriber",
            tag: "1.14.0",
            revision: 22,
            size: (2048, 8192),
            load: (24.0, 38.0, 63.0),
            logs: "/ecs/lecture-transcriber",
            tone: Tone::Worker,
            rate: 0.6,
            environment: &[("CONTENT_BUCKET", &bucket), ("MODEL", "whisper-large-v3")],
            ..Spec::default()
        },
    );
    account.add_service(
        cluster,
        &Spec {
            name: "lecture-scheduler",
            family: "lecture-scheduler",
            image: "lecture-backend",
            tag: "2.31.0",
            revision: 17,
            size: (256, 512),
            desired: 1,
            load: (3.0, 4.0, 33.0),
            logs: "/ecs/lecture-scheduler",
            tone: Tone::Worker,
            rate: 0.1,
            percents: (100, 0),
            ..Spec::default()
        },
    );
}

fn others(account: &mut Account, customer: &str, cluster: &str) {
    account.add_service(
        cluster,
        &Spec {
            name: "lecture-search",
            family: "lecture-search",
            image: "lecture-search",
            tag: "0.9.4",
            revision: 9,
            size: (1024, 4096),
            load: (9.0, 21.0, 71.0),
            port: Some(9200),
            logs: "/ecs/lecture-search",
            rate: 0.3,
            ..Spec::default()
        },
    );
    account.add_service(
        cluster,
        &Spec {
            name: "lecture-notifier",
            family: "lecture-notifier",
            image: "lecture-notifier",
            tag: "1.2.7",
            revision: 12,
            size: (256, 512),
            desired: 1,
            load: (2.0, 6.0, 24.0),
            logs: "/ecs/lecture-notifier",
            tone: Tone::Worker,
            rate: 0.1,
            ..Spec::default()
        },
    );
    let function = format!("/aws/lambda/lecture-{customer}-function");
    account.add_log_group(&function, Tone::Lambda, 0.3, false);
    let stream = format!("{}/[$LATEST]5f0c27d1e4b84a6f9c3d2b1a0e9f8d7c", account.now.strftime("%Y/%m/%d"));
    account.add_stream(&function, &stream);
    let database = format!("/aws/rds/cluster/{cluster}/postgresql");
    account.add_log_group(&database, Tone::Postgres, 0.3, false);
    account.add_stream(&database, &format!("{cluster}-instance-1.0"));
}

fn alarms(account: &mut Account, customer: &str, cluster: &str, balancer: &str, backend: i32) {
    let name = |what: &str| format!("lecture-{customer}-{what}");
    account.watch_cpu(&name("backend-cpu-high"), cluster, "lecture-backend-service");
    account.watch_cpu(&name("transcriber-cpu-high"), cluster, "lecture-transcriber");
    account.watch_balancer(&name("backend-5xx"), balancer, ("HTTPCode_Target_5XX_Count", "Sum"), 25.0);
    account.watch_balancer(&name("latency-high"), balancer, ("TargetResponseTime", "Average"), 1.0);
    let writer = format!("{cluster}-instance-1");
    account.watch_database(&name("db-cpu-high"), &writer, "CPUUtilization", 80.0, false);
    account.watch_database(&name("db-connections-high"), &writer, "DatabaseConnections", 400.0, false);
    account.add_alarm(Watch {
        name: "ECS-Service-TaskCount-Low",
        about: "ECS service has too few running tasks",
        metric: MetricId::new(
            "ECS/ContainerInsights",
            "RunningTaskCount",
            &[("ClusterName", cluster), ("ServiceName", "lecture-backend-service")],
        ),
        statistic: "Minimum",
        period: (300, 2),
        threshold: f64::from(backend),
        below: true,
        missing: "breaching",
    });
    let function = name("function");
    account.add_alarm(Watch {
        name: &name("function-errors"),
        about: "Errors of the function; it is called a few times a day",
        metric: MetricId::new("AWS/Lambda", "Errors", &[("FunctionName", &function)]),
        statistic: "Sum",
        period: (300, 1),
        threshold: 0.0,
        below: false,
        missing: "missing",
    });
    let (errors, slow) = (name("backend-5xx"), name("latency-high"));
    account.add_composite(&name("students-affected"), "What the service desk is called for", &[&errors, &slow], " OR ");
}
