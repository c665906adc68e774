//! RDS: snapshots taken and deleted, databases restored, modified, restarted and failed over.

use super::super::call::{Answer, Call};
use super::super::change::Change;
use super::super::failure::Failure;
use super::super::node::{Node, fields};
use super::{rds, rds_snapshots};
use crate::demo::world::{DbInstance, InstanceUpdate, Restored};

const SOURCE: &str = "rds.amazonaws.com";

pub fn answer(change: &mut Change<'_>) -> Option<Answer> {
    Some(match change.operation {
        "CreateDBSnapshot" => create_snapshot(change, false),
        "CreateDBClusterSnapshot" => create_snapshot(change, true),
        "DeleteDBSnapshot" => delete_snapshot(change, false),
        "DeleteDBClusterSnapshot" => delete_snapshot(change, true),
        "RestoreDBInstanceFromDBSnapshot" => restore_instance(change),
        "RestoreDBClusterFromSnapshot" => restore_cluster(change),
        "CreateDBInstance" => create_instance(change),
        "ModifyDBInstance" => modify_instance(change),
        "RebootDBInstance" => reboot_instance(change),
        "FailoverDBCluster" => fail_over(change),
        "AddRoleToDBInstance" => add_role(change, false),
        "AddRoleToDBCluster" => add_role(change, true),
        _ => return None,
    })
}

/// Names of the parameters and faults of a sort of snapshot.
fn words(of_cluster: bool) -> [&'static str; 5] {
    if of_cluster {
        [
            "DBClusterSnapshotIdentifier",
            "DBClusterIdentifier",
            "DBClusterSnapshotAlreadyExistsFault",
            "DBClusterSnapshotNotFoundFault",
            "DBClusterSnapshot",
        ]
    } else {
        ["DBSnapshotIdentifier", "DBInstanceIdentifier", "DBSnapshotAlreadyExists", "DBSnapshotNotFound", "DBSnapshot"]
    }
}

/// What happened, for the trail.
fn record(change: &mut Change<'_>, name: &'static str, sort: &'static str, id: &str) {
    let request = change.input.0.clone();
    change.account.operated(SOURCE, name, (sort, id.to_owned()), request);
}

/// The instance, which must be there and available.
fn instance<'a>(change: &'a Change<'_>, id: &str) -> Result<&'a DbInstance, Failure> {
    let found = change.account.db_instances.get(id);
    let found = found.ok_or_else(|| Failure::new(404, "DBInstanceNotFound", format!("DBInstance {id} not found.")))?;
    match found.status {
        "available" => Ok(found),
        status => {
            let words = format!("DBInstance {id} is not in the available state: it is {status}.");
            Err(Failure::new(400, "InvalidDBInstanceState", words))
        }
    }
}

/// The cluster must be there and available.
fn check_cluster(change: &Change<'_>, id: &str) -> Result<(), Failure> {
    match change.account.db_clusters.get(id).map(|cluster| cluster.status) {
        Some("available") => Ok(()),
        Some(status) => Err(Failure::new(400, "InvalidDBClusterStateFault", format!("DBCluster {id} is {status}."))),
        None => Err(Failure::new(404, "DBClusterNotFoundFault", format!("DBCluster {id} not found."))),
    }
}

fn create_snapshot(change: &mut Change<'_>, of_cluster: bool) -> Answer {
    let [id_key, source_key, taken, _, element] = words(of_cluster);
    let (id, source) = (change.required(id_key)?, change.required(source_key)?);
    if of_cluster {
        check_cluster(change, source)?;
    } else if instance(change, source)?.cluster.is_some() {
        let words = "The specified instance is a member of a cluster and a snapshot cannot be created directly.";
        return Err(Failure::new(400, "InvalidParameterValue", words));
    }
    if change.account.db_snapshots.contains_key(id) {
        return Err(Failure::new(400, taken, format!("Cannot create the snapshot because {id} already exists.")));
    }
    let name = if of_cluster { "CreateDBClusterSnapshot" } else { "CreateDBSnapshot" };
    record(change, name, if of_cluster { "AWS::RDS::DBCluster" } else { "AWS::RDS::DBInstance" }, source);
    change.account.begin_snapshot(id, source, "manual");
    let snapshot = change.account.db_snapshots.get(id);
    Ok(whole(element, snapshot.map(rds_snapshots::node)))
}

