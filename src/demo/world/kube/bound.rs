//! What the AWS load balancer controller goes by: services that are bound to target groups, and the pods that take their requests.
//! It must not know what becomes of the targets.

use serde_json::{Value, json};

use super::KubeCluster;
use super::json::{map, selects, text};
use super::pod::Pod;
use super::store::Object;
use crate::demo::world::model::TargetGroup;

/// A target group, and what belongs in it.
pub(in crate::demo::world) struct Bound {
    /// The group's ARN.
    pub(in crate::demo::world) group: String,
    /// Addresses of pods that are ready, and their zones.
    pub(in crate::demo::world) targets: Vec<(String, String)>,
}

impl KubeCluster {
    /// What belongs in target groups, if that may be something else than when it was asked for last.
    pub(in crate::demo::world) fn bound_anew(&mut self) -> Option<Vec<Bound>> {
        let told = std::mem::replace(&mut self.told, self.store.version());
        let changed = |plural| self.store.changed(plural, told);
        let bound = ["pods", "services", "targetgroupbindings"].into_iter().any(changed).then(|| self.all_bound());
        bound.filter(|bound| !bound.is_empty())
    }

    fn all_bound(&self) -> Vec<Bound> {
        let bound = |binding: &Object| {
            let Object::Doc(doc) = binding else { return None };
            // Nodes are registered by their Auto Scaling groups.
            if text(&doc.json, "/spec/targetType") != "ip" {
                return None;
            }
            let namespace = binding.namespace();
            let service = self.store.doc("services", namespace, text(&doc.json, "/spec/serviceRef/name"))?;
            let selector = json!({ "matchLabels": map(service, "/spec/selector")? });
            let takes =
                |pod: &&Pod| pod.is_ready() && pod.deleting.is_none() && selects(&selector, |key| pod.label(key));
            let pods = self.store.pods(namespace).filter(takes);
            let targets = pods.filter_map(|pod| Some((pod.ip?.to_string(), self.zone(pod)?))).collect();
            Some(Bound { group: text(&doc.json, "/spec/targetGroupARN").to_owned(), targets })
        };
        self.store.list("targetgroupbindings", None).filter_map(bound).collect()
    }

    fn zone(&self, pod: &Pod) -> Option<String> {
        let node = self.store.get("nodes", "", pod.node.as_deref()?)?;
        node.label("topology.kubernetes.io/zone").map(str::to_owned)
    }

    /// What the controller writes for a service behind an ingress, whose pods it registers in a target group.
    pub(super) fn add_binding_of(&mut self, at: (&str, &str), service: (&str, i64), group: &TargetGroup, from: &str) {
        let (namespace, ingress) = at;
        let labels = json!({ "ingress.k8s.aws/stack-name": ingress, "ingress.k8s.aws/stack-namespace": namespace });
        let port = json!({ "port": group.port, "protocol": "TCP" });
        let allowed = json!({ "from": [{ "securityGroup": { "groupID": from } }], "ports": [port] });
        self.add_binding(namespace, service, group, ("networking", json!({ "ingress": [allowed] })));
        self.store.edit("targetgroupbindings", namespace, &group.name, |it| it["metadata"]["labels"] = labels);
        self.store.edit("ingresses", namespace, ingress, |it| {
            let notes = &mut it["metadata"]["annotations"];
            notes["alb.ingress.kubernetes.io/target-type"] = group.target_type.into();
            notes["alb.ingress.kubernetes.io/healthcheck-path"] = group.health_check_path.as_str().into();
        });
    }

    /// Binds a service to a target group; `more` is what is said of it besides.
    pub(super) fn add_binding(
        &mut self,
        namespace: &str,
        service: (&str, i64),
        group: &TargetGroup,
        more: (&str, Value),
    ) {
        let mut spec = json!({
            "ipAddressType": "ipv4", "serviceRef": { "name": service.0, "port": service.1 },
            "targetGroupARN": group.arn, "targetType": group.target_type, "vpcID": group.vpc_id,
        });
        spec[more.0] = more.1;
        let metadata = json!({ "name": group.name, "namespace": namespace, "finalizers": ["elbv2.k8s.aws/resources"] });
        let binding = json!({ "metadata": metadata, "spec": spec, "status": { "observedGeneration": 1 } });
        let since = self.ago(200 * 86_400);
        self.put("targetgroupbindings", binding, since);
    }
}
