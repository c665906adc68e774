//! Builders of EKS clusters and node groups.

use std::collections::BTreeMap;

use super::{DAY, LONG_AGO};
use crate::demo::world::account::Account;
use crate::demo::world::dice::{hash, hex, uuid};
use crate::demo::world::kube::{Bound, KubeCluster};
use crate::demo::world::logs::Tone;
use crate::demo::world::model::{EksCluster, Nodegroup, NodegroupIssue};
use crate::demo::world::signal::after;

impl Account {
    pub(super) fn add_eks(&mut self, name: &str, version: &str, platform: &str) {
        let id = hex(hash(self.seed, name), 32).to_uppercase();
        let cluster = EksCluster {
            name: name.to_owned(),
            arn: self.arn("eks", &format!("cluster/{name}")),
            status: "ACTIVE",
            version: version.to_owned(),
            platform_version: platform.to_owned(),
            endpoint: format!("https://{id}.gr7.{}.eks.amazonaws.com", self.region),
            role_arn: format!("arn:aws:iam::{}:role/{name}-cluster", self.id),
            oidc_issuer: format!("https://oidc.eks.{}.amazonaws.com/id/{id}", self.region),
            created_at: after(self.now, -290 * DAY),
            vpc_id: self.network.vpc_id.clone(),
            subnet_ids: self.network.subnets.iter().map(|(_, subnet)| subnet.clone()).collect(),
            security_group_ids: vec![self.network.security_group.clone()],
            cluster_security_group_id: format!("sg-0{}", hex(hash(self.seed, &id), 16)),
            endpoint_public_access: true,
            endpoint_private_access: true,
            service_ipv4_cidr: "172.20.0.0/16".to_owned(),
            logging_enabled: vec!["api", "audit", "authenticator"],
            tags: self.usual_tags(),
            nodegroups: BTreeMap::new(),
        };
        self.eks_clusters.insert(name.to_owned(), cluster);
        let logs = format!("/aws/eks/{name}/cluster");
        self.add_log_group(&logs, Tone::Kube, 1.5, false);
        for part in ["kube-apiserver-audit", "kube-apiserver", "authenticator"] {
            self.add_stream(&logs, &format!("{part}-{}", hex(hash(self.seed, part), 32)));
        }
    }

    /// A managed node group with the Auto Scaling group behind it; returns that group's name.
    pub(super) fn add_nodegroup(&mut self, cluster: &str, name: &str, kind: &str, sizes: (i32, i32, i32)) -> String {
        let group = format!("eks-{name}-{}", uuid(hash(self.seed, name), hash(1, name)));
        self.add_asg(&group, kind, sizes, None);
        if let Some(group) = self.auto_scaling_groups.get_mut(&group) {
            let own = [("eks:cluster-name", cluster), ("eks:nodegroup-name", name)];
            group.tags.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
        let arn = self.arn("eks", &format!("nodegroup/{cluster}/{name}/{}", &group[group.len() - 36..]));
        let subnets = self.network.subnets.iter().map(|(_, subnet)| subnet.clone()).collect();
        let node_role = format!("arn:aws:iam::{}:role/{cluster}-node", self.id);
        let (created_at, modified_at) = (after(self.now, -290 * DAY), after(self.now, -20 * DAY));
        let mut tags = self.usual_tags();
        tags.insert("eks:cluster-name".to_owned(), cluster.to_owned());
        let Some(cluster) = self.eks_clusters.get_mut(cluster) else {
            return group;
        };
        let nodegroup = Nodegroup {
            name: name.to_owned(),
            arn,
            cluster_name: cluster.name.clone(),
            status: "ACTIVE",
            version: cluster.version.clone(),
            release_version: format!("{}.6-20251108", cluster.version),
            capacity_type: "ON_DEMAND",
            ami_type: "AL2023_x86_64_STANDARD",
            instance_types: vec![kind.to_owned()],
            min_size: sizes.0,
            desired_size: sizes.1,
            max_size: sizes.2,
            disk_size: 80,
            subnets,
            node_role,
            labels: [("role".to_owned(), name.to_owned())].into(),
            tags,
            auto_scaling_group: group.clone(),
            created_at,
            modified_at,
            health_issues: Vec::new(),
        };
        cluster.nodegroups.insert(name.to_owned(), nodegroup);
        group
    }

    /// Registers the pods that a cluster has had in its target groups for long.
    pub(super) fn add_bound(&mut self, cluster: &str) {
        let bound = self.kube.get_mut(cluster).and_then(KubeCluster::bound_anew).unwrap_or_default();
        for Bound { group, targets } in &bound {
            for (address, zone) in targets {
                self.add_healthy_target(group, address, zone);
            }
            self.days_ago(LONG_AGO, |account| account.count_hosts(group));
        }
    }

    /// A node group that wants more nodes than it can get.
    pub(super) fn degrade_nodegroup(&mut self, cluster: &str, name: &str, wanted: i32, message: &str) {
        let cluster = self.eks_clusters.get_mut(cluster);
        let Some(nodegroup) = cluster.and_then(|cluster| cluster.nodegroups.get_mut(name)) else {
            return;
        };
        nodegroup.status = "DEGRADED";
        nodegroup.desired_size = wanted;
        nodegroup.health_issues.push(NodegroupIssue {
            code: "AsgInstanceLaunchFailures",
            message: message.to_owned(),
            resource_ids: vec![nodegroup.auto_scaling_group.clone()],
        });
        let group = nodegroup.auto_scaling_group.clone();
        if let Some(group) = self.auto_scaling_groups.get_mut(&group) {
            group.desired_capacity = wanted;
        }
        self.count_instances(&group);
    }
}
