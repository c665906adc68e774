//! RDS: instances, clusters and events; snapshots are in `rds_snapshots`.

use jiff::SignedDuration;

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Fields, Node, fields, list_of};
use super::{not_offered, rds_changes, rds_snapshots, tags};
use crate::demo::world::{DbCluster, DbInstance, RdsEvent};

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "DescribeDBInstances" => describe_instances(call),
        "DescribeDBClusters" => describe_clusters(call),
        "DescribeDBSnapshots" => rds_snapshots::describe_of_instances(call),
        "DescribeDBClusterSnapshots" => rds_snapshots::describe_of_clusters(call),
        "DescribeEvents" => describe_events(call),
        "DescribeDBEngineVersions" => Ok(rds_changes::engine_versions(call)),
        "DescribeOrderableDBInstanceOptions" => Ok(rds_changes::orderable(call)),
        _ => Err(not_offered(call)),
    }
}

/// One page of a list under `key`, with the marker of the next.
pub fn page<T>(
    call: &Call<'_>,
    items: &[T],
    key: &'static str,
    element: &'static str,
    node: impl Fn(&T) -> Node,
) -> Answer {
    let page = call.page(items.len(), call.size("MaxRecords", 100, 20..101)?, "Marker")?;
    let mut answer = Fields::default();
    answer.put("Marker", page.next.clone());
    answer.put(key, list_of(element, page.of(items).iter().map(node)));
    Ok(Node::Map(answer))
}

/// Whether something passes the call's filters, by the value it has for each filter's name.
pub fn passes<'a>(call: &Call<'_>, value: impl Fn(&str) -> Option<&'a str>) -> Result<bool, Failure> {
    for filter in call.input.structures("Filters") {
        let name = filter.text("Name").unwrap_or_default();
        let Some(value) = value(name) else {
            return Err(call.invalid(format!("Unrecognized filter name: {name}")));
        };
        if !filter.texts("Values").into_iter().any(|wanted| identifier(wanted) == value) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The identifier in an ARN, or what is one already.
pub fn identifier(reference: &str) -> &str {
    match reference.strip_prefix("arn:") {
        Some(arn) => arn.splitn(6, ':').nth(5).unwrap_or(reference),
        None => reference,
    }
}

/// Those that pass, in order; the first filter that can't be read refuses the call.
pub fn passing<'a, T>(
    call: &Call<'_>,
    items: impl Iterator<Item = &'a T>,
    value: impl Fn(&'a T, &str) -> Option<&'a str>,
) -> Result<Vec<&'a T>, Failure> {
    let mut passed = Vec::new();
    for item in items {
        if passes(call, |name| value(item, name))? {
            passed.push(item);
        }
    }
    Ok(passed)
}

fn describe_instances(call: &Call<'_>) -> Answer {
    let wanted = call.input.text("DBInstanceIdentifier").map(identifier);
    let instances = call.account.db_instances.values().filter(|instance| wanted.is_none_or(|id| instance.id == id));
    let found = passing(call, instances, |instance, filter| match filter {
        "db-instance-id" => Some(&instance.id),
        "db-cluster-id" => Some(instance.cluster.as_deref().unwrap_or_default()),
        "dbi-resource-id" => Some(&instance.resource_id),
        "engine" => Some(instance.engine),
        "domain" => Some(""),
        _ => None,
    })?;
    if let (Some(id), []) = (wanted, found.as_slice()) {
        return Err(Failure::new(404, "DBInstanceNotFound", format!("DBInstance {id} not found.")));
    }
    page(call, &found, "DBInstances", "DBInstance", |instance| instance_node(call, instance))
}

