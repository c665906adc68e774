//! The clusters as they are when the estate's past begins: builders that they share, and what every EKS cluster has.

mod bench;
mod beta9;
mod common;
mod tfe;

pub(in crate::demo::world) use bench::{cluster as bench, instances as bench_instances};
pub(in crate::demo::world) use beta9::{GROUP as BETA9_GROUP, cluster as beta9};
pub(in crate::demo::world) use tfe::cluster as tfe;

use std::sync::Arc;

use serde_json::{Value, json};

use super::KubeCluster;
use super::json::{set, text};
use super::kubelet_state::Settled;
use super::template::hash_of;

const DAY: i64 = 86_400;

/// An application of one container: what a deployment is made of.
#[derive(Clone, Copy)]
pub(super) struct App<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) image: &'a str,
    /// Tags of the revisions, oldest first; the last is the one that runs.
    pub(super) tags: &'a [&'a str],
    pub(super) replicas: i64,
    /// Requests and limits: CPU, memory.
    pub(super) asks: (&'a str, &'a str),
    pub(super) most: (&'a str, &'a str),
    pub(super) port: i64,
    /// A config map and a secret that its environment comes from.
    pub(super) from: Option<(&'a str, &'a str)>,
    /// The hash of its template and the ends of its pods' names, where something else knows them.
    pub(super) known: Option<(&'a str, &'a [&'a str])>,
    /// GPUs.
    pub(super) gpus: i64,
    /// The node group it has to run on.
    pub(super) on: Option<&'a str>,
    /// Days since it was deployed first.
    pub(super) age: i64,
}

impl Default for App<'_> {
    fn default() -> Self {
        Self {
            namespace: "default",
            name: "app",
            image: "app",
            tags: &["1.0.0"],
            replicas: 1,
            asks: ("100m", "128Mi"),
            most: ("500m", "256Mi"),
            port: 8080,
            from: None,
            known: None,
            gpus: 0,
            on: None,
            age: 200,
        }
    }
}

impl App<'_> {
    /// The template of its pods with a tag.
    pub(super) fn template(&self, tag: &str) -> Value {
        let mut container = json!({
            "name": self.name,
            "image": format!("{}:{tag}", self.image),
            "imagePullPolicy": "IfNotPresent",
            "resources": {
                "requests": { "cpu": self.asks.0, "memory": self.asks.1 },
                "limits": { "cpu": self.most.0, "memory": self.most.1 },
            },
            "terminationMessagePath": "/dev/termination-log",
        });
        if self.port > 0 {
            let probe = |delay: i64| {
                json!({
                    "httpGet": { "path": "/health", "port": self.port, "scheme": "HTTP" }, "initialDelaySeconds": delay,
                    "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 3, "successThreshold": 1,
                })
            };
            container["ports"] = json!([{ "name": "http", "containerPort": self.port, "protocol": "TCP" }]);
            container["readinessProbe"] = probe(3);
            container["livenessProbe"] = probe(20);
        }
        if self.gpus > 0 {
            container["resources"]["limits"]["nvidia.com/gpu"] = self.gpus.to_string().into();
        }
        if let Some((map, secret)) = self.from {
            container["envFrom"] = json!([{ "configMapRef": { "name": map } }, { "secretRef": { "name": secret } }]);
        }
        let mut template = json!({
            "metadata": { "labels": { "app": self.name } },
            "spec": { "containers": [container], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30 },
        });
        if let Some(group) = self.on {
            template["spec"]["nodeSelector"] = json!({ "role": group });
        }
        template
    }

    fn deployment(&self, tag: &str) -> Value {
        json!({
            "metadata": {
                "name": self.name, "namespace": self.namespace, "labels": { "app": self.name },
                "annotations": { "deployment.kubernetes.io/revision": "1" },
            },
            "spec": {
                "replicas": self.replicas,
                "selector": { "matchLabels": { "app": self.name } },
                "template": self.template(tag),
                "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": "25%", "maxSurge": "25%" } },
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
            },
            "status": {},
        })
    }
}

impl KubeCluster {
    pub(super) fn add_namespace(&mut self, name: &str, days: i64) {
        let namespace = json!({
            "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
            "spec": { "finalizers": ["kubernetes"] },
            "status": { "phase": "Active" },
        });
        let since = self.ago(days * DAY);
        self.put("namespaces", namespace, since);
        let account = json!({ "metadata": { "name": "default", "namespace": name } });
        self.put("serviceaccounts", account, since);
        let root = json!({ "metadata": { "name": "kube-root-ca.crt", "namespace": name }, "data": { "ca.crt": "-----BEGIN CERTIFICATE-----\n" } });
        self.put("configmaps", root, since);
    }

