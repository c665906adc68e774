use rstest::rstest;

use super::*;
use crate::actions::rig::{Rig, changes, precondition, undo, with_cell, with_verdict};

const DEV: &str = "starttech-dev";

/// Those that do not depend on the time of day.
fn others(plan: &Plan, verdict: Verdict) -> Vec<&str> {
    with_verdict(plan, verdict).into_iter().filter(|name| *name != "outside the snapshot window").collect()
}

#[tokio::test]
async fn a_cluster_and_a_group_are_taken() {
    for (environment, sort, source, flag, parameter) in [
        (DEV, "cache-cluster", "dev-redis", "cache-cluster-id", "CacheClusterId"),
        ("enterprise-prod", "replication-group", "enterprise-prod-cache", "replication-group-id", "ReplicationGroupId"),
    ] {
        let rig = Rig::new();
        let plan = rig.plan(environment, &DEF, &[(sort, source), ("snapshot", "pre-flush")]).await.unwrap();
        assert_eq!(*plan.title, format!("take the snapshot pre-flush of {source}"));
        assert_eq!((plan.risk, changes(&plan)), (Risk::Medium, vec![["snapshot", "", "pre-flush"].map(str::to_owned)]));
        let passed =
            ["available", "engine with snapshots", "node type with snapshots", "name well formed", "name free"];
        assert_eq!(others(&plan, Verdict::Pass), passed);
        assert_eq!(plan.preconditions.len(), 6);
        let command = format!("aws elasticache create-snapshot --{flag} {source} --snapshot-name pre-flush ");
        assert!(plan.command.starts_with(&command), "{}", plan.command);
        let input = json!({ parameter: source, "SnapshotName": "pre-flush" });
        assert_eq!(plan.steps[0].input, *input.as_object().unwrap());
        rig.send(&plan).await;
        let (followed, told) = rig.follow(&plan).await;
        assert_eq!(followed, Followed::Verified("pre-flush is available".into()));
        assert_eq!(&*told[0].words, "pre-flush is creating");
        let back = rig.ordered(undo(&plan)).await.unwrap();
        assert_eq!(&*back.title, format!("delete the snapshot pre-flush of {source}"));
        assert_eq!(with_verdict(&back, Verdict::Fail), [""; 0]);
    }
}

#[tokio::test]
async fn a_name_is_proposed_and_one_that_is_taken_refused() {
    let rig = Rig::new();
    let plan = rig.plan(DEV, &DEF, &[("cache-cluster", "dev-redis")]).await.unwrap();
    let name = plan.order.fields["snapshot"].clone();
    assert!(name.starts_with("manual-20"), "{name}");
    rig.carried_out(&plan).await;
    let again = rig.ordered(&plan.order).await.unwrap();
    assert_eq!(with_verdict(&again, Verdict::Fail), ["name free"]);
    assert_eq!(precondition(&again, "name free").1, format!("there is a snapshot {name} already"));
    let malformed = rig.plan(DEV, &DEF, &[("cache-cluster", "dev-redis"), ("snapshot", "a--b")]).await.unwrap();
    assert_eq!(with_verdict(&malformed, Verdict::Fail), ["name well formed"]);
}

#[tokio::test]
async fn what_can_not_be_read_is_unknown() {
    let rig = Rig::new();
    rig.estate.faults().add("starttech-dev/elasticache/DescribeSnapshots=deny").unwrap();
    let plan = rig.plan(DEV, &DEF, &[("cache-cluster", "dev-redis")]).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Unknown), ["name free"]);
    assert!(precondition(&plan, "name free").1.contains("elasticache:DescribeSnapshots"), "{:?}", plan.preconditions);
}

#[tokio::test]
async fn a_target_is_one_that_is_there() {
    let rig = Rig::new();
    for fields in [[("cache-cluster", "nothing")], [("replication-group", "nothing")]] {
        assert_eq!(rig.plan(DEV, &DEF, &fields).await.unwrap_err().word(), "not found");
    }
    for fields in [vec![], vec![("cache-cluster", "dev-redis"), ("replication-group", "other")]] {
        let fault = rig.plan(DEV, &DEF, &fields).await.unwrap_err();
        assert_eq!(fault.summary, "`--cache-cluster` or `--replication-group` must be given, not both");
    }
}

#[tokio::test]
async fn memcached_is_not_offered_it() {
    let row = Rig::new().row(DEV, elasticache::KIND, "dev-redis").await;
    assert_eq!((DEF.applies)(&row), Ok(()));
    assert_eq!((DEF.applies)(&with_cell(&row, "engine", "memcached")), Err("memcached has no snapshots".to_owned()));
    assert_eq!((DEF.applies)(&with_cell(&row, "status", "modifying")), Err("it is modifying".to_owned()));
}

#[rstest]
#[case("redis", "cache.t4g.small", [Verdict::Pass, Verdict::Pass])]
#[case("valkey", "cache.r7g.large", [Verdict::Pass, Verdict::Pass])]
#[case("memcached", "cache.t4g.small", [Verdict::Fail, Verdict::Pass])]
#[case("redis", "cache.t1.micro", [Verdict::Pass, Verdict::Fail])]
fn engines_and_nodes_that_can_not_are_refused(
    #[case] engine_name: &str,
    #[case] node: &str,
    #[case] verdicts: [Verdict; 2],
) {
    let cache = elasticache::Cache {
        arn: None,
        status: "available".to_owned(),
        engine: engine_name.to_owned(),
        node_type: node.to_owned(),
        snapshot_window: None,
    };
    assert_eq!([engine(&cache).verdict, node_type(&cache).verdict], verdicts);
}

#[rstest]
#[case("05:00-06:00", "2025-11-21T05:30:00Z", Verdict::Warn)]
#[case("05:00-06:00", "2025-11-21T06:00:00Z", Verdict::Pass)]
#[case("23:30-00:30", "2025-11-21T00:10:00Z", Verdict::Warn)]
#[case("23:30-00:30", "2025-11-21T12:00:00Z", Verdict::Pass)]
#[case("whenever", "2025-11-21T12:00:00Z", Verdict::Unknown)]
fn the_window_is_a_warning(#[case] window: &str, #[case] now: &str, #[case] verdict: Verdict) {
    assert_eq!(outside(window, now.parse().unwrap()).verdict, verdict);
}
