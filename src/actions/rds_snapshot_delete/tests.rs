use super::*;
use crate::actions::rds_snapshot_create;
use crate::actions::rig::{Rig, changes, precondition, with_verdict};
use crate::model::Verdict;

const ENTERPRISE: &str = "enterprise-prod";

/// A snapshot of a database by its sort, made by RDS or by hand.
async fn one(rig: &Rig, source: &str, sort: &str) -> Resource {
    let rows = rig.rows(ENTERPRISE, rds::SNAPSHOT).await;
    let is = |row: &Resource, column: &str, text: &str| kinds::parts::text_of(kind(), row, column) == text;
    rows.into_iter().find(|row| is(row, "source", source) && is(row, "type", sort)).unwrap()
}

fn kind() -> &'static kinds::KindDef {
    kinds::by_id(rds::SNAPSHOT).unwrap()
}

#[tokio::test]
async fn one_made_by_hand_is_deleted_for_ever() {
    for (source, of_cluster, command) in [
        ("enterprise-prod-db", "no", "aws rds delete-db-snapshot --db-snapshot-identifier "),
        ("enterprise-prod-reporting", "yes", "aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier "),
    ] {
        let rig = Rig::new();
        let row = one(&rig, source, "manual").await;
        let name = &*row.name;
        let plan = rig.plan(ENTERPRISE, &DEF, &[("snapshot", name), ("of-cluster", of_cluster)]).await.unwrap();
        assert_eq!(plan.target.id, row.id);
        assert_eq!(*plan.title, format!("delete the snapshot {name} of {source}"));
        assert_eq!((plan.risk, changes(&plan)), (Risk::Critical, vec![["snapshot", name, ""].map(str::to_owned)]));
        assert_eq!(with_verdict(&plan, Verdict::Pass), ["manual", "available"]);
        assert!(matches!(plan.undo, Undo::No(_)));
        assert!(plan.command.starts_with(&format!("{command}{name} ")), "{}", plan.command);
        assert_eq!((DEF.applies)(&row), Ok(()));
        assert_eq!(rig.carried_out(&plan).await, [format!("{name} is gone")]);
        let fault = rig.ordered(&plan.order).await.unwrap_err();
        assert_eq!(fault.word(), "not found", "{fault}");
    }
}

#[tokio::test]
async fn one_of_its_own_is_left_to_rds() {
    let rig = Rig::new();
    let row = one(&rig, "enterprise-prod-db", "automated").await;
    assert_eq!((DEF.applies)(&row), Err("it is automated: RDS deletes it by itself".to_owned()));
    let plan = rig.plan(ENTERPRISE, &DEF, &[("snapshot", &row.name)]).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["manual"]);
    assert_eq!(precondition(&plan, "manual").1, "it is automated");
}

#[tokio::test]
async fn one_that_is_still_being_taken_is_not_deleted() {
    let rig = Rig::new();
    let fields = [("instance", "enterprise-prod-db"), ("snapshot", "fresh")];
    let taken = rig.plan(ENTERPRISE, &rds_snapshot_create::DEF, &fields).await.unwrap();
    rig.send(&taken).await;
    let plan = rig.plan(ENTERPRISE, &DEF, &[("snapshot", "fresh")]).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["available"]);
    assert_eq!(precondition(&plan, "available").1, "it is creating");
}

#[tokio::test]
async fn the_sorts_have_names_of_their_own() {
    let rig = Rig::new();
    let row = one(&rig, "enterprise-prod-db", "manual").await;
    let fields = [("snapshot", &*row.name), ("of-cluster", "yes")];
    assert_eq!(rig.plan(ENTERPRISE, &DEF, &fields).await.unwrap_err().word(), "not found");
}
