//! EKS: clusters and their node groups.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Node, fields, list, map};
use super::not_offered;
use crate::demo::world::{EksCluster, Nodegroup};

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "ListClusters" => {
            let names: Vec<&String> = call.account.eks_clusters.keys().collect();
            names_page(call, "clusters", &names)
        }
        "DescribeCluster" => Ok(fields! { "cluster": cluster_node(cluster(call)?) }),
        "ListNodegroups" => {
            let names: Vec<&String> = cluster(call)?.nodegroups.keys().collect();
            names_page(call, "nodegroups", &names)
        }
        "DescribeNodegroup" => describe_nodegroup(call),
        _ => Err(not_offered(call)),
    }
}

fn names_page(call: &Call<'_>, key: &'static str, names: &[&String]) -> Answer {
    let page = call.page(names.len(), call.size("maxResults", 100, 1..101)?, "nextToken")?;
    let mut answer = super::Fields::default();
    answer.put(key, list(page.of(names).iter().copied()));
    answer.put("nextToken", page.next);
    Ok(Node::Map(answer))
}

fn cluster<'a>(call: &Call<'a>) -> Result<&'a EksCluster, Failure> {
    let name = call.required("name")?;
    let unknown = || Failure::new(404, "ResourceNotFoundException", format!("No cluster found for name: {name}."));
    call.account.eks_clusters.get(name).ok_or_else(unknown)
}

fn describe_nodegroup(call: &Call<'_>) -> Answer {
    let name = call.required("nodegroup")?;
    let unknown = || Failure::new(404, "ResourceNotFoundException", format!("No node group found for name: {name}."));
    let group = cluster(call)?.nodegroups.get(name).ok_or_else(unknown)?;
    Ok(fields! { "nodegroup": nodegroup_node(group) })
}

fn cluster_node(cluster: &EksCluster) -> Node {
    let logging = fields! { "types": list(&cluster.logging_enabled), "enabled": true };
    fields! {
        "name": &cluster.name,
        "arn": &cluster.arn,
        "createdAt": cluster.created_at,
        "version": &cluster.version,
        "endpoint": &cluster.endpoint,
        "roleArn": &cluster.role_arn,
        "resourcesVpcConfig": fields! {
            "subnetIds": list(&cluster.subnet_ids),
            "securityGroupIds": list(&cluster.security_group_ids),
            "clusterSecurityGroupId": &cluster.cluster_security_group_id,
            "vpcId": &cluster.vpc_id,
            "endpointPublicAccess": cluster.endpoint_public_access,
            "endpointPrivateAccess": cluster.endpoint_private_access,
            "publicAccessCidrs": list(cluster.endpoint_public_access.then_some("0.0.0.0/0")),
        },
        "kubernetesNetworkConfig": fields! { "serviceIpv4Cidr": &cluster.service_ipv4_cidr, "ipFamily": "ipv4" },
        "logging": fields! { "clusterLogging": list([logging]) },
        "identity": fields! { "oidc": fields! { "issuer": &cluster.oidc_issuer } },
        "status": cluster.status,
        "certificateAuthority": fields! { "data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==" },
        "platformVersion": &cluster.platform_version,
        "tags": map(&cluster.tags),
        "health": fields! { "issues": list(Vec::<Node>::new()) },
        "accessConfig": fields! { "authenticationMode": "API_AND_CONFIG_MAP" },
        "upgradePolicy": fields! { "supportType": "EXTENDED" },
    }
}

fn nodegroup_node(group: &Nodegroup) -> Node {
    let issues = group.health_issues.iter().map(|issue| {
        fields! { "code": issue.code, "message": &issue.message, "resourceIds": list(&issue.resource_ids) }
    });
    fields! {
        "nodegroupName": &group.name,
        "nodegroupArn": &group.arn,
        "clusterName": &group.cluster_name,
        "version": &group.version,
        "releaseVersion": &group.release_version,
        "createdAt": group.created_at,
        "modifiedAt": group.modified_at,
        "status": group.status,
        "capacityType": group.capacity_type,
        "scalingConfig": fields! { "minSize": group.min_size, "maxSize": group.max_size, "desiredSize": group.desired_size },
        "instanceTypes": list(&group.instance_types),
        "subnets": list(&group.subnets),
        "amiType": group.ami_type,
        "nodeRole": &group.node_role,
        "labels": map(&group.labels),
        "resources": fields! { "autoScalingGroups": list([fields! { "name": &group.auto_scaling_group }]) },
        "diskSize": group.disk_size,
        "health": fields! { "issues": list(issues) },
        "updateConfig": fields! { "maxUnavailable": 1 },
        "tags": map(&group.tags),
    }
}
