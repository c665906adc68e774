//! `rds-failover`: a reader of a cluster becomes its writer.

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::types::{DbCluster, DbClusterMember, DbInstance};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all, join3};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::parts::{self, wanted};
use super::{ActionDef, Asked, Choice, FieldDef, FieldSort, Op, rds};
use crate::guard::{Permit, Watching};
use crate::kinds::parts::{Metric, id};
use crate::kinds::{self, metrics};
use crate::model::{
    Fault, FaultClass, Fields, Followed, Order, Plan, Precondition, Resource, ResourceId, Risk, Seen, Sent, Step, Undo,
    Unit, Verdict, Window,
};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

const ID: &str = "rds-failover";
const FAILOVER: Op = "rds:FailoverDBCluster";

/// More lag than this is worth a warning, in milliseconds.
const TOLERABLE: f64 = 1_000.0;
/// A failover is a matter of a minute; a quarter of an hour is a failure.
const PATIENCE: Duration = Duration::from_mins(15);

/// Makes a chosen reader the writer.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "fail over",
    doc: "Make a reader of a database cluster its writer",
    kinds: &[rds::CLUSTER],
    fields: &[
        FieldDef::new("db-cluster", "cluster", "The cluster", "lecture-dhbw-cluster", FieldSort::Text)
            .required()
            .locating(),
        FieldDef::new(
            "to",
            "new writer",
            "The reader that becomes the writer",
            "lecture-dhbw-cluster-instance-2",
            FieldSort::Chosen,
        )
        .required(),
    ],
    sends: &[FAILOVER],
    reads: &[rds::CLUSTERS, rds::INSTANCES],
    risk: "high",
    undo: "fail over back to the writer of before",
    example: "rds-failover -e dhbw-prod --db-cluster lecture-dhbw-cluster --to lecture-dhbw-cluster-instance-2",
    applies,
    form: |_, _| Fields::new(),
    choices,
    locate: |acting, fields| {
        async move { Ok(id(&acting.env.scope, rds::CLUSTER, wanted(fields, "db-cluster")?)) }.boxed()
    },
    plan,
    look,
    send,
    follow,
};

fn applies(cluster: &Resource) -> Result<(), String> {
    rds::applies_when_available(cluster)?;
    let members = kinds::by_id(rds::CLUSTER).and_then(|kind| kind.cell(cluster, "members"));
    match members {
        Some(crate::model::Value::List(members)) if members.len() < 2 => {
            Err("it has no reader to fail over to".to_owned())
        }
        _ => Ok(()),
    }
}

fn members(cluster: &DbCluster) -> impl Iterator<Item = (&str, &DbClusterMember)> {
    cluster.db_cluster_members().iter().filter_map(|member| Some((member.db_instance_identifier()?, member)))
}

fn writer(cluster: &DbCluster) -> Option<&str> {
    members(cluster).find(|(_, member)| member.is_cluster_writer() == Some(true)).map(|(name, _)| name)
}

fn choices<'a>(acting: &'a Acting, target: &'a ResourceId, _: &'static str) -> Asked<'a, Vec<Choice>> {
    async move {
        let cluster = rds::cluster(acting, &target.id).await?;
        let readers = members(&cluster).filter(|(_, member)| member.is_cluster_writer() != Some(true));
        let choice = async |(name, member): (&str, &DbClusterMember)| {
            let lag = lag(acting, name).await.ok().flatten();
            let lag = lag.map_or_else(|| "lag not known".to_owned(), |ms| format!("lag {ms:.0} ms"));
            let tier = member.promotion_tier().map(|tier| format!(", promotion tier {tier}")).unwrap_or_default();
            Choice { value: name.into(), words: format!("{lag}{tier}").into(), difference: Vec::new() }
        };
        Ok(join_all(readers.map(choice)).await)
    }
    .boxed()
}

