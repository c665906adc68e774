//! A cluster from a snapshot, with the source's subnets, groups, capacity and roles, and a writer in it: without one nothing answers.

use aws_sdk_rds::types::{DbCluster, DbInstance, Filter, ServerlessV2ScalingConfiguration};
use futures_util::future::join3;
use serde_json::{Map, Value as Json, json};

use super::instance::{command_of, shown};
use super::{CREATE_WRITER, Drawn, RESTORE_CLUSTER, ROLE_OF_CLUSTER, WRITER, Wanted, is_free, without_source};
use crate::actions::parts::{self, flag_of, texts_of};
use crate::actions::rds;
use crate::guard::Permit;
use crate::model::{Fault, Seen, Sent, Step};
use crate::providers::Acting;
use crate::providers::aws::{Ride, fault, sent};

pub(super) async fn draw(acting: &Acting, wanted: &Wanted<'_>, snapshot: &rds::Snapshot) -> Drawn {
    let mut drawn = Drawn::default();
    let writer = format!("{}{WRITER}", wanted.to);
    let free = is_free(acting, false, "writer's name free", &writer);
    let (source, members, free) = match wanted.source {
        Some(source) => {
            let (source, members, free) = join3(rds::cluster(acting, source), members(acting, source), free).await;
            (source.map_err(Some), members, free)
        }
        None => (Err(None), Ok(Vec::new()), free.await),
    };
    let source = source.map_err(|fault| drawn.preconditions.push(without_source(wanted.source, fault.as_ref()))).ok();
    let mut input = Map::new();
    input.insert("DBClusterIdentifier".to_owned(), json!(wanted.to));
    input.insert("SnapshotIdentifier".to_owned(), json!(wanted.snapshot));
    input.insert("Engine".to_owned(), json!(snapshot.engine.as_deref().unwrap_or_default()));
    input.extend(snapshot.version.as_deref().map(|version| ("EngineVersion".to_owned(), json!(version))));
    input.extend(of_source(source.as_ref()));
    drawn.changes = input.iter().skip(2).map(|(parameter, value)| shown(parameter, value)).collect();
    let names = [("db-cluster-identifier", wanted.to), ("snapshot-identifier", wanted.snapshot)];
    drawn.command = Some(command_of(acting, "rds restore-db-cluster-from-snapshot", &names, &input));
    let words = format!("restore {} from {}", wanted.to, wanted.snapshot);
    drawn.steps.push(parts::step(acting, RESTORE_CLUSTER, words, &Json::Object(input), wanted.seen.clone()));
    drawn.preconditions.push(free);
    let like = members.map(|members| writer_of(source.as_ref(), members));
    draw_writer(acting, wanted, &writer, like, snapshot, &mut drawn);
    for role in source.iter().flat_map(DbCluster::associated_roles) {
        let arn = role.role_arn().unwrap_or_default();
        let mut input = json!({ "DBClusterIdentifier": wanted.to, "RoleArn": arn });
        if let Some(feature) = role.feature_name().filter(|feature| !feature.is_empty()) {
            input["FeatureName"] = json!(feature);
        }
        drawn.changes.push(parts::change("role", None, Some(arn)));
        drawn.steps.push(parts::step(
            acting,
            ROLE_OF_CLUSTER,
            format!("give it the role {arn}"),
            &input,
            Seen::default(),
        ));
    }
    drawn
}

/// What the source has, as parameters.
fn of_source(source: Option<&DbCluster>) -> Map<String, Json> {
    let mut input = Map::new();
    let Some(db) = source else { return input };
    let mut put = |parameter: &str, value: Option<Json>| {
        if let Some(value) = value {
            input.insert(parameter.to_owned(), value);
        }
    };
    put("DBSubnetGroupName", db.db_subnet_group().map(|name| json!(name)));
    let groups: Vec<&str> = db.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id()).collect();
    put("VpcSecurityGroupIds", (!groups.is_empty()).then(|| json!(groups)));
    put("DBClusterParameterGroupName", db.db_cluster_parameter_group().map(|name| json!(name)));
    put("Port", db.port().map(|port| json!(port)));
    put("DeletionProtection", db.deletion_protection().map(|flag| json!(flag)));
    let capacity = db.serverless_v2_scaling_configuration().map(|it| {
        json!({ "MinCapacity": it.min_capacity().unwrap_or_default(), "MaxCapacity": it.max_capacity().unwrap_or_default() })
    });
    put("ServerlessV2ScalingConfiguration", capacity);
    input
}

/// The instances of a cluster.
async fn members(acting: &Acting, cluster: &str) -> Result<Vec<DbInstance>, Fault> {
    let of_cluster = Filter::builder().name("db-cluster-id").values(cluster).build();
    let call = acting.env.aws.rds().describe_db_instances().filters(of_cluster);
    let found = call.send().await.map_err(|error| fault(rds::INSTANCES, &error))?;
    Ok(found.db_instances.unwrap_or_default())
}

