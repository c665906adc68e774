//! What every EKS cluster has: its system's pods, cert-manager, storage, custom types.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::json::text;
use super::super::kubelet_state::Settled;
use super::super::steps::Step;
use super::super::types::Type;
use super::super::{Ground, KubeCluster};
use super::{App, DAY};
use crate::demo::world::account::Account;

impl Account {
    /// Gives an EKS cluster its inside.
    pub(in crate::demo::world) fn add_kube(
        &mut self,
        name: &str,
        version: &str,
        fill: impl FnOnce(&mut KubeCluster, &Account),
    ) {
        let at = (self.region.as_str(), self.now, self.peak_hour);
        let mut cluster = KubeCluster::empty(name, version, self.seed, at);
        cluster.sync_nodes(&Ground { eks: &self.eks_clusters, groups: &self.auto_scaling_groups });
        cluster.system();
        fill(&mut cluster, self);
        cluster.settle();
        // What made it is not news.
        cluster.forget_news();
        cluster.begin_life();
        self.kube.insert(name.to_owned(), cluster);
    }
}

impl KubeCluster {
    /// Events of the time before the estate's past.
    fn forget_news(&mut self) {
        let all: Vec<(String, String)> =
            self.store.list("events", None).map(|it| (it.namespace().to_owned(), it.name().to_owned())).collect();
        let now = self.now;
        for (namespace, name) in all {
            self.store.remove("events", &namespace, &name, now);
        }
        self.store.compact();
    }

