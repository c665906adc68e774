//! ECS, EKS and Auto Scaling.

use aws_sdk_ecs::types::{ClusterField, DesiredStatus, ServiceField, SortOrder, TaskDefinitionField};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{all, config, estate};
use crate::demo::Estate;
use crate::demo::world::Clock;

#[tokio::test]
async fn services_are_listed_by_pages_and_described_by_ten() {
    let estate = Estate::sized(1, Clock::manual(super::start()), 1, 230);
    let name = super::first(&estate);
    let ecs = aws_sdk_ecs::Client::new(&config(&estate, &name));
    let cluster = ecs.list_clusters().send().await.unwrap().cluster_arns.unwrap().remove(0);
    assert_eq!(ecs.list_services().cluster(&cluster).send().await.unwrap().service_arns().len(), 10, "the default");
    let pages = ecs.list_services().cluster(&cluster).max_results(100).into_paginator().send();
    let arns: Vec<String> =
        pages.try_collect().await.unwrap().into_iter().flat_map(|page| page.service_arns.unwrap_or_default()).collect();
    assert_eq!(arns.len(), 230);
    let key = (name, "ecs".to_owned(), "ListServices".to_owned());
    assert_eq!(estate.calls()[&key], 1 + 3);
    let ten = ecs.describe_services().cluster(&cluster).set_services(Some(arns[..10].to_vec())).send().await.unwrap();
    let described: Vec<&str> = ten.services().iter().filter_map(|service| service.service_arn()).collect();
    assert_eq!(described, arns[..10]);
    let eleven = ecs.describe_services().cluster(&cluster).set_services(Some(arns[..11].to_vec())).send().await;
    assert_eq!(eleven.unwrap_err().code(), Some("InvalidParameterException"));
    let too_many = ecs.list_services().cluster(&cluster).max_results(101).send().await;
    assert_eq!(too_many.unwrap_err().code(), Some("InvalidParameterException"));
}

#[tokio::test]
async fn what_is_not_there_is_missing() {
    let estate = estate();
    for (_, config) in all(&estate) {
        let ecs = aws_sdk_ecs::Client::new(&config);
        let clusters = ecs.describe_clusters().clusters("nowhere").send().await.unwrap();
        assert_eq!(clusters.failures()[0].reason(), Some("MISSING"));
        let error = ecs.list_services().cluster("nowhere").send().await.unwrap_err();
        assert_eq!(error.code(), Some("ClusterNotFoundException"));
        let Some(cluster) = ecs.list_clusters().send().await.unwrap().cluster_arns().first().cloned() else { continue };
        let services = ecs.describe_services().cluster(&cluster).services("nothing").send().await.unwrap();
        let failure = &services.failures()[0];
        assert_eq!(failure.reason(), Some("MISSING"));
        assert!(failure.arn().unwrap().ends_with("/nothing"));
        let error = ecs.list_tasks().cluster(&cluster).service_name("nothing").send().await.unwrap_err();
        assert_eq!(error.code(), Some("ServiceNotFoundException"));
        let error = ecs.describe_task_definition().task_definition("nothing:1").send().await.unwrap_err();
        assert_eq!(error.code(), Some("ClientException"));
    }
}

#[tokio::test]
async fn clusters_services_and_tasks_tell_one_story() {
    let estate = estate();
    let mut services_seen = 0;
    for (name, config) in all(&estate) {
        let ecs = aws_sdk_ecs::Client::new(&config);
        let arns = ecs.list_clusters().send().await.unwrap().cluster_arns.unwrap();
        if arns.is_empty() {
            continue;
        }
        let request = ecs.describe_clusters().set_clusters(Some(arns.clone()));
        let clusters = request.include(ClusterField::Tags).include(ClusterField::Settings).send().await.unwrap();
        assert_eq!(clusters.clusters().len(), arns.len());
        for cluster in clusters.clusters() {
            assert_eq!(cluster.status(), Some("ACTIVE"));
            assert_eq!(cluster.settings().len(), 1);
            let services = services(&ecs, cluster.cluster_arn().unwrap()).await;
            let running: i32 = services.iter().map(|service| service.running_count).sum();
            let counts = (cluster.active_services_count, cluster.running_tasks_count);
            assert_eq!(counts, (services.len() as i32, running), "{name}");
            for service in &services {
                check_service(&ecs, service).await;
            }
            services_seen += services.len();
        }
    }
    assert!(services_seen >= 10, "{services_seen}");
}

async fn services(ecs: &aws_sdk_ecs::Client, cluster: &str) -> Vec<aws_sdk_ecs::types::Service> {
    let listed = ecs.list_services().cluster(cluster).into_paginator().items().send();
    let arns: Vec<String> = listed.try_collect().await.unwrap();
    let mut services = Vec::new();
    for ten in arns.chunks(10) {
        let request = ecs.describe_services().cluster(cluster).set_services(Some(ten.to_vec()));
        services.extend(request.include(ServiceField::Tags).send().await.unwrap().services.unwrap());
    }
    services
}

