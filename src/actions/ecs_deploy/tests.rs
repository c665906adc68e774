use serde_json::json;

use super::*;
use crate::actions::rig::{Rig, precondition, undo as undone, with_verdict};
use crate::model::{Fault, Verdict};

const DHBW: &str = "dhbw-prod";
const ENTERPRISE: &str = "enterprise-prod";
const CLUSTER: &str = "enterprise-prod-cluster";

async fn at_dhbw(rig: &Rig, fields: &[(&'static str, &str)]) -> Result<Plan, Fault> {
    let mut all = vec![("cluster", "lecture-dhbw-cluster"), ("service", "lecture-backend-service")];
    all.extend(fields);
    rig.plan(DHBW, &DEF, &all).await
}

async fn at_enterprise(rig: &Rig, service: &str, fields: &[(&'static str, &str)]) -> Result<Plan, Fault> {
    let mut all = vec![("cluster", CLUSTER), ("service", service)];
    all.extend(fields);
    rig.plan(ENTERPRISE, &DEF, &all).await
}

#[tokio::test]
async fn a_crash_loop_is_rolled_back_to_the_last_completed_one() {
    let rig = Rig::new();
    let plan = at_dhbw(&rig, &[("rollback", "yes")]).await.unwrap();
    assert_eq!(&*plan.title, "roll lecture-backend-service back from lecture-backend:48 to lecture-backend:47");
    assert_eq!((plan.risk, plan.number), (Risk::Medium, None));
    assert_eq!(with_verdict(&plan, Verdict::Warn), ["no rollout is under way", "not held by Terraform"]);
    let (_, evidence) = precondition(&plan, "not held by Terraform");
    assert!(evidence.contains(" holds it as aws_ecs_service."), "{evidence}");
    let (verdict, evidence) = precondition(&plan, "image of backend");
    assert_eq!(verdict, Verdict::Pass, "{evidence}");
    assert!(evidence.starts_with("lecture-backend:2.31.0-4e7d19a still stands for sha256:"), "{evidence}");
    assert!(
        plan.affects.iter().any(|line| line.starts_with("backend secret LECTURE_DB_PASSWORD: added, arn:aws:")),
        "{:?}",
        plan.affects
    );
    assert_eq!(
        &*plan.command,
        "aws ecs update-service --cluster lecture-dhbw-cluster --service lecture-backend-service \
         --task-definition lecture-backend:47 --profile dhbw-prod --region eu-central-1"
    );
    let sent = rig.send(&plan).await;
    assert_eq!(
        sent,
        json!({ "cluster": "lecture-dhbw-cluster", "service": "lecture-backend-service", "taskDefinition": "lecture-backend:47" })
    );
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!(followed, Followed::Verified("rolled out: 3 of 3 tasks of lecture-backend:47 run".into()));
    assert!(told.iter().any(|headway| headway.words.contains("old ones too")), "{told:?}");
    let change = "UpdateService: task definition → lecture-backend:47".to_owned();
    assert_eq!(rig.newest_change(DHBW, "UpdateService").await, ("lecture-backend-service".to_owned(), change));
    let order = undone(&plan);
    assert_eq!(order.fields, Fields::from([("task-definition", "lecture-backend:48".to_owned())]));
    let again = rig.ordered(order).await.unwrap();
    assert_eq!(&*again.title, "deploy lecture-backend:48 to lecture-backend-service instead of lecture-backend:47");
}

#[tokio::test]
async fn a_bad_revision_is_not_waited_out() {
    let rig = Rig::new();
    let back = at_dhbw(&rig, &[("rollback", "yes")]).await.unwrap();
    rig.send(&back).await;
    rig.follow(&back).await;
    let bad = at_dhbw(&rig, &[("task-definition", "lecture-backend:48")]).await.unwrap();
    rig.send(&bad).await;
    let (followed, _) = rig.follow(&bad).await;
    let Followed::Failed(why) = followed else { panic!("{followed:?}") };
    assert!(why.starts_with("tasks keep stopping, and no circuit breaker gives it up"), "{why}");
    assert!(why.contains("Essential container in task exited"), "{why}");
}

#[tokio::test]
async fn going_back_to_a_tag_that_was_pushed_again_is_warned_of_and_fails() {
    let rig = Rig::new();
    let plan = at_enterprise(&rig, "reporting-service", &[("rollback", "yes")]).await.unwrap();
    assert_eq!(plan.changes[0].to, Value::text("reporting-task:11"));
    let (verdict, evidence) = precondition(&plan, "image of reporting");
    assert_eq!(verdict, Verdict::Warn);
    assert!(
        evidence.starts_with("enterprise-reporting:5.1.3 has been pushed again since reporting-task:11 ran"),
        "{evidence}"
    );
    rig.send(&plan).await;
    let (followed, _) = rig.follow(&plan).await;
    let Followed::Failed(why) = followed else { panic!("{followed:?}") };
    assert!(why.contains("ECS deployment circuit breaker: tasks failed to start"), "{why}");
    assert!(why.contains("health checks"), "{why}");
}

#[tokio::test]
async fn a_breaker_that_rolls_back_is_told_as_a_failure() {
    let rig = Rig::new();
    let fields = [("task-definition", "notifier:15"), ("minimum-percent", "50")];
    let plan = at_enterprise(&rig, "notifier", &fields).await.unwrap();
    let sent = rig.send(&plan).await;
    let expected = json!({
        "cluster": CLUSTER, "service": "notifier", "taskDefinition": "notifier:15",
        "deploymentConfiguration": { "minimumHealthyPercent": 50 },
    });
    assert_eq!(sent, expected);
    let (followed, _) = rig.follow(&plan).await;
    let Followed::Failed(why) = followed else { panic!("{followed:?}") };
    assert!(why.starts_with("another deployment, of notifier:14, has taken its place"), "{why}");
    assert!(why.contains("CannotPullContainerError"), "{why}");
}

#[tokio::test]
async fn the_same_is_deployed_once_more_only_by_force() {
    let rig = Rig::new();
    let idle = at_enterprise(&rig, "web-service", &[("task-definition", "web-task:31")]).await.unwrap();
    assert_eq!(with_verdict(&idle, Verdict::Fail), ["something changes"]);
    let plan = at_enterprise(&rig, "web-service", &[("force", "yes"), ("maximum-percent", "150")]).await.unwrap();
    assert_eq!(&*plan.title, "deploy web-task:31 to web-service once more");
    assert!(matches!(&plan.undo, Undo::No(why) if why.contains("nothing to go back to")), "{:?}", plan.undo);
    assert!(
        plan.command.contains("--force-new-deployment --deployment-configuration 'maximumPercent=150'"),
        "{}",
        plan.command
    );
    let sent = rig.send(&plan).await;
    let expected = json!({
        "cluster": CLUSTER, "service": "web-service", "forceNewDeployment": true,
        "deploymentConfiguration": { "maximumPercent": 150 },
    });
    assert_eq!(sent, expected);
    assert_eq!(rig.follow(&plan).await.0, Followed::Verified("rolled out: 3 of 3 tasks of web-task:31 run".into()));
}

#[tokio::test]
async fn without_a_failed_rollout_the_history_tells_where_to_go_back_to() {
    let rig = Rig::new();
    let plan = at_enterprise(&rig, "web-service", &[("rollback", "yes")]).await.unwrap();
    assert_eq!(plan.changes[0].to, Value::text("web-task:30"));
    rig.estate.faults().add("enterprise-prod/ecs/ListServiceDeployments=deny").unwrap();
    let denied = at_enterprise(&rig, "web-service", &[("rollback", "yes")]).await.unwrap();
    let (verdict, evidence) = precondition(&denied, "something to go back to");
    assert_eq!((verdict, denied.steps.len()), (Verdict::Fail, 0));
    assert!(
        evidence.contains("could not be read") && evidence.ends_with("name one with --task-definition"),
        "{evidence}"
    );
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_no_hindrance() {
    let rig = Rig::new();
    rig.estate.faults().add("enterprise-prod/ecr=deny").unwrap();
    let plan = at_enterprise(&rig, "web-service", &[("force", "yes")]).await.unwrap();
    let (verdict, evidence) = precondition(&plan, "image of nginx");
    assert_eq!(verdict, Verdict::Unknown);
    assert!(evidence.contains("ecr:BatchGetImage"), "{evidence}");
    // A collector beside it is not essential: what is not known of its image raises nothing.
    assert_eq!(precondition(&plan, "image of otel-collector").0, Verdict::Pass);
}

#[tokio::test]
async fn other_families_and_missing_revisions_are_noticed() {
    let rig = Rig::new();
    let other = at_enterprise(&rig, "web-service", &[("task-definition", "auth-task:19")]).await.unwrap();
    assert_eq!(precondition(&other, "same family").0, Verdict::Warn);
    assert_eq!(with_verdict(&other, Verdict::Fail), ["load balancer finds its container"]);
    let fault = at_enterprise(&rig, "web-service", &[("task-definition", "web-task:999")]).await.unwrap_err();
    assert!(fault.summary.starts_with("ecs:DescribeTaskDefinition: "), "{fault}");
    assert_eq!(at_enterprise(&rig, "web-service", &[]).await.unwrap_err().word(), "invalid");
}

#[tokio::test]
async fn revisions_are_offered_newest_first_with_what_differs() {
    let rig = Rig::new();
    let target = at_dhbw(&rig, &[("rollback", "yes")]).await.unwrap().target.id;
    let acting = rig.acting(DHBW).await;
    let offered = (DEF.choices)(&acting, &target, "task-definition").await.unwrap();
    let values: Vec<&str> = offered.iter().map(|choice| &*choice.value).collect();
    assert_eq!(values, ["lecture-backend:48", "lecture-backend:47", "lecture-backend:46", "lecture-backend:45"]);
    assert!(
        offered[0].words.starts_with("set now, lecture-backend:2.32.0-9c41fe2, registered 20"),
        "{}",
        offered[0].words
    );
    assert!(offered[0].difference.is_empty());
    let lines: Vec<&str> = offered[1].difference.iter().map(|line| &**line).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("backend image: ") && lines[1].starts_with("backend secret LECTURE_DB_PASSWORD: added")
    );
    assert!((DEF.choices)(&acting, &target, "force").await.unwrap().is_empty());
}

#[test]
fn deployments_from_outside_are_refused() {
    use aws_sdk_ecs::types::{DeploymentController, DeploymentControllerType};
    for outside in [DeploymentControllerType::CodeDeploy, DeploymentControllerType::External] {
        let controller = DeploymentController::builder().r#type(outside).build().unwrap();
        let service = Service::builder().deployment_controller(controller).build();
        assert_eq!(ecs::rolled_by_ecs(&service).verdict, Verdict::Fail);
    }
    assert_eq!(ecs::rolled_by_ecs(&Service::builder().build()).verdict, Verdict::Pass);
}