    fn system(&mut self) {
        for (name, days) in [
            ("default", 290),
            ("kube-system", 290),
            ("kube-public", 290),
            ("kube-node-lease", 290),
            ("cert-manager", 240),
        ] {
            self.add_namespace(name, days);
        }
        let class = json!({
            "metadata": { "name": "gp3", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } },
            "provisioner": "ebs.csi.aws.com", "parameters": { "type": "gp3", "encrypted": "true" },
            "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true,
        });
        let since = self.ago(280 * DAY);
        self.put("storageclasses", class, since);
        for (name, image, asks) in [
            ("aws-node", "602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon-k8s-cni:v1.20.4", "50m"),
            ("kube-proxy", "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/kube-proxy:v1.33.5-minimal", "100m"),
            ("ebs-csi-node", "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-ebs-csi-driver:v1.51.0", "30m"),
        ] {
            self.add_daemon(name, image, asks);
        }
        let system: [(&str, &str, &[&str]); 3] = [
            (
                "coredns",
                "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/coredns",
                &["v1.12.1-eksbuild.2", "v1.12.4-eksbuild.1"],
            ),
            (
                "metrics-server",
                "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/metrics-server",
                &["v0.8.0-eksbuild.2"],
            ),
            ("aws-load-balancer-controller", "public.ecr.aws/eks/aws-load-balancer-controller", &["v2.14.1"]),
        ];
        for (name, image, tags) in system {
            self.add_app(&App { namespace: "kube-system", name, image, tags, replicas: 2, ..App::default() });
        }
        self.add_service("kube-system", "kube-dns", "coredns", (53, 53), "ClusterIP");
        self.add_service("kube-system", "metrics-server", "metrics-server", (443, 10_251), "ClusterIP");
        self.add_budget("kube-system", "coredns", &json!(1));
        for (name, tags) in [("cert-manager", ["v1.18.2", "v1.19.1"]), ("cert-manager-webhook", ["v1.18.2", "v1.19.1"])]
        {
            let image =
                format!("quay.io/jetstack/{}", if name == "cert-manager" { "cert-manager-controller" } else { name });
            self.add_app(&App { namespace: "cert-manager", name, image: &image, tags: &tags, ..App::default() });
        }
        for (plural, columns) in custom() {
            self.add_custom(plural, &columns);
        }
        let issuer = json!({
            "metadata": { "name": "letsencrypt-prod" },
            "spec": { "acme": { "server": "https://acme-v02.api.letsencrypt.org/directory" } },
            "status": { "conditions": [{ "type": "Ready", "status": "True", "reason": "ACMEAccountRegistered", "message": "The ACME account was registered with the ACME server" }] },
        });
        self.put("clusterissuers", issuer, since);
        for (namespace, name) in
            [("kube-system", "aws-load-balancer-controller-leader"), ("kube-system", "cert-manager-controller")]
        {
            let lease = json!({
                "metadata": { "name": name, "namespace": namespace },
                "spec": { "holderIdentity": format!("{name}-0"), "leaseDurationSeconds": 15, "leaseTransitions": 3 },
            });
            self.put("leases", lease, since);
        }
    }

    fn add_daemon(&mut self, name: &str, image: &str, cpu: &str) {
        let template = json!({
            "metadata": { "labels": { "k8s-app": name } },
            "spec": {
                "containers": [{
                    "name": name, "image": image, "resources": { "requests": { "cpu": cpu, "memory": "64Mi" } },
                }],
                "priorityClassName": "system-node-critical", "hostNetwork": true, "tolerations": [{ "operator": "Exists" }],
            },
        });
        let since = self.ago(280 * DAY);
        self.put("daemonsets", json!({
            "metadata": { "name": name, "namespace": "kube-system", "labels": { "k8s-app": name } },
            "spec": {
                "selector": { "matchLabels": { "k8s-app": name } }, "template": template, "revisionHistoryLimit": 10,
                "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1 } },
            },
            "status": {},
        }), since);
        // The controller would make them; they have been there for long.
        self.settle();
        let own: Vec<(String, Arc<str>)> = self
            .store
            .pods("kube-system")
            .filter(|pod| pod.label("k8s-app") == Some(name))
            .filter_map(|pod| Some((pod.name.to_string(), pod.node.clone()?)))
            .collect();
        for (pod, node) in own {
            let Some(there) = self.store.pod("kube-system", &pod) else { continue };
            let (template, owner) = (Arc::clone(&there.template), there.owner.clone());
            let Some(owner) = owner else { continue };
            self.pod_gone("kube-system", &pod);
            let joined = self.store.doc("nodes", "", &node).map(|it| text(it, "/metadata/creationTimestamp").parse());
            let at = joined.and_then(Result::ok).unwrap_or(since);
            self.add_settled(Settled { namespace: "kube-system", name: &pod, owner, at, node: Some(node) }, template);
        }
        self.settle();
    }

    fn add_custom(&mut self, plural: &str, columns: &Value) {
        let Some(of) = Type::of(plural) else { return };
        let since = self.ago(240 * DAY);
        self.put("customresourcedefinitions", json!({
            "metadata": { "name": of.resource() },
            "spec": {
                "group": of.group, "scope": if of.namespaced { "Namespaced" } else { "Cluster" },
                "names": { "kind": of.kind, "plural": plural, "singular": of.singular, "listKind": format!("{}List", of.kind) },
                "versions": [{ "name": of.version, "served": true, "storage": true, "additionalPrinterColumns": columns }],
            },
            "status": { "conditions": [{ "type": "Established", "status": "True", "reason": "InitialNamesAccepted", "lastTransitionTime": super::super::stamp(since) }] },
        }), since);
    }

    /// Lets a story begin so many seconds from the estate's start.
    pub(super) fn on(&mut self, start: jiff::Timestamp, seconds: i64, step: Step) {
        let at = super::super::after(start, seconds);
        self.at(at, step);
    }
}

fn custom() -> [(&'static str, Value); 4] {
    let column = |name: &str, kind: &str, path: &str| json!({ "name": name, "type": kind, "jsonPath": path });
    let ready = column("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status");
    let status = column("Status", "string", ".status.conditions[?(@.type==\"Ready\")].message");
    let age = |name: &str| column(name, "date", ".metadata.creationTimestamp");
    let mut arn = column("ARN", "string", ".spec.targetGroupARN");
    arn["priority"] = json!(1);
    [
        ("certificates", json!([ready, column("Secret", "string", ".spec.secretName"), age("Age")])),
        (
            "certificaterequests",
            json!([
                column("Approved", "string", ".status.conditions[?(@.type==\"Approved\")].status"),
                ready,
                column("Issuer", "string", ".spec.issuerRef.name"),
                age("Age"),
            ]),
        ),
        ("clusterissuers", json!([ready, status, age("Age")])),
        (
            "targetgroupbindings",
            json!([
                column("SERVICE-NAME", "string", ".spec.serviceRef.name"),
                column("SERVICE-PORT", "string", ".spec.serviceRef.port"),
                column("TARGET-TYPE", "string", ".spec.targetType"),
                arn,
                age("AGE"),
            ]),
        ),
    ]
}