    /// A deployment that was rolled out some time ago, with its history.
    pub(super) fn add_app(&mut self, app: &App<'_>) {
        let last = app.tags.last().copied().unwrap_or("latest");
        let since = self.ago(app.age * DAY);
        self.put("deployments", app.deployment(last), since);
        let Some(deployment) = self.store.doc("deployments", app.namespace, app.name).cloned() else { return };
        let count = app.tags.len() as i64;
        for (number, tag) in (1..).zip(app.tags) {
            let mut then = deployment.clone();
            then["spec"]["template"] = app.template(tag);
            let hash = hash_of(&then["spec"]["template"]);
            let current = number == count;
            let hash = app.known.map(|known| known.0).filter(|_| current).unwrap_or(&hash);
            let since = self.ago((count - number) * 9 * DAY + 2 * DAY + number * 977);
            self.add_set(app.namespace, &then, hash, (if current { app.replicas } else { 0 }, number), since);
            if current {
                self.add_running(app, &deployment, hash, since);
            }
        }
        self.touch(app.namespace);
    }

    fn add_running(&mut self, app: &App<'_>, deployment: &Value, hash: &str, since: jiff::Timestamp) {
        let set = format!("{}-{hash}", app.name);
        let Some(owner) = self.store.doc("replicasets", app.namespace, &set).cloned() else { return };
        let template = self.template(text(&owner, "/metadata/uid"), &owner["spec"]["template"], None);
        let known = app.known.map(|known| known.1).unwrap_or_default();
        for number in 0..app.replicas as usize {
            let end = match known.get(number) {
                Some(end) => (*end).to_owned(),
                None => super::template::letters(self.dice.next(), 5),
            };
            let owner = Self::owner_of("replicasets", &owner);
            let at = super::after(since, 20 + self.dice.between(0, 400));
            self.add_settled(
                Settled { namespace: app.namespace, name: &format!("{set}-{end}"), owner, at, node: None },
                Arc::clone(&template),
            );
        }
        self.store.edit("deployments", app.namespace, text(deployment, "/metadata/name"), |it| {
            it["status"] = json!({ "conditions": [{
                "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
                "message": format!("ReplicaSet \"{set}\" has successfully progressed."),
                "lastUpdateTime": super::stamp(super::after(since, 48)), "lastTransitionTime": super::stamp(since),
            }] });
        });
    }

    /// A service for the pods of an application.
    pub(super) fn add_service(&mut self, namespace: &str, name: &str, app: &str, ports: (i64, i64), kind: &str) {
        let number = super::super::dice::hash(self.seed, &format!("{namespace}/{name}"));
        let ip = if kind == "Headless" {
            "None".to_owned()
        } else {
            format!("172.20.{}.{}", number % 250, number / 250 % 250)
        };
        let mut port = json!({ "name": "http", "port": ports.0, "targetPort": ports.1, "protocol": "TCP" });
        if kind == "NodePort" {
            port["nodePort"] = 30_443.into();
        }
        let service = json!({
            "metadata": { "name": name, "namespace": namespace, "labels": { "app": app } },
            "spec": {
                "type": if kind == "Headless" { "ClusterIP" } else { kind }, "clusterIP": ip, "clusterIPs": [ip],
                "selector": { "app": app }, "ports": [port],
            },
            "status": { "loadBalancer": {} },
        });
        let since = self.ago(200 * DAY);
        self.put("services", service, since);
    }

    /// An ingress for a host, answered by a load balancer.
    pub(super) fn add_ingress(&mut self, at: (&str, &str), host: &str, service: (&str, i64), tls: &str, address: &str) {
        let path = json!({
            "path": "/", "pathType": "Prefix", "backend": { "service": { "name": service.0, "port": { "number": service.1 } } },
        });
        let ingress = json!({
            "metadata": {
                "name": at.1, "namespace": at.0,
                "annotations": { "alb.ingress.kubernetes.io/scheme": "internet-facing", "cert-manager.io/cluster-issuer": "letsencrypt-prod" },
                "finalizers": ["ingress.k8s.aws/resources"],
            },
            "spec": {
                "ingressClassName": "alb", "tls": [{ "hosts": [host], "secretName": tls }],
                "rules": [{ "host": host, "http": { "paths": [path] } }],
            },
            "status": { "loadBalancer": { "ingress": [{ "hostname": address }] } },
        });
        let since = self.ago(200 * DAY);
        self.put("ingresses", ingress, since);
    }

    pub(super) fn add_config(&mut self, namespace: &str, name: &str, data: &Value) {
        let since = self.ago(120 * DAY);
        self.put("configmaps", json!({ "metadata": { "name": name, "namespace": namespace }, "data": data }), since);
    }

    /// A secret with values that open nothing.
    pub(super) fn add_secret(&mut self, namespace: &str, name: &str, keys: &[&str]) {
        let mut data = json!({});
        for key in keys {
            use base64::Engine as _;
            let value =
                format!("not-a-real-value-{}", super::super::dice::hex(super::super::dice::hash(self.seed, key), 12));
            data[*key] = base64::engine::general_purpose::STANDARD.encode(value).into();
        }
        let since = self.ago(120 * DAY);
        self.put(
            "secrets",
            json!({ "metadata": { "name": name, "namespace": namespace }, "type": "Opaque", "data": data }),
            since,
        );
    }

