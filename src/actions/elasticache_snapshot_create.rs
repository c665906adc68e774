//! `elasticache-snapshot-create`: a manual snapshot of a cache cluster or a replication group.

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::parts::{self, given};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, elasticache, no_choices, rds};
use crate::guard::{Permit, Watching};
use crate::kinds;
use crate::model::{
    Fields, Followed, Order, Plan, Precondition, Resource, ResourceId, Risk, Seen, Sent, Step, Undo, Value, Verdict,
};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

const ID: &str = "elasticache-snapshot-create";
const CREATE: Op = "elasticache:CreateSnapshot";
const PATIENCE: Duration = Duration::from_hours(2);

/// Takes a snapshot of a cache.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "take a snapshot",
    doc: "Take a manual snapshot of a cache cluster or replication group",
    kinds: &[elasticache::KIND],
    fields: &[
        FieldDef::new("cache-cluster", "cluster", "The cache cluster", "dev-redis", FieldSort::Text).locating(),
        FieldDef::new(
            "replication-group",
            "group",
            "The replication group, instead of a cluster",
            "prod-redis",
            FieldSort::Text,
        )
        .locating(),
        FieldDef::new(
            "snapshot",
            "snapshot",
            "The snapshot's name; `manual-YYYYMMDDHHMM` unless given",
            "dev-redis-202511211200",
            FieldSort::Text,
        ),
    ],
    sends: &[CREATE],
    reads: &[elasticache::CLUSTERS, elasticache::GROUPS, elasticache::SNAPSHOTS],
    risk: "medium",
    undo: "the snapshot is deleted, after typing its name",
    example: "elasticache-snapshot-create -e starttech-dev --cache-cluster dev-redis",
    applies,
    form: |_, now| Fields::from([("snapshot", rds::proposed("manual", now))]),
    choices: no_choices,
    locate: |acting, fields| async move { elasticache::located(acting, fields) }.boxed(),
    plan,
    look,
    send,
    follow,
};

fn applies(cache: &Resource) -> Result<(), String> {
    match kinds::by_id(elasticache::KIND).and_then(|kind| kind.cell(cache, "engine")) {
        Some(Value::Text(engine)) if &**engine == "memcached" => Err("memcached has no snapshots".to_owned()),
        _ => rds::applies_when_available(cache),
    }
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let (is_group, source) = elasticache::name_of(target);
        let name = given(fields, "snapshot").map_or_else(|| rds::proposed("manual", Timestamp::now()), str::to_owned);
        let (cache, free) = join(elasticache::cache(acting, target), free(acting, &name)).await;
        let cache = cache?;
        let mut fields = fields.clone();
        fields.insert("snapshot", name.clone());
        let mut plan = parts::plan(acting, ID, target, &fields, cache.arn.as_deref());
        plan.title = format!("take the snapshot {name} of {source}").into();
        plan.changes = vec![parts::change("snapshot", None, Some(&name))];
        plan.preconditions = vec![
            rds::available(Some(&cache.status)),
            engine(&cache),
            node_type(&cache),
            rds::well_named(&name, rds::SNAPSHOT_NAME),
            free,
        ];
        plan.preconditions.extend(cache.snapshot_window.as_deref().map(|window| outside(window, plan.made_at)));
        plan.affects = vec!["memory and processor of the node that is read; writes may slow down".into()];
        let parameter = if is_group { "ReplicationGroupId" } else { "CacheClusterId" };
        let input = json!({ parameter: source, "SnapshotName": name });
        let words = format!("take the snapshot {name} of {source}");
        plan.steps = vec![parts::step(acting, CREATE, words, &input, elasticache::seen(&cache))];
        plan.risk = Risk::Medium;
        plan.undo = undo(target, is_group, source, &name);
        let flag = if is_group { "replication-group-id" } else { "cache-cluster-id" };
        let flags = [(flag, source), ("snapshot-name", &name)];
        plan.command = parts::aws_command(acting, "elasticache create-snapshot", &flags);
        Ok(plan)
    }
    .boxed()
}

fn undo(target: &ResourceId, is_group: bool, source: &str, name: &str) -> Undo {
    let locating = if is_group { "replication-group" } else { "cache-cluster" };
    Undo::By {
        words: format!("delete the snapshot {name}").into(),
        order: Order {
            action: "elasticache-snapshot-delete",
            target: Arc::new(target.clone()),
            fields: Fields::from([(locating, source.to_owned()), ("snapshot", name.to_owned())]),
        },
    }
}

fn engine(cache: &elasticache::Cache) -> Precondition {
    parts::must("engine with snapshots", cache.engine != "memcached", format!("it is {}", cache.engine))
}

/// The oldest nodes can't take snapshots.
fn node_type(cache: &elasticache::Cache) -> Precondition {
    let can = cache.node_type != "cache.t1.micro";
    parts::must("node type with snapshots", can, format!("its nodes are {}", cache.node_type))
}

async fn free(acting: &Acting, name: &str) -> Precondition {
    const NAME: &str = "name free";
    match elasticache::snapshot(acting, name).await {
        Ok(None) => parts::must(NAME, true, format!("there is no snapshot {name}")),
        Ok(Some(_)) => parts::must(NAME, false, format!("there is a snapshot {name} already")),
        Err(fault) => parts::untold(NAME, &fault),
    }
}

/// Whether the automatic snapshot is not taken at this time: two at once are refused.
fn outside(window: &str, now: Timestamp) -> Precondition {
    const NAME: &str = "outside the snapshot window";
    let minutes = |clock: &str| {
        let (hours, minutes) = clock.trim().split_once(':')?;
        Some(hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?)
    };
    let bounds = window.split_once('-').and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
    let Some((from, to)) = bounds else {
        return Precondition::new(NAME, Verdict::Unknown, format!("its window `{window}` can't be read"));
    };
    let time = now.to_zoned(TimeZone::UTC);
    let now = i32::from(time.hour()) * 60 + i32::from(time.minute());
    let inside = if from <= to { (from..to).contains(&now) } else { now >= from || now < to };
    parts::should(NAME, !inside, format!("automatic snapshots are taken {window} UTC"))
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(elasticache::seen(&elasticache::cache(acting, &plan.target.id).await?)) }.boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
        let call = acting.writes.elasticache().create_snapshot();
        let call = call.set_replication_group_id(text("ReplicationGroupId"));
        let call = call.set_cache_cluster_id(text("CacheClusterId")).set_snapshot_name(text("SnapshotName"));
        sent(CREATE, call.customize().interceptor(Ride::with(permit)).send().await)
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let name = parts::text_of(step, "SnapshotName").unwrap_or_default();
        let look = || async move {
            let found = elasticache::snapshot(acting, name).await?;
            Ok(match found.as_ref().and_then(|snapshot| snapshot.snapshot_status()) {
                Some("available") => parts::verified(format!("{name} is available")),
                Some("failed") => parts::failed(format!("{name} has failed")),
                Some(status) => parts::going(format!("{name} is {status}"), None),
                None => parts::going(format!("{name} is not listed yet"), None),
            })
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}
