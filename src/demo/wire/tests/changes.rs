//! What changes something, as SDK clients send it: what becomes of it in the model, what CloudTrail says, what is refused.

use aws_sdk_ecs::types::{DeploymentConfiguration, DeploymentRolloutState, Service, ServiceDeploymentStatus};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::SignedDuration;
use serde_json::json;

use super::{config, estate, start};
use crate::demo::Estate;
use crate::demo::world::Clock;

const CLUSTER: &str = "enterprise-prod-cluster";

/// An estate whose clock the test moves.
fn moving() -> (Estate, Clock) {
    let clock = Clock::manual(start());
    (Estate::new(7, clock.clone()), clock)
}

async fn service(ecs: &aws_sdk_ecs::Client, cluster: &str, name: &str) -> Service {
    let answer = ecs.describe_services().cluster(cluster).services(name).send().await.unwrap();
    answer.services.unwrap().remove(0)
}

/// The newest record of an operation: user and parameters.
async fn recorded(config: &aws_config::SdkConfig, operation: &str) -> (String, serde_json::Value) {
    let events = aws_sdk_cloudtrail::Client::new(config).lookup_events().send().await.unwrap().events.unwrap();
    let event = events.into_iter().find(|event| event.event_name() == Some(operation)).unwrap();
    let record: serde_json::Value = serde_json::from_str(event.cloud_trail_event().unwrap()).unwrap();
    (event.username.unwrap(), record["requestParameters"].clone())
}

#[tokio::test]
async fn a_service_is_scaled_and_comes_to_rest() {
    let (estate, clock) = moving();
    let config = config(&estate, "enterprise-prod");
    let ecs = aws_sdk_ecs::Client::new(&config);
    let scale = ecs.update_service().cluster(CLUSTER).service("web-service").desired_count(6);
    let answer = scale.send().await.unwrap().service.unwrap();
    assert_eq!((answer.desired_count, answer.running_count), (6, 3));
    assert_eq!(answer.deployments().len(), 1, "a count makes no deployment");
    let request = json!({ "cluster": CLUSTER, "service": "web-service", "desiredCount": 6 });
    assert_eq!(recorded(&config, "UpdateService").await, ("noor.haddad@example.com".to_owned(), request.clone()));
    let [changed] = estate.changes().try_into().unwrap();
    assert_eq!((changed.call.2.as_str(), changed.input), ("UpdateService", request));
    clock.advance(SignedDuration::from_mins(3));
    let web = service(&ecs, CLUSTER, "web-service").await;
    assert_eq!((web.desired_count, web.running_count, web.pending_count), (6, 6, 0));
    assert!(web.events()[0].message().unwrap().ends_with("has reached a steady state."));
    ecs.update_service().cluster(CLUSTER).service("web-service").desired_count(0).send().await.unwrap();
    clock.advance(SignedDuration::from_mins(3));
    assert_eq!(service(&ecs, CLUSTER, "web-service").await.running_count, 0);
}

#[tokio::test]
async fn a_crash_loop_is_ended_by_going_back() {
    let (estate, clock) = moving();
    let ecs = aws_sdk_ecs::Client::new(&config(&estate, "dhbw-prod"));
    let (cluster, name) = ("lecture-dhbw-cluster", "lecture-backend-service");
    let percents = DeploymentConfiguration::builder().maximum_percent(150).build();
    let back = ecs.update_service().cluster(cluster).service(name).task_definition("lecture-backend:47");
    back.deployment_configuration(percents).send().await.unwrap();
    clock.advance(SignedDuration::from_mins(8));
    let backend = service(&ecs, cluster, name).await;
    let [deployment] = backend.deployments() else { panic!("{:?}", backend.deployments()) };
    assert!(deployment.task_definition().unwrap().ends_with("lecture-backend:47"));
    assert_eq!(deployment.rollout_state(), Some(&DeploymentRolloutState::Completed));
    assert_eq!((backend.running_count, backend.desired_count), (3, 3));
    let configuration = backend.deployment_configuration().unwrap();
    assert_eq!((configuration.maximum_percent(), configuration.minimum_healthy_percent()), (Some(150), Some(50)));
}

#[tokio::test]
async fn a_forced_deployment_replaces_every_task() {
    let (estate, clock) = moving();
    let ecs = aws_sdk_ecs::Client::new(&config(&estate, "enterprise-prod"));
    let tasks = async || {
        let listed = ecs.list_tasks().cluster(CLUSTER).service_name("web-service").send().await.unwrap();
        listed.task_arns.unwrap()
    };
    let before = tasks().await;
    let force = ecs.update_service().cluster(CLUSTER).service("web-service").force_new_deployment(true);
    assert_eq!(force.send().await.unwrap().service.unwrap().deployments().len(), 2);
    clock.advance(SignedDuration::from_mins(8));
    let after = tasks().await;
    assert_eq!((before.len(), after.len()), (3, 3));
    assert!(after.iter().all(|task| !before.contains(task)));
    assert_eq!(service(&ecs, CLUSTER, "web-service").await.deployments().len(), 1);
}