    pub(super) fn add_budget(&mut self, namespace: &str, app: &str, least: &Value) {
        let budget = json!({
            "metadata": { "name": app, "namespace": namespace },
            "spec": { "minAvailable": least, "selector": { "matchLabels": { "app": app } } },
            "status": {},
        });
        let since = self.ago(200 * DAY);
        self.put("poddisruptionbudgets", budget, since);
    }

    pub(super) fn add_quota(&mut self, namespace: &str, name: &str, hard: &Value) {
        let quota =
            json!({ "metadata": { "name": name, "namespace": namespace }, "spec": { "hard": hard }, "status": {} });
        let since = self.ago(200 * DAY);
        self.put("resourcequotas", quota, since);
    }

    pub(super) fn add_scaler(&mut self, namespace: &str, app: &str, counts: (i64, i64), target: i64) {
        let scaler = json!({
            "metadata": { "name": app, "namespace": namespace },
            "spec": {
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": app },
                "minReplicas": counts.0, "maxReplicas": counts.1,
                "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": target } } }],
            },
            "status": {},
        });
        let since = self.ago(150 * DAY);
        self.put("horizontalpodautoscalers", scaler, since);
    }

    /// A cron job; `schedule` in UTC.
    pub(super) fn add_cron(&mut self, app: &App<'_>, schedule: &str) {
        let mut template = app.template(app.tags.last().copied().unwrap_or("latest"));
        set(&mut template, &["spec", "restartPolicy"], "Never".into());
        let cron = json!({
            "metadata": { "name": app.name, "namespace": app.namespace },
            "spec": {
                "schedule": schedule, "concurrencyPolicy": "Forbid", "suspend": false, "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 1, "jobTemplate": { "spec": { "template": template } },
            },
            "status": {},
        });
        let since = self.ago(app.age * DAY);
        self.put("cronjobs", cron, since);
        self.plan_cron(app.namespace, app.name);
    }

    /// A stateful set with a volume for each of its pods.
    pub(super) fn add_stateful(&mut self, app: &App<'_>, storage: &str) {
        let tag = app.tags.last().copied().unwrap_or("latest");
        let mut template = app.template(tag);
        set(
            &mut template,
            &["spec", "volumes"],
            json!([{ "name": "data", "persistentVolumeClaim": { "claimName": "data" } }]),
        );
        let set = json!({
            "metadata": { "name": app.name, "namespace": app.namespace, "labels": { "app": app.name } },
            "spec": {
                "replicas": app.replicas, "serviceName": app.name, "selector": { "matchLabels": { "app": app.name } },
                "template": template, "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10,
                "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } },
            },
            "status": {},
        });
        let since = self.ago(app.age * DAY);
        self.put("statefulsets", set, since);
        for number in 0..app.replicas {
            self.add_claim(app.namespace, &format!("data-{}-{number}", app.name), storage);
        }
    }

    fn add_claim(&mut self, namespace: &str, name: &str, storage: &str) {
        let since = self.ago(200 * DAY);
        let volume = format!("pvc-{}", super::super::dice::uuid(super::super::dice::hash(self.seed, name), 3));
        let spec = json!({
            "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "volumeMode": "Filesystem", "volumeName": volume,
            "resources": { "requests": { "storage": storage } },
        });
        self.put(
            "persistentvolumeclaims",
            json!({
                "metadata": { "name": name, "namespace": namespace, "finalizers": ["kubernetes.io/pvc-protection"] },
                "spec": spec,
                "status": { "phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": { "storage": storage } },
            }),
            since,
        );
        self.put("persistentvolumes", json!({
            "metadata": { "name": volume, "finalizers": ["kubernetes.io/pv-protection", "external-attacher/ebs-csi-aws-com"] },
            "spec": {
                "capacity": { "storage": storage }, "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3",
                "persistentVolumeReclaimPolicy": "Delete", "claimRef": { "namespace": namespace, "name": name },
                "csi": { "driver": "ebs.csi.aws.com", "volumeHandle": format!("vol-0{}", super::super::dice::hex(super::super::dice::hash(9, name), 16)) },
            },
            "status": { "phase": "Bound" },
        }), since);
    }

    /// A certificate that was issued so many days ago and holds for so many.
    pub(super) fn add_certificate(&mut self, at: (&str, &str), hosts: &[&str], days: (i64, i64)) {
        let since = self.ago(days.0 * DAY);
        let status = super::certs::issued(since, days.1 * DAY, 4);
        self.put("certificates", json!({
            "metadata": { "name": at.1, "namespace": at.0 },
            "spec": {
                "secretName": at.1, "dnsNames": hosts, "duration": format!("{}h0m0s", days.1 * 24), "renewBefore": "720h0m0s",
                "issuerRef": { "group": "cert-manager.io", "kind": "ClusterIssuer", "name": "letsencrypt-prod" },
            },
            "status": status,
        }), since);
        self.add_tls(at.0, at.1, at.1, since);
        if let Some(certificate) = self.store.doc("certificates", at.0, at.1).cloned() {
            self.add_request(&certificate, &format!("{}-4", at.1), true);
        }
    }
}