async fn check_service(ecs: &aws_sdk_ecs::Client, service: &aws_sdk_ecs::types::Service) {
    let name = service.service_name().unwrap();
    assert_eq!(service.status(), Some("ACTIVE"));
    assert!(
        service.created_at().is_some()
            && service.deployment_configuration().is_some()
            && service.launch_type().is_some()
    );
    let primary = &service.deployments()[0];
    assert_eq!(primary.status(), Some("PRIMARY"));
    assert_eq!(primary.task_definition(), service.task_definition());
    assert!(primary.rollout_state().is_some());
    for event in service.events() {
        assert!(event.id().is_some() && event.created_at().is_some() && event.message().is_some());
    }
    let cluster = service.cluster_arn().unwrap();
    let tasks = ecs.list_tasks().cluster(cluster).service_name(name).send().await.unwrap().task_arns.unwrap();
    if !tasks.is_empty() {
        let described = ecs.describe_tasks().cluster(cluster).set_tasks(Some(tasks.clone())).send().await.unwrap();
        assert_eq!(described.tasks().len(), tasks.len());
        let running = described.tasks().iter().filter(|task| task.last_status() == Some("RUNNING")).count();
        assert_eq!(running, service.running_count as usize, "{name}");
        for task in described.tasks() {
            assert_eq!(task.group(), Some(format!("service:{name}").as_str()));
            assert!(!task.containers().is_empty() && task.created_at().is_some() && !task.attachments().is_empty());
        }
    }
    let stopped = ecs.list_tasks().cluster(cluster).service_name(name).desired_status(DesiredStatus::Stopped);
    let stopped = stopped.send().await.unwrap().task_arns.unwrap();
    if !stopped.is_empty() {
        let described = ecs.describe_tasks().cluster(cluster).set_tasks(Some(stopped)).send().await.unwrap();
        assert!(described.tasks().iter().all(|task| task.stopped_reason().is_some() || task.stopped_at().is_none()));
    }
    check_definition(ecs, service.task_definition().unwrap()).await;
}

async fn check_definition(ecs: &aws_sdk_ecs::Client, arn: &str) {
    let request = ecs.describe_task_definition().task_definition(arn).include(TaskDefinitionField::Tags);
    let definition = request.send().await.unwrap().task_definition.unwrap();
    assert_eq!(definition.task_definition_arn(), Some(arn));
    let container = &definition.container_definitions()[0];
    assert!(container.image().is_some() && container.essential() == Some(true));
    assert!(definition.registered_at().is_some() && definition.runtime_platform().is_some());
    let family = definition.family().unwrap();
    let families = ecs.list_task_definition_families().family_prefix(family).send().await.unwrap();
    assert!(families.families().iter().any(|one| one == family));
    let newest = ecs.list_task_definitions().family_prefix(family).sort(SortOrder::Desc).max_results(1);
    let newest = newest.send().await.unwrap();
    let by_name = ecs.describe_task_definition().task_definition(family).send().await.unwrap().task_definition.unwrap();
    assert_eq!(newest.task_definition_arns().first().map(String::as_str), by_name.task_definition_arn());
}

#[tokio::test]
async fn eks_clusters_have_node_groups() {
    let estate = estate();
    let mut groups_seen = 0;
    for (_, config) in all(&estate) {
        let eks = aws_sdk_eks::Client::new(&config);
        let error = eks.describe_cluster().name("nowhere").send().await.unwrap_err();
        assert!(error.into_service_error().is_resource_not_found_exception());
        for name in eks.list_clusters().into_paginator().items().send().try_collect().await.unwrap() {
            let cluster = eks.describe_cluster().name(&name).send().await.unwrap().cluster.unwrap();
            assert_eq!(cluster.name(), Some(name.as_str()));
            assert!(cluster.arn().is_some() && cluster.status().is_some() && cluster.version().is_some());
            assert!(cluster.created_at().is_some() && cluster.resources_vpc_config().is_some());
            let listed = eks.list_nodegroups().cluster_name(&name).max_results(1).into_paginator().items().send();
            for group in listed.try_collect().await.unwrap() {
                let described =
                    eks.describe_nodegroup().cluster_name(&name).nodegroup_name(&group).send().await.unwrap();
                let described = described.nodegroup.unwrap();
                assert_eq!(described.nodegroup_name(), Some(group.as_str()));
                let scaling = described.scaling_config().unwrap();
                assert!(scaling.min_size() <= scaling.desired_size() && scaling.desired_size() <= scaling.max_size());
                assert!(described.resources().is_some_and(|its| !its.auto_scaling_groups().is_empty()));
                assert!(described.health().is_some() && !described.instance_types().is_empty());
                groups_seen += 1;
            }
        }
    }
    assert!(groups_seen > 0);
}

#[tokio::test]
async fn auto_scaling_groups_have_instances_and_activities() {
    let estate = estate();
    let (mut groups_seen, mut activities_seen) = (0, 0);
    for (_, config) in all(&estate) {
        let asg = aws_sdk_autoscaling::Client::new(&config);
        let listed = asg.describe_auto_scaling_groups().max_records(1).into_paginator().items().send();
        for group in listed.try_collect().await.unwrap() {
            groups_seen += 1;
            let name = group.auto_scaling_group_name().unwrap();
            assert!(group.min_size() <= group.desired_capacity() && group.desired_capacity() <= group.max_size());
            assert!(group.created_time().is_some() && group.launch_template().is_some());
            for instance in group.instances() {
                assert!(instance.instance_id().is_some_and(|id| id.starts_with("i-")));
                assert!(instance.health_status().is_some() && instance.lifecycle_state().is_some());
            }
            let again = asg.describe_auto_scaling_groups().auto_scaling_group_names(name).send().await.unwrap();
            assert_eq!(again.auto_scaling_groups().len(), 1);
            let activities = asg.describe_scaling_activities().auto_scaling_group_name(name).max_records(2);
            let activities: Vec<_> = activities.into_paginator().items().send().try_collect().await.unwrap();
            assert!(activities.is_sorted_by(|one, other| one.start_time() >= other.start_time()));
            assert!(activities.iter().all(|one| one.status_code().is_some() && one.cause().is_some()));
            activities_seen += activities.len();
        }
        let error = asg.describe_scaling_activities().auto_scaling_group_name("nowhere").send().await.unwrap_err();
        assert_eq!(error.code(), Some("ValidationError"));
    }
    assert!(groups_seen > 0 && activities_seen > 0);
}
