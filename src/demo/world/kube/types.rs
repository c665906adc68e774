//! The types of objects that a cluster of the estate serves: where each lies in the API, and what can be asked of it.

use super::super::model::Word;

/// A type of object, as discovery tells it.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields carry the names of the API's own fields")]
pub struct Type {
    /// Empty: the core.
    pub group: Word,
    pub version: Word,
    pub kind: Word,
    pub plural: Word,
    pub singular: Word,
    pub short: &'static [Word],
    pub namespaced: bool,
    /// Whether `/scale` is there.
    pub scales: bool,
    /// Whether it is in `all`.
    pub in_all: bool,
}

impl Type {
    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The type that lies at this place of the API.
    pub fn find(group: &str, version: &str, plural: &str) -> Option<&'static Self> {
        TYPES.iter().find(|it| it.group == group && it.version == version && it.plural == plural)
    }

    /// The type by its plural, which no two of the estate share.
    pub fn of(plural: &str) -> Option<&'static Self> {
        TYPES.iter().find(|it| it.plural == plural)
    }

    /// `pods`, `deployments.apps`: what errors call it.
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}

const fn named(at: (Word, Word), kind: Word, names: (Word, Word), short: &'static [Word]) -> Type {
    Type {
        group: at.0,
        version: at.1,
        kind,
        plural: names.0,
        singular: names.1,
        short,
        namespaced: true,
        scales: false,
        in_all: false,
    }
}

const fn global(of: &Type) -> Type {
    Type { namespaced: false, ..*of }
}

const fn in_all(of: &Type) -> Type {
    Type { in_all: true, ..*of }
}

const fn scales(of: &Type) -> Type {
    Type { scales: true, in_all: true, ..*of }
}

const CORE: (Word, Word) = ("", "v1");
const APPS: (Word, Word) = ("apps", "v1");
const BATCH: (Word, Word) = ("batch", "v1");
const CERTS: (Word, Word) = ("cert-manager.io", "v1");

/// All of them, group by group as discovery has them.
pub static TYPES: &[Type] = &[
    named(CORE, "ConfigMap", ("configmaps", "configmap"), &["cm"]),
    named(CORE, "Event", ("events", "event"), &["ev"]),
    global(&named(CORE, "Namespace", ("namespaces", "namespace"), &["ns"])),
    global(&named(CORE, "Node", ("nodes", "node"), &["no"])),
    named(CORE, "PersistentVolumeClaim", ("persistentvolumeclaims", "persistentvolumeclaim"), &["pvc"]),
    global(&named(CORE, "PersistentVolume", ("persistentvolumes", "persistentvolume"), &["pv"])),
    in_all(&named(CORE, "Pod", ("pods", "pod"), &["po"])),
    named(CORE, "ResourceQuota", ("resourcequotas", "resourcequota"), &["quota"]),
    named(CORE, "Secret", ("secrets", "secret"), &[]),
    named(CORE, "ServiceAccount", ("serviceaccounts", "serviceaccount"), &["sa"]),
    in_all(&named(CORE, "Service", ("services", "service"), &["svc"])),
    named(APPS, "ControllerRevision", ("controllerrevisions", "controllerrevision"), &[]),
    in_all(&named(APPS, "DaemonSet", ("daemonsets", "daemonset"), &["ds"])),
    scales(&named(APPS, "Deployment", ("deployments", "deployment"), &["deploy"])),
    scales(&named(APPS, "ReplicaSet", ("replicasets", "replicaset"), &["rs"])),
    scales(&named(APPS, "StatefulSet", ("statefulsets", "statefulset"), &["sts"])),
    in_all(&named(
        ("autoscaling", "v2"),
        "HorizontalPodAutoscaler",
        ("horizontalpodautoscalers", "horizontalpodautoscaler"),
        &["hpa"],
    )),
    in_all(&named(BATCH, "CronJob", ("cronjobs", "cronjob"), &["cj"])),
    in_all(&named(BATCH, "Job", ("jobs", "job"), &[])),
    named(("coordination.k8s.io", "v1"), "Lease", ("leases", "lease"), &[]),
    named(("discovery.k8s.io", "v1"), "EndpointSlice", ("endpointslices", "endpointslice"), &[]),
    named(("networking.k8s.io", "v1"), "Ingress", ("ingresses", "ingress"), &["ing"]),
    named(("policy", "v1"), "PodDisruptionBudget", ("poddisruptionbudgets", "poddisruptionbudget"), &["pdb"]),
    global(&named(("storage.k8s.io", "v1"), "StorageClass", ("storageclasses", "storageclass"), &["sc"])),
    global(&named(
        ("apiextensions.k8s.io", "v1"),
        "CustomResourceDefinition",
        ("customresourcedefinitions", "customresourcedefinition"),
        &["crd", "crds"],
    )),
    named(CERTS, "CertificateRequest", ("certificaterequests", "certificaterequest"), &["cr", "crs"]),
    named(CERTS, "Certificate", ("certificates", "certificate"), &["cert", "certs"]),
    global(&named(CERTS, "ClusterIssuer", ("clusterissuers", "clusterissuer"), &[])),
    named(("elbv2.k8s.aws", "v1beta1"), "TargetGroupBinding", ("targetgroupbindings", "targetgroupbinding"), &[]),
];