#[tokio::test]
async fn a_stopped_task_is_replaced() {
    let (estate, clock) = moving();
    let config = config(&estate, "enterprise-prod");
    let ecs = aws_sdk_ecs::Client::new(&config);
    let listed = ecs.list_tasks().cluster(CLUSTER).service_name("web-service").send().await.unwrap();
    let task = listed.task_arns()[0].clone();
    let stopping = ecs.stop_task().cluster(CLUSTER).task(&task).reason("leaks memory").send().await.unwrap();
    assert_eq!(stopping.task.unwrap().desired_status(), Some("STOPPED"));
    assert_eq!(recorded(&config, "StopTask").await.1["reason"], "leaks memory");
    assert_eq!(service(&ecs, CLUSTER, "web-service").await.running_count, 2);
    clock.advance(SignedDuration::from_mins(3));
    let stopped = ecs.describe_tasks().cluster(CLUSTER).tasks(&task).send().await.unwrap().tasks.unwrap().remove(0);
    assert_eq!((stopped.last_status(), stopped.stopped_reason()), (Some("STOPPED"), Some("leaks memory")));
    assert_eq!(stopped.stop_code().map(aws_sdk_ecs::types::TaskStopCode::as_str), Some("UserInitiated"));
    assert_eq!(service(&ecs, CLUSTER, "web-service").await.running_count, 3);
}

#[tokio::test]
async fn what_ecs_can_not_do_is_refused() {
    let estate = estate();
    let ecs = aws_sdk_ecs::Client::new(&config(&estate, "enterprise-prod"));
    let update = || ecs.update_service().cluster(CLUSTER).service("web-service");
    let codes = [
        update().cluster("nowhere").send().await.unwrap_err().code().map(str::to_owned),
        update().service("nothing").send().await.unwrap_err().code().map(str::to_owned),
        update().task_definition("web-task:999").send().await.unwrap_err().code().map(str::to_owned),
        update().desired_count(-1).send().await.unwrap_err().code().map(str::to_owned),
        ecs.stop_task().cluster(CLUSTER).task("0123").send().await.unwrap_err().code().map(str::to_owned),
    ];
    let expected = [
        "ClusterNotFoundException",
        "ServiceNotFoundException",
        "ClientException",
        "InvalidParameterException",
        "InvalidParameterException",
    ];
    assert_eq!(codes.map(Option::unwrap), expected);
}

#[tokio::test]
async fn one_of_many_services_is_changed_and_the_others_stay() {
    let clock = Clock::manual(start());
    let estate = Estate::sized(1, clock.clone(), 1, 120);
    let ecs = aws_sdk_ecs::Client::new(&config(&estate, "env-000"));
    let names = async || {
        let listed = ecs.list_services().cluster("bench-cluster").max_results(100).into_paginator().items().send();
        let mut names: Vec<String> = listed.try_collect().await.unwrap();
        names.sort();
        names
    };
    let before = names().await;
    ecs.update_service().cluster("bench-cluster").service("service-00007").desired_count(5).send().await.unwrap();
    clock.advance(SignedDuration::from_mins(3));
    let service = service(&ecs, "bench-cluster", "service-00007").await;
    assert_eq!((service.desired_count, service.running_count), (5, 5));
    assert_eq!(names().await, before);
}

#[tokio::test]
async fn capacity_is_set_and_instances_follow() {
    let (estate, clock) = moving();
    let config = config(&estate, "beta9-prod");
    let asg = aws_sdk_autoscaling::Client::new(&config);
    let groups = asg.describe_auto_scaling_groups().send().await.unwrap().auto_scaling_groups.unwrap();
    let named = |part: &str| {
        groups.iter().find_map(|group| group.auto_scaling_group_name().filter(|name| name.contains(part))).unwrap()
    };
    let workers = named("provisioning-workers");
    let serving = async |name: &str| {
        let answer = asg.describe_auto_scaling_groups().auto_scaling_group_names(name).send().await.unwrap();
        let group = answer.auto_scaling_groups.unwrap().remove(0);
        let in_service = |it: &&aws_sdk_autoscaling::types::Instance| {
            it.lifecycle_state().is_some_and(|state| state.as_str() == "InService")
        };
        (
            group.desired_capacity().unwrap(),
            group.instances().iter().filter(in_service).count(),
            group.instances().len(),
        )
    };
    let set = |name: &str, to: i32| {
        asg.set_desired_capacity().auto_scaling_group_name(name).desired_capacity(to).honor_cooldown(false).send()
    };
    assert_eq!(serving(workers).await, (4, 4, 4));
    set(workers, 6).await.unwrap();
    assert_eq!(serving(workers).await, (6, 4, 6));
    clock.advance(SignedDuration::from_mins(2));
    assert_eq!(serving(workers).await, (6, 6, 6));
    set(workers, 3).await.unwrap();
    clock.advance(SignedDuration::from_mins(12));
    assert_eq!(serving(workers).await, (3, 3, 3));
    let request = json!({ "autoScalingGroupName": workers, "desiredCapacity": 3, "honorCooldown": false });
    assert_eq!(recorded(&config, "SetDesiredCapacity").await.1, request);
    for wrong in [1, 13] {
        assert_eq!(set(workers, wrong).await.unwrap_err().code(), Some("ValidationError"));
    }
    let gpu = named("gpu-workers");
    set(gpu, 4).await.unwrap();
    clock.advance(SignedDuration::from_mins(2));
    assert_eq!(serving(gpu).await, (4, 1, 1));
    let activities = asg.describe_scaling_activities().auto_scaling_group_name(gpu).send().await.unwrap();
    assert!(activities.activities()[0].status_message().unwrap().contains("sufficient g5.xlarge capacity"));
}