pub fn instance_node(call: &Call<'_>, instance: &DbInstance) -> Node {
    let mut node = Fields::default();
    node.put("DBInstanceIdentifier", &instance.id);
    node.put("DBInstanceClass", &instance.class);
    node.put("Engine", instance.engine);
    node.put("DBInstanceStatus", instance.status);
    node.put("MasterUsername", &instance.master_username);
    node.put("DBName", &instance.db_name);
    node.put("Endpoint", fields! { "Address": &instance.endpoint, "Port": instance.port });
    node.put("AllocatedStorage", instance.allocated_storage);
    node.put("InstanceCreateTime", instance.created_at);
    node.put("PreferredBackupWindow", &instance.backup_window);
    node.put("BackupRetentionPeriod", instance.backup_retention_period);
    node.put("VpcSecurityGroups", security_group(&instance.security_group));
    node.put("DBParameterGroups", list_of("DBParameterGroup", [parameter_group(&instance.parameter_group)]));
    node.put("AvailabilityZone", &instance.availability_zone);
    node.put("DBSubnetGroup", subnet_group(call, instance));
    node.put("PreferredMaintenanceWindow", &instance.maintenance_window);
    node.put("PendingModifiedValues", pending(instance));
    node.put("LatestRestorableTime", instance.latest_restorable_time);
    node.put("MultiAZ", instance.multi_az);
    node.put("EngineVersion", &instance.engine_version);
    node.put("AutoMinorVersionUpgrade", instance.auto_minor_version_upgrade);
    node.put("LicenseModel", "postgresql-license");
    node.put("Iops", instance.iops);
    node.put("SecondaryAvailabilityZone", &instance.secondary_availability_zone);
    node.put("PubliclyAccessible", instance.publicly_accessible);
    node.put("StorageType", instance.storage_type);
    node.put("DbInstancePort", 0);
    node.put("DBClusterIdentifier", &instance.cluster);
    node.put("StorageEncrypted", instance.storage_encrypted);
    node.put("DbiResourceId", &instance.resource_id);
    node.put("CACertificateIdentifier", instance.ca_certificate);
    node.put("PromotionTier", instance.promotion_tier);
    node.put("DBInstanceArn", &instance.arn);
    node.put("PerformanceInsightsEnabled", instance.performance_insights);
    node.put("DeletionProtection", instance.deletion_protection);
    node.put("MaxAllocatedStorage", instance.max_allocated_storage);
    node.put("AssociatedRoles", list_of("DBInstanceRole", roles(&instance.roles)));
    node.put("TagList", tags(&instance.tags, "Tag", "Key", "Value"));
    Node::Map(node)
}

fn roles(roles: &[(String, String)]) -> impl Iterator<Item = Node> + '_ {
    roles.iter().map(|(arn, feature)| fields! { "RoleArn": arn, "FeatureName": feature, "Status": "ACTIVE" })
}

fn security_group(id: &String) -> Node {
    list_of("VpcSecurityGroupMembership", [fields! { "VpcSecurityGroupId": id, "Status": "active" }])
}

fn parameter_group(name: &String) -> Node {
    fields! { "DBParameterGroupName": name, "ParameterApplyStatus": "in-sync" }
}

fn subnet_group(call: &Call<'_>, instance: &DbInstance) -> Node {
    let subnets = call.account.network.subnets.iter().map(|(zone, subnet)| {
        fields! {
            "SubnetIdentifier": subnet,
            "SubnetAvailabilityZone": fields! { "Name": zone },
            "SubnetStatus": "Active",
        }
    });
    fields! {
        "DBSubnetGroupName": &instance.subnet_group,
        "VpcId": &instance.vpc_id,
        "SubnetGroupStatus": "Complete",
        "Subnets": list_of("Subnet", subnets),
    }
}

fn pending(instance: &DbInstance) -> Node {
    let mut node = Fields::default();
    for (what, to) in &instance.pending_modified {
        node.put(*what, to);
    }
    Node::Map(node)
}

fn describe_clusters(call: &Call<'_>) -> Answer {
    let wanted = call.input.text("DBClusterIdentifier").map(identifier);
    let clusters = call.account.db_clusters.values().filter(|cluster| wanted.is_none_or(|id| cluster.id == id));
    let found = passing(call, clusters, |cluster, filter| match filter {
        "db-cluster-id" => Some(&cluster.id),
        "db-cluster-resource-id" => Some(&cluster.resource_id),
        "engine" => Some(cluster.engine),
        "clone-group-id" | "domain" => Some(""),
        _ => None,
    })?;
    if let (Some(id), []) = (wanted, found.as_slice()) {
        return Err(Failure::new(404, "DBClusterNotFoundFault", format!("DBCluster {id} not found.")));
    }
    page(call, &found, "DBClusters", "DBCluster", |cluster| cluster_node(cluster))
}

