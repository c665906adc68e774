//! `elasticache-snapshot-delete`: deletes a manual snapshot of a cache, which is how one just taken is undone.

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;

use std::time::Duration;

use aws_sdk_elasticache::types::Snapshot;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::parts::{self, wanted};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, elasticache, no_choices};
use crate::guard::{Permit, Watching};
use crate::model::{Fault, FaultClass, Fields, Followed, Plan, ResourceId, Risk, Seen, Sent, Step, Undo, text};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

const ID: &str = "elasticache-snapshot-delete";
const DELETE: Op = "elasticache:DeleteSnapshot";
const PATIENCE: Duration = Duration::from_mins(30);

/// Deletes a snapshot of a cache.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "delete a snapshot",
    doc: "Delete a manual snapshot of a cache, for ever",
    kinds: &[elasticache::KIND],
    fields: &[
        FieldDef::new("cache-cluster", "cluster", "The cache cluster it is of", "dev-redis", FieldSort::Text)
            .locating(),
        FieldDef::new(
            "replication-group",
            "group",
            "The replication group it is of, instead of a cluster",
            "prod-redis",
            FieldSort::Text,
        )
        .locating(),
        FieldDef::new("snapshot", "snapshot", "The snapshot's name", "manual-202511211200", FieldSort::Text).required(),
    ],
    sends: &[DELETE],
    reads: &[elasticache::SNAPSHOTS],
    risk: "critical",
    undo: "no: a deleted snapshot can't be brought back",
    example: "elasticache-snapshot-delete -e starttech-dev --cache-cluster dev-redis --snapshot manual-202511211200",
    applies: |_| Ok(()),
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate: |acting, fields| async move { elasticache::located(acting, fields) }.boxed(),
    plan,
    look,
    send,
    follow,
};

async fn read(acting: &Acting, name: &str) -> Result<Snapshot, Fault> {
    let gone = || Fault::new(FaultClass::NotFound, format!("there is no snapshot {} any more", text::clean(name)));
    elasticache::snapshot(acting, name).await?.ok_or_else(gone)
}

fn seen(snapshot: &Snapshot) -> Seen {
    let seen = Seen::default().with("arn", snapshot.arn().unwrap_or_default());
    seen.with("status", snapshot.snapshot_status().unwrap_or_default())
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let (_, source) = elasticache::name_of(target);
        let name = wanted(fields, "snapshot")?;
        let snapshot = read(acting, name).await?;
        // Of a member of a group both may be told.
        let of: Vec<&str> = [snapshot.replication_group_id(), snapshot.cache_cluster_id()]
            .into_iter()
            .flatten()
            .filter(|name| !name.is_empty())
            .collect();
        let sort = snapshot.snapshot_source().unwrap_or("manual");
        let status = snapshot.snapshot_status().unwrap_or_default();
        let mut plan = parts::plan(acting, ID, target, fields, snapshot.arn());
        // What is typed to confirm is the snapshot's name, not the cache's.
        plan.target.name = text::clean(name).into();
        plan.title = format!("delete the snapshot {name} of {source}").into();
        plan.changes = vec![parts::change("snapshot", Some(name), None)];
        plan.preconditions = vec![
            parts::must("of this cache", of.contains(&source), format!("{name} is of {}", of.join(", "))),
            parts::must("manual", sort == "manual", format!("it is {sort}")),
            parts::must("available", status == "available", format!("it is {status}")),
        ];
        plan.affects = vec!["what can only be restored from this snapshot is lost".into()];
        let input = json!({ "SnapshotName": name });
        plan.steps = vec![parts::step(acting, DELETE, format!("delete the snapshot {name}"), &input, seen(&snapshot))];
        plan.risk = Risk::Critical;
        plan.undo = Undo::No("a deleted snapshot can't be brought back".into());
        plan.command = parts::aws_command(acting, "elasticache delete-snapshot", &[("snapshot-name", name)]);
        Ok(plan)
    }
    .boxed()
}

fn look<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step) -> Asked<'a, Seen> {
    async move {
        let name = parts::text_of(step, "SnapshotName").unwrap_or_default();
        Ok(seen(&read(acting, name).await?))
    }
    .boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        let call = acting.writes.elasticache().delete_snapshot();
        let call = call.set_snapshot_name(parts::text_of(step, "SnapshotName").map(str::to_owned));
        sent(DELETE, call.customize().interceptor(Ride::with(permit)).send().await)
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let name = parts::text_of(step, "SnapshotName").unwrap_or_default();
        let look = || async move {
            Ok(match elasticache::snapshot(acting, name).await? {
                None => parts::verified(format!("{name} is gone")),
                Some(it) => parts::going(format!("{name} is {}", it.snapshot_status().unwrap_or_default()), None),
            })
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}