/// How far a reader is behind, in milliseconds, the highest of the last ten minutes.
async fn lag(acting: &Acting, reader: &str) -> Result<Option<f64>, Fault> {
    const LAG: &[Metric] = &[("lag", "AuroraReplicaLag", "Maximum", Unit::Count)];
    let env = &acting.env;
    let of = id(&env.scope, rds::INSTANCE, reader);
    let specs = kinds::parts::metrics(&of, "AWS/RDS", &[("DBInstanceIdentifier", reader)], LAG);
    let now = Timestamp::now();
    let found = metrics::fetch(env, &specs, Window::Hour, now).await?;
    let recent = now - SignedDuration::from_mins(10);
    let points = found.iter().flat_map(|(_, points)| &points.points);
    Ok(points.filter(|(at, _)| *at >= recent).map(|(_, ms)| *ms).reduce(f64::max))
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let name = &*target.id;
        let to = wanted(fields, "to")?;
        let (cluster, instance, lag) =
            join3(rds::cluster(acting, name), rds::instance(acting, to), lag(acting, to)).await;
        let cluster = cluster?;
        let writer = writer(&cluster);
        let mut plan = parts::plan(acting, ID, target, fields, cluster.db_cluster_arn());
        plan.title = format!("fail {name} over from {} to {to}", writer.unwrap_or("?")).into();
        plan.changes = vec![parts::change("writer", writer, Some(to))];
        plan.preconditions = preconditions(&cluster, to, instance, lag);
        plan.affects = vec![
            "every connection to the writer drops; writes fail for about half a minute".into(),
            format!("{} becomes a reader", writer.unwrap_or("the present writer")).into(),
        ];
        let input = json!({ "DBClusterIdentifier": name, "TargetDBInstanceIdentifier": to });
        plan.steps = vec![parts::step(acting, FAILOVER, format!("make {to} the writer"), &input, seen(&cluster))];
        plan.risk = Risk::High;
        plan.undo = match writer {
            Some(writer) => Undo::By {
                words: format!("fail over back to {writer}").into(),
                order: Order {
                    action: ID,
                    target: Arc::new(target.clone()),
                    fields: Fields::from([("db-cluster", name.to_owned()), ("to", writer.to_owned())]),
                },
            },
            None => Undo::No("the present writer is not known".into()),
        };
        let flags = [("db-cluster-identifier", name), ("target-db-instance-identifier", to)];
        plan.command = parts::aws_command(acting, "rds failover-db-cluster", &flags);
        Ok(plan)
    }
    .boxed()
}

fn preconditions(
    cluster: &DbCluster,
    to: &str,
    instance: Result<DbInstance, Fault>,
    lag: Result<Option<f64>, Fault>,
) -> Vec<Precondition> {
    let names: Vec<&str> = members(cluster).map(|(name, _)| name).collect();
    let writer = writer(cluster);
    let readers: Vec<&str> = names.iter().copied().filter(|name| writer != Some(*name)).collect();
    let readers = if readers.is_empty() { "none".to_owned() } else { readers.join(", ") };
    let is_member = names.contains(&to);
    let words = if is_member {
        format!("its instances: {}", names.join(", "))
    } else {
        format!("{to} is none of its instances; its readers: {readers}")
    };
    let mut found = vec![rds::available(cluster.status()), parts::must("member of the cluster", is_member, words)];
    if is_member {
        let words = match writer {
            Some(writer) if writer == to => format!("{to} is the writer already; its readers: {readers}"),
            writer => format!("the writer is {}", writer.unwrap_or("not known")),
        };
        found.push(parts::must("a reader", writer != Some(to), words));
    }
    found.push(match instance {
        Ok(db) => {
            let status = db.db_instance_status().unwrap_or("of unknown status");
            parts::must("new writer available", status == "available", format!("{to} is {status}"))
        }
        Err(fault) if fault.class == FaultClass::NotFound => {
            parts::must("new writer available", false, format!("there is no instance {to}"))
        }
        Err(fault) => parts::untold("new writer available", &fault),
    });
    // How far something else is behind is of no interest.
    if !is_member {
        return found;
    }
    found.push(match lag {
        Ok(Some(ms)) => parts::should("replica lag", ms <= TOLERABLE, format!("{to} was at most {ms:.0} ms behind")),
        Ok(None) => Precondition::new("replica lag", Verdict::Unknown, format!("CloudWatch has no lag of {to}")),
        Err(fault) => parts::untold("replica lag", &fault),
    });
    found
}

fn seen(cluster: &DbCluster) -> Seen {
    let mut names: Vec<&str> = members(cluster).map(|(name, _)| name).collect();
    names.sort_unstable();
    let seen = rds::seen_of_cluster(cluster).with("writer", writer(cluster).unwrap_or_default());
    seen.with("members", names.join(", "))
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(seen(&rds::cluster(acting, &plan.target.id.id).await?)) }.boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
        let call = acting.writes.rds().failover_db_cluster();
        let call = call.set_db_cluster_identifier(text("DBClusterIdentifier"));
        let call = call.set_target_db_instance_identifier(text("TargetDBInstanceIdentifier"));
        sent(FAILOVER, call.customize().interceptor(Ride::with(permit)).send().await)
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let name = &*plan.target.id.id;
        let to = parts::text_of(step, "TargetDBInstanceIdentifier").unwrap_or_default();
        let look = || async move {
            let cluster = rds::cluster(acting, name).await?;
            let (status, writer) = (cluster.status().unwrap_or_default(), writer(&cluster).unwrap_or("nobody"));
            Ok(match status {
                "available" if writer == to => parts::verified(format!("{to} is the writer of {name}")),
                _ => parts::going(format!("{name} is {status}, its writer is {writer}"), None),
            })
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}