#[tokio::test]
async fn the_actions_of_alarms_are_switched() {
    let estate = estate();
    let config = config(&estate, "enterprise-prod");
    let alarms = aws_sdk_cloudwatch::Client::new(&config);
    let name = "enterprise-prod-5xx";
    let enabled = async || {
        let answer = alarms.describe_alarms().alarm_names(name).send().await.unwrap();
        answer.metric_alarms()[0].actions_enabled()
    };
    alarms.disable_alarm_actions().alarm_names(name).send().await.unwrap();
    assert_eq!(enabled().await, Some(false));
    assert_eq!(recorded(&config, "DisableAlarmActions").await.1, json!({ "alarmNames": [name] }));
    let history = alarms.describe_alarm_history().alarm_name(name).send().await.unwrap();
    assert_eq!(history.alarm_history_items()[0].history_summary(), Some("Alarm \"enterprise-prod-5xx\" updated"));
    alarms.enable_alarm_actions().alarm_names(name).send().await.unwrap();
    assert_eq!(enabled().await, Some(true));
}

#[tokio::test]
async fn tags_say_which_image_they_stand_for_and_can_move() {
    let estate = estate();
    let config = config(&estate, "enterprise-prod");
    let ecr = aws_sdk_ecr::Client::new(&config);
    let tag = |tag: &str| aws_sdk_ecr::types::ImageIdentifier::builder().image_tag(tag).build();
    let get = |repository: &str, tags: &str| {
        ecr.batch_get_image().registry_id("444455556666").repository_name(repository).image_ids(tag(tags)).send()
    };
    let ecs = aws_sdk_ecs::Client::new(&config);
    let done = ecs.list_service_deployments().cluster(CLUSTER).service("reporting-service");
    let done = done.status(ServiceDeploymentStatus::Successful).send().await.unwrap().service_deployments.unwrap();
    let revision = done[0].target_service_revision_arn().unwrap();
    let revisions = ecs.describe_service_revisions().service_revision_arns(revision).send().await.unwrap();
    let revision = &revisions.service_revisions()[0];
    assert!(revision.task_definition().unwrap().ends_with("reporting-task:11"));
    let ran = revision.container_images()[0].image_digest().unwrap().to_owned();
    let now = get("enterprise-reporting", "5.1.3").await.unwrap();
    let now = now.images()[0].image_id().unwrap().image_digest().unwrap().to_owned();
    assert_ne!(ran, now, "the tag was pushed again");
    let web = get("enterprise-web", "5.18.0").await.unwrap();
    assert!(web.images()[0].image_manifest().is_some() && web.failures().is_empty());
    let none = get("enterprise-web", "nothing").await.unwrap();
    assert_eq!(none.failures()[0].failure_code().unwrap().as_str(), "ImageNotFound");
    assert_eq!(get("nothing", "1").await.unwrap_err().code(), Some("RepositoryNotFoundException"));
}

#[tokio::test]
async fn services_have_their_range() {
    let estate = estate();
    let scaling = aws_sdk_applicationautoscaling::Client::new(&config(&estate, "beta9-prod"));
    let ask = |id: &str| {
        let call = scaling.describe_scalable_targets().service_namespace("ecs".into()).resource_ids(id);
        call.scalable_dimension("ecs:service:DesiredCount".into()).send()
    };
    let found = ask("service/beta9-platform/image-builder").await.unwrap();
    let target = &found.scalable_targets()[0];
    assert_eq!((target.min_capacity(), target.max_capacity()), (2, 8));
    assert!(ask("service/beta9-platform/audit-export").await.unwrap().scalable_targets().is_empty());
}
