use jiff::SignedDuration;

use super::*;
use crate::actions::rig::{Rig, precondition, with_verdict};

const ENTERPRISE: &str = "enterprise-prod";
const DB: &str = "enterprise-prod-db";

async fn planned(rig: &Rig, name: &str, failover: &str) -> Plan {
    rig.plan(ENTERPRISE, &DEF, &[("instance", name), ("failover", failover)]).await.unwrap()
}

#[tokio::test]
async fn an_instance_is_restarted() {
    let rig = Rig::new();
    let plan = planned(&rig, DB, "no").await;
    assert_eq!((&*plan.title, plan.risk), ("reboot enterprise-prod-db", Risk::High));
    assert_eq!((with_verdict(&plan, Verdict::Pass), plan.preconditions.len()), (vec!["available"], 1));
    assert_eq!(plan.changes, [], "nothing of it is another after that");
    assert!(matches!(plan.undo, Undo::No(_)));
    assert_eq!(
        &*plan.command,
        "aws rds reboot-db-instance --db-instance-identifier enterprise-prod-db --profile enterprise-prod --region us-east-1"
    );
    assert_eq!(rig.send(&plan).await.get("ForceFailover"), None);
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!(followed, Followed::Verified("enterprise-prod-db is available again".into()));
    assert_eq!(&*told[0].words, "enterprise-prod-db is rebooting");
}

#[tokio::test]
async fn a_standby_takes_over() {
    let rig = Rig::new();
    let acting = rig.acting(ENTERPRISE).await;
    let before = rds::instance(&acting, DB).await.unwrap();
    let plan = planned(&rig, DB, "yes").await;
    assert_eq!(&*plan.title, "reboot enterprise-prod-db with a failover");
    let standby = before.secondary_availability_zone().unwrap();
    assert_eq!(precondition(&plan, "has a standby"), (Verdict::Pass, &*format!("its standby is in {standby}")));
    assert!(plan.command.contains(" --force-failover "), "{}", plan.command);
    assert_eq!(rig.send(&plan).await["ForceFailover"], json!("true"));
    assert!(matches!(rig.follow(&plan).await.0, Followed::Verified(_)));
    let after = rds::instance(&acting, DB).await.unwrap();
    assert_eq!(after.availability_zone(), Some(standby));
    assert_eq!(after.secondary_availability_zone(), before.availability_zone());
}

#[tokio::test]
async fn a_restart_between_two_looks_is_told_by_its_event() {
    let rig = Rig::new();
    let plan = planned(&rig, DB, "no").await;
    let acting = rig.acting(ENTERPRISE).await;
    // Of an instance at rest nothing is verified.
    assert_eq!(restarted(&acting, DB, plan.made_at).await.unwrap(), None);
    rig.send(&plan).await;
    rig.clock.advance(SignedDuration::from_mins(2));
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!(followed, Followed::Verified("enterprise-prod-db is available: DB instance restarted".into()));
    assert_eq!(told, []);
}

#[tokio::test]
async fn a_member_of_a_cluster_says_what_it_is() {
    const NAME: &str = "not the writer";
    let rig = Rig::new();
    let writer = planned(&rig, "enterprise-prod-reporting-instance-1", "yes").await;
    let words = "it is the writer of enterprise-prod-reporting: writes stop";
    assert_eq!(precondition(&writer, NAME), (Verdict::Warn, words));
    assert_eq!(with_verdict(&writer, Verdict::Fail), ["has a standby"]);
    let reader = planned(&rig, "enterprise-prod-reporting-instance-2", "no").await;
    assert_eq!(precondition(&reader, NAME), (Verdict::Pass, "it is a reader of enterprise-prod-reporting"));
    rig.estate.faults().add("enterprise-prod/rds/DescribeDBClusters=deny").unwrap();
    let plan = planned(&rig, "enterprise-prod-reporting-instance-2", "no").await;
    assert_eq!(with_verdict(&plan, Verdict::Unknown), [NAME]);
}

#[tokio::test]
async fn one_that_is_busy_is_left_alone() {
    let rig = Rig::new();
    rig.send(&planned(&rig, DB, "no").await).await;
    let plan = planned(&rig, DB, "no").await;
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["available"]);
    assert_eq!(precondition(&plan, "available").1, "it is rebooting");
    let fault = rig.plan(ENTERPRISE, &DEF, &[("instance", "nothing")]).await.unwrap_err();
    assert_eq!(fault.word(), "not found");
    let fault = rig.plan(ENTERPRISE, &DEF, &[("instance", DB), ("failover", "maybe")]).await.unwrap_err();
    assert_eq!(fault.word(), "invalid");
}