pub fn cluster_node(cluster: &DbCluster) -> Node {
    let serverless = cluster.serverless.map(|(least, most)| fields! { "MinCapacity": least, "MaxCapacity": most });
    let members = cluster.members.iter().map(|member| {
        fields! {
            "DBInstanceIdentifier": &member.instance,
            "IsClusterWriter": member.writer,
            "DBClusterParameterGroupStatus": "in-sync",
            "PromotionTier": member.promotion_tier,
        }
    });
    let mut node = Fields::default();
    node.put("AllocatedStorage", 1);
    node.put("AvailabilityZones", list_of("AvailabilityZone", &cluster.availability_zones));
    node.put("BackupRetentionPeriod", cluster.backup_retention_period);
    node.put("DatabaseName", &cluster.database_name);
    node.put("DBClusterIdentifier", &cluster.id);
    node.put("DBClusterParameterGroup", &cluster.parameter_group);
    node.put("DBSubnetGroup", &cluster.subnet_group);
    node.put("Status", cluster.status);
    node.put("EarliestRestorableTime", cluster.earliest_restorable_time);
    node.put("Endpoint", &cluster.endpoint);
    node.put("ReaderEndpoint", &cluster.reader_endpoint);
    node.put("MultiAZ", cluster.multi_az);
    node.put("Engine", cluster.engine);
    node.put("EngineVersion", &cluster.engine_version);
    node.put("LatestRestorableTime", cluster.latest_restorable_time);
    node.put("Port", cluster.port);
    node.put("MasterUsername", &cluster.master_username);
    node.put("PreferredBackupWindow", &cluster.backup_window);
    node.put("PreferredMaintenanceWindow", &cluster.maintenance_window);
    node.put("DBClusterMembers", list_of("DBClusterMember", members));
    node.put("AssociatedRoles", list_of("DBClusterRole", roles(&cluster.roles)));
    node.put("VpcSecurityGroups", security_group(&cluster.security_group));
    node.put("StorageEncrypted", cluster.storage_encrypted);
    node.put("DbClusterResourceId", &cluster.resource_id);
    node.put("DBClusterArn", &cluster.arn);
    node.put("ClusterCreateTime", cluster.created_at);
    node.put("EngineMode", cluster.engine_mode);
    node.put("DeletionProtection", cluster.deletion_protection);
    node.put("ServerlessV2ScalingConfiguration", serverless);
    node.put("TagList", tags(&cluster.tags, "Tag", "Key", "Value"));
    Node::Map(node)
}

fn describe_events(call: &Call<'_>) -> Answer {
    let input = call.input;
    let end = input.time("EndTime").unwrap_or(call.account.now);
    let minutes = input.whole("Duration").unwrap_or(60).clamp(1, 14 * 24 * 60);
    let start = input.time("StartTime").unwrap_or_else(|| end - SignedDuration::from_mins(minutes));
    if start > end {
        return Err(Failure::new(400, "InvalidParameterCombination", "StartTime must not be after EndTime"));
    }
    let [source, source_type] = ["SourceIdentifier", "SourceType"].map(|key| input.text(key));
    if source.is_some() && source_type.is_none() {
        return Err(Failure::new(400, "InvalidParameterCombination", "SourceIdentifier needs SourceType"));
    }
    let categories = input.texts("EventCategories");
    let fits = |event: &&RdsEvent| {
        (start..=end).contains(&event.at)
            && source.is_none_or(|id| event.source_id == id)
            && source_type.is_none_or(|kind| event.source_type == kind)
            && (categories.is_empty() || event.categories.iter().any(|category| categories.contains(category)))
    };
    let events: Vec<&RdsEvent> = call.account.rds_events.iter().filter(fits).collect();
    page(call, &events, "Events", "Event", |event| {
        fields! {
            "SourceIdentifier": &event.source_id,
            "SourceType": event.source_type,
            "Message": &event.message,
            "EventCategories": list_of("EventCategory", &event.categories),
            "Date": event.at,
            "SourceArn": &event.source_arn,
        }
    })
}
