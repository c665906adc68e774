//! `rds-modify`: class, engine version and maintenance window of an instance, now or in the window. Takes a snapshot first unless told
//! not to.

#[cfg(all(test, feature = "demo"))]
mod tests;

use std::sync::Arc;

use aws_sdk_rds::types::{DbEngineVersion, DbInstance};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join3};
use jiff::Timestamp;
use serde_json::{Map, json};

use super::parts::{self, given};
use super::rds_snapshot_create::take;
use super::{ActionDef, Asked, FieldDef, FieldSort, Op, no_choices, rds};
use crate::guard::{Permit, Watching};
use crate::kinds::parts::id;
use crate::model::{
    Fault, FaultClass, Fields, Followed, Order, Plan, Precondition, ResourceId, Risk, Seen, Sent, Step, Undo, Verdict,
};
use crate::providers::Acting;
use crate::providers::aws::{Ride, fault, sent};

const ID: &str = "rds-modify";
const MODIFY: Op = "rds:ModifyDBInstance";
const OFFERS: Op = "rds:DescribeOrderableDBInstanceOptions";
const VERSIONS: Op = "rds:DescribeDBEngineVersions";

/// Changes class, engine version or maintenance window.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "modify",
    doc: "Change the class, the engine version or the maintenance window of a database instance",
    kinds: &[rds::INSTANCE],
    fields: &[
        FieldDef::new("instance", "instance", "The instance", "enterprise-prod-db", FieldSort::Text)
            .required()
            .locating(),
        FieldDef::new("class", "class", "The new instance class", "db.r5.xlarge", FieldSort::Text),
        FieldDef::new("engine-version", "engine version", "The new engine version", "15.5", FieldSort::Text),
        FieldDef::new(
            "maintenance-window",
            "maintenance window",
            "The new maintenance window, UTC",
            "sun:04:00-sun:05:00",
            FieldSort::Text,
        ),
        FieldDef::new(
            "when",
            "when",
            "At once, or in the maintenance window (which is so unless said)",
            "now",
            FieldSort::OneOf(&["window", "now"]),
        ),
        FieldDef::new("snapshot", "snapshot first", "Take a snapshot first (yes unless said)", "no", FieldSort::Flag),
    ],
    sends: &[rds::CREATE_INSTANCE_SNAPSHOT, rds::CREATE_CLUSTER_SNAPSHOT, MODIFY],
    reads: &[rds::INSTANCES, rds::INSTANCE_SNAPSHOTS, rds::CLUSTER_SNAPSHOTS, OFFERS, VERSIONS],
    risk: "high",
    undo: "class and window are set back; an engine version can't be, only restored from the snapshot",
    example: "rds-modify -e enterprise-prod --instance enterprise-prod-db --class db.r5.xlarge --when now",
    applies: rds::applies_when_available,
    form: |_, _| Fields::from([("when", "window".to_owned()), ("snapshot", "yes".to_owned())]),
    choices: no_choices,
    locate: |acting, fields| {
        async move { Ok(id(&acting.env.scope, rds::INSTANCE, parts::wanted(fields, "instance")?)) }.boxed()
    },
    plan,
    look,
    send,
    follow,
};

/// What is wanted, as far as it is other than what is.
struct Wanted<'a> {
    class: Option<&'a str>,
    version: Option<&'a str>,
    window: Option<&'a str>,
    now: bool,
}

impl<'a> Wanted<'a> {
    fn of(db: &DbInstance, fields: &'a Fields) -> Self {
        let other = |field: &str, is: Option<&str>| given(fields, field).filter(|wanted| Some(*wanted) != is);
        let (class, version) = (other("class", db.db_instance_class()), other("engine-version", db.engine_version()));
        Self {
            class,
            version,
            window: other("maintenance-window", db.preferred_maintenance_window()),
            // A window always counts at once; to say so would also apply what waits for the window.
            now: given(fields, "when") == Some("now") && class.or(version).is_some(),
        }
    }

    fn is_nothing(&self) -> bool {
        self.class.or(self.version).or(self.window).is_none()
    }

    fn is_major(&self, db: &DbInstance) -> bool {
        // 8.0 and 8.4 are two major versions of MySQL, 15.4 and 15.5 one of PostgreSQL.
        let engine = db.engine().unwrap_or_default();
        let numbers = if engine.contains("mysql") || engine.contains("mariadb") { 2 } else { 1 };
        let major = |version: &str| version.split('.').take(numbers).map(str::to_owned).collect::<Vec<_>>();
        self.version.is_some_and(|new| db.engine_version().is_some_and(|old| major(old) != major(new)))
    }

