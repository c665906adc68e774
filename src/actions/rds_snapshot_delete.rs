//! `rds-snapshot-delete`: deletes a manual snapshot, which is how one just taken is undone. Nothing brings it back.

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::parts::{self, given};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices, rds};
use crate::guard::{Permit, Watching};
use crate::kinds;
use crate::kinds::parts::gone;
use crate::model::{Fault, Fields, Followed, Plan, Resource, ResourceId, Risk, Seen, Sent, Step, Undo, Value};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

const ID: &str = "rds-snapshot-delete";
const OF_INSTANCE: Op = "rds:DeleteDBSnapshot";
const OF_CLUSTER: Op = "rds:DeleteDBClusterSnapshot";

/// Deletes a snapshot of a database.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "delete the snapshot",
    doc: "Delete a manual snapshot of a database, for ever",
    kinds: &[rds::SNAPSHOT],
    fields: &[
        FieldDef::new("snapshot", "snapshot", "The snapshot's name", "manual-202511211200", FieldSort::Text)
            .required()
            .locating(),
        FieldDef::new("of-cluster", "of a cluster", "Whether it is a snapshot of a cluster", "yes", FieldSort::Flag)
            .locating(),
    ],
    sends: &[OF_INSTANCE, OF_CLUSTER],
    reads: &[rds::INSTANCE_SNAPSHOTS, rds::CLUSTER_SNAPSHOTS],
    risk: "critical",
    undo: "no: a deleted snapshot can't be brought back",
    example: "rds-snapshot-delete -e enterprise-prod --snapshot manual-202511211200",
    applies,
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate,
    plan,
    look,
    send,
    follow,
};

fn applies(snapshot: &Resource) -> Result<(), String> {
    let sort = kinds::by_id(rds::SNAPSHOT).and_then(|kind| kind.cell(snapshot, "type"));
    match sort {
        Some(Value::Text(sort)) if &**sort != "manual" => Err(format!("it is {sort}: RDS deletes it by itself")),
        _ => Ok(()),
    }
}

fn locate<'a>(acting: &'a Acting, fields: &'a Fields) -> Asked<'a, Arc<ResourceId>> {
    async move {
        let of_cluster = given(fields, "of-cluster") == Some("yes");
        Ok(rds::snapshot_id(acting, of_cluster, parts::wanted(fields, "snapshot")?))
    }
    .boxed()
}

async fn read(acting: &Acting, target: &ResourceId) -> Result<rds::Snapshot, Fault> {
    let (of_cluster, name) = rds::snapshot_name(target);
    rds::snapshot(acting, of_cluster, name).await?.ok_or_else(|| gone(target))
}

fn seen(snapshot: &rds::Snapshot) -> Seen {
    let created = snapshot.created.map(|at| at.to_string()).unwrap_or_default();
    let seen = Seen::default().with("arn", snapshot.arn.as_deref().unwrap_or_default());
    seen.with("created", created).with("status", &snapshot.status)
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let (of_cluster, name) = rds::snapshot_name(target);
        let snapshot = read(acting, target).await?;
        let sort = snapshot.sort.as_deref().unwrap_or_default();
        let (operation, input, words, flag) = if of_cluster {
            let input = json!({ "DBClusterSnapshotIdentifier": name });
            (OF_CLUSTER, input, "rds delete-db-cluster-snapshot", "db-cluster-snapshot-identifier")
        } else {
            (OF_INSTANCE, json!({ "DBSnapshotIdentifier": name }), "rds delete-db-snapshot", "db-snapshot-identifier")
        };
        let mut plan = parts::plan(acting, ID, target, fields, snapshot.arn.as_deref());
        plan.title = format!("delete the snapshot {name} of {}", snapshot.source.as_deref().unwrap_or("?")).into();
        plan.changes = vec![parts::change("snapshot", Some(name), None)];
        plan.preconditions = vec![
            parts::must("manual", sort == "manual", format!("it is {sort}")),
            parts::must("available", snapshot.status == "available", format!("it is {}", snapshot.status)),
        ];
        plan.affects = vec!["what can only be restored from this snapshot is lost".into()];
        plan.steps =
            vec![parts::step(acting, operation, format!("delete the snapshot {name}"), &input, seen(&snapshot))];
        plan.risk = Risk::Critical;
        plan.undo = Undo::No("a deleted snapshot can't be brought back".into());
        plan.command = parts::aws_command(acting, words, &[(flag, name)]);
        Ok(plan)
    }
    .boxed()
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&read(acting, &plan.target.id).await?)) }.boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
        let ride = Ride::with(permit);
        if step.operation == OF_CLUSTER {
            let call = acting.writes.rds().delete_db_cluster_snapshot();
            let call = call.set_db_cluster_snapshot_identifier(text("DBClusterSnapshotIdentifier"));
            sent(step.operation, call.customize().interceptor(ride).send().await)
        } else {
            let call = acting.writes.rds().delete_db_snapshot();
            let call = call.set_db_snapshot_identifier(text("DBSnapshotIdentifier"));
            sent(step.operation, call.customize().interceptor(ride).send().await)
        }
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let (of_cluster, name) = rds::snapshot_name(&plan.target.id);
        let look = || async move {
            Ok(match rds::snapshot(acting, of_cluster, name).await? {
                None => parts::verified(format!("{name} is gone")),
                Some(snapshot) => parts::going(format!("{name} is {}", snapshot.status), None),
            })
        };
        parts::until_ended(rds::PATIENCE, watch, look).await
    }
    .boxed()
}
