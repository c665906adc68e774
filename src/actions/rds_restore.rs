//! `rds-restore`: an instance or a cluster from a snapshot, under a new name, with what its source has. A restored cluster has no
//! instance by itself, so that it gets its writer too.

mod cluster;
mod instance;
#[cfg(all(test, feature = "demo"))]
mod tests;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};

use super::parts::{self, given};
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices, rds};
use crate::guard::{Permit, Watching};
use crate::kinds::{self, parts::gone};
use crate::model::{
    Fault, FaultClass, Fields, Followed, Plan, Precondition, ResourceId, Risk, Seen, Sent, Step, Undo, Verdict,
};
use crate::providers::Acting;

const ID: &str = "rds-restore";
const RESTORE_INSTANCE: Op = "rds:RestoreDBInstanceFromDBSnapshot";
const RESTORE_CLUSTER: Op = "rds:RestoreDBClusterFromSnapshot";
const CREATE_WRITER: Op = "rds:CreateDBInstance";
const ROLE_OF_INSTANCE: Op = "rds:AddRoleToDBInstance";
const ROLE_OF_CLUSTER: Op = "rds:AddRoleToDBCluster";

/// The longest names of instances and clusters.
const DATABASE_NAME: usize = 63;
/// What comes after a cluster's name in its writer's.
const WRITER: &str = "-1";

/// Restores a snapshot under a new name.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "restore",
    doc: "Restore a database instance or cluster from a snapshot, under a new name",
    kinds: &[rds::SNAPSHOT],
    fields: &[
        FieldDef::new("snapshot", "snapshot", "The snapshot's name", "manual-202511211200", FieldSort::Text)
            .required()
            .locating(),
        FieldDef::new("of-cluster", "of a cluster", "Whether it is a snapshot of a cluster", "yes", FieldSort::Flag)
            .locating(),
        FieldDef::new(
            "to",
            "new name",
            "Name of the restored database",
            "enterprise-prod-db-restored",
            FieldSort::Text,
        )
        .required(),
        FieldDef::new("class", "class", "Instance class; the source's unless given", "db.r5.large", FieldSort::Text),
    ],
    sends: &[RESTORE_INSTANCE, RESTORE_CLUSTER, CREATE_WRITER, ROLE_OF_INSTANCE, ROLE_OF_CLUSTER],
    reads: &[rds::INSTANCES, rds::CLUSTERS, rds::INSTANCE_SNAPSHOTS, rds::CLUSTER_SNAPSHOTS],
    risk: "high",
    undo: "no: deleting a database is not offered here",
    example: "rds-restore -e enterprise-prod --snapshot manual-202511211200 --to enterprise-prod-db-restored",
    applies: rds::applies_when_available,
    form: |snapshot, _| {
        let source = kinds::by_id(rds::SNAPSHOT).map(|kind| kinds::parts::text_of(kind, snapshot, "source"));
        let source = source.filter(|source| !source.is_empty());
        source.map(|source| ("to", format!("{source}-restored"))).into_iter().collect()
    },
    choices: no_choices,
    locate: |acting, fields| {
        async move {
            let of_cluster = given(fields, "of-cluster") == Some("yes");
            Ok(rds::snapshot_id(acting, of_cluster, parts::wanted(fields, "snapshot")?))
        }
        .boxed()
    },
    plan,
    look,
    send,
    follow,
};

/// What the sorts have in common: the snapshot and the names.
struct Wanted<'a> {
    snapshot: &'a str,
    source: Option<&'a str>,
    to: &'a str,
    class: Option<&'a str>,
    /// What the snapshot is known by.
    seen: Seen,
}

/// What a sort makes of it.
#[derive(Default)]
struct Drawn {
    changes: Vec<crate::model::FieldChange>,
    preconditions: Vec<Precondition>,
    steps: Vec<Step>,
    command: Option<Arc<str>>,
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
        let to = parts::wanted(fields, "to")?;
        let snapshot = read(acting, target).await?;
        let wanted = Wanted {
            snapshot: name,
            source: snapshot.source.as_deref(),
            to,
            class: given(fields, "class"),
            seen: seen(&snapshot),
        };
        let drawn = async {
            if of_cluster {
                cluster::draw(acting, &wanted, &snapshot).await
            } else {
                instance::draw(acting, &wanted).await
            }
        };
        let (drawn, free) = join(drawn, is_free(acting, of_cluster, "new name free", to)).await;
        let mut plan = parts::plan(acting, ID, target, fields, snapshot.arn.as_deref());
        plan.title = format!("restore {to} from {name}").into();
        plan.changes = [
            parts::change("database", None, Some(to)),
            parts::change("from", None, snapshot.created.map(|at| format!("{name} of {at}")).as_deref()),
        ]
        .into_iter()
        .chain(drawn.changes)
        .collect();
        plan.preconditions = vec![
            parts::must("snapshot available", snapshot.status == "available", format!("it is {}", snapshot.status)),
            // A writer is named after its cluster.
            rds::well_named(to, if of_cluster { DATABASE_NAME - WRITER.len() } else { DATABASE_NAME }),
            free,
        ];
        plan.preconditions.extend(drawn.preconditions);
        plan.affects = vec![
            "a database more is paid for until it is deleted".into(),
            format!("{} stays as it is; nothing is switched over", wanted.source.unwrap_or("the source")).into(),
        ];
        plan.steps = drawn.steps;
        plan.risk = Risk::High;
        plan.undo = Undo::No("deleting a database is not offered here; it can be deleted in the AWS console".into());
        plan.command = drawn.command.unwrap_or_else(|| "".into());
        Ok(plan)
    }
    .boxed()
}

