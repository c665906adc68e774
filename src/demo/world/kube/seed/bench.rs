//! A cluster to measure with: so many pods in so many namespaces on nodes of 25, some of which are restarted each second.

use super::super::KubeCluster;
use super::super::steps::Step;
use super::App;
use crate::demo::world::account::Account;
use crate::demo::world::dice::hex;
use crate::demo::world::model::AsgInstance;

/// Pods on a node, in a deployment, and deployments in a namespace.
const ON_NODE: usize = 25;
const IN_DEPLOYMENT: usize = 25;
const IN_NAMESPACE: usize = 4;

/// Gives an account an EKS cluster with so many pods, of which so many are restarted each second.
pub(in crate::demo::world) fn cluster(account: &mut Account, pods: usize, churn: u32) {
    account.add_kube("bench", "v1.33.5-eks-113cf36", |cluster, _| fill(cluster, pods, churn));
}

/// Fills a cluster.
pub(in crate::demo::world) fn fill(cluster: &mut KubeCluster, pods: usize, churn: u32) {
    for number in 0..pods.div_ceil(IN_DEPLOYMENT) {
        let namespace = format!("team-{:03}", number / IN_NAMESPACE);
        if number % IN_NAMESPACE == 0 {
            cluster.add_namespace(&namespace, 100);
        }
        let name = format!("service-{number:03}");
        let replicas = IN_DEPLOYMENT.min(pods - number * IN_DEPLOYMENT) as i64;
        cluster.add_app(&App {
            namespace: &namespace,
            name: &name,
            image: "bench/service",
            tags: &["1.0.0", "1.1.0"],
            replicas,
            asks: ("50m", "64Mi"),
            ..App::default()
        });
        cluster.settle();
    }
    cluster.churn = churn;
    if churn > 0 {
        cluster.later(1_000, Step::Churn);
    }
}

/// Instances enough for so many pods.
pub(in crate::demo::world) fn instances(
    pods: usize,
    zones: &[String],
    launched_at: jiff::Timestamp,
) -> Vec<AsgInstance> {
    let zone = |number: usize| zones.get(number % zones.len().max(1)).cloned().unwrap_or_default();
    let instance = |number: usize| AsgInstance {
        id: format!("i-0{}", hex(number as u64, 16)),
        instance_type: "m6i.xlarge".to_owned(),
        availability_zone: zone(number),
        lifecycle_state: "InService",
        health_status: "Healthy",
        protected_from_scale_in: false,
        launched_at,
    };
    (0..pods.div_ceil(ON_NODE)).map(instance).collect()
}
