//! `rds-reboot`: restarts an instance, with a failover to its standby where it has one and that is wanted.

#[cfg(all(test, feature = "demo"))]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_rds::types::{DbClusterMember, Event, SourceType};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;

use super::parts::{self, given};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices, rds};
use crate::guard::{Permit, Watching};
use crate::kinds::parts::{id, instant};
use crate::model::{Fault, Fields, Followed, Plan, Precondition, ResourceId, Risk, Seen, Sent, Step, Undo, Verdict};
use crate::providers::Acting;
use crate::providers::aws::{Ride, fault, sent};

const ID: &str = "rds-reboot";
const REBOOT: Op = "rds:RebootDBInstance";
const EVENTS: Op = "rds:DescribeEvents";
/// A restart can wait for long recovery.
const PATIENCE: Duration = Duration::from_hours(1);

/// Restarts an instance.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "reboot",
    doc: "Restart a database instance, with or without a failover to its standby",
    kinds: &[rds::INSTANCE],
    fields: &[
        FieldDef::new("instance", "instance", "The instance", "enterprise-prod-db", FieldSort::Text)
            .required()
            .locating(),
        FieldDef::new("failover", "failover", "Fail over to the standby (no unless said)", "yes", FieldSort::Flag),
    ],
    sends: &[REBOOT],
    reads: &[rds::INSTANCES, rds::CLUSTERS, EVENTS],
    risk: "high",
    undo: "no: what was interrupted stays so",
    example: "rds-reboot -e enterprise-prod --instance enterprise-prod-db --failover yes",
    applies: rds::applies_when_available,
    form: |_, _| Fields::from([("failover", "no".to_owned())]),
    choices: no_choices,
    locate: |acting, fields| {
        async move { Ok(id(&acting.env.scope, rds::INSTANCE, parts::wanted(fields, "instance")?)) }.boxed()
    },
    plan,
    look,
    send,
    follow,
};

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let name = &*target.id;
        let db = rds::instance(acting, name).await?;
        let failover = given(fields, "failover") == Some("yes");
        let standby = db.multi_az() == Some(true);
        let mut plan = parts::plan(acting, ID, target, fields, db.db_instance_arn());
        plan.title = format!("reboot {name}{}", if failover { " with a failover" } else { "" }).into();
        plan.preconditions = vec![rds::available(db.db_instance_status())];
        if failover {
            let evidence = match db.secondary_availability_zone() {
                Some(zone) => format!("its standby is in {zone}"),
                None => format!("it has {} standby", if standby { "a" } else { "no" }),
            };
            plan.preconditions.push(parts::must("has a standby", standby, evidence));
        }
        if let Some(cluster) = rds::cluster_of(&db) {
            plan.preconditions.push(role(acting, cluster, name).await);
        }
        let pending =
            db.db_parameter_groups().iter().filter(|group| group.parameter_apply_status() == Some("pending-reboot"));
        let pending: Vec<&str> = pending.filter_map(|group| group.db_parameter_group_name()).collect();
        if !pending.is_empty() {
            plan.affects.push(format!("parameters that wait for it come into effect: {}", pending.join(", ")).into());
        }
        plan.affects.push(if failover {
            "every connection drops; the standby takes over within a minute or two".into()
        } else {
            "every connection drops; it is away for a minute or more".into()
        });
        let mut input = json!({ "DBInstanceIdentifier": name });
        let mut flags = vec![("db-instance-identifier", name)];
        if failover {
            input["ForceFailover"] = json!(true);
            flags.push(("force-failover", ""));
        }
        plan.steps = vec![parts::step(acting, REBOOT, format!("reboot {name}"), &input, rds::seen_of_instance(&db))];
        plan.risk = Risk::High;
        plan.undo = Undo::No("what a reboot interrupts can't be taken back".into());
        plan.command = parts::aws_command(acting, "rds reboot-db-instance", &flags);
        Ok(plan)
    }
    .boxed()
}

/// Whether it is the one of its cluster that takes writes.
async fn role(acting: &Acting, cluster: &str, name: &str) -> Precondition {
    const NAME: &str = "not the writer";
    match rds::cluster(acting, cluster).await {
        Ok(db) => {
            let is = |member: &&DbClusterMember| member.db_instance_identifier() == Some(name);
            match db.db_cluster_members().iter().find(is).and_then(DbClusterMember::is_cluster_writer) {
                Some(true) => {
                    Precondition::new(NAME, Verdict::Warn, format!("it is the writer of {cluster}: writes stop"))
                }
                Some(false) => parts::must(NAME, true, format!("it is a reader of {cluster}")),
                None => Precondition::new(NAME, Verdict::Unknown, format!("{cluster} does not list it")),
            }
        }
        Err(fault) => parts::untold(NAME, &fault),
    }
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step) -> Asked<'a, Seen> {
    async move { Ok(rds::seen_of_instance(&rds::instance(acting, &plan.target.id.id).await?)) }.boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        let call = acting.writes.rds().reboot_db_instance();
        let call = call.set_db_instance_identifier(parts::text_of(step, "DBInstanceIdentifier").map(str::to_owned));
        let call = call.set_force_failover(parts::flag_of(step, "ForceFailover"));
        sent(REBOOT, call.customize().interceptor(Ride::with(permit)).send().await)
    }
    .boxed()
}

/// A short restart can be over between two looks: then the events of RDS tell of it.
fn follow<'a>(acting: &'a Acting, plan: &'a Plan, _: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let name = &*plan.target.id.id;
        let was_away = AtomicBool::new(false);
        let look = || async {
            let db = rds::instance(acting, name).await?;
            let status = db.db_instance_status().unwrap_or_default();
            Ok(match status {
                "available" if was_away.load(Ordering::Relaxed) => {
                    parts::verified(format!("{name} is available again"))
                }
                "available" => match restarted(acting, name, plan.made_at).await? {
                    Some(words) => parts::verified(format!("{name} is available: {words}")),
                    None => parts::going(format!("{name} is available; no event tells of the restart yet"), None),
                },
                status if status.starts_with("incompatible") || status == "failed" => {
                    parts::failed(format!("{name} is {status}"))
                }
                status => {
                    was_away.store(true, Ordering::Relaxed);
                    parts::going(format!("{name} is {status}"), None)
                }
            })
        };
        parts::until_ended(PATIENCE, watch, look).await
    }
    .boxed()
}

/// What an event of RDS says of the restart.
async fn restarted(acting: &Acting, name: &str, since: Timestamp) -> Result<Option<String>, Fault> {
    let call = acting.env.aws.rds().describe_events().source_identifier(name).source_type(SourceType::DbInstance);
    let answer = call.duration(60).send().await.map_err(|error| fault(EVENTS, &error))?;
    let tells = |event: &&Event| {
        instant(event.date()).is_some_and(|at| at >= since)
            && event.message().unwrap_or_default().to_lowercase().contains("restarted")
    };
    let event = answer.events().iter().rev().find(tells).and_then(|event| event.message());
    Ok(event.map(str::to_owned))
}
