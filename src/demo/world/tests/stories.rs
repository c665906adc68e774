//! Each story is told by everything that has a part in it, at the start and half an hour later, at any time of the day.

use std::sync::LazyLock;

use super::*;

const BACKEND: &str = "lecture-backend-service";

/// Worlds at the start and half an hour later: on a Monday morning, a Saturday night and at a busy hour.
fn worlds() -> impl Iterator<Item = World> {
    static WORLDS: LazyLock<Vec<World>> = LazyLock::new(|| {
        let starts = ["2026-03-02T09:17:23Z", "2026-03-07T02:10:00Z", "2026-11-24T15:59:59.5Z"];
        let both = |start: &str| {
            let start: Timestamp = start.parse().unwrap();
            let mut later = World::new(7, start);
            later.advance_to(start + minutes(30));
            [World::new(7, start), later]
        };
        starts.into_iter().flat_map(both).collect()
    });
    WORLDS.iter().cloned()
}

fn alarm_state(account: &Account, name: &str) -> Word {
    account.alarms.get(name).unwrap_or_else(|| panic!("no alarm {name}")).state
}

/// Whether a line of the last ten minutes of a group contains the text.
fn logged(account: &Account, group: &str, text: &str) -> bool {
    let start = Some((account.now - minutes(10)).as_millisecond());
    let page = account.log_events(&LogQuery { group, start, limit: 20_000, ..LogQuery::default() }).unwrap();
    page.events.iter().any(|event| event.message.contains(text))
}

#[test]
fn the_backend_at_dhbw_crash_loops() {
    for world in worlds() {
        let dhbw = account(&world, "dhbw-prod");
        let cluster = &dhbw.ecs_clusters["lecture-dhbw-cluster"];
        let backend = service(dhbw, "lecture-dhbw-cluster", BACKEND);
        let [new, old] = backend.deployments.as_slice() else { panic!("{:?}", backend.deployments) };
        assert_eq!((new.status, new.rollout_state, new.desired_count), ("PRIMARY", "IN_PROGRESS", 3));
        assert!(new.failed_tasks > 20, "{}", new.failed_tasks);
        assert_eq!((old.status, old.running_count), ("ACTIVE", 2));
        assert!(new.task_definition.ends_with("lecture-backend:48") && old.task_definition.ends_with(":47"));
        let stopped: Vec<_> = backend.task_ids.iter().map(|id| &cluster.tasks[id]).collect();
        let crashed = |task: &&&EcsTask| task.stop_code == Some("EssentialContainerExited");
        let crashed: Vec<_> = stopped.iter().filter(crashed).collect();
        assert!(crashed.len() > 20);
        assert!(crashed.iter().all(|task| task.containers[0].exit_code == Some(1)
            && task.stopped_reason.as_deref() == Some("Essential container in task exited")));
        assert!(backend.events.iter().any(|e| e.message.contains("unable to consistently start tasks")));
        for name in ["lecture-dhbw-backend-5xx", "ECS-Service-TaskCount-Low", "lecture-dhbw-students-affected"] {
            assert_eq!(alarm_state(dhbw, name), "ALARM", "{name} at {}", dhbw.now);
        }
        for text in ["LECTURE_DB_PASSWORD is not set", "password authentication failed", "Traceback", "Exit code 1"] {
            assert!(logged(dhbw, "/ecs/lecture-backend", text), "{text}");
        }
        assert!(logged(dhbw, "/aws/rds/cluster/lecture-dhbw-cluster/postgresql", "password authentication failed"));
        let release = dhbw.trail.iter().find(|event| event.name == "UpdateService").unwrap();
        assert_eq!(release.username, "jana.weber@dhbw.example");
        assert!(release.at < new.created_at + minutes(1) && release.record.contains("lecture-backend:48"));
        let [before, after] = [47, 48].map(|n| dhbw.task_definition(&format!("lecture-backend:{n}")).unwrap());
        let secret = |definition: &TaskDefinition| {
            definition.containers[0].secrets.iter().any(|(name, _)| name == "LECTURE_DB_PASSWORD")
        };
        assert!(secret(before) && !secret(after));
    }
}

#[test]
fn more_tasks_fail_as_time_goes_by() {
    let failed = |world: &World| {
        service(account(world, "dhbw-prod"), "lecture-dhbw-cluster", BACKEND).deployments[0].failed_tasks
    };
    assert!(failed(&world_after(30)) > failed(&world_after(0)) + 10);
}

