//! The cluster of `beta9-prod`: the provisioning API is stuck in its rollout, one of its workers fails again and again, and a pod
//! waits for a GPU that AWS has none of.

use jiff::Timestamp;
use serde_json::json;

use super::super::steps::Step;
use super::super::{Fate, KubeCluster};
use super::App;
use crate::demo::world::account::Account;

const SPACE: &str = "beta9-provisioning";
const REGISTRY: &str = "666677778888.dkr.ecr.us-west-2.amazonaws.com/beta9";
/// The worker's image whose job can't be done, since when.
const WORKER: &str = "666677778888.dkr.ecr.us-west-2.amazonaws.com/beta9/provisioning-worker:1.14.2";
const POISONED: i64 = -95 * 60;
/// The API's image that was never pushed, and when it was rolled out.
const API: &str = "666677778888.dkr.ecr.us-west-2.amazonaws.com/beta9/provisioning-api:1.15.0-rc1";
const ROLLED_OUT: i64 = -48 * 60;
/// The target group of its ingress's service, as the load balancer controller names it.
pub(in crate::demo::world) const GROUP: &str = "k8s-beta9pro-provisio-3f8a1c64e2";
/// A node is not heard of for a while.
const SILENT: i64 = 14 * 60;

/// Gives the account's EKS cluster its inside.
pub(in crate::demo::world) fn cluster(account: &mut Account, start: Timestamp) {
    account.add_kube("beta9-prod", "v1.33.5-eks-113cf36", |cluster, account| {
        cluster.fates.insert(WORKER, Fate::OneFails(super::super::after(start, POISONED)));
        cluster.fates.insert(API, Fate::Missing);
        let gateway = account.load_balancers.get("beta9-gateway").map(|it| it.dns_name.clone()).unwrap_or_default();
        provisioning(cluster, &gateway);
        if let Some(group) = account.target_groups.get(GROUP) {
            let from = &account.network.security_group;
            cluster.add_binding_of((SPACE, "provisioning"), ("provisioning-api", 80), group, from);
        }
        platform(cluster);
        cluster.on(start, POISONED, Step::Poison(WORKER));
        cluster.on(start, ROLLED_OUT, Step::Release { namespace: SPACE, name: "provisioning-api", image: API });
        let node = cluster.store.list("nodes", None).find(|node| node.label("role") == Some("provisioning-workers"));
        if let Some(node) = node.map(|node| std::sync::Arc::from(node.name())) {
            cluster.on(start, SILENT, Step::Silence { node, on: true });
        }
    });
}

fn provisioning(cluster: &mut KubeCluster, gateway: &str) {
    cluster.add_namespace(SPACE, 280);
    cluster.add_config(SPACE, "provisioning-api", &json!({
        "DATABASE_POOL_SIZE": "10", "LOG_LEVEL": "info", "REDIS_URL": "redis://beta9-queue:6379/0", "QUEUE": "provisioning:jobs",
    }));
    cluster.add_config(
        SPACE,
        "provisioning-worker",
        &json!({ "CONCURRENCY": "1", "WORK_DIR": "/tmp/beta9-provisioning", "TFE_ADDRESS": "https://tfe.company.com" }),
    );
    cluster.add_secret(SPACE, "provisioning-database", &["DATABASE_URL"]);
    cluster.add_secret(SPACE, "provisioning-tfe-token", &["TFE_TOKEN"]);
    let base = App { namespace: SPACE, on: Some("provisioning-workers"), ..App::default() };
    cluster.add_app(&App {
        name: "provisioning-api",
        image: &format!("{REGISTRY}/provisioning-api"),
        tags: &["1.13.0", "1.13.4", "1.14.0", "1.14.1"],
        replicas: 2,
        asks: ("250m", "512Mi"),
        most: ("1", "1Gi"),
        from: Some(("provisioning-api", "provisioning-database")),
        known: Some(("6c8d9f7b54", &["4kq2m"])),
        ..base
    });
    cluster.add_app(&App {
        name: "provisioning-worker",
        image: &format!("{REGISTRY}/provisioning-worker"),
        tags: &["1.13.0", "1.13.4", "1.14.1", "1.14.2"],
        replicas: 3,
        asks: ("500m", "1Gi"),
        most: ("2", "2Gi"),
        port: 0,
        from: Some(("provisioning-worker", "provisioning-tfe-token")),
        known: Some(("5f6b7c9d88", &["j7xwz", "q9bnt", "x8vdc"])),
        ..base
    });
    cluster.add_service(SPACE, "provisioning-api", "provisioning-api", (80, 8080), "ClusterIP");
    cluster.add_ingress(
        (SPACE, "provisioning"),
        "provisioning.beta9.example.com",
        ("provisioning-api", 80),
        "provisioning-api-tls",
        gateway,
    );
    cluster.add_certificate((SPACE, "provisioning-api-tls"), &["provisioning.beta9.example.com"], (31, 90));
    cluster.add_budget(SPACE, "provisioning-api", &json!(1));
    cluster.add_budget(SPACE, "provisioning-worker", &json!("50%"));
    cluster.add_quota(SPACE, "provisioning", &json!({ "pods": "40", "requests.cpu": "12", "requests.memory": "24Gi" }));
    cluster.add_cron(
        &App {
            name: "backup",
            image: &format!("{REGISTRY}/pg-backup"),
            tags: &["16.8-3"],
            asks: ("200m", "256Mi"),
            port: 0,
            ..base
        },
        "20 */2 * * *",
    );
}

fn platform(cluster: &mut KubeCluster) {
    cluster.add_namespace("beta9-system", 280);
    let base = App { namespace: "beta9-system", ..App::default() };
    cluster.add_app(&App {
        name: "sandbox-router",
        image: &format!("{REGISTRY}/sandbox-router"),
        tags: &["0.21.0", "0.22.1", "0.22.4"],
        replicas: 3,
        asks: ("200m", "256Mi"),
        on: Some("system"),
        ..base
    });
    cluster.add_scaler("beta9-system", "sandbox-router", (2, 6), 65);
    cluster.add_budget("beta9-system", "sandbox-router", &json!(1));
    cluster.add_service("beta9-system", "sandbox-router", "sandbox-router", (80, 8080), "ClusterIP");
    let gpu = App {
        name: "gpu-runner",
        image: &format!("{REGISTRY}/gpu-runner"),
        tags: &["0.22.0", "0.22.4"],
        replicas: 2,
        asks: ("1", "4Gi"),
        most: ("2", "8Gi"),
        port: 0,
        gpus: 1,
        on: Some("gpu-workers"),
        ..base
    };
    cluster.add_app(&gpu);
    cluster.add_stateful(
        &App {
            name: "image-cache",
            image: &format!("{REGISTRY}/image-cache"),
            tags: &["0.9.2"],
            replicas: 2,
            asks: ("200m", "512Mi"),
            most: ("1", "1Gi"),
            ..base
        },
        "200Gi",
    );
    cluster.add_service("beta9-system", "image-cache", "image-cache", (5000, 8080), "Headless");
    cluster.add_app(&App {
        namespace: "kube-system",
        name: "cluster-autoscaler",
        image: "registry.k8s.io/autoscaling/cluster-autoscaler",
        tags: &["v1.32.1", "v1.33.0"],
        known: Some(("7d9c6b5f48", &["x2lqp"])),
        ..App::default()
    });
}