/// Whether no database has this name yet.
async fn is_free(acting: &Acting, of_cluster: bool, name: &str, to: &str) -> Precondition {
    let found = if of_cluster {
        rds::cluster(acting, to).await.map(|_| ())
    } else {
        rds::instance(acting, to).await.map(|_| ())
    };
    match found {
        Ok(()) => parts::must(name, false, format!("there is a {to} already")),
        Err(fault) if fault.class == FaultClass::NotFound => parts::must(name, true, format!("there is no {to}")),
        Err(fault) => parts::untold(name, &fault),
    }
}

/// The source could not be read: what RDS takes by default is said instead.
fn without_source(source: Option<&str>, fault: Option<&Fault>) -> Precondition {
    const NAME: &str = "source known";
    match (source, fault) {
        (_, Some(fault)) if fault.class != FaultClass::NotFound => parts::untold(NAME, fault),
        (source, _) => Precondition::new(
            NAME,
            Verdict::Warn,
            format!(
                "{} is gone: its groups and subnets are not known, the account's defaults are taken",
                source.unwrap_or("it")
            ),
        ),
    }
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step) -> Asked<'a, Seen> {
    async move {
        match step.operation {
            RESTORE_CLUSTER | RESTORE_INSTANCE => Ok(seen(&read(acting, &plan.target.id).await?)),
            // Later steps stand on what the first one made.
            _ => Ok(Seen::default()),
        }
    }
    .boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        match step.operation {
            RESTORE_INSTANCE | ROLE_OF_INSTANCE => instance::send(acting, step, permit).await,
            _ => cluster::send(acting, step, permit).await,
        }
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        let text = |parameter| parts::text_of(step, parameter).unwrap_or_default();
        let of_cluster = matches!(step.operation, RESTORE_CLUSTER | ROLE_OF_CLUSTER);
        let name = text(if of_cluster { "DBClusterIdentifier" } else { "DBInstanceIdentifier" });
        let role = parts::text_of(step, "RoleArn");
        let look = || async move {
            let found = Found::read(acting, of_cluster, name).await?;
            Ok(match (&*found.status, role) {
                ("available", None) => parts::verified(format!("{name} is available")),
                ("available", Some(role)) => has_role(name, role, &found.roles),
                (status, _) if status.contains("fail") || status.starts_with("incompatible") => {
                    parts::failed(format!("{name} is {status}"))
                }
                (status, _) => parts::going(format!("{name} is {status}"), None),
            })
        };
        parts::until_ended(rds::PATIENCE, watch, look).await
    }
    .boxed()
}

/// How a restored database is.
struct Found {
    status: String,
    /// The ARNs of its roles, and how each is.
    roles: Vec<(String, String)>,
}

impl Found {
    async fn read(acting: &Acting, of_cluster: bool, name: &str) -> Result<Self, Fault> {
        let role = |arn: Option<&str>, status: Option<&str>| {
            (arn.unwrap_or_default().to_owned(), status.unwrap_or_default().to_owned())
        };
        Ok(if of_cluster {
            let db = rds::cluster(acting, name).await?;
            let roles = db.associated_roles().iter().map(|it| role(it.role_arn(), it.status())).collect();
            Self { status: db.status.unwrap_or_default(), roles }
        } else {
            let db = rds::instance(acting, name).await?;
            let roles = db.associated_roles().iter().map(|it| role(it.role_arn(), it.status())).collect();
            Self { status: db.db_instance_status.unwrap_or_default(), roles }
        })
    }
}

fn has_role(name: &str, role: &str, roles: &[(String, String)]) -> parts::Stand {
    match roles.iter().find(|(arn, _)| arn == role).map(|(_, status)| &**status) {
        Some("ACTIVE") => parts::verified(format!("{name} has the role {role}")),
        Some("INVALID") => parts::failed(format!("{name} can't take the role {role}")),
        Some(status) => parts::going(format!("the role {role} is {status}"), None),
        None => parts::going(format!("{name} does not list the role {role} yet"), None),
    }
}
