use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Deployment, DeploymentRolloutState, LaunchType, LoadBalancer};
use aws_sdk_elasticloadbalancingv2::types::{TargetHealth, TargetHealthStateEnum};

use super::*;
use crate::model::{Health, Query, Scope};

const GROUP: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web-tg/0123456789abcdef";

fn service() -> Service {
    let deployment = Deployment::builder()
        .status("PRIMARY")
        .rollout_state(DeploymentRolloutState::Completed)
        .created_at(DateTime::from_secs(0))
        .failed_tasks(0);
    let balancer = || LoadBalancer::builder().target_group_arn(GROUP).container_name("web").container_port(80).build();
    Service::builder()
        .service_name("web")
        .service_arn("arn:aws:ecs:eu-central-1:111122223333:service/main/web")
        .status("ACTIVE")
        .desired_count(2)
        .running_count(2)
        .task_definition("arn:aws:ecs:eu-central-1:111122223333:task-definition/web:7")
        .launch_type(LaunchType::Fargate)
        .deployments(deployment.build())
        .load_balancers(balancer())
        .load_balancers(balancer())
        .build()
}

fn row_of(service: &Service) -> Resource {
    let scope = Scope::new("dhbw-prod", "eu-central-1");
    row::of(&scope, "main", service, &Evidence::default(), Timestamp::UNIX_EPOCH).unwrap()
}

#[test]
fn a_row_has_every_column() {
    let row = row_of(&service());
    assert_eq!(row.cells.len(), COLUMNS.len());
    assert_eq!((&*row.id.id, row.id.scope.cluster.as_deref()), ("web", Some("main")));
    let shown = |column: &str| DEF.cell(&row, column).unwrap().show_exact().into_owned();
    assert_eq!(shown("tasks"), "2/2");
    assert_eq!(shown("task_definition"), "web:7");
    assert_eq!(shown("rollout"), "COMPLETED");
    assert_eq!(shown("deployed_at"), "1970-01-01 00:00:00Z");
    assert_eq!(shown("launch_type"), "FARGATE");
    assert_eq!(shown("target_groups"), "web-tg");
    assert_eq!(shown("deployments"), "1");
    assert_eq!(shown("failed_tasks"), "0");
}

#[test]
fn capacity_providers_stand_for_the_launch_type() {
    let item = CapacityProviderStrategyItem::builder().capacity_provider("FARGATE_SPOT").build().unwrap();
    let row = row_of(&Service::builder().service_name("web").capacity_provider_strategy(item).build());
    assert_eq!(DEF.cell(&row, "launch_type"), Some(&Value::text("FARGATE_SPOT")));
}

#[test]
fn it_leads_to_what_belongs_to_it() {
    let row = row_of(&service());
    let told: Vec<String> = relations(&row)
        .iter()
        .map(|relation| match &relation.query {
            Query::Detail(id) => format!("{} {} {}", relation.label, id.scope, id.id),
            Query::List { kind, within, .. } => format!("{} {kind} within {}", relation.label, within.is_some()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "tasks ecs-task within true",
            "task definition dhbw-prod/eu-central-1 web:7",
            "target group dhbw-prod/eu-central-1 web-tg",
            "alarms alarm within false",
            "cluster dhbw-prod/eu-central-1 main",
        ]
    );
    let dimensions = &metrics(&row)[1].dimensions;
    assert_eq!((&*dimensions[0].1, &*dimensions[1].1), ("main", "web"));
}

#[test]
fn unhealthy_targets_are_counted() {
    let target = |state: TargetHealthStateEnum, words: &str| {
        let health = TargetHealth::builder().state(state).description(words);
        TargetHealthDescription::builder().target_health(health.build()).build()
    };
    let targets = [
        target(TargetHealthStateEnum::Healthy, ""),
        target(TargetHealthStateEnum::Unhealthy, "Request timed out"),
        target(TargetHealthStateEnum::Draining, ""),
    ];
    let sick = sick_targets(GROUP, &targets).unwrap();
    assert_eq!((&*sick.group, sick.unhealthy, sick.of, &*sick.why), ("web-tg", 1, 2, "Request timed out"));
    assert_eq!(sick_targets(GROUP, &targets[..1]), None);
}

fn short() -> Service {
    let mut service = service();
    service.running_count = 0;
    service
}

/// An incident: all of four hundred services are short of tasks and have a target group.
#[cfg(feature = "demo")]
#[tokio::test]
async fn an_incident_does_not_multiply_the_calls() {
    let rig = crate::kinds::tests::Rig::seven();
    let env = rig.env("dhbw-prod").await;
    rig.estate.reset_calls();
    let left = Allowance::new(EVIDENCE);
    for _ in 0..40 {
        let ten: Vec<Service> = (0..10).map(|_| short()).collect();
        let rows = rows(&env, "main", &ten, &left).await.unwrap();
        assert!(rows.iter().all(|row| row.health == Health::Degraded), "{rows:?}");
    }
    let calls = rig.calls();
    // Of a service that is not there the stops end with their first call.
    assert!(calls.keys().all(|call| call == "ecs:ListTasks" || call == elb::TARGET_HEALTH), "{calls:?}");
    assert_eq!(calls.values().sum::<u64>() + calls["ecs:ListTasks"], EVIDENCE as u64, "{calls:?}");
}

#[test]
fn evidence_stops_where_its_budget_ends() {
    let left = Allowance::new(3);
    let wanted = Needs { stops: true, targets: vec!["a".to_owned(), "b".to_owned()] };
    let first = affordable(wanted.clone(), &left);
    assert_eq!(first, Needs { stops: true, targets: vec!["a".to_owned()] });
    assert_eq!(affordable(wanted, &left), Needs::default());
}
