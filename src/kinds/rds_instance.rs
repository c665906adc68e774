//! `rds-instance`: database instances of RDS and Aurora.

use std::time::Duration;

use aws_sdk_rds::operation::describe_db_instances::builders::DescribeDBInstancesFluentBuilder;
use aws_sdk_rds::types::{DbInstance, Filter, PendingModifiedValues, SourceType};
use futures_util::future::join;

use super::database::{self, of_status, with_progress};
use super::parts::{self, Verdict, gib, int, required, time, yes};
use super::{Asked, BridgePane, Column, KindDef, Op, Relation, Show, Sink, System, columns};
use crate::model::{Detail, Fault, Health, LogSource, MetricSpec, Resource, ResourceId, Scope, Unit, Value};
use crate::providers::Env;
use crate::providers::aws::raw::Capture;
use crate::providers::aws::{fault, pages};

const KIND: &str = "rds-instance";
const LIST: Op = "rds:DescribeDBInstances";

/// RDS instances.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "databases",
    aliases: &["rds", "db", "dbs", "database"],
    doc: "Database instances of RDS and Aurora: status, class, storage, pending changes",
    system: System::Aws,
    pane: Some(BridgePane::Databases),
    columns: COLUMNS,
    reads: &[LIST, database::EVENTS],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics,
    logs,
    has_logs: true,
    console: |db| {
        Some(parts::console(db, "rds", &format!("database:id={};is-cluster=false", parts::encoded(&db.id.id))))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("status", "STATUS", (9, 20), Show::Table(0), "Status as RDS tells it"),
    Column::text("engine", "ENGINE", (8, 17), Show::Table(1), "Database engine"),
    Column::text("class", "CLASS", (11, 16), Show::Table(2), "Instance class"),
    Column::text("cluster", "CLUSTER", (8, 28), Show::Table(3), "Aurora or Multi-AZ cluster it belongs to"),
    Column::text("version", "VERSION", (4, 12), Show::Table(4), "Engine version"),
    Column::text("zone", "ZONE", (10, 14), Show::Table(5), "Availability zone"),
    Column::number("storage", "STORAGE", 8, Show::Table(6), "Allocated storage; Aurora grows by itself"),
    columns::STORAGE_TYPE,
    Column::number("storage_limit", "STORAGE LIMIT", 8, Show::Data, "Up to where storage grows by itself"),
    Column::text("multi_az", "MULTI-AZ", (3, 3), Show::Data, "Whether a standby waits in another zone"),
    Column::text("endpoint", "ENDPOINT", (20, 80), Show::Data, "Host name and port"),
    columns::DATABASE,
    columns::PENDING,
    Column::text("parameters", "PARAMETERS", (8, 60), Show::Data, "Parameter groups, with those not in effect yet"),
    Column::text("replica_of", "REPLICA OF", (8, 40), Show::Data, "The instance it is a read replica of"),
    Column::text("replicas", "REPLICAS", (8, 60), Show::Data, "Its read replicas"),
    columns::BACKUP_DAYS,
    columns::BACKUP_WINDOW,
    columns::MAINTENANCE_WINDOW,
    columns::ENCRYPTED,
    Column::text("public", "PUBLIC", (3, 3), Show::Data, "Whether it has a public address"),
    columns::DELETION_PROTECTION,
    Column::text("certificate", "CERTIFICATE", (8, 24), Show::Data, "Certificate authority of its server certificate"),
    Column::text("certificate_expires", "CERTIFICATE EXPIRES", (4, 20), Show::Data, "End of its server certificate"),
    columns::LOG_EXPORTS,
    columns::CREATED,
];

const METRICS: &[parts::Metric] = &[
    ("cpu", "CPUUtilization", "Average", Unit::Percent),
    ("connections", "DatabaseConnections", "Average", Unit::Count),
    ("free storage", "FreeStorageSpace", "Minimum", Unit::Bytes),
    ("read latency", "ReadLatency", "Average", Unit::Seconds),
    ("write latency", "WriteLatency", "Average", Unit::Seconds),
];

