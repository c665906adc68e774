use serde_json::json;

use super::*;
use crate::actions::rig::{Rig, changes, precondition, undo, with_cell, with_verdict};
use crate::model::FaultClass;

const ENTERPRISE: &str = "enterprise-prod";
const DB: &str = "enterprise-prod-db";

async fn planned(rig: &Rig, sort: &'static str, source: &str, name: &str) -> Plan {
    rig.plan(ENTERPRISE, &DEF, &[(sort, source), ("snapshot", name)]).await.unwrap()
}

#[tokio::test]
async fn a_snapshot_is_taken_and_taken_back() {
    let rig = Rig::new();
    let plan = planned(&rig, "instance", DB, "pre-deploy").await;
    assert_eq!(&*plan.title, "take the snapshot pre-deploy of enterprise-prod-db");
    assert_eq!((plan.risk, changes(&plan)), (Risk::Medium, vec![["snapshot", "", "pre-deploy"].map(str::to_owned)]));
    assert_eq!(with_verdict(&plan, Verdict::Pass), ["available", "no pause", "name well formed", "name free"]);
    assert_eq!(plan.preconditions.len(), 4);
    assert_eq!(plan.target.arn.as_deref(), Some("arn:aws:rds:us-east-1:444455556666:db:enterprise-prod-db"));
    assert_eq!(
        &*plan.command,
        "aws rds create-db-snapshot --db-instance-identifier enterprise-prod-db --db-snapshot-identifier pre-deploy \
         --profile enterprise-prod --region us-east-1"
    );
    let input = rig.send(&plan).await;
    assert_eq!((&input["DBInstanceIdentifier"], &input["DBSnapshotIdentifier"]), (&json!(DB), &json!("pre-deploy")));
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!(followed, Followed::Verified("pre-deploy is available".into()));
    assert_eq!((&*told[0].words, told[0].percent), ("pre-deploy is creating, 0 % done", Some(0)));
    assert!(told.is_sorted_by_key(|headway| headway.percent) && told.last().unwrap().percent > Some(50), "{told:?}");
    let change = (DB.to_owned(), "CreateDBSnapshot".to_owned());
    assert_eq!(rig.newest_change(ENTERPRISE, "CreateDBSnapshot").await, change);
    let back = rig.ordered(undo(&plan)).await.unwrap();
    assert_eq!((&*back.target.name, back.risk), ("pre-deploy", Risk::Critical));
    assert_eq!(rig.carried_out(&back).await, ["pre-deploy is gone"]);
}

#[tokio::test]
async fn a_cluster_is_taken_whole() {
    let rig = Rig::new();
    let plan = planned(&rig, "db-cluster", "enterprise-prod-reporting", "pre-deploy").await;
    assert_eq!(with_verdict(&plan, Verdict::Pass).len(), plan.preconditions.len());
    assert_eq!(plan.steps[0].operation, "rds:CreateDBClusterSnapshot");
    assert!(
        plan.command
            .starts_with("aws rds create-db-cluster-snapshot --db-cluster-identifier enterprise-prod-reporting ")
    );
    assert_eq!(rig.carried_out(&plan).await, ["pre-deploy is available"]);
    let back = rig.ordered(undo(&plan)).await.unwrap();
    assert_eq!(back.steps[0].operation, "rds:DeleteDBClusterSnapshot");
    assert_eq!(rig.carried_out(&back).await, ["pre-deploy is gone"]);
}

