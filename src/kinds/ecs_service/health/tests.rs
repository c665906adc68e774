use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::LoadBalancer;
use aws_sdk_ecs::types::builders::{DeploymentBuilder, ServiceBuilder};
use rstest::rstest;

use super::*;

const NOW: i64 = 1_755_855_000;
const GROUP: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web-tg/0123456789abcdef";

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn minutes_ago(minutes: i64) -> DateTime {
    DateTime::from_secs(NOW - minutes * 60)
}

fn deployment(id: &str, status: &str, state: Option<&str>, running: i32, desired: i32) -> DeploymentBuilder {
    Deployment::builder()
        .id(format!("ecs-svc/{id}"))
        .status(status)
        .task_definition(format!("arn:aws:ecs:eu-central-1:111122223333:task-definition/web:{id}"))
        .set_rollout_state(state.map(DeploymentRolloutState::from))
        .running_count(running)
        .desired_count(desired)
        .created_at(minutes_ago(600))
}

fn service(running: i32, desired: i32, deployments: Vec<DeploymentBuilder>) -> ServiceBuilder {
    Service::builder()
        .service_name("web")
        .status("ACTIVE")
        .running_count(running)
        .desired_count(desired)
        .set_deployments(Some(deployments.into_iter().map(DeploymentBuilder::build).collect()))
}

fn steady(running: i32, desired: i32) -> ServiceBuilder {
    service(running, desired, vec![deployment("7", "PRIMARY", Some("COMPLETED"), running, desired)])
}

fn event(minutes: i64, message: &str) -> ServiceEvent {
    ServiceEvent::builder().created_at(minutes_ago(minutes)).message(format!("(service web) {message}")).build()
}

fn stop(minutes: i64, deployment: &str, cause: Cause) -> Stop {
    Stop {
        at: Timestamp::from_second(NOW - minutes * 60).ok(),
        cause,
        words: "Essential container in task exited: web exited 1".to_owned(),
        started_by: format!("ecs-svc/{deployment}"),
        definition: format!("web:{deployment}"),
        task: "t".to_owned(),
    }
}

fn crashes(count: i64, deployment: &str) -> Evidence {
    Evidence { stops: (1..=count).map(|n| stop(n * 4, deployment, Cause::Failed)).collect(), targets: Vec::new() }
}

fn sick_target() -> Evidence {
    let sick = SickTargets { group: "web-tg".to_owned(), unhealthy: 1, of: 2, why: "Health checks failed".to_owned() };
    Evidence { targets: vec![sick], ..Evidence::default() }
}

fn in_progress(failed: i32) -> ServiceBuilder {
    let new = deployment("8", "PRIMARY", Some("IN_PROGRESS"), 1, 2).failed_tasks(failed);
    service(3, 2, vec![new, deployment("7", "ACTIVE", Some("COMPLETED"), 2, 2)])
}

fn failed() -> ServiceBuilder {
    let new = deployment("8", "PRIMARY", Some("FAILED"), 0, 2)
        .rollout_state_reason("ECS deployment circuit breaker: tasks failed to start.");
    service(2, 2, vec![new, deployment("7", "ACTIVE", Some("COMPLETED"), 2, 2)])
}

fn rolling_back() -> ServiceBuilder {
    let back = deployment("7", "PRIMARY", Some("IN_PROGRESS"), 1, 2)
        .rollout_state_reason("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/6.");
    service(1, 2, vec![back])
}

/// Deployed from outside: no deployments, but task sets.
fn task_sets(sets: &[(&str, i32, StabilityStatus)]) -> ServiceBuilder {
    let set = |(id, running, stability): &(&str, i32, StabilityStatus)| {
        TaskSet::builder()
            .task_definition(format!("arn:aws:ecs:eu-central-1:111122223333:task-definition/web:{id}"))
            .running_count(*running)
            .computed_desired_count(2)
            .stability_status(stability.clone())
            .build()
    };
    let running = sets.iter().map(|(_, running, _)| running).sum();
    service(running, 2, vec![]).set_task_sets(Some(sets.iter().map(set).collect()))
}

