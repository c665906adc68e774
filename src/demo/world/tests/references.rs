//! Whatever names something else names something that is there.

use std::sync::LazyLock;

use super::*;

/// The estate at its start, in the middle of things, and hours later.
fn accounts() -> impl Iterator<Item = &'static Account> {
    static WORLDS: LazyLock<Vec<World>> = LazyLock::new(|| [0, 3, 47, 400].map(world_after).into());
    WORLDS.iter().flat_map(World::accounts)
}

#[test]
fn services_name_task_definitions_target_groups_and_tasks() {
    for account in accounts() {
        for cluster in account.ecs_clusters.values() {
            for service in cluster.services.values() {
                let named = service.deployments.iter().map(|deployment| &deployment.task_definition);
                for arn in named.chain([&service.task_definition]) {
                    assert_eq!(&account.task_definition(arn).unwrap().arn, arn);
                }
                for balancer in &service.load_balancers {
                    let group = account.target_group(&balancer.target_group_arn).unwrap();
                    assert_eq!((group.port, group.target_type), (balancer.container_port, "ip"));
                }
                assert!(service.task_ids.iter().all(|id| cluster.tasks.contains_key(id)));
                let sum: i32 = service.deployments.iter().map(|deployment| deployment.running_count).sum();
                assert_eq!(sum, service.running_count);
                assert_eq!(service.deployments.iter().filter(|d| d.status == "PRIMARY").count(), 1);
            }
        }
    }
}

#[test]
fn counts_are_those_of_the_tasks_and_tasks_have_their_streams() {
    for account in accounts() {
        for cluster in account.ecs_clusters.values() {
            for service in cluster.services.values() {
                let running = cluster.task_ids(Some(&service.name), "RUNNING");
                let tasks = running.iter().map(|id| cluster.task(id).unwrap().into_owned()).collect::<Vec<_>>();
                let up = tasks.iter().filter(|task| task.last_status == "RUNNING").count();
                assert_eq!(up as i32, service.running_count, "{} {}", account.environment, service.name);
                assert_eq!((tasks.len() - up) as i32, service.pending_count);
                for task in tasks.iter().filter(|task| task.last_status == "RUNNING") {
                    assert_eq!(task.group, format!("service:{}", service.name));
                    assert!(task.containers.iter().all(|container| container.image_digest.is_some()));
                    streams_are_there(account, task);
                }
            }
        }
    }
}

fn streams_are_there(account: &Account, task: &EcsTask) {
    for container in &account.task_definition(&task.task_definition).unwrap().containers {
        let logs = container.log.as_ref().unwrap();
        let stream = format!("{}/{}/{}", logs.stream_prefix, container.name, task.id);
        let streams = account.log_streams(&logs.group).unwrap();
        assert!(streams.iter().any(|known| known.name == stream), "{stream} in {}", logs.group);
    }
}

#[test]
fn targets_are_tasks_or_instances_and_groups_hang_on_balancers() {
    for account in accounts() {
        let tasks = account.ecs_clusters.values().flat_map(|cluster| cluster.tasks.values());
        let live = tasks.filter(|task| task.last_status != "STOPPED").map(|task| task.private_ip.clone());
        let instances = account.auto_scaling_groups.values().flat_map(|group| &group.instances);
        let pods = account.kube.values().flat_map(|cluster| cluster.store.list("pods", None));
        let pods = pods.filter_map(|pod| pod.field("status.podIP"));
        let known: BTreeSet<String> = live.chain(instances.map(|instance| instance.id.clone())).chain(pods).collect();
        for group in account.target_groups.values() {
            assert!(group.targets.iter().all(|target| known.contains(&target.id)), "{group:?}");
            assert!(!group.load_balancer_arns.is_empty());
            assert!(group.load_balancer_arns.iter().all(|arn| account.load_balancer(arn).is_some()));
        }
        for listener in account.load_balancers.values().flat_map(|balancer| &balancer.listeners) {
            assert!(listener.forward_to.as_ref().is_none_or(|arn| account.target_group(arn).is_some()));
        }
        for group in account.auto_scaling_groups.values() {
            assert!(group.target_group_arns.iter().all(|arn| account.target_group(arn).is_some()));
        }
        for nodegroup in account.eks_clusters.values().flat_map(|cluster| cluster.nodegroups.values()) {
            assert!(account.auto_scaling_groups.contains_key(&nodegroup.auto_scaling_group));
        }
    }
}