fn whole(element: &'static str, node: Option<Node>) -> Node {
    let mut answer = super::super::node::Fields::default();
    answer.put(element, node);
    Node::Map(answer)
}

fn delete_snapshot(change: &mut Change<'_>, of_cluster: bool) -> Answer {
    let [id_key, _, _, missing, element] = words(of_cluster);
    let id = change.required(id_key)?;
    let found = change.account.db_snapshots.get(id).filter(|snapshot| snapshot.cluster == of_cluster);
    let Some(snapshot) = found.cloned() else {
        return Err(Failure::new(404, missing, format!("{element} {id} not found.")));
    };
    if snapshot.snapshot_type != "manual" || snapshot.status != "available" {
        let words = format!("{id} can't be deleted: it is {} and {}.", snapshot.snapshot_type, snapshot.status);
        return Err(Failure::new(400, invalid_state(of_cluster), words));
    }
    let name = if of_cluster { "DeleteDBClusterSnapshot" } else { "DeleteDBSnapshot" };
    record(change, name, if of_cluster { "AWS::RDS::DBClusterSnapshot" } else { "AWS::RDS::DBSnapshot" }, id);
    change.account.db_snapshots.remove(id);
    Ok(whole(element, Some(rds_snapshots::node(&snapshot))))
}

const fn invalid_state(of_cluster: bool) -> &'static str {
    if of_cluster { "InvalidDBClusterSnapshotStateFault" } else { "InvalidDBSnapshotState" }
}

/// The source of a snapshot that can be restored.
fn source_of(change: &Change<'_>, id: &str, of_cluster: bool) -> Result<String, Failure> {
    let [_, _, _, missing, element] = words(of_cluster);
    let found = change.account.db_snapshots.get(id).filter(|snapshot| snapshot.cluster == of_cluster);
    match found {
        Some(snapshot) if snapshot.status == "available" => Ok(snapshot.source.clone()),
        Some(snapshot) => Err(Failure::new(400, invalid_state(of_cluster), format!("{id} is {}.", snapshot.status))),
        None => Err(Failure::new(404, missing, format!("{element} {id} not found."))),
    }
}

fn restore_instance(change: &mut Change<'_>) -> Answer {
    let (id, snapshot) = (change.required("DBInstanceIdentifier")?, change.required("DBSnapshotIdentifier")?);
    free_instance(change, id)?;
    let source = source_of(change, snapshot, false)?;
    record(change, "RestoreDBInstanceFromDBSnapshot", "AWS::RDS::DBInstance", id);
    change.account.make_instance_like(&source, id, restored(change, "DBParameterGroupName"), None);
    Ok(answer_instance(change, id))
}

fn restored(change: &Change<'_>, parameter_group: &str) -> Restored {
    let input = change.input;
    let text = |key: &str| input.text(key).map(str::to_owned);
    let capacity = input.structure("ServerlessV2ScalingConfiguration");
    let units = |key: &str| capacity.as_ref()?.text(key)?.parse().ok();
    Restored {
        class: text("DBInstanceClass"),
        subnet_group: text("DBSubnetGroupName"),
        security_group: input.texts("VpcSecurityGroupIds").first().map(|&group| group.to_owned()),
        parameter_group: text(parameter_group),
        multi_az: input.truth("MultiAZ"),
        public: input.truth("PubliclyAccessible"),
        protected: input.truth("DeletionProtection"),
        port: input.whole("Port").and_then(|port| port.try_into().ok()),
        serverless: units("MinCapacity").zip(units("MaxCapacity")),
    }
}