fn writer_of(source: Option<&DbCluster>, members: Vec<DbInstance>) -> Option<DbInstance> {
    let is_writer = |member: &&aws_sdk_rds::types::DbClusterMember| member.is_cluster_writer() == Some(true);
    let name = source?.db_cluster_members().iter().find(is_writer)?.db_instance_identifier()?;
    members.into_iter().find(|instance| instance.db_instance_identifier() == Some(name))
}

/// The step that makes the writer, like the source's.
fn draw_writer(
    acting: &Acting,
    wanted: &Wanted<'_>,
    name: &str,
    like: Result<Option<DbInstance>, Fault>,
    snapshot: &rds::Snapshot,
    drawn: &mut Drawn,
) {
    const KNOWN: &str = "writer's class known";
    let (like, unread) = like.map_or_else(|fault| (None, Some(fault)), |like| (like, None));
    let class = wanted.class.or_else(|| like.as_ref().and_then(DbInstance::db_instance_class));
    drawn.preconditions.push(match (class, unread) {
        (Some(class), _) => parts::must(KNOWN, true, class),
        // Nobody should pay for a guess.
        (None, unread) => {
            let why = unread.map_or_else(|| "the source has no writer".to_owned(), |fault| fault.to_string());
            parts::must(KNOWN, false, format!("{why}: give `--class`"))
        }
    });
    let mut input = json!({
        "DBInstanceIdentifier": name,
        "Engine": snapshot.engine.as_deref().unwrap_or_default(),
        "DBClusterIdentifier": wanted.to,
    });
    if let Some(class) = class {
        input["DBInstanceClass"] = json!(class);
    }
    let group = like.as_ref().and_then(|db| db.db_parameter_groups().first()?.db_parameter_group_name());
    if let Some(group) = group {
        input["DBParameterGroupName"] = json!(group);
    }
    let public = like.as_ref().and_then(DbInstance::publicly_accessible);
    if let Some(public) = public {
        input["PubliclyAccessible"] = json!(public);
    }
    drawn.changes.extend([
        parts::change("writer", None, Some(name)),
        parts::change("writer's class", None, class),
        parts::change("writer's parameter group", None, group),
    ]);
    let words = format!("make its writer {name}");
    drawn.steps.push(parts::step(acting, CREATE_WRITER, words, &input, Seen::default()));
}

pub(super) async fn send(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    match step.operation {
        CREATE_WRITER => create_writer(acting, step, permit).await,
        ROLE_OF_CLUSTER => add_role(acting, step, permit).await,
        _ => restore(acting, step, permit).await,
    }
}

async fn restore(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
    let capacity = step.input.get("ServerlessV2ScalingConfiguration").map(|it| {
        let number = |parameter: &str| it.get(parameter).and_then(Json::as_f64);
        ServerlessV2ScalingConfiguration::builder()
            .set_min_capacity(number("MinCapacity"))
            .set_max_capacity(number("MaxCapacity"))
            .build()
    });
    let port = step.input.get("Port").and_then(Json::as_i64).and_then(|port| i32::try_from(port).ok());
    let call = acting.writes.rds().restore_db_cluster_from_snapshot();
    let call = call
        .set_db_cluster_identifier(text("DBClusterIdentifier"))
        .set_snapshot_identifier(text("SnapshotIdentifier"))
        .set_engine(text("Engine"))
        .set_engine_version(text("EngineVersion"))
        .set_db_subnet_group_name(text("DBSubnetGroupName"))
        .set_vpc_security_group_ids(texts_of(step, "VpcSecurityGroupIds"))
        .set_db_cluster_parameter_group_name(text("DBClusterParameterGroupName"))
        .set_port(port)
        .set_deletion_protection(flag_of(step, "DeletionProtection"))
        .set_serverless_v2_scaling_configuration(capacity);
    sent(step.operation, call.customize().interceptor(Ride::with(permit)).send().await)
}

async fn create_writer(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
    let call = acting.writes.rds().create_db_instance();
    let call = call
        .set_db_instance_identifier(text("DBInstanceIdentifier"))
        .set_db_instance_class(text("DBInstanceClass"))
        .set_engine(text("Engine"))
        .set_db_cluster_identifier(text("DBClusterIdentifier"))
        .set_db_parameter_group_name(text("DBParameterGroupName"))
        .set_publicly_accessible(flag_of(step, "PubliclyAccessible"));
    sent(step.operation, call.customize().interceptor(Ride::with(permit)).send().await)
}

async fn add_role(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
    let call = acting.writes.rds().add_role_to_db_cluster();
    let call = call.set_db_cluster_identifier(text("DBClusterIdentifier"));
    let call = call.set_role_arn(text("RoleArn")).set_feature_name(text("FeatureName"));
    sent(step.operation, call.customize().interceptor(Ride::with(permit)).send().await)
}