#[test]
fn databases_and_caches_know_their_own() {
    for account in accounts() {
        for cluster in account.db_clusters.values() {
            assert_eq!(cluster.members.iter().filter(|member| member.writer).count(), 1);
            for member in &cluster.members {
                assert_eq!(account.db_instances[&member.instance].cluster.as_ref(), Some(&cluster.id));
            }
        }
        for snapshot in account.db_snapshots.values() {
            let clusters = account.db_clusters.contains_key(&snapshot.source);
            assert_eq!(clusters, snapshot.cluster);
            assert!(clusters || account.db_instances.contains_key(&snapshot.source));
            assert!(snapshot.started_at <= account.now);
        }
        for group in account.replication_groups.values() {
            for member in &group.members {
                let cluster = &account.cache_clusters[&member.cache_cluster];
                assert_eq!(cluster.replication_group.as_ref(), Some(&group.id));
            }
        }
    }
}

#[test]
fn arns_are_of_their_account_and_region() {
    for account in accounts() {
        let own = format!(":{}:{}:", account.region, account.id);
        let services = account.ecs_clusters.values().flat_map(|cluster| cluster.services.values());
        let arns = services
            .map(|service| &service.arn)
            .chain(account.db_instances.values().map(|instance| &instance.arn))
            .chain(account.alarms.values().map(|alarm| &alarm.arn))
            .chain(account.log_groups.values().map(|group| &group.arn))
            .chain(account.target_groups.values().map(|group| &group.arn));
        for arn in arns {
            assert!(arn.contains(&own), "{arn}");
        }
    }
}

#[test]
fn the_runbooks_names_are_there() {
    let world = world_after(0);
    for (environment, customer) in [("dhbw-prod", "dhbw"), ("edt-prod", "edt"), ("unilux-prod", "unilux")] {
        let account = account(&world, environment);
        let cluster = format!("lecture-{customer}-cluster");
        assert!(account.ecs_cluster(&cluster).unwrap().service("lecture-backend-service").is_some());
        assert!(account.db_clusters.contains_key(&cluster) && account.log_groups.contains_key("/ecs/lecture-backend"));
        assert!(account.task_definition("lecture-backend").is_some());
    }
    let starttech = account(&world, "starttech-dev");
    assert!(
        starttech.alarms.contains_key("dev-backend-cpu-high") && starttech.cache_clusters.contains_key("dev-redis")
    );
    assert!(starttech.load_balancers.contains_key("dev-alb"));
    let enterprise = account(&world, "enterprise-prod");
    assert!(enterprise.log_groups.contains_key("/aws/application/enterprise-prod"));
    assert_eq!(enterprise.db_instances["enterprise-prod-db"].class, "db.r5.large");
}

#[test]
fn trail_events_are_what_their_records_say() {
    for account in accounts() {
        assert!(account.trail.len() > 15, "{}", account.environment);
        assert!(account.trail.iter().is_sorted_by(|newer, older| newer.at >= older.at));
        for event in &account.trail {
            let record: serde_json::Value = serde_json::from_str(&event.record).unwrap();
            assert_eq!(record["eventID"], event.id.as_str());
            assert_eq!(record["eventName"], event.name.as_str());
            assert_eq!(record["recipientAccountId"], account.id.as_str());
            assert_eq!(record["readOnly"], event.read_only);
            assert_eq!(record["sourceIPAddress"], event.source_ip.as_str());
        }
    }
}