    fn input(&self, db: &DbInstance, name: &str) -> Map<String, serde_json::Value> {
        let mut input = Map::new();
        input.insert("DBInstanceIdentifier".to_owned(), json!(name));
        let texts = [
            ("DBInstanceClass", self.class),
            ("EngineVersion", self.version),
            ("PreferredMaintenanceWindow", self.window),
        ];
        for (parameter, value) in texts {
            if let Some(value) = value {
                input.insert(parameter.to_owned(), json!(value));
            }
        }
        input.insert("ApplyImmediately".to_owned(), json!(self.now));
        if self.is_major(db) {
            input.insert("AllowMajorVersionUpgrade".to_owned(), json!(true));
        }
        input
    }

    /// Downtime in words.
    fn downtime(&self, db: &DbInstance) -> String {
        let when = if self.now { "at once".to_owned() } else { window_words(db) };
        match (self.class, self.version) {
            (None, None) => "no downtime: only the maintenance window changes".to_owned(),
            (_, Some(_)) => {
                format!("{when} the engine is upgraded: several minutes without the database, standby or not")
            }
            (Some(_), None) if db.multi_az() == Some(true) => {
                format!("{when} it fails over to the standby: about a minute or two without the database")
            }
            (Some(_), None) => format!("{when} it restarts on the new class: several minutes without the database"),
        }
    }
}

fn window_words(db: &DbInstance) -> String {
    format!("in the maintenance window {}", db.preferred_maintenance_window().unwrap_or("(which is not known)"))
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let name = &*target.id;
        let db = rds::instance(acting, name).await?;
        let wanted = Wanted::of(&db, fields);
        if given(fields, "class").or(given(fields, "engine-version")).or(given(fields, "maintenance-window")).is_none()
        {
            let words = "nothing is asked for: `--class`, `--engine-version` or `--maintenance-window`";
            return Err(Fault::new(FaultClass::Invalid, words));
        }
        let mut plan = parts::plan(acting, ID, target, fields, db.db_instance_arn());
        plan.title = format!("modify {name}: {}", words(&wanted)).into();
        let snapshot = (given(fields, "snapshot") != Some("no")).then(before);
        plan.preconditions = preconditions(acting, &db, &wanted, snapshot.as_deref()).await;
        plan.changes = [
            ("class", db.db_instance_class(), wanted.class),
            ("engine version", db.engine_version(), wanted.version),
            ("maintenance window", db.preferred_maintenance_window(), wanted.window),
        ]
        .into_iter()
        .filter(|(_, _, to)| to.is_some())
        .map(|(field, from, to)| parts::change(field, from, to))
        .collect();
        plan.affects = vec![wanted.downtime(&db).into()];
        plan.risk = Risk::High;
        match snapshot {
            Some(snapshot) => plan.steps.push(snapshot_first(acting, &db, name, &snapshot)),
            None => plan.affects.push("no snapshot is taken first".into()),
        }
        let input = serde_json::Value::Object(wanted.input(&db, name));
        plan.steps.push(parts::step(acting, MODIFY, format!("modify {name}"), &input, seen(&db)));
        plan.undo = undo(&db, &wanted, target);
        plan.command = command(acting, name, &wanted, wanted.is_major(&db));
        Ok(plan)
    }
    .boxed()
}

/// The name of the snapshot that is taken first: to the second, since one modification may soon follow another.
fn before() -> String {
    format!("pre-modify-{}", Timestamp::now().strftime("%Y%m%d%H%M%S"))
}

