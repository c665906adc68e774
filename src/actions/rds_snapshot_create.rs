//! `rds-snapshot-create`: a manual snapshot of an instance or a cluster, followed by per cent until it is available.

#[cfg(all(test, feature = "demo"))]
mod tests;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use jiff::Timestamp;

use super::parts::{self, given};
use super::{ActionDef, Asked, FieldDef, FieldSort, no_choices, rds};
use crate::guard::{Permit, Watching};
use crate::model::{
    Fault, Fields, Followed, Order, Plan, Precondition, ResourceId, Risk, Seen, Sent, Step, Undo, Verdict,
};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

const ID: &str = "rds-snapshot-create";

/// Takes a snapshot of a database.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "take a snapshot",
    doc: "Take a manual snapshot of a database instance or cluster",
    kinds: &[rds::INSTANCE, rds::CLUSTER],
    fields: &[
        FieldDef::new("instance", "instance", "The instance", "enterprise-prod-db", FieldSort::Text).locating(),
        FieldDef::new(
            "db-cluster",
            "cluster",
            "The cluster, instead of an instance",
            "lecture-dhbw-cluster",
            FieldSort::Text,
        )
        .locating(),
        FieldDef::new(
            "snapshot",
            "snapshot",
            "The snapshot's name; `manual-YYYYMMDDHHMM` unless given",
            "pre-deploy-202511211200",
            FieldSort::Text,
        ),
    ],
    sends: &[rds::CREATE_INSTANCE_SNAPSHOT, rds::CREATE_CLUSTER_SNAPSHOT],
    reads: &[rds::INSTANCES, rds::CLUSTERS, rds::INSTANCE_SNAPSHOTS, rds::CLUSTER_SNAPSHOTS],
    risk: "medium",
    undo: "the snapshot is deleted, after typing its name",
    example: "rds-snapshot-create -e enterprise-prod --instance enterprise-prod-db",
    applies: rds::applies_when_available,
    form: |_, now| Fields::from([("snapshot", rds::proposed("manual", now))]),
    choices: no_choices,
    locate: rds::locate,
    plan,
    look,
    send,
    follow,
};

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let of_cluster = target.kind == rds::CLUSTER;
        let name = given(fields, "snapshot").map_or_else(|| rds::proposed("manual", Timestamp::now()), str::to_owned);
        let source = &*target.id;
        let (found, free) = join(database(acting, of_cluster, source), rds::free(acting, of_cluster, &name)).await;
        let (arn, seen, mut preconditions) = found?;
        preconditions.extend([rds::well_named(&name, rds::SNAPSHOT_NAME), free]);
        let mut fields = fields.clone();
        fields.insert("snapshot", name.clone());
        let mut plan = parts::plan(acting, ID, target, &fields, arn.as_deref());
        plan.title = format!("take the snapshot {name} of {source}").into();
        plan.changes = vec![parts::change("snapshot", None, Some(&name))];
        plan.preconditions = preconditions;
        plan.affects = vec!["storage of the snapshot is paid for until it is deleted".into()];
        plan.steps = vec![rds::take(acting, of_cluster, source, &name, seen)];
        plan.risk = Risk::Medium;
        plan.undo = Undo::By {
            words: format!("delete the snapshot {name}").into(),
            order: Order {
                action: "rds-snapshot-delete",
                target: rds::snapshot_id(acting, of_cluster, &name),
                fields: Fields::from([
                    ("snapshot", name.clone()),
                    ("of-cluster", if of_cluster { "yes" } else { "no" }.to_owned()),
                ]),
            },
        };
        plan.command = command(acting, of_cluster, source, &name);
        Ok(plan)
    }
    .boxed()
}

/// What a snapshot would be of: its ARN, what it is known by, and whether it can be read from.
async fn database(
    acting: &Acting,
    of_cluster: bool,
    name: &str,
) -> Result<(Option<String>, Seen, Vec<Precondition>), Fault> {
    if of_cluster {
        let db = rds::cluster(acting, name).await?;
        return Ok((db.db_cluster_arn.clone(), rds::seen_of_cluster(&db), vec![rds::available(db.status())]));
    }
    let db = rds::instance(acting, name).await?;
    let mut preconditions = vec![rds::available(db.db_instance_status())];
    preconditions.extend(rds::cluster_of(&db).map(|cluster| of_its_cluster(name, cluster)));
    preconditions.push(pause(db.multi_az() == Some(true), db.engine().unwrap_or_default()));
    Ok((db.db_instance_arn.clone(), rds::seen_of_instance(&db), preconditions))
}

fn command(acting: &Acting, of_cluster: bool, source: &str, name: &str) -> Arc<str> {
    if of_cluster {
        let flags = [("db-cluster-identifier", source), ("db-cluster-snapshot-identifier", name)];
        parts::aws_command(acting, "rds create-db-cluster-snapshot", &flags)
    } else {
        let flags = [("db-instance-identifier", source), ("db-snapshot-identifier", name)];
        parts::aws_command(acting, "rds create-db-snapshot", &flags)
    }
}

/// RDS takes snapshots of an Aurora instance only through its cluster.
fn of_its_cluster(instance: &str, cluster: &str) -> Precondition {
    parts::must(
        "not part of a cluster",
        false,
        format!("{instance} belongs to {cluster}: take a snapshot of the cluster"),
    )
}

/// Without a standby the snapshot is read from the instance itself.
fn pause(multi_az: bool, engine: &str) -> Precondition {
    let words = if multi_az {
        format!("{engine} with a standby: it is taken from the standby")
    } else {
        "no standby: writes may pause for some seconds".to_owned()
    };
    Precondition::new("no pause", if multi_az { Verdict::Pass } else { Verdict::Warn }, words)
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move {
        let target = &plan.target.id;
        Ok(if target.kind == rds::CLUSTER {
            rds::seen_of_cluster(&rds::cluster(acting, &target.id).await?)
        } else {
            rds::seen_of_instance(&rds::instance(acting, &target.id).await?)
        })
    }
    .boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    take(acting, step, permit).boxed()
}

/// Sends a step that takes a snapshot.
pub(super) async fn take(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
    let ride = Ride::with(permit);
    if step.operation == rds::CREATE_CLUSTER_SNAPSHOT {
        let call = acting.writes.rds().create_db_cluster_snapshot();
        let call = call.set_db_cluster_identifier(text("DBClusterIdentifier"));
        let call = call.set_db_cluster_snapshot_identifier(text("DBClusterSnapshotIdentifier"));
        sent(step.operation, call.customize().interceptor(ride).send().await)
    } else {
        let call = acting.writes.rds().create_db_snapshot();
        let call = call.set_db_instance_identifier(text("DBInstanceIdentifier"));
        let call = call.set_db_snapshot_identifier(text("DBSnapshotIdentifier"));
        sent(step.operation, call.customize().interceptor(ride).send().await)
    }
}

fn follow<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    rds::until_taken(acting, step, watch).boxed()
}