/// Aurora's storage is the cluster's and grows by itself; what an instance can run out of is its local disk.
const AURORA_METRICS: &[parts::Metric] =
    &[METRICS[0], METRICS[1], ("local storage", "FreeLocalStorage", "Minimum", Unit::Bytes), METRICS[3], METRICS[4]];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(pages(LIST, move |token| async move {
        let cluster = within.map(|cluster| Filter::builder().name("db-cluster-id").values(&*cluster.id).build());
        let call = env.aws.rds().describe_db_instances().set_filters(cluster.map(|filter| vec![filter]));
        let page = call.set_marker(token).send().await.map_err(|error| fault(LIST, &error))?;
        sink.page(page.db_instances().iter().map(|db| resource(&env.scope, db)).collect::<Result<_, _>>()?);
        Ok(page.marker)
    }))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (db, events) = join(one(env, id), database::events(env, &id.id, SourceType::DbInstance)).await;
        let db = db?;
        let row = resource(&env.scope, &db)?;
        let sections = vec![
            parts::summary(&DEF, &row),
            database::recovery(None, db.latest_restorable_time()),
            parts::or_why("Events", events),
        ];
        Ok(Detail { sections })
    })
}

fn ask(env: &Env, id: &ResourceId) -> DescribeDBInstancesFluentBuilder {
    env.aws.rds().describe_db_instances().db_instance_identifier(&*id.id)
}

async fn one(env: &Env, id: &ResourceId) -> Result<DbInstance, Fault> {
    let answer = ask(env, id).send().await.map_err(|error| fault(LIST, &error))?;
    answer.db_instances.and_then(|found| found.into_iter().next()).ok_or_else(|| parts::gone(id))
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = ask(env, id).customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(LIST, &error))?;
        capture.pretty(LIST, "/DBInstances/0")
    })
}

/// An instance as a row.
pub fn resource(scope: &Scope, db: &DbInstance) -> Result<Resource, Fault> {
    let name = required(db.db_instance_identifier(), LIST, "DBInstanceIdentifier")?;
    let endpoint = db.endpoint().and_then(|end| Some(format!("{}:{}", end.address()?, end.port()?)));
    let certificate = db.certificate_details();
    let cells = vec![
        Value::maybe(db.db_instance_status()),
        Value::maybe(db.engine()),
        Value::maybe(db.db_instance_class()),
        Value::maybe(db.db_cluster_identifier()),
        Value::maybe(db.engine_version()),
        Value::maybe(db.availability_zone()),
        // Aurora says 1 GiB, which means nothing.
        gib(db.allocated_storage().filter(|_| !is_aurora(db.engine().unwrap_or_default()))),
        Value::maybe(db.storage_type()),
        gib(db.max_allocated_storage()),
        yes(db.multi_az()),
        Value::maybe(endpoint),
        Value::maybe(db.db_name()),
        Value::list(db.pending_modified_values().map(pending).unwrap_or_default()),
        Value::list(parameter_groups(db)),
        Value::maybe(db.read_replica_source_db_instance_identifier()),
        Value::list(db.read_replica_db_instance_identifiers()),
        int(db.backup_retention_period()),
        Value::maybe(db.preferred_backup_window()),
        Value::maybe(db.preferred_maintenance_window()),
        yes(db.storage_encrypted()),
        yes(db.publicly_accessible()),
        yes(db.deletion_protection()),
        Value::maybe(db.ca_certificate_identifier()),
        time(certificate.and_then(|certificate| certificate.valid_till())),
        Value::list(db.enabled_cloudwatch_logs_exports()),
        time(db.instance_create_time()),
    ];
    Ok(parts::row(parts::id(scope, KIND, name), name, db.db_instance_arn(), verdict(db), cells))
}

fn is_aurora(engine: &str) -> bool {
    engine.starts_with("aurora")
}

fn parameter_groups(db: &DbInstance) -> Vec<String> {
    let group = |group: &aws_sdk_rds::types::DbParameterGroupStatus| {
        let name = group.db_parameter_group_name().unwrap_or_default();
        match group.parameter_apply_status() {
            None | Some("in-sync") => name.to_owned(),
            Some(status) => format!("{name} ({status})"),
        }
    };
    db.db_parameter_groups().iter().map(group).collect()
}

