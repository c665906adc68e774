//! RDS, ElastiCache and load balancing.

use aws_sdk_rds::types::{Filter, SourceType};
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{all, estate, start};

#[tokio::test]
async fn databases_and_their_clusters() {
    let estate = estate();
    let (mut instances_seen, mut members_seen) = (0, 0);
    for (_, config) in all(&estate) {
        let rds = aws_sdk_rds::Client::new(&config);
        let instances: Vec<_> =
            rds.describe_db_instances().into_paginator().items().send().try_collect().await.unwrap();
        for instance in &instances {
            let id = instance.db_instance_identifier().unwrap();
            assert!(instance.endpoint().is_some_and(|one| one.address().is_some() && one.port().is_some()));
            assert!(instance.db_instance_status().is_some() && instance.instance_create_time().is_some());
            assert!(instance.db_subnet_group().is_some_and(|group| !group.subnets().is_empty()));
            assert_eq!(instance.vpc_security_groups().len(), 1);
            assert!(instance.pending_modified_values().is_some());
            let by_arn = rds.describe_db_instances().db_instance_identifier(instance.db_instance_arn().unwrap());
            let again = by_arn.send().await.unwrap();
            assert_eq!(again.db_instances()[0].db_instance_identifier(), Some(id));
        }
        instances_seen += instances.len();
        for cluster in rds.describe_db_clusters().into_paginator().items().send().try_collect().await.unwrap() {
            let filter = Filter::builder().name("db-cluster-id").values(cluster.db_cluster_arn().unwrap());
            let members = rds.describe_db_instances().filters(filter.build()).send().await.unwrap();
            let mut listed: Vec<&str> =
                members.db_instances().iter().filter_map(|one| one.db_instance_identifier()).collect();
            let mut known: Vec<&str> =
                cluster.db_cluster_members().iter().filter_map(|one| one.db_instance_identifier()).collect();
            listed.sort_unstable();
            known.sort_unstable();
            assert_eq!(listed, known);
            assert!(!cluster.availability_zones().is_empty() && cluster.earliest_restorable_time().is_some());
            members_seen += known.len();
        }
    }
    assert!(instances_seen > 2 && members_seen > 0);
}