#[test]
fn the_database_at_enterprise_is_short_of_connections() {
    for world in worlds() {
        let enterprise = account(&world, "enterprise-prod");
        let connections =
            MetricId::new("AWS/RDS", "DatabaseConnections", &[("DBInstanceIdentifier", "enterprise-prod-db")]);
        let (now, hours) = (enterprise.now, |count: i64| enterprise.now - minutes(60 * count));
        let recent = enterprise.metric(&connections, "Average", 60, now - minutes(10), now);
        assert!(recent.len() >= 9 && recent.iter().all(|(_, value)| (181.0..=200.0).contains(value)), "{recent:?}");
        let before = enterprise.metric(&connections, "Average", 60, hours(3), hours(2));
        assert!(before.iter().all(|(_, value)| *value < 150.0));
        for name in ["db-connections-high", "latency-high", "customer-impact"] {
            assert_eq!(alarm_state(enterprise, &format!("enterprise-prod-{name}")), "ALARM");
        }
        let slots = "remaining connection slots are reserved";
        assert!(logged(enterprise, "/aws/application/enterprise-prod", slots));
        assert!(logged(enterprise, "/aws/rds/instance/enterprise-prod-db/postgresql", slots));
        let app = service(enterprise, "enterprise-prod-cluster", "app-service");
        assert_eq!((app.desired_count, app.running_count), (10, 10));
        let scaled = enterprise.trail.iter().find(|event| event.record.contains("\"desiredCount\":10")).unwrap();
        assert_eq!(scaled.username, "marcus.oduya@enterprise.example");
        assert_eq!(enterprise.db_instances["enterprise-prod-db"].status, "available");
    }
}

#[test]
fn a_release_at_enterprise_was_given_up_and_another_was_rolled_back() {
    for world in worlds() {
        let enterprise = account(&world, "enterprise-prod");
        let reporting = service(enterprise, "enterprise-prod-cluster", "reporting-service");
        assert_eq!(reporting.deployments[0].rollout_state, "FAILED");
        assert!(reporting.deployments[0].rollout_state_reason.contains("circuit breaker"));
        assert_eq!((reporting.running_count, reporting.deployments[1].running_count), (2, 2));
        let told = |service: &EcsService, text: &str| service.events.iter().any(|event| event.message.contains(text));
        assert!(told(reporting, "is unhealthy in (target-group arn:aws:elasticloadbalancing:us-east-1:444455556666"));
        assert!(told(reporting, "deployment failed: tasks failed to start."));
        let notifier = service(enterprise, "enterprise-prod-cluster", "notifier");
        assert_eq!(notifier.deployments.len(), 1);
        assert_eq!(notifier.deployments[0].rollout_state, "COMPLETED");
        assert!(notifier.task_definition.ends_with("notifier:14") && told(notifier, "rolling back to (deployment"));
        let page = service(enterprise, "enterprise-prod-cluster", "maintenance-page");
        assert_eq!((page.desired_count, page.running_count), (0, 0));
    }
}

#[test]
fn instances_at_starttech_fall_ill_and_are_replaced() {
    for mut world in worlds() {
        for _ in 0..20 {
            let starttech = account(&world, "starttech-dev");
            let targets = &starttech.target_groups["dev-backend-tg"].targets;
            let unhealthy: Vec<_> = targets.iter().filter(|target| target.state == "unhealthy").collect();
            assert!((1..=2).contains(&unhealthy.len()), "{targets:?} at {}", starttech.now);
            let reasons = ["Target.ResponseCodeMismatch", "Target.Timeout"];
            assert!(unhealthy.iter().all(|target| target.reason.is_some_and(|reason| reasons.contains(&reason))));
            assert!(targets.iter().any(|target| target.state == "healthy"));
            assert_eq!(alarm_state(starttech, "dev-backend-unhealthy-hosts"), "ALARM");
            let group = &starttech.auto_scaling_groups["dev-backend-asg"];
            assert!(group.instances.len() == 3 && group.desired_capacity == 3);
            world.advance_to(world.accounts()[0].now + SignedDuration::from_secs(37));
        }
        let starttech = account(&world, "starttech-dev");
        let group = &starttech.auto_scaling_groups["dev-backend-asg"];
        let told = |text: &str| group.activities.iter().any(|activity| activity.description.starts_with(text));
        assert!(told("Launching a new EC2 instance: i-0") && told("Terminating EC2 instance: i-0"));
        assert!(group.activities.iter().any(|activity| activity.cause.contains("ELB system health check failure")));
        assert!(logged(starttech, "/aws/ec2/dev/backend", "server selection timeout"));
    }
}