#[rstest]
#[case::task_set(task_sets(&[("7", 2, StabilityStatus::SteadyState)]), Evidence::default(), Health::Ok, "")]
#[case::task_set_that_moves(
    task_sets(&[("7", 1, StabilityStatus::Stabilizing)]), Evidence::default(), Health::Progressing, "rolling out, web:7: 1 of 2 run"
)]
#[case::two_task_sets(
    task_sets(&[("7", 2, StabilityStatus::SteadyState), ("8", 1, StabilityStatus::Stabilizing)]),
    Evidence::default(),
    Health::Progressing,
    "rolling out, web:7: 2 of 2 run, web:8: 1 of 2 run"
)]
#[case::steady(steady(2, 2), Evidence::default(), Health::Ok, "")]
#[case::no_rollout_state(service(2, 2, vec![deployment("7", "PRIMARY", None, 2, 2)]), Evidence::default(), Health::Ok, "")]
#[case::no_deployments(service(2, 2, vec![]), Evidence::default(), Health::Ok, "")]
#[case::zero(steady(0, 0), Evidence::default(), Health::Ok, "scaled to zero")]
#[case::to_zero(steady(1, 0), Evidence::default(), Health::Progressing, "scaling to zero, 1 still run")]
#[case::zero_after_failure(
    service(0, 0, vec![deployment("8", "PRIMARY", Some("FAILED"), 0, 0)]),
    Evidence::default(), Health::Ok, "scaled to zero; its last rollout failed"
)]
#[case::rolls_out(
    in_progress(0),
    Evidence::default(),
    Health::Progressing,
    "rolling out web:8: 1 of 2 run, 2 old ones too"
)]
#[case::first_rollout(
    service(0, 2, vec![deployment("1", "PRIMARY", Some("IN_PROGRESS"), 0, 2)]),
    Evidence::default(), Health::Progressing, "rolling out web:1: 0 of 2 run"
)]
#[case::rolls_out_badly(
    in_progress(1),
    crashes(1, "8"),
    Health::Degraded,
    "rolling out web:8: 1 of 2 run, 2 old ones too, 1 failed; Essential container in task exited: web exited 1"
)]
#[case::old_tasks_stopping_is_no_failure(
    in_progress(0),
    crashes(5, "7"),
    Health::Progressing,
    "rolling out web:8: 1 of 2 run, 2 old ones too"
)]
#[case::below(steady(1, 3).pending_count(1), Evidence::default(), Health::Degraded, "1 of 3 tasks run, 1 starting")]
#[case::below_with_stop(
    steady(1, 2),
    crashes(1, "7"),
    Health::Degraded,
    "1 of 2 tasks run; Essential container in task exited: web exited 1"
)]
#[case::above(steady(4, 2), Evidence::default(), Health::Progressing, "scaling in: 4 run, 2 are wanted")]
#[case::unhealthy_target(
    steady(2, 2),
    sick_target(),
    Health::Degraded,
    "1 of 2 targets unhealthy in web-tg: Health checks failed"
)]
#[case::failed(
    failed(),
    Evidence::default(),
    Health::Failed,
    "rollout of web:8 failed: ECS deployment circuit breaker: tasks failed to start"
)]
#[case::failed_with_stop(
    failed(),
    crashes(3, "8"),
    Health::Failed,
    "rollout of web:8 failed: ECS deployment circuit breaker: tasks failed to start; \
     Essential container in task exited: web exited 1"
)]
#[case::rolling_back(
    rolling_back(),
    Evidence::default(),
    Health::Failed,
    "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/6"
)]
#[case::crash_loop(
    steady(0, 1),
    crashes(3, "7"),
    Health::Failed,
    "tasks keep stopping: Essential container in task exited: web exited 1 (3 in 12m)"
)]
#[case::crash_loop_that_runs_just_now(
    steady(1, 1),
    crashes(4, "7"),
    Health::Failed,
    "tasks keep stopping: Essential container in task exited: web exited 1 (4 in 16m)"
)]
#[case::asked_to_stop(
    steady(1, 1), Evidence { stops: (1..9).map(|n| stop(n, "7", Cause::Asked)).collect(), ..Evidence::default() },
    Health::Ok, ""
)]
#[case::healed(
    steady(1, 1), Evidence { stops: (11..20).map(|n| stop(n, "7", Cause::Failed)).collect(), ..Evidence::default() },
    Health::Ok, ""
)]
#[case::rollout_that_fails_on(in_progress(4), Evidence::default(), Health::Failed, "tasks keep stopping: 4 failed")]
#[case::draining(steady(1, 0).status("DRAINING"), Evidence::default(), Health::Progressing, "being deleted, 1 tasks still run")]
#[case::deleted(steady(0, 0).status("INACTIVE"), Evidence::default(), Health::Unknown, "deleted")]
fn verdicts(#[case] service: ServiceBuilder, #[case] evidence: Evidence, #[case] health: Health, #[case] reason: &str) {
    assert_eq!(verdict(&service.build(), &evidence, now()), (health, reason.to_owned()));
}