fn free_instance(change: &Change<'_>, id: &str) -> Result<(), Failure> {
    if change.account.db_instances.contains_key(id) {
        return Err(Failure::new(400, "DBInstanceAlreadyExists", format!("DB instance {id} already exists.")));
    }
    Ok(())
}

fn restore_cluster(change: &mut Change<'_>) -> Answer {
    let (id, snapshot) = (change.required("DBClusterIdentifier")?, change.required("SnapshotIdentifier")?);
    if change.account.db_clusters.contains_key(id) {
        return Err(Failure::new(400, "DBClusterAlreadyExistsFault", format!("DB cluster {id} already exists.")));
    }
    let source = source_of(change, snapshot, true)?;
    record(change, "RestoreDBClusterFromSnapshot", "AWS::RDS::DBCluster", id);
    change.account.make_cluster_like(&source, id, restored(change, "DBClusterParameterGroupName"));
    Ok(answer_cluster(change, id))
}

/// An instance in a cluster: an instance by itself is nothing that the estate is asked for.
fn create_instance(change: &mut Change<'_>) -> Answer {
    let (id, cluster) = (change.required("DBInstanceIdentifier")?, change.required("DBClusterIdentifier")?);
    free_instance(change, id)?;
    check_cluster(change, cluster)?;
    let found = change.account.db_clusters.get(cluster);
    let engine = found.map(|cluster| cluster.engine);
    let of_cluster = found.map(|cluster| (cluster.subnet_group.clone(), cluster.security_group.clone())).unzip();
    let like = change.account.db_instances.values().find(|instance| Some(instance.engine) == engine);
    let Some(like) = like.map(|instance| instance.id.clone()) else {
        return Err(change.invalid("Engine is not one that the cluster can have"));
    };
    record(change, "CreateDBInstance", "AWS::RDS::DBInstance", id);
    // Where it is and who reaches it is the cluster's to say.
    let (subnet_group, security_group) = of_cluster;
    let made = Restored { subnet_group, security_group, ..restored(change, "DBParameterGroupName") };
    change.account.make_instance_like(&like, id, made, Some(cluster));
    Ok(answer_instance(change, id))
}

fn modify_instance(change: &mut Change<'_>) -> Answer {
    let id = change.required("DBInstanceIdentifier")?;
    instance(change, id)?;
    let text = |key: &str| change.input.text(key).map(str::to_owned);
    let update = InstanceUpdate {
        class: text("DBInstanceClass"),
        version: text("EngineVersion"),
        window: text("PreferredMaintenanceWindow"),
        now: change.input.truth("ApplyImmediately"),
    };
    record(change, "ModifyDBInstance", "AWS::RDS::DBInstance", id);
    change.account.modify_instance(id, update);
    Ok(answer_instance(change, id))
}

fn reboot_instance(change: &mut Change<'_>) -> Answer {
    let id = change.required("DBInstanceIdentifier")?;
    let failover = change.input.truth("ForceFailover");
    if failover && !instance(change, id)?.multi_az {
        let words = "Cannot reboot with failover: the instance is not configured for Multi-AZ.";
        return Err(Failure::new(400, "InvalidParameterCombination", words));
    }
    instance(change, id)?;
    record(change, "RebootDBInstance", "AWS::RDS::DBInstance", id);
    change.account.restart_instance(id, failover);
    Ok(answer_instance(change, id))
}

fn fail_over(change: &mut Change<'_>) -> Answer {
    let id = change.required("DBClusterIdentifier")?;
    check_cluster(change, id)?;
    let to = change.required("TargetDBInstanceIdentifier")?;
    let members = change.account.db_clusters.get(id).map(|cluster| &cluster.members);
    if !members.is_some_and(|members| members.iter().any(|member| member.instance == to && !member.writer)) {
        return Err(change.invalid(format!("{to} is no reader of {id}")));
    }
    record(change, "FailoverDBCluster", "AWS::RDS::DBCluster", id);
    change.account.fail_over(id, to);
    Ok(answer_cluster(change, id))
}