#[test]
fn releases_at_edt_complete_and_others_follow() {
    for mut world in worlds() {
        let mut states = BTreeSet::new();
        for _ in 0..60 {
            let edt = account(&world, "edt-prod");
            for service in edt.ecs_clusters["lecture-edt-cluster"].services.values() {
                assert!(service.running_count >= service.desired_count, "{} at {}", service.name, edt.now);
                assert!(service.deployments.iter().all(|deployment| deployment.failed_tasks == 0));
                states.insert((service.name.clone(), service.deployments[0].rollout_state));
            }
            let firing: Vec<_> = edt.alarms.values().filter(|alarm| alarm.state == "ALARM").collect();
            assert!(firing.is_empty(), "{firing:?}");
            world.advance_to(world.accounts()[0].now + minutes(1));
        }
        let in_progress = states.iter().filter(|(_, state)| *state == "IN_PROGRESS").count();
        assert!(in_progress >= 2, "{states:?}");
        assert!(states.contains(&(BACKEND.to_owned(), "COMPLETED")));
    }
}

#[test]
fn a_release_is_under_way_at_edt_when_the_estate_starts() {
    let world = world_after(0);
    let backend = service(account(&world, "edt-prod"), "lecture-edt-cluster", BACKEND);
    assert_eq!(backend.deployments[0].rollout_state, "IN_PROGRESS");
    let world = world_after(8);
    let backend = service(account(&world, "edt-prod"), "lecture-edt-cluster", BACKEND);
    assert_eq!(backend.deployments.len(), 1);
    assert_eq!(backend.deployments[0].rollout_state, "COMPLETED");
    assert!(backend.events.iter().any(|event| event.message.ends_with("deployment completed.")));
}

#[test]
fn nothing_is_wrong_at_unilux_and_a_snapshot_gets_on() {
    let creating = |world: &World| {
        let snapshots = account(world, "unilux-prod").db_snapshots.values();
        snapshots.filter(|snapshot| snapshot.status == "creating").cloned().collect::<Vec<_>>()
    };
    let world = world_after(0);
    let [snapshot] = creating(&world).try_into().unwrap();
    assert!((10..90).contains(&snapshot.percent_progress) && snapshot.snapshot_type == "manual");
    assert!(creating(&world_after(3))[0].percent_progress > snapshot.percent_progress);
    let world = world_after(30);
    let unilux = account(&world, "unilux-prod");
    assert_eq!(unilux.db_snapshots[&snapshot.id].status, "available");
    let done = |event: &RdsEvent| event.source_id == snapshot.id && event.message == "Manual cluster snapshot created";
    assert!(unilux.rds_events.iter().any(done));
    for world in worlds() {
        let unilux = account(&world, "unilux-prod");
        assert!(unilux.alarms.values().all(|alarm| alarm.state != "ALARM"));
        assert!(
            unilux
                .ecs_clusters
                .values()
                .flat_map(|cluster| cluster.services.values())
                .all(|service| { service.running_count == service.desired_count && service.deployments.len() == 1 })
        );
    }
}

#[test]
fn a_node_group_at_beta9_can_not_launch_and_the_backlog_comes_and_goes() {
    for world in worlds() {
        let beta9 = account(&world, "beta9-prod");
        let groups = &beta9.eks_clusters["beta9-prod"].nodegroups;
        let sick: Vec<_> = groups.values().filter(|group| group.status == "DEGRADED").collect();
        assert_eq!(sick.len(), 1);
        assert_eq!(sick[0].health_issues[0].code, "AsgInstanceLaunchFailures");
        let group = &beta9.auto_scaling_groups[&sick[0].auto_scaling_group];
        assert_eq!((group.desired_capacity, group.instances.len()), (3, 1));
        assert!(group.activities.iter().all(|activity| activity.status == "Failed"));
        assert!(group.activities.front().unwrap().start > beta9.now - minutes(8));
        assert!(logged(beta9, "/beta9/cluster-autoscaler", "InsufficientInstanceCapacity"));
    }
    let world = world_after(120);
    let history = &account(&world, "beta9-prod").alarm_history;
    let flips = history.iter().filter(|item| item.alarm == "beta9-queue-backlog").count();
    assert!(flips >= 4, "{flips}");
}

#[test]
fn the_sick_are_the_minority() {
    for world in worlds() {
        let services = world.accounts().iter().flat_map(|account| account.ecs_clusters.values());
        let services: Vec<_> = services.flat_map(|cluster| cluster.services.values()).collect();
        let sick = |service: &&&EcsService| {
            service.running_count < service.desired_count
                || service.deployments.iter().any(|d| d.rollout_state == "FAILED" || d.failed_tasks > 0)
        };
        assert!(services.len() > 35);
        assert!((2..=4).contains(&services.iter().filter(sick).count()));
        let firing = world.accounts().iter().flat_map(|account| account.alarms.values());
        let firing = firing.filter(|alarm| alarm.state == "ALARM").count();
        assert!((7..=14).contains(&firing), "{firing}");
    }
}
