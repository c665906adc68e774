use serde_json::json;

use super::*;
use crate::actions::rig::{Rig, id_of, precondition, undo, with_verdict};
use crate::model::Verdict;

const ENTERPRISE: &str = "enterprise-prod";
const CLUSTER: &str = "enterprise-prod-cluster";
const WITHIN: &str = "within the autoscaling range";

fn fields<'a>(cluster: &'a str, service: &'a str, desired: &'a str) -> [(&'static str, &'a str); 3] {
    [("cluster", cluster), ("service", service), ("desired", desired)]
}

async fn planned(rig: &Rig, service: &str, desired: &str) -> Plan {
    rig.plan(ENTERPRISE, &DEF, &fields(CLUSTER, service, desired)).await.unwrap()
}

#[tokio::test]
async fn a_service_is_scaled_up_and_back() {
    let rig = Rig::new();
    let plan = planned(&rig, "web-service", "6").await;
    assert_eq!(&*plan.title, "scale web-service from 3 to 6 tasks");
    assert_eq!((plan.risk, plan.number), (Risk::Medium, Some((3, 6))));
    assert_eq!(with_verdict(&plan, Verdict::Pass).len(), plan.preconditions.len());
    assert_eq!(id_of(&plan.target.id), (Some(CLUSTER), "web-service"));
    assert_eq!(&*plan.target.identity.account, "444455556666");
    assert_eq!(
        &*plan.command,
        "aws ecs update-service --cluster enterprise-prod-cluster --service web-service --desired-count 6 \
         --profile enterprise-prod --region us-east-1"
    );
    assert_eq!(rig.send(&plan).await, json!({ "cluster": CLUSTER, "service": "web-service", "desiredCount": 6 }));
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!(followed, Followed::Verified("6 of 6 tasks run".into()));
    assert_eq!((&*told[0].words, told[0].percent), ("3 of 6 tasks run", Some(0)));
    assert!(told.iter().any(|headway| headway.words.contains("3 starting")), "{told:?}");
    let change = ("web-service".to_owned(), "UpdateService: desired count → 6".to_owned());
    assert_eq!(rig.newest_change(ENTERPRISE, "UpdateService").await, change);
    let back = rig.ordered(undo(&plan)).await.unwrap();
    assert_eq!((back.number, back.risk), (Some((6, 3)), Risk::High));
    rig.send(&back).await;
    assert_eq!(rig.follow(&back).await.0, Followed::Verified("3 of 3 tasks run".into()));
}

#[tokio::test]
async fn to_nothing_is_critical_and_from_nothing_is_not() {
    let rig = Rig::new();
    let plan = planned(&rig, "web-service", "0").await;
    assert_eq!(plan.risk, Risk::Critical);
    assert!(plan.affects.iter().any(|words| words.starts_with("nothing of the service is left")), "{:?}", plan.affects);
    assert_eq!(planned(&rig, "maintenance-page", "1").await.risk, Risk::Medium);
    rig.send(&plan).await;
    assert_eq!(rig.follow(&plan).await.0, Followed::Verified("0 of 0 tasks run".into()));
}

#[tokio::test]
async fn the_same_count_changes_nothing() {
    let plan = planned(&Rig::new(), "web-service", "3").await;
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["something changes"]);
    assert_eq!(precondition(&plan, "something changes").1, "nothing would change: 3 are wanted now, 3 run");
}

#[tokio::test]
async fn the_autoscaling_range_is_minded() {
    let rig = Rig::new();
    let plan = async |desired| {
        let fields = fields("beta9-platform", "image-builder", desired);
        rig.plan("beta9-prod", &DEF, &fields).await.unwrap()
    };
    let outside = plan("12").await;
    let (verdict, evidence) = precondition(&outside, WITHIN);
    assert_eq!(verdict, Verdict::Warn);
    assert!(evidence.starts_with("autoscaling keeps it from 2 to 8, and would not leave it at 12"), "{evidence}");
    assert_eq!(precondition(&plan("7").await, WITHIN).0, Verdict::Pass);
    rig.estate.faults().add("beta9-prod/application-autoscaling=deny").unwrap();
    let denied = plan("7").await;
    let (verdict, evidence) = precondition(&denied, WITHIN);
    assert_eq!(verdict, Verdict::Unknown);
    assert!(evidence.contains("application-autoscaling:DescribeScalableTargets"), "{evidence}");
}