#[test]
fn the_newest_telling_event_is_quoted() {
    let sick = steady(1, 2)
        .events(event(1, "has started 1 tasks: (task 0123)."))
        .events(event(2, "was unable to place a task because no container instance met all of its requirements."))
        .events(event(30, "has reached a steady state."))
        .events(event(40, "failed to register targets."))
        .build();
    let (_, reason) = verdict(&sick, &Evidence::default(), now());
    assert_eq!(
        reason,
        "1 of 2 tasks run; “was unable to place a task because no container instance met all of its requirements”"
    );
}

#[test]
fn without_trouble_the_newest_event_is_quoted() {
    let sick = steady(1, 2)
        .events(event(2, "deregistered 1 targets in (target-group x)"))
        .events(event(1, "has started 1 tasks: (task 0123)."));
    assert_eq!(
        verdict(&sick.build(), &Evidence::default(), now()).1,
        "1 of 2 tasks run; “has started 1 tasks: (task 0123)”"
    );
    let was_steady = steady(1, 2).events(event(1, "has reached a steady state.")).events(event(2, "failed."));
    assert_eq!(verdict(&was_steady.build(), &Evidence::default(), now()).1, "1 of 2 tasks run");
}

#[test]
fn events_before_the_deployment_are_not_its_own() {
    let fresh = deployment("8", "PRIMARY", Some("IN_PROGRESS"), 0, 1).created_at(minutes_ago(2));
    let old_trouble = "is unable to consistently start tasks successfully.";
    let service = service(0, 1, vec![fresh]).events(event(9, old_trouble)).build();
    assert_eq!(verdict(&service, &Evidence::default(), now()).0, Health::Progressing);
    let own = self::service(0, 1, vec![deployment("8", "PRIMARY", Some("IN_PROGRESS"), 0, 1)]);
    let (health, reason) = verdict(&own.events(event(9, old_trouble)).build(), &Evidence::default(), now());
    assert_eq!(health, Health::Failed);
    assert_eq!(reason, "tasks keep stopping; “is unable to consistently start tasks successfully”");
}

#[test]
fn what_looks_well_needs_no_evidence() {
    let balancer = LoadBalancer::builder().target_group_arn(GROUP).build();
    let well = [
        steady(2, 2).events(event(5, "has reached a steady state.")).events(event(9, "failed somehow.")),
        steady(2, 2)
            .service_name("error-page")
            .events(ServiceEvent::builder().message("(service error-page) has started 1 tasks: (task 01).").build()),
        in_progress(0),
        steady(0, 0),
        steady(2, 2).events(event(300, "has started 1 tasks")).events(event(301, "has started 1 tasks")),
    ];
    for service in well {
        let service = service.load_balancers(balancer.clone()).build();
        assert_eq!(needs(&service, now()), Needs::default(), "{service:?}");
    }
}

#[test]
fn what_looks_sick_needs_evidence() {
    let balancer = LoadBalancer::builder().target_group_arn(GROUP).build();
    let started = |minutes| event(minutes, "has started 1 tasks: (task 01).");
    let sick = [
        steady(1, 2),
        in_progress(1),
        failed(),
        steady(2, 2).events(event(1, &format!("(port 80) is unhealthy in (target-group {GROUP}) due to (reason x)."))),
        // ECS calls it steady between two crashes.
        steady(1, 1)
            .events(event(1, "has reached a steady state."))
            .events(started(2))
            .events(started(9))
            .events(started(20)),
    ];
    for service in sick {
        let service = service.load_balancers(balancer.clone()).build();
        assert_eq!(needs(&service, now()), Needs { stops: true, targets: vec![GROUP.to_owned()] }, "{service:?}");
    }
}

#[rstest]
#[case("(service web) has reached a steady state.", "has reached a steady state")]
#[case(
    "(service web) (port 80) is unhealthy in (target-group arn:aws:elasticloadbalancing:r:1:targetgroup/web-tg/0a) due to (reason Health checks failed with these codes: [502]).",
    "(port 80) is unhealthy in (target-group web-tg) due to (reason Health checks failed with these codes: [502])"
)]
#[case(
    "(service web) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section.",
    "is unable to consistently start tasks successfully"
)]
#[case("(service web, taskSet ecs-svc/1) has begun draining connections.", "has begun draining connections")]
fn events_are_told_plainly(#[case] message: &str, #[case] expected: &str) {
    assert_eq!(plain(message), expected);
}
