use rstest::rstest;
use serde_json::Value as Json;

use super::*;
use crate::actions::rds_snapshot_create;
use crate::actions::rig::{Rig, changes, precondition, undo as undone_by, with_verdict};

const ENTERPRISE: &str = "enterprise-prod";
/// Its version 15.5 waits for the maintenance window.
const WAITING: &str = "enterprise-prod-db";
const BETA: &str = "beta9-prod";
const DB: &str = "beta9-provisioning-db";

async fn planned(rig: &Rig, fields: &[(&'static str, &str)]) -> Plan {
    let all: Vec<_> = [("instance", DB)].iter().chain(fields).copied().collect();
    rig.plan(BETA, &DEF, &all).await.unwrap()
}

fn input(plan: &Plan, step: usize) -> Json {
    Json::Object(plan.steps[step].input.clone())
}

fn affects(plan: &Plan) -> Vec<&str> {
    plan.affects.iter().map(|words| &**words).collect()
}

#[tokio::test]
async fn a_class_is_changed_at_once_after_a_snapshot_and_back_without() {
    let rig = Rig::new();
    let plan = planned(&rig, &[("class", "db.m6g.xlarge"), ("when", "now")]).await;
    assert_eq!(&*plan.title, "modify beta9-provisioning-db: db.m6g.xlarge");
    assert_eq!(plan.risk, Risk::High);
    assert_eq!(changes(&plan), [["class", "db.m6g.large", "db.m6g.xlarge"].map(str::to_owned)]);
    let passed = ["available", "something changes", "class on offer", "name free"];
    assert_eq!((with_verdict(&plan, Verdict::Pass), plan.preconditions.len()), (passed.to_vec(), 4));
    assert_eq!(affects(&plan), ["at once it fails over to the standby: about a minute or two without the database"]);
    let [first, second] = plan.steps.as_slice() else { panic!("{:?}", plan.steps) };
    assert_eq!((first.operation, second.operation), (rds::CREATE_INSTANCE_SNAPSHOT, MODIFY));
    let modified = json!({ "DBInstanceIdentifier": DB, "DBInstanceClass": "db.m6g.xlarge", "ApplyImmediately": true });
    assert_eq!(input(&plan, 1), modified);
    assert_eq!(
        &*plan.command,
        "aws rds modify-db-instance --db-instance-identifier beta9-provisioning-db \
         --db-instance-class db.m6g.xlarge --apply-immediately --profile beta9-prod --region us-west-2"
    );
    let snapshot = parts::text_of(first, "DBSnapshotIdentifier").unwrap();
    assert!(snapshot.starts_with("pre-modify-20"), "{snapshot}");
    let found = rig.carried_out(&plan).await;
    assert_eq!(found, [format!("{snapshot} is available"), "beta9-provisioning-db is as wanted".to_owned()]);
    let back = rig.ordered(undone_by(&plan)).await.unwrap();
    assert_eq!(changes(&back), [["class", "db.m6g.xlarge", "db.m6g.large"].map(str::to_owned)]);
    assert_eq!(back.steps.len(), 1, "no snapshot for the way back");
    assert!(affects(&back).contains(&"no snapshot is taken first"));
    assert_eq!(rig.carried_out(&back).await, ["beta9-provisioning-db is as wanted"]);
}

#[tokio::test]
async fn in_the_window_it_waits_and_that_is_what_was_wanted() {
    let rig = Rig::new();
    let plan = planned(&rig, &[("class", "db.m6g.xlarge"), ("snapshot", "no")]).await;
    assert_eq!(input(&plan, 0)["ApplyImmediately"], json!(false));
    assert!(affects(&plan)[0].starts_with("in the maintenance window sun:04:00-sun:05:00 it fails over"));
    assert!(plan.command.contains(" --no-apply-immediately "), "{}", plan.command);
    let words =
        "beta9-provisioning-db changes in the maintenance window sun:04:00-sun:05:00: DBInstanceClass db.m6g.xlarge";
    assert_eq!(rig.carried_out(&plan).await, [words]);
    // Then another class takes the place of what waits.
    let other = planned(&rig, &[("class", "db.m6g.2xlarge"), ("snapshot", "no"), ("when", "now")]).await;
    assert_eq!(with_verdict(&other, Verdict::Warn), [""; 0]);
    assert_eq!(rig.carried_out(&other).await, ["beta9-provisioning-db is as wanted"]);
}

#[tokio::test]
async fn a_window_counts_at_once_and_takes_nothing_along() {
    let rig = Rig::new();
    let fields =
        [("instance", WAITING), ("maintenance-window", "tue:02:00-tue:03:00"), ("when", "now"), ("snapshot", "no")];
    let plan = rig.plan(ENTERPRISE, &DEF, &fields).await.unwrap();
    let sent = json!({
        "DBInstanceIdentifier": WAITING,
        "PreferredMaintenanceWindow": "tue:02:00-tue:03:00",
        "ApplyImmediately": false,
    });
    assert_eq!(input(&plan, 0), sent);
    assert_eq!(affects(&plan)[0], "no downtime: only the maintenance window changes");
    assert_eq!(rig.carried_out(&plan).await, ["enterprise-prod-db is as wanted"]);
    let db = rds::instance(&*rig.acting(ENTERPRISE).await, WAITING).await.unwrap();
    assert_eq!(db.engine_version(), Some("15.4"), "what waited still waits");
    let back = rig.ordered(undone_by(&plan)).await.unwrap();
    assert_eq!(
        changes(&back),
        [["maintenance window", "tue:02:00-tue:03:00", "sun:04:00-sun:05:00"].map(str::to_owned)]
    );
}

#[tokio::test]
async fn what_waits_is_applied_along_and_that_is_said() {
    let rig = Rig::new();
    let plan = async |when| {
        let fields = [("instance", WAITING), ("class", "db.r5.xlarge"), ("when", when), ("snapshot", "no")];
        rig.plan(ENTERPRISE, &DEF, &fields).await.unwrap()
    };
    let in_window = plan("window").await;
    let evidence = "engine version 15.5 waits and is applied in the same window";
    assert_eq!(precondition(&in_window, "nothing else waits"), (Verdict::Warn, evidence));
    let now = plan("now").await;
    let evidence = "engine version 15.5 waits and is applied now, too";
    assert_eq!(precondition(&now, "nothing else waits"), (Verdict::Warn, evidence));
    rig.carried_out(&now).await;
    let db = rds::instance(&*rig.acting(ENTERPRISE).await, WAITING).await.unwrap();
    assert_eq!((db.db_instance_class(), db.engine_version()), (Some("db.r5.xlarge"), Some("15.5")));
}

#[tokio::test]
async fn a_version_goes_up_as_rds_says_and_never_back() {
    let rig = Rig::new();
    let minor = planned(&rig, &[("engine-version", "16.9"), ("when", "now")]).await;
    assert_eq!(precondition(&minor, "upgrade path"), (Verdict::Pass, "from 16.8 RDS upgrades to: 16.9, 16.10, 17.8"));
    assert!(affects(&minor)[0].contains("the engine is upgraded"));
    assert!(matches!(minor.undo, Undo::No(_)));
    assert_eq!(input(&minor, 1).get("AllowMajorVersionUpgrade"), None);
    let major = planned(&rig, &[("engine-version", "17.8"), ("when", "now")]).await;
    assert_eq!(with_verdict(&major, Verdict::Warn), ["same major version"]);
    assert_eq!(input(&major, 1)["AllowMajorVersionUpgrade"], json!(true));
    assert!(major.command.contains(" --allow-major-version-upgrade "), "{}", major.command);
    assert_eq!(with_verdict(&planned(&rig, &[("engine-version", "16.7")]).await, Verdict::Fail), ["upgrade path"]);
    rig.carried_out(&minor).await;
    let db = rds::instance(&*rig.acting(BETA).await, DB).await.unwrap();
    assert_eq!(db.engine_version(), Some("16.9"));
}

#[tokio::test]
async fn what_can_not_be_is_refused_before() {
    let rig = Rig::new();
    let failed = async |fields: &[(&'static str, &str)]| {
        let plan = planned(&rig, fields).await;
        with_verdict(&plan, Verdict::Fail).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(failed(&[("class", "db.x9.huge")]).await, ["class on offer"]);
    assert_eq!(failed(&[("class", "db.m6g.large")]).await, ["something changes"]);
    let fault = rig.plan(BETA, &DEF, &[("instance", DB)]).await.unwrap_err();
    assert!(fault.summary.starts_with("nothing is asked for"), "{fault}");
    let fault = rig.plan(BETA, &DEF, &[("instance", "nothing"), ("class", "db.m6g.xlarge")]).await.unwrap_err();
    assert_eq!(fault.word(), "not found");
    let fields = [("instance", DB), ("snapshot", "fresh")];
    rig.send(&rig.plan(BETA, &rds_snapshot_create::DEF, &fields).await.unwrap()).await;
    assert_eq!(failed(&[("class", "db.m6g.xlarge")]).await, ["available"]);
}

#[tokio::test]
async fn what_can_not_be_read_is_unknown() {
    let rig = Rig::new();
    for operation in ["DescribeOrderable*", "DescribeDBEngineVersions", "DescribeDBSnapshots"] {
        rig.estate.faults().add(&format!("beta9-prod/rds/{operation}=throttle")).unwrap();
    }
    let plan = planned(&rig, &[("class", "db.m6g.xlarge"), ("engine-version", "16.9")]).await;
    assert_eq!(with_verdict(&plan, Verdict::Unknown), ["class on offer", "upgrade path", "name free"]);
}

#[tokio::test]
async fn of_a_member_the_cluster_is_taken_first_and_the_version_is_not_its_own() {
    let rig = Rig::new();
    let member = "enterprise-prod-reporting-instance-2";
    let fields = [("instance", member), ("class", "db.r6g.xlarge"), ("when", "now")];
    let plan = rig.plan(ENTERPRISE, &DEF, &fields).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Fail), [""; 0]);
    assert_eq!(input(&plan, 0)["DBClusterIdentifier"], json!("enterprise-prod-reporting"));
    let found = rig.carried_out(&plan).await;
    assert_eq!(found[1], format!("{member} is as wanted"));
    let fields = [("instance", member), ("engine-version", "15.6"), ("snapshot", "no")];
    let plan = rig.plan(ENTERPRISE, &DEF, &fields).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["version of its own"]);
}

#[tokio::test]
async fn somebody_else_is_noticed() {
    let rig = Rig::new();
    let plan = planned(&rig, &[("class", "db.m6g.xlarge"), ("snapshot", "no"), ("when", "now")]).await;
    let other = planned(&rig, &[("class", "db.m6g.2xlarge"), ("snapshot", "no"), ("when", "now")]).await;
    rig.carried_out(&other).await;
    let seen = (DEF.look)(&*rig.acting(BETA).await, &plan, &plan.steps[0]).await.unwrap();
    let moved: Vec<_> = plan.steps[0].seen.differences(&seen).into_iter().map(|it| (it.name, it.is)).collect();
    assert_eq!(moved, [("class".into(), "db.m6g.2xlarge".into())]);
}

#[rstest]
#[case("15.4", "15.5", false)]
#[case("15.4", "16.1", true)]
#[case("8.0.35", "8.4.3", true)]
#[case("8.0.35", "8.0.36", false)]
#[case("5.7.44", "8.0.36", true)]
fn major_versions_are_told_by_the_engine(#[case] from: &str, #[case] to: &str, #[case] major: bool) {
    let engine = if from.starts_with("15") { "postgres" } else { "mysql" };
    let db = DbInstance::builder().engine(engine).engine_version(from).build();
    let fields = Fields::from([("engine-version", to.to_owned())]);
    assert_eq!(Wanted::of(&db, &fields).is_major(&db), major);
}
