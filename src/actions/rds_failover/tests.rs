use aws_sdk_rds::types::DbClusterMember;

use super::*;
use crate::actions::rig::{Rig, changes, precondition, undo, with_cell, with_verdict};

const ENTERPRISE: &str = "enterprise-prod";
const CLUSTER: &str = "enterprise-prod-reporting";
const WRITER: &str = "enterprise-prod-reporting-instance-1";
const READER: &str = "enterprise-prod-reporting-instance-2";

async fn planned(rig: &Rig, to: &str) -> Plan {
    rig.plan(ENTERPRISE, &DEF, &[("db-cluster", CLUSTER), ("to", to)]).await.unwrap()
}

#[tokio::test]
async fn a_reader_becomes_the_writer_and_back() {
    let rig = Rig::new();
    let plan = planned(&rig, READER).await;
    assert_eq!(*plan.title, format!("fail {CLUSTER} over from {WRITER} to {READER}"));
    assert_eq!((plan.risk, changes(&plan)), (Risk::High, vec![["writer", WRITER, READER].map(str::to_owned)]));
    let passed = ["available", "member of the cluster", "a reader", "new writer available", "replica lag"];
    assert_eq!((with_verdict(&plan, Verdict::Pass), plan.preconditions.len()), (passed.to_vec(), 5));
    let (_, evidence) = precondition(&plan, "replica lag");
    assert!(evidence.starts_with(&format!("{READER} was at most ")) && evidence.ends_with(" ms behind"), "{evidence}");
    assert_eq!(
        *plan.command,
        format!(
            "aws rds failover-db-cluster --db-cluster-identifier {CLUSTER} --target-db-instance-identifier {READER} \
             --profile enterprise-prod --region us-east-1"
        )
    );
    rig.send(&plan).await;
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!(followed, Followed::Verified(format!("{READER} is the writer of {CLUSTER}").into()));
    assert_eq!(*told[0].words, format!("{CLUSTER} is failing-over, its writer is {WRITER}"));
    let back = rig.ordered(undo(&plan)).await.unwrap();
    assert_eq!(changes(&back), [["writer", READER, WRITER].map(str::to_owned)]);
    assert_eq!(with_verdict(&back, Verdict::Fail), [""; 0]);
    assert_eq!(rig.carried_out(&back).await, [format!("{WRITER} is the writer of {CLUSTER}")]);
}

#[tokio::test]
async fn only_a_reader_of_the_cluster_can_take_over() {
    let rig = Rig::new();
    let failed = async |to| {
        let plan = planned(&rig, to).await;
        with_verdict(&plan, Verdict::Fail).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(failed(WRITER).await, ["a reader"]);
    assert_eq!(failed("enterprise-prod-db").await, ["member of the cluster"]);
    assert_eq!(failed("nothing").await, ["member of the cluster", "new writer available"]);
    let plan = planned(&rig, "nothing").await;
    let words = format!("nothing is none of its instances; its readers: {READER}");
    assert_eq!(precondition(&plan, "member of the cluster").1, words);
    assert!(plan.preconditions.iter().all(|it| !["a reader", "replica lag"].contains(&&*it.name)), "{plan:?}");
    let words = format!("{WRITER} is the writer already; its readers: {READER}");
    assert_eq!(precondition(&planned(&rig, WRITER).await, "a reader").1, words);
    let fault = rig.plan(ENTERPRISE, &DEF, &[("db-cluster", "nothing"), ("to", READER)]).await.unwrap_err();
    assert_eq!(fault.word(), "not found");
    let fault = rig.plan(ENTERPRISE, &DEF, &[("db-cluster", CLUSTER)]).await.unwrap_err();
    assert_eq!(fault.word(), "invalid");
    rig.send(&planned(&rig, READER).await).await;
    assert_eq!(failed(READER).await, ["available"], "one at a time");
}

#[tokio::test]
async fn lag_is_a_warning_and_one_that_is_not_known_raises() {
    let rig = Rig::new();
    let acting = rig.acting(ENTERPRISE).await;
    let (cluster, reader) = (rds::cluster(&acting, CLUSTER).await, rds::instance(&acting, READER).await);
    let (cluster, reader) = (cluster.unwrap(), reader.unwrap());
    let lag = |lag| preconditions(&cluster, READER, Ok(reader.clone()), Ok(lag)).pop().unwrap().verdict;
    assert_eq!([Some(999.0), Some(1_001.0), None].map(lag), [Verdict::Pass, Verdict::Warn, Verdict::Unknown]);
    rig.estate.faults().add("enterprise-prod/cloudwatch=deny").unwrap();
    let plan = planned(&rig, READER).await;
    assert_eq!(with_verdict(&plan, Verdict::Unknown), ["replica lag"]);
    assert!(precondition(&plan, "replica lag").1.contains("cloudwatch:GetMetricData"), "{:?}", plan.preconditions);
}

#[tokio::test]
async fn readers_are_offered_with_their_lag() {
    let rig = Rig::new();
    let target = rig.row(ENTERPRISE, rds::CLUSTER, CLUSTER).await.id;
    let choices = (DEF.choices)(&*rig.acting(ENTERPRISE).await, &target, "to").await.unwrap();
    let [choice] = choices.as_slice() else { panic!("{choices:?}") };
    assert_eq!(&*choice.value, READER);
    assert!(choice.words.starts_with("lag ") && choice.words.ends_with(" ms, promotion tier 1"), "{}", choice.words);
}

#[tokio::test]
async fn a_cluster_without_a_reader_has_nowhere_to_go() {
    let row = Rig::new().row(ENTERPRISE, rds::CLUSTER, CLUSTER).await;
    assert_eq!((DEF.applies)(&row), Ok(()));
    assert_eq!((DEF.applies)(&with_cell(&row, "status", "failing-over")), Err("it is failing-over".to_owned()));
    let mut alone = row;
    alone.cells[kinds::by_id(rds::CLUSTER).unwrap().column("members").unwrap()] = crate::model::Value::list([WRITER]);
    assert_eq!((DEF.applies)(&alone), Err("it has no reader to fail over to".to_owned()));
}

#[test]
fn another_writer_or_member_is_another_cluster() {
    let member =
        |name: &str, writer| DbClusterMember::builder().db_instance_identifier(name).is_cluster_writer(writer).build();
    let cluster = |members: &[(&str, bool)]| {
        let members = members.iter().map(|(name, writer)| member(name, *writer)).collect();
        seen(&DbCluster::builder().set_db_cluster_members(Some(members)).build())
    };
    let one = cluster(&[("a", true), ("b", false)]);
    assert_eq!(one, cluster(&[("b", false), ("a", true)]), "in whatever order");
    assert_ne!(one, cluster(&[("a", false), ("b", true)]));
    assert_ne!(one, cluster(&[("a", true), ("b", false), ("c", false)]));
}