#[tokio::test]
async fn databases_that_are_not_there() {
    let estate = estate();
    let (_, config) = all(&estate).remove(0);
    let rds = aws_sdk_rds::Client::new(&config);
    let error = rds.describe_db_instances().db_instance_identifier("nothing").send().await.unwrap_err();
    assert!(error.into_service_error().is_db_instance_not_found_fault());
    let error = rds.describe_db_clusters().db_cluster_identifier("nothing").send().await.unwrap_err();
    assert!(error.into_service_error().is_db_cluster_not_found_fault());
    let error = rds.describe_db_snapshots().db_snapshot_identifier("nothing").send().await.unwrap_err();
    assert!(error.into_service_error().is_db_snapshot_not_found_fault());
    let error = rds.describe_db_cluster_snapshots().db_cluster_snapshot_identifier("nothing").send().await.unwrap_err();
    assert!(error.into_service_error().is_db_cluster_snapshot_not_found_fault());
    let error = rds.describe_db_instances().max_records(5).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let error = rds.describe_db_instances().marker("x").send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn snapshots_of_both_sorts() {
    let estate = estate();
    let (mut of_instances, mut of_clusters, mut long_lists) = (0, 0, 0);
    for (_, config) in all(&estate) {
        let rds = aws_sdk_rds::Client::new(&config);
        let all: Vec<_> =
            rds.describe_db_snapshots().max_records(20).into_paginator().items().send().try_collect().await.unwrap();
        for snapshot in &all {
            assert!(snapshot.db_snapshot_arn().is_some() && snapshot.snapshot_type().is_some());
            assert!(snapshot.status() != Some("available") || snapshot.snapshot_create_time().is_some());
        }
        let manual = rds.describe_db_snapshots().snapshot_type("manual").send().await.unwrap();
        let expected = all.iter().filter(|one| one.snapshot_type() == Some("manual")).count();
        assert_eq!(manual.db_snapshots().len(), expected);
        if let Some(one) = all.first() {
            let of_source = rds.describe_db_snapshots().db_instance_identifier(one.db_instance_identifier().unwrap());
            assert!(!of_source.send().await.unwrap().db_snapshots().is_empty());
            let itself = rds.describe_db_snapshots().db_snapshot_identifier(one.db_snapshot_identifier().unwrap());
            assert_eq!(itself.send().await.unwrap().db_snapshots().len(), 1);
        }
        long_lists += usize::from(all.len() > 20);
        of_instances += all.len();
        let clusters = rds.describe_db_cluster_snapshots().into_paginator().items().send();
        let clusters: Vec<_> = clusters.try_collect().await.unwrap();
        assert!(clusters.iter().all(|one| one.db_cluster_snapshot_arn().is_some() && one.status().is_some()));
        of_clusters += clusters.len();
    }
    assert!(of_instances > 0 && of_clusters > 0, "{of_instances} {of_clusters} {long_lists}");
}

#[tokio::test]
async fn database_events_of_a_window() {
    let estate = estate();
    let mut seen = 0;
    for (_, config) in all(&estate) {
        let rds = aws_sdk_rds::Client::new(&config);
        let day = rds.describe_events().duration(24 * 60).into_paginator().items().send();
        let day: Vec<_> = day.try_collect().await.unwrap();
        assert!(day.is_sorted_by(|one, other| one.date() <= other.date()), "oldest first");
        assert!(day.iter().all(|one| one.message().is_some() && one.source_arn().is_some()));
        let Some(one) = day.last() else { continue };
        seen += day.len();
        let of_source = rds.describe_events().source_identifier(one.source_identifier().unwrap());
        let alone = of_source.clone().send().await.unwrap_err();
        assert_eq!(alone.code(), Some("InvalidParameterCombination"));
        let of_source =
            of_source.source_type(one.source_type().unwrap().clone()).duration(24 * 60).send().await.unwrap();
        assert!(of_source.events().iter().all(|event| event.source_identifier() == one.source_identifier()));
        let before = DateTime::from_secs(start().as_second() - 48 * 3600);
        let then = rds.describe_events().start_time(before).end_time(before).source_type(SourceType::DbInstance);
        assert!(then.send().await.unwrap().events().is_empty());
    }
    assert!(seen > 0);
}

#[tokio::test]
async fn caches_and_their_groups() {
    let estate = estate();
    let (mut nodes_seen, mut members_seen) = (0, 0);
    for (_, config) in all(&estate) {
        let cache = aws_sdk_elasticache::Client::new(&config);
        let without = cache.describe_cache_clusters().send().await.unwrap();
        assert!(without.cache_clusters().iter().all(|one| one.cache_nodes().is_empty()));
        let with = cache.describe_cache_clusters().show_cache_node_info(true).into_paginator().items().send();
        for cluster in with.try_collect().await.unwrap() {
            assert_eq!(cluster.num_cache_nodes(), Some(cluster.cache_nodes().len() as i32));
            assert!(cluster.arn().is_some() && cluster.cache_cluster_status().is_some());
            for node in cluster.cache_nodes() {
                assert!(
                    node.endpoint().is_some_and(|one| one.address().is_some()) && node.cache_node_status().is_some()
                );
                nodes_seen += 1;
            }
        }
        for group in cache.describe_replication_groups().into_paginator().items().send().try_collect().await.unwrap() {
            let shard = &group.node_groups()[0];
            assert_eq!(shard.node_group_members().len(), group.member_clusters().len());
            assert!(shard.primary_endpoint().is_some());
            for member in shard.node_group_members() {
                let id = member.cache_cluster_id().unwrap();
                let cluster = cache.describe_cache_clusters().cache_cluster_id(id).send().await.unwrap();
                assert_eq!(cluster.cache_clusters()[0].replication_group_id(), group.replication_group_id());
                members_seen += 1;
            }
        }
        let error = cache.describe_cache_clusters().cache_cluster_id("nothing").send().await.unwrap_err();
        assert!(error.into_service_error().is_cache_cluster_not_found_fault());
        let error = cache.describe_replication_groups().replication_group_id("nothing").send().await.unwrap_err();
        assert!(error.into_service_error().is_replication_group_not_found_fault());
    }
    assert!(nodes_seen > 0 && members_seen > 0);
}

#[tokio::test]
async fn load_balancers_forward_to_groups_with_targets() {
    let estate = estate();
    let (mut targets_seen, mut unhealthy) = (0, 0);
    for (_, config) in all(&estate) {
        let elb = aws_sdk_elasticloadbalancingv2::Client::new(&config);
        let listed = elb.describe_load_balancers().page_size(1).into_paginator().items().send();
        for balancer in listed.try_collect().await.unwrap() {
            let arn = balancer.load_balancer_arn().unwrap();
            assert!(balancer.state().is_some_and(|state| state.code().is_some()) && balancer.dns_name().is_some());
            assert!(!balancer.availability_zones().is_empty() && balancer.created_time().is_some());
            let listeners = elb.describe_listeners().load_balancer_arn(arn).send().await.unwrap();
            assert!(!listeners.listeners().is_empty());
            assert!(listeners.listeners().iter().all(|one| one.default_actions().len() == 1 && one.port().is_some()));
            let tags = elb.describe_tags().resource_arns(arn).send().await.unwrap();
            assert_eq!(tags.tag_descriptions()[0].resource_arn(), Some(arn));
            let groups = elb.describe_target_groups().load_balancer_arn(arn).send().await.unwrap();
            for group in groups.target_groups() {
                assert!(group.load_balancer_arns().iter().any(|its| its == arn));
                let health = elb.describe_target_health().target_group_arn(group.target_group_arn().unwrap());
                for target in health.send().await.unwrap().target_health_descriptions() {
                    let health = target.target_health().unwrap();
                    targets_seen += 1;
                    if health.state().is_some_and(|state| state.as_str() == "unhealthy") {
                        assert!(health.reason().is_some() && health.description().is_some());
                        unhealthy += 1;
                    }
                }
            }
        }
        let error = elb.describe_load_balancers().names("nothing").send().await.unwrap_err();
        assert!(error.into_service_error().is_load_balancer_not_found_exception());
        let error = elb.describe_target_groups().names("nothing").send().await.unwrap_err();
        assert!(error.into_service_error().is_target_group_not_found_exception());
    }
    assert!(targets_seen > 0 && unhealthy > 0, "{targets_seen} {unhealthy}");
}