fn add_role(change: &mut Change<'_>, to_cluster: bool) -> Answer {
    let role = change.required("RoleArn")?.to_owned();
    let feature = change.input.text("FeatureName").unwrap_or_default().to_owned();
    let (key, name, sort) = if to_cluster {
        ("DBClusterIdentifier", "AddRoleToDBCluster", "AWS::RDS::DBCluster")
    } else {
        ("DBInstanceIdentifier", "AddRoleToDBInstance", "AWS::RDS::DBInstance")
    };
    let id = change.required(key)?;
    if to_cluster {
        check_cluster(change, id)?;
    } else {
        instance(change, id)?;
    }
    record(change, name, sort, id);
    let account = &mut *change.account;
    let roles = if to_cluster {
        account.db_clusters.get_mut(id).map(|cluster| &mut cluster.roles)
    } else {
        account.db_instances.get_mut(id).map(|instance| &mut instance.roles)
    };
    if let Some(roles) = roles {
        roles.push((role, feature));
    }
    Ok(fields! {})
}

fn answer_instance(change: &Change<'_>, id: &str) -> Node {
    let call = as_call(change);
    whole("DBInstance", call.account.db_instances.get(id).map(|instance| rds::instance_node(&call, instance)))
}

fn answer_cluster(change: &Change<'_>, id: &str) -> Node {
    whole("DBCluster", change.account.db_clusters.get(id).map(rds::cluster_node))
}

/// The same call as one that only looks.
fn as_call<'a>(change: &'a Change<'_>) -> Call<'a> {
    let Change { account, service, operation, input } = change;
    Call { account, service: *service, operation, input, repeat_token: false }
}

/// What an engine's version is upgraded to: the next two minor versions, and the next major one.
pub fn engine_versions(call: &Call<'_>) -> Node {
    let (engine, version) = (call.input.text("Engine").unwrap_or_default(), call.input.text("EngineVersion"));
    let Some(version) = version else { return fields! {} };
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let (major, minor) = (major.parse::<u32>().unwrap_or(15), minor.parse::<u32>().unwrap_or(0));
    let targets =
        [format!("{major}.{}", minor + 1), format!("{major}.{}", minor + 2), format!("{}.{minor}", major + 1)];
    let targets = targets.into_iter().map(|target| {
        let is_major = !target.starts_with(&format!("{major}."));
        fields! { "Engine": engine.to_owned(), "EngineVersion": target, "IsMajorVersionUpgrade": is_major }
    });
    let version = fields! {
        "Engine": engine.to_owned(),
        "EngineVersion": version.to_owned(),
        "ValidUpgradeTarget": super::super::node::list_of("UpgradeTarget", targets),
    };
    fields! { "DBEngineVersions": super::super::node::list_of("DBEngineVersion", [version]) }
}

/// Whether a class is on offer: families that there are, in sizes that there are.
pub fn orderable(call: &Call<'_>) -> Node {
    const FAMILIES: [&str; 9] = ["t3", "t4g", "m5", "m6g", "m6i", "r5", "r6g", "r6i", "r7g"];
    const SIZES: [&str; 8] = ["micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge"];
    let class = call.input.text("DBInstanceClass").unwrap_or_default();
    let parts: Vec<&str> = class.split('.').collect();
    let known = matches!(parts[..], ["db", family, size] if FAMILIES.contains(&family) && SIZES.contains(&size));
    let offers = known.then(|| {
        let engine = call.input.text("Engine").unwrap_or_default().to_owned();
        fields! { "Engine": engine, "DBInstanceClass": class.to_owned() }
    });
    let offers = super::super::node::list_of("OrderableDBInstanceOption", offers);
    fields! { "OrderableDBInstanceOptions": offers }
}
