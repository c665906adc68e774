use serde_json::json;

use super::*;
use crate::actions::elasticache_snapshot_create;
use crate::actions::rig::{Rig, changes, precondition, undo, with_verdict};
use crate::model::Verdict;

const DEV: &str = "starttech-dev";

/// A snapshot that is there.
async fn taken(rig: &Rig, environment: &str, source: (&'static str, &str), name: &str) -> Plan {
    let fields = [source, ("snapshot", name)];
    let plan = rig.plan(environment, &elasticache_snapshot_create::DEF, &fields).await.unwrap();
    rig.carried_out(&plan).await;
    plan
}

#[tokio::test]
async fn one_just_taken_is_deleted_by_its_own_name() {
    let rig = Rig::new();
    let made = taken(&rig, DEV, ("cache-cluster", "dev-redis"), "pre-flush").await;
    let plan = rig.ordered(undo(&made)).await.unwrap();
    assert_eq!((&*plan.target.name, &*plan.target.id.id), ("pre-flush", "cluster:dev-redis"));
    assert_eq!(plan.target.arn.as_deref().map(|arn| arn.ends_with(":snapshot:pre-flush")), Some(true));
    assert_eq!(&*plan.title, "delete the snapshot pre-flush of dev-redis");
    assert_eq!((plan.risk, changes(&plan)), (Risk::Critical, vec![["snapshot", "pre-flush", ""].map(str::to_owned)]));
    assert_eq!(with_verdict(&plan, Verdict::Pass), ["of this cache", "manual", "available"]);
    assert!(matches!(plan.undo, Undo::No(_)));
    assert!(plan.command.starts_with("aws elasticache delete-snapshot --snapshot-name pre-flush "), "{}", plan.command);
    assert_eq!(plan.steps[0].input, *json!({ "SnapshotName": "pre-flush" }).as_object().unwrap());
    assert_eq!(rig.carried_out(&plan).await, ["pre-flush is gone"]);
    assert_eq!(rig.ordered(&plan.order).await.unwrap_err().word(), "not found");
}

#[tokio::test]
async fn one_of_another_cache_is_not_deleted() {
    let rig = Rig::new();
    taken(&rig, "enterprise-prod", ("replication-group", "enterprise-prod-cache"), "pre-flush").await;
    let of =
        async |sort, name| rig.plan("enterprise-prod", &DEF, &[(sort, name), ("snapshot", "pre-flush")]).await.unwrap();
    assert_eq!(with_verdict(&of("replication-group", "enterprise-prod-cache").await, Verdict::Fail), [""; 0]);
    let other = of("cache-cluster", "enterprise-prod-cache-001").await;
    assert_eq!(with_verdict(&other, Verdict::Fail), ["of this cache"]);
    assert_eq!(precondition(&other, "of this cache").1, "pre-flush is of enterprise-prod-cache");
}

#[tokio::test]
async fn one_that_is_still_being_taken_is_not_deleted() {
    let rig = Rig::new();
    let fields = [("cache-cluster", "dev-redis"), ("snapshot", "fresh")];
    let made = rig.plan(DEV, &elasticache_snapshot_create::DEF, &fields).await.unwrap();
    rig.send(&made).await;
    let plan = rig.plan(DEV, &DEF, &fields).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["available"]);
}
