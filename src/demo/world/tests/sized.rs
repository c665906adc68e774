//! Estates to measure with.

use super::*;

fn names(cluster: &EcsCluster) -> Vec<String> {
    let pages = (0..cluster.service_count()).step_by(100).map(|skip| cluster.service_names(skip, 100));
    pages.flatten().collect()
}

#[test]
fn a_sized_estate_has_as_many_as_asked_for() {
    for (environments, services) in [(20, 500), (1, 2_000), (1, 10_000)] {
        let begun = std::time::Instant::now();
        let world = World::sized(1, start(), environments, services);
        assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
        assert_eq!(world.accounts().len(), environments);
        assert_eq!(world.accounts()[environments - 1].environment, format!("env-{:03}", environments - 1));
        for account in world.accounts() {
            let cluster = account.ecs_clusters.values().next().unwrap();
            assert_eq!(cluster.service_count(), services);
            assert_eq!(account.db_instances.len() + account.cache_clusters.len() + account.alarms.len(), 3);
        }
    }
}

#[test]
fn its_services_are_healthy_distinct_and_the_same_at_every_look() {
    let mut world = World::sized(1, start(), 2, 450);
    let before = world.clone();
    world.advance_to(start() + minutes(20));
    for (account, before) in world.accounts().iter().zip(before.accounts()) {
        let cluster = account.ecs_clusters.values().next().unwrap();
        let names = names(cluster);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 450);
        let (mut arns, mut running) = (BTreeSet::new(), 0);
        for name in &names {
            let service = cluster.service(name).unwrap();
            assert_eq!(&service.name, name);
            assert_eq!(service.running_count, service.desired_count);
            assert!(service.deployments.len() == 1 && service.deployments[0].rollout_state == "COMPLETED");
            assert!(account.task_definition(&service.task_definition).is_some());
            let tasks = cluster.task_ids(Some(name), "RUNNING");
            assert_eq!(tasks.len() as i32, service.running_count);
            assert_eq!(cluster.task(&tasks[0]).unwrap().group, format!("service:{name}"));
            arns.insert(service.arn.clone());
            running += service.running_count;
            let again = before.ecs_clusters.values().next().unwrap().service(name).unwrap().into_owned();
            assert_eq!(service.into_owned(), again);
        }
        assert_eq!(arns.len(), 450);
        assert_eq!(cluster.counts(), (450, running, 0));
        assert_eq!(cluster.task_ids(None, "RUNNING").len() as i32, running);
        assert!(cluster.task_ids(None, "STOPPED").is_empty() && cluster.service("service-99999").is_none());
        assert!(cluster.task("nonsense").is_none());
    }
}

#[test]
fn its_services_have_metrics() {
    let world = World::sized(1, start(), 1, 30);
    let dimensions = [("ServiceName", "service-00029"), ("ClusterName", "bench-cluster")];
    let metric = MetricId::new("AWS/ECS", "CPUUtilization", &dimensions);
    let points = world.accounts()[0].metric(&metric, "Average", 300, start() - minutes(60), start());
    assert_eq!(points.len(), 12);
    let unknown = MetricId::new("AWS/ECS", "CPUUtilization", &[("ServiceName", "service-00030"), dimensions[1]]);
    assert!(world.accounts()[0].metric(&unknown, "Average", 300, start() - minutes(60), start()).is_empty());
}