/// Its health: the status, then replication, then what waits.
fn verdict(db: &DbInstance) -> Verdict {
    let status = db.db_instance_status().unwrap_or_default();
    let change = db.pending_modified_values().map(pending).unwrap_or_default().join(", ");
    let (health, reason) = with_progress(of_status(status), db.percent_progress(), &change);
    if status == "stopped" {
        return (health, reason + &database::starts_again(db.automatic_restart_time()));
    }
    if health != Health::Ok {
        return (health, reason);
    }
    if let Some(broken) = db.status_infos().iter().find(|info| info.normal() == Some(false)) {
        let sort = broken.status_type().unwrap_or("replication");
        let words = broken.message().or(broken.status()).unwrap_or("not normal");
        return (Health::Degraded, format!("{sort}: {words}"));
    }
    let mut notes = Vec::new();
    if !change.is_empty() {
        notes.push(format!("waits for the maintenance window: {change}"));
    }
    if db.db_parameter_groups().iter().any(|group| group.parameter_apply_status() == Some("pending-reboot")) {
        notes.push("parameters wait for a reboot".to_owned());
    }
    (Health::Ok, notes.join("; "))
}

/// What is to change, in words. A new password is named, never shown.
fn pending(to: &PendingModifiedValues) -> Vec<String> {
    let number = |value: Option<i32>| value.map(|value| value.to_string());
    let text = |value: Option<&str>| value.map(str::to_owned);
    let on = |value: Option<bool>| value.map(|yes| if yes { "on" } else { "off" }.to_owned());
    let changes = [
        ("class", text(to.db_instance_class())),
        ("storage", to.allocated_storage().map(|size| format!("{size} GiB"))),
        ("version", text(to.engine_version())),
        ("engine", text(to.engine())),
        ("multi-AZ", on(to.multi_az())),
        ("storage type", text(to.storage_type())),
        ("IOPS", number(to.iops())),
        ("throughput", number(to.storage_throughput())),
        ("backup days", number(to.backup_retention_period())),
        ("name", text(to.db_instance_identifier())),
        ("port", number(to.port())),
        ("certificate", text(to.ca_certificate_identifier())),
        ("subnet group", text(to.db_subnet_group_name())),
        ("licence", text(to.license_model())),
        ("IAM authentication", on(to.iam_database_authentication_enabled())),
        ("master password", to.master_user_password().map(|_| "(a new one)".to_owned())),
        ("log exports", to.pending_cloudwatch_logs_exports().map(|_| "(others)".to_owned())),
    ];
    changes.into_iter().filter_map(|(what, to)| Some(format!("{what} → {}", to?))).collect()
}

fn relations(db: &Resource) -> Vec<Relation> {
    let scope = &db.id.scope;
    let text = |column| Some(parts::text_of(&DEF, db, column)).filter(|text| !text.is_empty());
    let (cluster, source) = (text("cluster"), text("replica_of"));
    let mut relations = Vec::new();
    // What is in a cluster is backed up with it.
    let backed_up = cluster.map_or_else(|| db.id.clone(), |cluster| parts::id(scope, "rds-cluster", cluster));
    relations.extend(cluster.map(|_| parts::to_one("cluster", backed_up.clone())));
    relations.push(parts::to_those_within("snapshots", "rds-snapshot", &backed_up));
    relations.push(parts::to_alarms(scope, &[("DBInstanceIdentifier", &db.id.id)]));
    let exports = parts::items_of(&DEF, db, "log_exports");
    relations.extend(database::to_log_groups(scope, cluster, Some(&db.id.id), exports));
    // In another region it is named by its ARN.
    let here = |name: &&str| !name.contains(':');
    let to = |label, name: &str| parts::to_one(label, parts::id(scope, KIND, name));
    relations.extend(source.filter(here).map(|name| to("replica of", name)));
    let replicas = parts::items_of(&DEF, db, "replicas").iter().map(|name| &**name);
    relations.extend(replicas.filter(here).map(|name| to("replica", name)));
    relations
}

fn metrics(db: &Resource) -> Vec<MetricSpec> {
    let metrics = if is_aurora(parts::text_of(&DEF, db, "engine")) { AURORA_METRICS } else { METRICS };
    parts::metrics(&db.id, "AWS/RDS", &[("DBInstanceIdentifier", &db.id.id)], metrics)
}