#[tokio::test]
async fn a_name_is_proposed_and_kept() {
    let rig = Rig::new();
    let plan = rig.plan(ENTERPRISE, &DEF, &[("instance", DB)]).await.unwrap();
    let name = plan.order.fields["snapshot"].clone();
    let digits = name.strip_prefix("manual-").unwrap();
    assert!(digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    let again = rig.ordered(&plan.order).await.unwrap();
    assert_eq!((&again.title, &again.steps), (&plan.title, &plan.steps), "made anew it is the same plan");
    let at = "2025-11-21T12:34:56Z".parse().unwrap();
    let row = rig.row(ENTERPRISE, "rds-instance", DB).await;
    assert_eq!((DEF.form)(&row, at), Fields::from([("snapshot", "manual-202511211234".to_owned())]));
}

#[tokio::test]
async fn what_is_busy_or_taken_is_told() {
    let rig = Rig::new();
    let first = planned(&rig, "instance", DB, "pre-deploy").await;
    rig.send(&first).await;
    let second = planned(&rig, "instance", DB, "pre-deploy").await;
    assert_eq!(with_verdict(&second, Verdict::Fail), ["available", "name free"]);
    assert_eq!(precondition(&second, "available").1, "it is backing-up");
    assert_eq!(precondition(&second, "name free").1, "pre-deploy is a snapshot of enterprise-prod-db already");
    // The first plan stood on an available instance.
    let seen = (DEF.look)(&*rig.acting(ENTERPRISE).await, &first, &first.steps[0]).await.unwrap();
    let moved: Vec<_> = first.steps[0].seen.differences(&seen).into_iter().map(|it| (it.name, it.was, it.is)).collect();
    assert_eq!(moved, [("status".into(), "available".into(), "backing-up".into())]);
}

#[tokio::test]
async fn a_member_of_a_cluster_is_not_taken_alone() {
    let rig = Rig::new();
    let plan = planned(&rig, "instance", "enterprise-prod-reporting-instance-1", "pre-deploy").await;
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["not part of a cluster"]);
    let (_, evidence) = precondition(&plan, "not part of a cluster");
    assert!(evidence.ends_with("belongs to enterprise-prod-reporting: take a snapshot of the cluster"), "{evidence}");
    assert_eq!(precondition(&plan, "no pause").0, Verdict::Warn);
}

#[tokio::test]
async fn names_that_rds_refuses_are_refused_before() {
    let rig = Rig::new();
    for name in ["9-lives", "a--b", "ends-", "with_underscore", "rds:mine"] {
        let plan = planned(&rig, "instance", DB, name).await;
        assert_eq!(with_verdict(&plan, Verdict::Fail), ["name well formed"], "{name}");
    }
}

#[tokio::test]
async fn what_can_not_be_read_is_unknown() {
    let rig = Rig::new();
    rig.estate.faults().add("enterprise-prod/rds/DescribeDBSnapshots=deny").unwrap();
    let plan = planned(&rig, "instance", DB, "pre-deploy").await;
    assert_eq!(with_verdict(&plan, Verdict::Unknown), ["name free"]);
    assert!(precondition(&plan, "name free").1.contains("rds:DescribeDBSnapshots"), "{:?}", plan.preconditions);
    rig.estate.faults().add("enterprise-prod/rds/DescribeDBInstances=deny").unwrap();
    let fault = rig.plan(ENTERPRISE, &DEF, &[("instance", DB)]).await.unwrap_err();
    assert!(matches!(fault.class, FaultClass::Denied { .. }), "the target itself must be read: {fault:?}");
}

#[tokio::test]
async fn a_target_is_one_that_is_there() {
    let rig = Rig::new();
    for fields in [[("instance", "nothing")], [("db-cluster", "nothing")]] {
        assert_eq!(rig.plan(ENTERPRISE, &DEF, &fields).await.unwrap_err().word(), "not found");
    }
    for fields in [vec![], vec![("instance", DB), ("db-cluster", "enterprise-prod-reporting")]] {
        let fault = rig.plan(ENTERPRISE, &DEF, &fields).await.unwrap_err();
        assert_eq!(fault.summary, "`--instance` or `--db-cluster` must be given, not both");
    }
}

#[tokio::test]
async fn it_applies_to_what_is_available() {
    let rig = Rig::new();
    let row = rig.row(ENTERPRISE, "rds-instance", DB).await;
    assert_eq!((DEF.applies)(&row), Ok(()));
    assert_eq!((DEF.applies)(&with_cell(&row, "status", "backing-up")), Err("it is backing-up".to_owned()));
}
