//! The cluster of `tfe-prod`: Terraform Enterprise runs. A task worker grows out of its memory now and then, a node runs short of
//! memory for a while, and a certificate could not be renewed and comes to its end.

use jiff::Timestamp;
use serde_json::json;

use super::super::steps::Step;
use super::super::{Fate, KubeCluster};
use super::App;
use crate::demo::world::account::Account;

const SPACE: &str = "terraform-enterprise";
const AGENT: &str = "777788889999.dkr.ecr.us-east-2.amazonaws.com/tfe/task-worker:1.22.0";
/// Seconds in which a worker grows out of its memory.
const GROWS: i64 = 52 * 60;
const PRESSED: i64 = -25 * 60;

/// Gives the account's EKS cluster its inside.
pub(in crate::demo::world) fn cluster(account: &mut Account, start: Timestamp) {
    account.add_kube("tfe-prod", "v1.32.9-eks-113cf36", |cluster, account| {
        cluster.fates.insert(AGENT, Fate::Grows(GROWS));
        let address = account.load_balancers.get("tfe-prod-alb").map(|it| it.dns_name.clone()).unwrap_or_default();
        enterprise(cluster, &address);
        // Terraform has made the group; the binding was made by hand.
        if let Some(group) = account.target_groups.get("tfe-prod-https-tg") {
            let nodes = json!({ "matchLabels": { "role": "tfe-nodes" } });
            cluster.add_binding(SPACE, ("terraform-enterprise", 443), group, ("nodeSelector", nodes));
        }
        around(cluster);
        let node = cluster.store.list("nodes", None).find(|node| node.label("role") == Some("tfe-agents"));
        if let Some(node) = node.map(|node| std::sync::Arc::from(node.name())) {
            cluster.on(start, PRESSED, Step::Pressure { node, on: true });
        }
    });
}

fn enterprise(cluster: &mut KubeCluster, address: &str) {
    cluster.add_namespace(SPACE, 270);
    cluster.add_config(
        SPACE,
        "terraform-enterprise-env-config",
        &json!({
            "TFE_HOSTNAME": "tfe.company.com", "TFE_DATABASE_HOST": "tfe-prod-db", "TFE_REDIS_HOST": "tfe-prod-redis",
            "TFE_OBJECT_STORAGE_S3_BUCKET": "tfe-prod-objects", "TFE_CAPACITY_CONCURRENCY": "10",
        }),
    );
    cluster.add_secret(
        SPACE,
        "terraform-enterprise-env-secrets",
        &["TFE_DATABASE_PASSWORD", "TFE_ENCRYPTION_PASSWORD", "TFE_LICENSE"],
    );
    let base = App { namespace: SPACE, ..App::default() };
    cluster.add_app(&App {
        name: "terraform-enterprise",
        image: "images.releases.hashicorp.com/hashicorp/terraform-enterprise",
        tags: &["v202507-1", "v202509-1", "v202510-2"],
        replicas: 2,
        asks: ("2", "4Gi"),
        most: ("4", "8Gi"),
        from: Some(("terraform-enterprise-env-config", "terraform-enterprise-env-secrets")),
        known: Some(("7f4b8c6d9", &["hx8wl", "zq5kd"])),
        on: Some("tfe-nodes"),
        ..base
    });
    cluster.add_app(&App {
        name: "tfe-task-worker",
        image: "777788889999.dkr.ecr.us-east-2.amazonaws.com/tfe/task-worker",
        tags: &["1.20.3", "1.21.0", "1.22.0"],
        replicas: 3,
        asks: ("400m", "1Gi"),
        most: ("1", "2Gi"),
        port: 0,
        ..base
    });
    cluster.add_service(SPACE, "terraform-enterprise", "terraform-enterprise", (443, 8443), "NodePort");
    cluster.add_ingress(
        (SPACE, "terraform-enterprise"),
        "tfe.company.com",
        ("terraform-enterprise", 443),
        "terraform-enterprise-tls",
        address,
    );
    cluster.add_certificate((SPACE, "terraform-enterprise-tls"), &["tfe.company.com"], (84, 90));
    let failed = super::super::stamp(cluster.ago(2 * 3_600));
    cluster.store.edit("certificates", SPACE, "terraform-enterprise-tls", |it| {
        let words = "The certificate request has failed to complete and will be retried: Failed to wait for order resource \"terraform-enterprise-tls-5-2187346\" to become ready: order is in \"errored\" state: 403 urn:ietf:params:acme:error:unauthorized";
        it["status"]["lastFailureTime"] = failed.clone().into();
        it["status"]["failedIssuanceAttempts"] = 7.into();
        if let Some(conditions) = it["status"]["conditions"].as_array_mut() {
            conditions.push(json!({
                "type": "Issuing", "status": "False", "reason": "Failed", "message": words, "lastTransitionTime": failed,
                "observedGeneration": 1,
            }));
        }
    });
    cluster.add_budget(SPACE, "terraform-enterprise", &json!(2));
    cluster.add_quota(
        SPACE,
        "terraform-enterprise",
        &json!({ "pods": "60", "requests.cpu": "24", "requests.memory": "64Gi" }),
    );
}

/// What runs beside it.
fn around(cluster: &mut KubeCluster) {
    let base = App { namespace: SPACE, ..App::default() };
    cluster.add_stateful(
        &App {
            name: "tfe-search",
            image: "opensearchproject/opensearch",
            tags: &["2.19.3"],
            replicas: 3,
            asks: ("300m", "1Gi"),
            most: ("1", "2Gi"),
            on: Some("tfe-nodes"),
            ..base
        },
        "100Gi",
    );
    cluster.add_service(SPACE, "tfe-search", "tfe-search", (9200, 8080), "Headless");
    cluster.add_app(&App {
        name: "tfe-metrics",
        image: "quay.io/prometheus/statsd-exporter",
        tags: &["v0.28.0"],
        replicas: 2,
        ..base
    });
    cluster.add_scaler(SPACE, "tfe-metrics", (2, 4), 70);
    cluster.add_cron(
        &App {
            name: "backup",
            image: "777788889999.dkr.ecr.us-east-2.amazonaws.com/tfe/backup",
            tags: &["4.1.0"],
            port: 0,
            ..base
        },
        "0 */3 * * *",
    );
}