fn logs<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async move {
        let db = one(env, id).await?;
        let exports = db.enabled_cloudwatch_logs_exports();
        Ok(database::log_sources(&env.scope, db.db_cluster_identifier(), Some(&id.id), exports))
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::primitives::DateTime;
    use aws_sdk_rds::types::builders::DbInstanceBuilder;
    use aws_sdk_rds::types::{DbInstanceStatusInfo, DbParameterGroupStatus, Endpoint};

    use super::*;
    use crate::model::Query;

    fn db(status: &str) -> DbInstanceBuilder {
        DbInstance::builder()
            .db_instance_identifier("enterprise-prod-db")
            .db_instance_status(status)
            .engine("postgres")
            .engine_version("15.4")
            .db_instance_class("db.r5.large")
            .allocated_storage(100)
    }

    fn row(db: DbInstanceBuilder) -> Resource {
        resource(&Scope::new("enterprise-prod", "eu-west-1"), &db.build()).unwrap()
    }

    fn shown(row: &Resource, column: &str) -> String {
        DEF.cell(row, column).unwrap().show_exact().into_owned()
    }

    #[test]
    fn a_row_has_every_column() {
        let end = Endpoint::builder().address("db.example").port(5432).build();
        let row = row(db("available")
            .endpoint(end)
            .db_instance_arn("arn:aws:rds:x")
            .instance_create_time(DateTime::from_secs(0)));
        assert_eq!(row.cells.len(), COLUMNS.len());
        assert_eq!((row.health, &*row.reason), (Health::Ok, ""));
        assert_eq!(shown(&row, "endpoint"), "db.example:5432");
        assert_eq!(shown(&row, "storage"), "100 GiB");
        assert_eq!(shown(&row, "version"), "15.4");
        assert_eq!(shown(&row, "created"), "1970-01-01 00:00:00Z");
    }

    #[test]
    fn a_change_under_way_is_told() {
        let pending =
            PendingModifiedValues::builder().db_instance_class("db.r5.xlarge").master_user_password("secret").build();
        let row = row(db("modifying").pending_modified_values(pending));
        assert_eq!(row.health, Health::Progressing);
        assert_eq!(&*row.reason, "modifying: class → db.r5.xlarge, master password → (a new one)");
    }

    #[test]
    fn what_waits_is_told_but_not_sick() {
        let pending = PendingModifiedValues::builder().engine_version("15.5").build();
        let group =
            DbParameterGroupStatus::builder().db_parameter_group_name("pg").parameter_apply_status("pending-reboot");
        let row = row(db("available").pending_modified_values(pending).db_parameter_groups(group.build()));
        assert_eq!(row.health, Health::Ok);
        assert_eq!(&*row.reason, "waits for the maintenance window: version → 15.5; parameters wait for a reboot");
        assert_eq!(shown(&row, "parameters"), "pg (pending-reboot)");
    }

    #[test]
    fn broken_replication_is_degraded() {
        let info =
            DbInstanceStatusInfo::builder().status_type("read replication").normal(false).message("relay log is full");
        let row = row(db("available").status_infos(info.build()));
        assert_eq!((row.health, &*row.reason), (Health::Degraded, "read replication: relay log is full"));
    }

    #[test]
    fn a_stopped_one_says_when_it_starts_again() {
        let row = row(db("stopped").automatic_restart_time(DateTime::from_secs(0)));
        assert_eq!((row.health, &*row.reason), (Health::Degraded, "stopped; starts by itself 1970-01-01 00:00Z"));
    }

    #[test]
    fn it_leads_to_cluster_snapshots_and_alarms() {
        let row = row(db("available").db_cluster_identifier("c").engine("aurora-postgresql"));
        let labels: Vec<_> = relations(&row).iter().map(|relation| relation.label).collect();
        assert_eq!(labels, ["cluster", "snapshots", "alarms"]);
        let alone = db("available")
            .enabled_cloudwatch_logs_exports("postgresql")
            .read_replica_source_db_instance_identifier("arn:aws:rds:us-east-1:1:db:far")
            .read_replica_db_instance_identifiers("near");
        let told: Vec<_> = relations(&self::row(alone))
            .into_iter()
            .filter_map(|relation| match relation.query {
                Query::Detail(id) => Some(format!("{} {}", relation.label, id.id)),
                _ => None,
            })
            .collect();
        assert_eq!(told, ["log group /aws/rds/instance/enterprise-prod-db/postgresql", "replica near"]);
        assert_eq!(metrics(&row)[2].metric, "FreeLocalStorage");
        assert_eq!(shown(&row, "storage"), "");
    }

    #[test]
    fn an_answer_without_a_name_is_malformed() {
        let fault = resource(&Scope::new("e", "r"), &DbInstance::builder().build()).unwrap_err();
        assert_eq!(fault.summary, "rds:DescribeDBInstances: the answer has no DBInstanceIdentifier");
    }
}