#[tokio::test]
async fn a_crash_loop_is_warned_of_and_not_waited_out() {
    let rig = Rig::new();
    let fields = fields("lecture-dhbw-cluster", "lecture-backend-service", "4");
    let plan = rig.plan("dhbw-prod", &DEF, &fields).await.unwrap();
    let (verdict, evidence) = precondition(&plan, "no rollout is under way");
    assert_eq!(verdict, Verdict::Warn);
    assert!(evidence.starts_with("lecture-backend:48 is being rolled out: 0 of 3 tasks run, "), "{evidence}");
    rig.send(&plan).await;
    let (followed, _) = rig.follow(&plan).await;
    let Followed::Failed(why) = followed else { panic!("{followed:?}") };
    assert!(why.contains("tasks keep stopping") && why.contains("Essential container in task exited"), "{why}");
}

#[tokio::test]
async fn somebody_else_is_noticed() {
    let rig = Rig::new();
    let plan = planned(&rig, "web-service", "6").await;
    let other = planned(&rig, "web-service", "4").await;
    rig.send(&other).await;
    let acting = rig.acting(ENTERPRISE).await;
    let seen = (DEF.look)(&acting, &plan, &plan.steps[0]).await.unwrap();
    let moved: Vec<String> =
        plan.steps[0].seen.differences(&seen).iter().map(|it| format!("{} {} {}", it.name, it.was, it.is)).collect();
    assert_eq!(moved, ["desired 3 4"]);
    let (followed, _) = rig.follow(&plan).await;
    assert_eq!(
        followed,
        Followed::Failed("4 tasks are wanted now: somebody else or its autoscaling has set that".into())
    );
}

#[tokio::test]
async fn a_count_that_is_read_late_is_nobody_else_s() {
    let rig = Rig::new();
    let plan = planned(&rig, "web-service", "6").await;
    // As if it were not seen yet; for ever.
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!((told.len(), &*told[0].words), (parts::BEGINNING as usize, "the new count is not seen yet"));
    assert!(matches!(&followed, Followed::Failed(why) if why.starts_with("3 tasks are wanted now")), "{followed:?}");
}

#[tokio::test]
async fn what_is_not_there_can_not_be_planned_for() {
    let rig = Rig::new();
    for (cluster, service) in [(CLUSTER, "nothing"), ("nowhere", "web-service")] {
        let fault = rig.plan(ENTERPRISE, &DEF, &fields(cluster, service, "1")).await.unwrap_err();
        assert_eq!(fault.word(), "not found", "{fault}");
    }
    let fault = rig.plan(ENTERPRISE, &DEF, &[("service", "web-service"), ("desired", "1")]).await.unwrap_err();
    assert_eq!(fault.summary, "`--cluster` is missing");
    let fault = rig.plan(ENTERPRISE, &DEF, &fields(CLUSTER, "web-service", "many")).await.unwrap_err();
    assert_eq!(fault.word(), "invalid");
}

#[tokio::test]
async fn a_plan_costs_one_round_of_reads() {
    let rig = Rig::new();
    planned(&rig, "web-service", "6").await;
    rig.estate.reset_calls();
    planned(&rig, "web-service", "7").await;
    let calls = rig.estate.calls().into_iter().filter(|((_, service, _), _)| service != "sts");
    let calls: Vec<_> = calls.map(|((_, _, operation), count)| (operation, count)).collect();
    assert_eq!(calls, [("DescribeScalableTargets".to_owned(), 1), ("DescribeServices".to_owned(), 1)]);
}

#[tokio::test]
async fn a_row_says_what_the_form_starts_with_and_whether_it_applies() {
    let rig = Rig::new();
    let row = rig.row(ENTERPRISE, "ecs-service", "web-service").await;
    assert_eq!((DEF.form)(&row, rig.estate.now()), Fields::from([("desired", "3".to_owned())]));
    assert_eq!((DEF.applies)(&row), Ok(()));
    let daemon = with_cell(&row, "scheduling", "DAEMON");
    assert_eq!((DEF.applies)(&daemon), Err("a daemon service runs one task on each instance".to_owned()));
    let draining = with_cell(&row, "status", "DRAINING");
    assert_eq!((DEF.applies)(&draining), Err("the service is DRAINING".to_owned()));
}

fn with_cell(row: &Resource, column: &str, text: &str) -> Resource {
    let mut row = row.clone();
    row.cells[ecs_service::DEF.column(column).unwrap()] = Value::text(text);
    row
}

#[test]
fn a_daemon_or_inactive_service_is_refused() {
    let daemon = Service::builder().scheduling_strategy(aws_sdk_ecs::types::SchedulingStrategy::Daemon).build();
    assert_eq!((ecs::replica(&daemon).verdict, ecs::active(&daemon).verdict), (Verdict::Fail, Verdict::Fail));
}