fn words(wanted: &Wanted) -> String {
    let parts = [wanted.class, wanted.version, wanted.window];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// Of an instance in a cluster RDS takes it of the cluster.
fn snapshot_first(acting: &Acting, db: &DbInstance, name: &str, snapshot: &str) -> Step {
    let cluster = rds::cluster_of(db);
    rds::take(acting, cluster.is_some(), cluster.unwrap_or(name), snapshot, rds::seen_of_instance(db))
}

async fn preconditions(
    acting: &Acting,
    db: &DbInstance,
    wanted: &Wanted<'_>,
    snapshot: Option<&str>,
) -> Vec<Precondition> {
    let mut found = vec![
        rds::available(db.db_instance_status()),
        parts::must("something changes", !wanted.is_nothing(), format!("asked for: {}", words(wanted))),
    ];
    if let (Some(version), Some(cluster)) = (wanted.version, rds::cluster_of(db)) {
        let evidence = format!("{version} is the version of the cluster {cluster}, not of one instance in it");
        found.push(parts::must("version of its own", false, evidence));
    }
    found.extend(waiting(db, wanted));
    let free = async {
        match snapshot {
            Some(snapshot) => Some(rds::free(acting, rds::cluster_of(db).is_some(), snapshot).await),
            None => None,
        }
    };
    let (class, version) = (offered(acting, db, wanted.class), upgradable(acting, db, wanted.version));
    let (class, version, free) = join3(class, version, free).await;
    found.extend(class.into_iter().chain(version).chain(free));
    if wanted.is_major(db) {
        found.push(Precondition::new("same major version", Verdict::Warn, "a major upgrade can't be taken back"));
    }
    found
}

/// What waits for the maintenance window already: RDS applies it, too, when something is modified at once.
fn waiting(db: &DbInstance, wanted: &Wanted) -> Option<Precondition> {
    let pending = db.pending_modified_values()?;
    let texts = [
        ("class", pending.db_instance_class(), wanted.class),
        ("engine version", pending.engine_version(), wanted.version),
        ("storage type", pending.storage_type(), None),
        ("CA certificate", pending.ca_certificate_identifier(), None),
    ];
    let numbers = [("storage", pending.allocated_storage()), ("IOPS", pending.iops()), ("port", pending.port())];
    let flags = [("Multi-AZ", pending.multi_az())];
    // What is wanted takes the place of what waits.
    let texts = texts.into_iter().filter(|(_, _, wanted)| wanted.is_none());
    let texts = texts.filter_map(|(what, to, _)| Some(format!("{what} {}", to?)));
    let numbers = numbers.into_iter().filter_map(|(what, to)| Some(format!("{what} {}", to?)));
    let flags = flags.into_iter().filter_map(|(what, to)| Some(format!("{what} {}", if to? { "on" } else { "off" })));
    let all: Vec<String> = texts.chain(numbers).chain(flags).collect();
    let then = if wanted.now { "is applied now, too" } else { "is applied in the same window" };
    (!all.is_empty())
        .then(|| parts::should("nothing else waits", false, format!("{} waits and {then}", all.join(", "))))
}

/// Whether RDS offers the class for this engine.
async fn offered(acting: &Acting, db: &DbInstance, class: Option<&str>) -> Option<Precondition> {
    const NAME: &str = "class on offer";
    let class = class?;
    let call = acting.env.aws.rds().describe_orderable_db_instance_options().engine(db.engine().unwrap_or_default());
    let call = call.set_engine_version(db.engine_version().map(str::to_owned)).db_instance_class(class);
    Some(match call.send().await.map_err(|error| fault(OFFERS, &error)) {
        Ok(offers) if offers.orderable_db_instance_options().is_empty() => {
            parts::must(NAME, false, format!("{class} is not offered for this engine and version here"))
        }
        Ok(_) => parts::must(NAME, true, format!("{class} is offered")),
        Err(fault) => parts::untold(NAME, &fault),
    })
}

/// Whether RDS upgrades the present version to the wanted one.
async fn upgradable(acting: &Acting, db: &DbInstance, version: Option<&str>) -> Option<Precondition> {
    const NAME: &str = "upgrade path";
    let version = version?;
    let call = acting.env.aws.rds().describe_db_engine_versions().engine(db.engine().unwrap_or_default());
    let call = call.set_engine_version(db.engine_version().map(str::to_owned));
    let found = match call.send().await.map_err(|error| fault(VERSIONS, &error)) {
        Ok(found) => found,
        Err(fault) => return Some(parts::untold(NAME, &fault)),
    };
    let targets: Vec<&str> = found
        .db_engine_versions()
        .iter()
        .flat_map(DbEngineVersion::valid_upgrade_target)
        .filter_map(|target| target.engine_version())
        .collect();
    let evidence = format!("from {} RDS upgrades to: {}", db.engine_version().unwrap_or("?"), targets.join(", "));
    Some(parts::must(NAME, targets.contains(&version), evidence))
}

fn seen(db: &DbInstance) -> Seen {
    rds::seen_of_instance(db)
        .with("class", db.db_instance_class().unwrap_or_default())
        .with("engine version", db.engine_version().unwrap_or_default())
        .with("maintenance window", db.preferred_maintenance_window().unwrap_or_default())
}

fn undo(db: &DbInstance, wanted: &Wanted, target: &ResourceId) -> Undo {
    if wanted.version.is_some() {
        return Undo::No("an engine version can't be taken back; restore the snapshot under a new name".into());
    }
    let mut fields = Fields::from([
        ("when", if wanted.now { "now" } else { "window" }.to_owned()),
        ("snapshot", "no".to_owned()),
        ("instance", target.id.to_string()),
    ]);
    let back = [
        ("class", wanted.class.and(db.db_instance_class())),
        ("maintenance-window", wanted.window.and(db.preferred_maintenance_window())),
    ];
    fields.extend(back.into_iter().filter_map(|(field, old)| Some((field, old?.to_owned()))));
    let words = "set back what it was, with the same downtime".into();
    Undo::By { words, order: Order { action: ID, target: Arc::new(target.clone()), fields } }
}

fn command(acting: &Acting, name: &str, wanted: &Wanted, major: bool) -> Arc<str> {
    let mut flags = vec![("db-instance-identifier", name)];
    flags.extend(wanted.class.map(|class| ("db-instance-class", class)));
    flags.extend(wanted.version.map(|version| ("engine-version", version)));
    flags.extend(wanted.window.map(|window| ("preferred-maintenance-window", window)));
    flags.push((if wanted.now { "apply-immediately" } else { "no-apply-immediately" }, ""));
    if major {
        flags.push(("allow-major-version-upgrade", ""));
    }
    parts::aws_command(acting, "rds modify-db-instance", &flags)
}

fn look<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step) -> Asked<'a, Seen> {
    async move {
        let db = rds::instance(acting, &plan.target.id.id).await?;
        Ok(if step.operation == MODIFY { seen(&db) } else { rds::seen_of_instance(&db) })
    }
    .boxed()
}

