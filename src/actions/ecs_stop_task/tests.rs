use serde_json::json;

use super::*;
use crate::actions::rig::{Rig, precondition, with_verdict};

const ENTERPRISE: &str = "enterprise-prod";
const CLUSTER: &str = "enterprise-prod-cluster";

/// The id of a task of a service.
async fn a_task(rig: &Rig, environment: &str, cluster: &str, service: &str) -> String {
    let acting = rig.acting(environment).await;
    let arns = ecs::some_task_arns(&acting.env, cluster, service).await.unwrap();
    ecs::name_of(&arns[0]).to_owned()
}

async fn planned(rig: &Rig, environment: &str, cluster: &str, task: &str) -> Result<Plan, Fault> {
    let fields = [("cluster", cluster), ("task", task), ("reason", "leaks memory")];
    rig.plan(environment, &DEF, &fields).await
}

#[tokio::test]
async fn a_task_is_stopped_and_replaced() {
    let rig = Rig::new();
    let task = a_task(&rig, ENTERPRISE, CLUSTER, "web-service").await;
    let plan = planned(&rig, ENTERPRISE, CLUSTER, &task).await.unwrap();
    assert_eq!(*plan.title, format!("stop task {task} of web-service"));
    assert_eq!(plan.risk, Risk::High);
    assert_eq!(with_verdict(&plan, Verdict::Pass).len(), 2);
    assert_eq!(precondition(&plan, "others serve meanwhile").1, "2 of 2 other tasks are healthy");
    assert_eq!(&*plan.affects[0], "web-service starts another: 3 of 3 tasks run now");
    assert!(matches!(&plan.undo, Undo::No(why) if why.contains("web-service starts another")), "{:?}", plan.undo);
    assert_eq!(
        *plan.command,
        format!(
            "aws ecs stop-task --cluster {CLUSTER} --task {task} --reason 'leaks memory' --profile {ENTERPRISE} --region us-east-1"
        )
    );
    let sent = rig.send(&plan).await;
    assert_eq!(sent, json!({ "cluster": CLUSTER, "task": task, "reason": "leaks memory" }));
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!(followed, Followed::Verified("the task has stopped; 3 of 3 tasks run".into()));
    assert_eq!(&*told[0].words, "the task is DEACTIVATING; 2 of 3 tasks run");
    assert_eq!(rig.newest_change(ENTERPRISE, "StopTask").await, (task, "StopTask".to_owned()));
}

#[tokio::test]
async fn the_last_healthy_one_is_critical() {
    let rig = Rig::new();
    let task = a_task(&rig, "starttech-dev", "dev-starttech-cluster", "dev-frontend").await;
    let plan = planned(&rig, "starttech-dev", "dev-starttech-cluster", &task).await.unwrap();
    assert_eq!(plan.risk, Risk::Critical);
    let (verdict, evidence) = precondition(&plan, "others serve meanwhile");
    assert_eq!(
        (verdict, evidence),
        (Verdict::Warn, "none of 0 other tasks is healthy; this one is the last healthy one")
    );
}

#[tokio::test]
async fn one_that_becomes_the_last_healthy_one_has_moved() {
    let rig = Rig::new();
    let cluster = "beta9-platform";
    let acting = rig.acting("beta9-prod").await;
    let arns = ecs::some_task_arns(&acting.env, cluster, "billing-meter").await.unwrap();
    let [one, other] = arns.iter().map(|arn| ecs::name_of(arn)).collect::<Vec<_>>().try_into().unwrap();
    let plan = planned(&rig, "beta9-prod", cluster, one).await.unwrap();
    assert_eq!(plan.risk, Risk::High);
    rig.send(&planned(&rig, "beta9-prod", cluster, other).await.unwrap()).await;
    let seen = (DEF.look)(&acting, &plan, &plan.steps[0]).await.unwrap();
    let moved = plan.steps[0].seen.differences(&seen);
    assert_eq!((moved.len(), &*moved[0].name, &*moved[0].was, &*moved[0].is), (1, OTHERS, "yes", "no"));
}

#[tokio::test]
async fn what_is_not_known_of_the_others_is_said() {
    let rig = Rig::new();
    let task = a_task(&rig, ENTERPRISE, CLUSTER, "web-service").await;
    rig.estate.faults().add("enterprise-prod/ecs/ListTasks=throttle").unwrap();
    let plan = planned(&rig, ENTERPRISE, CLUSTER, &task).await.unwrap();
    let (verdict, evidence) = precondition(&plan, "others serve meanwhile");
    assert!(verdict == Verdict::Unknown && evidence.contains("throttled"), "{evidence}");
    assert_eq!(plan.risk, Risk::High);
}

#[tokio::test]
async fn a_task_that_stops_or_is_not_there_is_left_alone() {
    let rig = Rig::new();
    let task = a_task(&rig, ENTERPRISE, CLUSTER, "web-service").await;
    let plan = planned(&rig, ENTERPRISE, CLUSTER, &task).await.unwrap();
    rig.send(&plan).await;
    let again = planned(&rig, ENTERPRISE, CLUSTER, &task).await.unwrap();
    assert_eq!(with_verdict(&again, Verdict::Fail), ["the task is to run"]);
    assert_eq!(planned(&rig, ENTERPRISE, CLUSTER, "0123").await.unwrap_err().word(), "not found");
    let nameless = rig.plan(ENTERPRISE, &DEF, &[("cluster", CLUSTER), ("task", &task)]).await.unwrap_err();
    assert!(nameless.summary.contains("`reason` is missing"), "{nameless}");
}

#[tokio::test]
async fn rows_say_whether_it_applies() {
    let rig = Rig::new();
    let task = a_task(&rig, ENTERPRISE, CLUSTER, "web-service").await;
    assert_eq!((DEF.applies)(&rig.row(ENTERPRISE, "ecs-task", &task).await), Ok(()));
    rig.send(&planned(&rig, ENTERPRISE, CLUSTER, &task).await.unwrap()).await;
    let row = rig.row(ENTERPRISE, "ecs-task", &task).await;
    assert_eq!((DEF.applies)(&row), Err("it is DEACTIVATING already".to_owned()));
}

#[test]
fn healthy_is_running_and_checked_where_there_are_checks() {
    let task = |status: &str, health: HealthStatus| Task::builder().last_status(status).health_status(health).build();
    assert!(is_healthy(&task("RUNNING", "UNKNOWN".into()), false));
    assert!(!is_healthy(&task("RUNNING", "UNKNOWN".into()), true));
    assert!(is_healthy(&task("RUNNING", HealthStatus::Healthy), true));
    assert!(!is_healthy(&task("PENDING", "UNKNOWN".into()), false));
}
