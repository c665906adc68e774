use aws_sdk_autoscaling::primitives::DateTime;
use aws_sdk_autoscaling::types::builders::{ActivityBuilder, AutoScalingGroupBuilder};
use aws_sdk_autoscaling::types::{
    LaunchTemplateSpecification, LifecycleState, ScalingActivityStatusCode, SuspendedProcess,
};
use rstest::rstest;

use super::*;
use crate::model::{Health, Scope};

const NOW: i64 = 1_755_855_000;

fn group(desired: i32, instances: &[(LifecycleState, &str)]) -> AutoScalingGroupBuilder {
    let instance = |(n, (state, health)): (usize, &(LifecycleState, &str))| {
        Instance::builder()
            .instance_id(format!("i-{n}"))
            .instance_type("t3.small")
            .lifecycle_state(state.clone())
            .health_status(*health)
            .build()
    };
    AutoScalingGroup::builder()
        .auto_scaling_group_name("web-asg")
        .min_size(1)
        .max_size(4)
        .desired_capacity(desired)
        .vpc_zone_identifier("subnet-1,subnet-2")
        .target_group_arns("arn:aws:elasticloadbalancing:r:1:targetgroup/web-tg/0a")
        .launch_template(LaunchTemplateSpecification::builder().launch_template_name("web").version("3").build())
        .set_instances(Some(instances.iter().enumerate().map(instance).collect()))
}

fn serving() -> (LifecycleState, &'static str) {
    (LifecycleState::InService, "Healthy")
}

fn starting() -> (LifecycleState, &'static str) {
    (LifecycleState::Pending, "Healthy")
}

fn sick() -> (LifecycleState, &'static str) {
    (LifecycleState::InService, "Unhealthy")
}

fn activity(minutes: i64, status: ScalingActivityStatusCode) -> ActivityBuilder {
    Activity::builder()
        .start_time(DateTime::from_secs(NOW - minutes * 60))
        .status_code(status)
        .description("Launching a new EC2 instance: i-9")
        .cause("At 2025-08-22T10:00:00Z an instance was launched in response to a difference.")
}

fn no_capacity(minutes: i64) -> Activity {
    activity(minutes, ScalingActivityStatusCode::Failed).status_message("no t3.small capacity").build()
}

fn replaced(minutes: i64) -> Activity {
    let cause = "At 2025-08-22T10:00:00Z an instance was taken out of service in response to an ELB system health check failure.";
    activity(minutes, ScalingActivityStatusCode::Successful)
        .description("Terminating EC2 instance: i-1")
        .cause(cause)
        .build()
}

fn row_of(group: AutoScalingGroupBuilder, activities: &[Activity]) -> Resource {
    let now = Timestamp::from_second(NOW).unwrap();
    row::of(&Scope::new("starttech-dev", "us-east-1"), &group.build(), activities, now).unwrap()
}

#[rstest]
#[case::well(group(2, &[serving(), serving()]), vec![], Health::Ok, "")]
#[case::zero(group(0, &[]), vec![], Health::Ok, "scaled to zero")]
#[case::scaling_in(group(1, &[serving(), serving()]), vec![], Health::Progressing, "scaling in: 2 instances, 1 are wanted")]
#[case::scaling_out(group(2, &[serving(), starting()]), vec![], Health::Progressing, "1 of 2 in service, 1 starting")]
#[case::short(group(2, &[serving()]), vec![], Health::Degraded, "1 of 2 in service")]
#[case::no_capacity(
    group(2, &[serving()]), vec![no_capacity(2)], Health::Degraded, "1 of 2 in service; no t3.small capacity"
)]
#[case::none_at_all(group(2, &[]), vec![no_capacity(2)], Health::Failed, "0 of 2 in service; no t3.small capacity")]
#[case::failed_long_ago(group(2, &[serving()]), vec![no_capacity(90)], Health::Degraded, "1 of 2 in service")]
#[case::launched_since(
    group(2, &[serving(), starting()]),
    vec![activity(1, ScalingActivityStatusCode::InProgress).build(), activity(2, ScalingActivityStatusCode::Successful).build(), no_capacity(9)],
    Health::Progressing, "1 of 2 in service, 1 starting"
)]
#[case::unhealthy(
    group(2, &[serving(), sick()]), vec![replaced(1)], Health::Degraded,
    "1 of 2 instances unhealthy; an instance was taken out of service in response to an ELB system health check failure"
)]
#[case::replacing(
    group(2, &[serving(), starting()]), vec![replaced(3)], Health::Degraded,
    "1 of 2 in service, 1 starting; an instance was taken out of service in response to an ELB system health check failure"
)]
#[case::suspended(
    group(1, &[serving()]).suspended_processes(SuspendedProcess::builder().process_name("Launch").build()),
    vec![], Health::Ok, "suspended: Launch"
)]
#[case::deleted(group(1, &[serving()]).status("Delete in progress"), vec![], Health::Progressing, "delete in progress")]
fn verdicts(
    #[case] group: AutoScalingGroupBuilder,
    #[case] activities: Vec<Activity>,
    #[case] health: Health,
    #[case] reason: &str,
) {
    let row = row_of(group, &activities);
    assert_eq!((row.health, &*row.reason), (health, reason));
}

#[test]
fn a_row_has_every_column() {
    let row = row_of(group(2, &[serving(), sick()]), &[]);
    assert_eq!(row.cells.len(), COLUMNS.len());
    let shown = |column: &str| DEF.cell(&row, column).unwrap().show_exact().into_owned();
    assert_eq!((shown("instances"), shown("unhealthy")), ("1/2".to_owned(), "1".to_owned()));
    assert_eq!((shown("launch"), shown("subnets")), ("web 3".to_owned(), "subnet-1, subnet-2".to_owned()));
    assert_eq!((shown("instance_ids"), shown("instance_types")), ("i-0, i-1".to_owned(), "t3.small".to_owned()));
    let labels: Vec<_> = relations(&row).iter().map(|relation| relation.label).collect();
    assert_eq!(labels, ["target group", "alarms"]);
    assert_eq!(&*metrics(&row)[0].dimensions[0].1, "web-asg");
}

#[test]
fn only_a_short_group_is_worth_a_call() {
    assert!(!row::is_short(&group(2, &[serving(), serving()]).build()));
    assert!(row::is_short(&group(2, &[serving(), starting()]).build()));
    assert!(row::is_short(&group(2, &[serving(), serving(), sick()]).build()));
}