fn send<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, permit: Permit) -> BoxFuture<'a, Sent> {
    async move {
        if step.operation != MODIFY {
            return take(acting, step, permit).await;
        }
        let text = |parameter| parts::text_of(step, parameter).map(str::to_owned);
        let call = acting.writes.rds().modify_db_instance();
        let call = call
            .set_db_instance_identifier(text("DBInstanceIdentifier"))
            .set_db_instance_class(text("DBInstanceClass"))
            .set_engine_version(text("EngineVersion"))
            .set_preferred_maintenance_window(text("PreferredMaintenanceWindow"))
            .set_apply_immediately(parts::flag_of(step, "ApplyImmediately"))
            .set_allow_major_version_upgrade(parts::flag_of(step, "AllowMajorVersionUpgrade"));
        sent(MODIFY, call.customize().interceptor(Ride::with(permit)).send().await)
    }
    .boxed()
}

fn follow<'a>(acting: &'a Acting, plan: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move {
        if step.operation != MODIFY {
            return rds::until_taken(acting, step, watch).await;
        }
        let name = &*plan.target.id.id;
        let now = parts::flag_of(step, "ApplyImmediately") == Some(true);
        let look = || async move {
            let db = rds::instance(acting, name).await?;
            let status = db.db_instance_status().unwrap_or_default();
            let open = still_to_come(&db, step);
            Ok(match status {
                "available" if open.is_empty() => parts::verified(format!("{name} is as wanted")),
                "available" if !now => parts::verified(format!("{name} changes {}: {open}", window_words(&db))),
                status if status.starts_with("incompatible") || status == "failed" => {
                    parts::failed(format!("{name} is {status}"))
                }
                status if open.is_empty() => parts::going(format!("{name} is {status}"), None),
                status => parts::going(format!("{name} is {status}; still to come: {open}"), None),
            })
        };
        parts::until_ended(rds::PATIENCE, watch, look).await
    }
    .boxed()
}

/// What of a step is not so yet.
fn still_to_come(db: &DbInstance, step: &Step) -> String {
    let parameters = [
        ("DBInstanceClass", db.db_instance_class()),
        ("EngineVersion", db.engine_version()),
        ("PreferredMaintenanceWindow", db.preferred_maintenance_window()),
    ];
    let open = parameters.iter().filter_map(|(parameter, is)| {
        let wanted = parts::text_of(step, parameter)?;
        (Some(wanted) != *is).then(|| format!("{parameter} {wanted}"))
    });
    open.collect::<Vec<_>>().join(", ")
}
