//! `elasticache`: cache clusters with their nodes, and replication groups of them.

mod row;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_elasticache::types::{CacheCluster, Event, LogDeliveryConfiguration, ReplicationGroup, SourceType};
use futures_util::future::join;

use super::database::EVENT_MINUTES;
use super::parts;
use super::{Asked, BridgePane, Column, KindDef, Op, Relation, Show, Sink, System, columns};
use crate::model::{Detail, Fault, LogSource, MetricSpec, Resource, ResourceId, Section, Unit, Value, text};
use crate::providers::Env;
use crate::providers::aws::raw::Capture;
use crate::providers::aws::{fault, gathered, pages};

const KIND: &str = "elasticache";
const CLUSTERS: Op = "elasticache:DescribeCacheClusters";
const GROUPS: Op = "elasticache:DescribeReplicationGroups";
const EVENTS: Op = "elasticache:DescribeEvents";

/// How many of the newest events a detail shows, which is also a page.
const EVENTS_SHOWN: i32 = 100;

/// `ElastiCache`. Ids are `cluster:NAME` and `replicationgroup:NAME`, as in ARNs: a group and a cluster in it may share a name.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "caches",
    aliases: &["cache", "ec", "redis", "valkey", "memcached"],
    doc: "ElastiCache clusters and replication groups: status, nodes available, endpoints",
    system: System::Aws,
    pane: Some(BridgePane::Databases),
    columns: COLUMNS,
    reads: &[CLUSTERS, GROUPS, EVENTS],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics,
    logs,
    has_logs: true,
    console: |cache| {
        let engine = if parts::text_of(&DEF, cache, "engine") == "memcached" { "memcached" } else { "redis" };
        Some(parts::console(cache, "elasticache", &format!("/{engine}/{}", parts::encoded(&cache.name))))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("status", "STATUS", (9, 20), Show::Table(0), "Status as ElastiCache tells it"),
    Column::text("engine", "ENGINE", (5, 17), Show::Table(1), "redis, valkey or memcached"),
    Column::text("class", "CLASS", (11, 18), Show::Table(2), "Node type"),
    Column::number("nodes", "NODES", 5, Show::Table(3), "Nodes available of all"),
    Column::text("version", "VERSION", (4, 12), Show::Table(4), "Engine version"),
    Column::text("zone", "ZONE", (10, 14), Show::Table(5), "Availability zone"),
    Column::text("group", "GROUP", (8, 28), Show::Table(6), "Replication group it belongs to"),
    Column::text("type", "TYPE", (7, 17), Show::Data, "cluster or replication group"),
    Column::text("endpoint", "ENDPOINT", (20, 80), Show::Data, "Host name and port (of the primary, in a group)"),
    Column::text("reader_endpoint", "READER ENDPOINT", (20, 80), Show::Data, "Host name and port for reads"),
    Column::number("shards", "SHARDS", 4, Show::Data, "Shards of a group"),
    Column::text("members", "MEMBERS", (10, 60), Show::Data, "Cache clusters of a group, the primary first"),
    Column::text("failover", "FAILOVER", (7, 9), Show::Data, "Whether a replica takes over by itself"),
    Column::text("multi_az", "MULTI-AZ", (7, 9), Show::Data, "Whether its nodes are in several zones"),
    Column::text("transit_encryption", "ENCRYPTED IN TRANSIT", (3, 3), Show::Data, "Whether connections are encrypted"),
    columns::ENCRYPTED,
    Column::text("auth", "AUTH TOKEN", (3, 3), Show::Data, "Whether a token is asked for"),
    columns::BACKUP_DAYS,
    columns::BACKUP_WINDOW,
    columns::MAINTENANCE_WINDOW,
    columns::CREATED,
];

const METRICS: &[parts::Metric] = &[
    ("cpu", "CPUUtilization", "Average", Unit::Percent),
    ("evictions", "Evictions", "Sum", Unit::Count),
    ("connections", "CurrConnections", "Average", Unit::Count),
];

/// Status of cache clusters by name, for the health of their groups.
type Statuses = HashMap<String, String>;

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let clusters = clusters(env).await?;
        sink.page(clusters.iter().map(|cluster| row::of_cluster(&env.scope, cluster)).collect::<Result<_, _>>()?);
        let statuses = &statuses(&clusters);
        pages(GROUPS, |token| async move {
            let call = env.aws.elasticache().describe_replication_groups().set_marker(token);
            let page = call.send().await.map_err(|error| fault(GROUPS, &error))?;
            let groups = page.replication_groups().iter();
            sink.page(groups.map(|group| row::of_group(&env.scope, group, statuses)).collect::<Result<_, _>>()?);
            Ok(page.marker)
        })
        .await
    })
}

/// The cache clusters, with their nodes.
async fn clusters(env: &Env) -> Result<Vec<CacheCluster>, Fault> {
    gathered(CLUSTERS, |token| async move {
        let call = env.aws.elasticache().describe_cache_clusters().show_cache_node_info(true).set_marker(token);
        let page = call.send().await.map_err(|error| fault(CLUSTERS, &error))?;
        Ok((page.cache_clusters.unwrap_or_default(), page.marker))
    })
    .await
}

fn statuses(clusters: &[CacheCluster]) -> Statuses {
    let status = |it: &CacheCluster| Some((it.cache_cluster_id()?.to_owned(), it.cache_cluster_status()?.to_owned()));
    clusters.iter().filter_map(status).collect()
}

/// One of either sort, as the SDK has it.
enum Found {
    Cluster(Box<CacheCluster>),
    Group(Box<ReplicationGroup>),
}

/// The one that an id names; the answer goes to `capture` too.
async fn one(env: &Env, id: &ResourceId, capture: &Capture) -> Result<Found, Fault> {
    let api = env.aws.elasticache();
    if let Some(name) = id.id.strip_prefix(row::GROUP) {
        let call = api.describe_replication_groups().replication_group_id(name).customize();
        let answer = call.interceptor(capture.clone()).send().await.map_err(|error| fault(GROUPS, &error))?;
        let found = answer.replication_groups.and_then(|found| found.into_iter().next());
        return found.map(|group| Found::Group(Box::new(group))).ok_or_else(|| parts::gone(id));
    }
    let name = id.id.strip_prefix(row::CLUSTER).ok_or_else(|| parts::gone(id))?;
    let call = api.describe_cache_clusters().cache_cluster_id(name).show_cache_node_info(true).customize();
    let answer = call.interceptor(capture.clone()).send().await.map_err(|error| fault(CLUSTERS, &error))?;
    let found = answer.cache_clusters.and_then(|found| found.into_iter().next());
    found.map(|cluster| Found::Cluster(Box::new(cluster))).ok_or_else(|| parts::gone(id))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let capture = Capture::default();
        let (found, events) = join(one(env, id, &capture), events(env, id)).await;
        let mut sections = match found? {
            Found::Cluster(cluster) => {
                let row = row::of_cluster(&env.scope, &cluster)?;
                vec![parts::summary(&DEF, &row), row::nodes_table(&cluster)]
            }
            Found::Group(group) => {
                let statuses = statuses(&clusters(env).await?);
                let row = row::of_group(&env.scope, &group, &statuses)?;
                vec![parts::summary(&DEF, &row), row::members_table(&env.scope, &group, &statuses)]
            }
        };
        sections.push(parts::or_why("Events", events));
        Ok(Detail { sections })
    })
}

/// The newest events; one page is as much as anybody reads.
fn events<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Section> {
    Box::pin(async move {
        let group = id.id.strip_prefix(row::GROUP);
        let sort = if group.is_some() { SourceType::ReplicationGroup } else { SourceType::CacheCluster };
        let name = group.or_else(|| id.id.strip_prefix(row::CLUSTER)).ok_or_else(|| parts::gone(id))?;
        let call = env.aws.elasticache().describe_events().source_identifier(name).source_type(sort);
        let call = call.duration(EVENT_MINUTES).max_records(EVENTS_SHOWN);
        let answer = call.send().await.map_err(|error| fault(EVENTS, &error))?;
        let mut events: Vec<&Event> = answer.events().iter().collect();
        events.sort_by_key(|event| std::cmp::Reverse(parts::instant(event.date())));
        let row = |event: &&Event| (vec![parts::time(event.date()), Value::maybe(event.message())], None);
        Ok(Section::Table { title: "Events", columns: vec!["when", "event"], rows: events.iter().map(row).collect() })
    })
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        match one(env, id, &capture).await? {
            Found::Cluster(_) => capture.pretty(CLUSTERS, "/CacheClusters/0"),
            Found::Group(_) => capture.pretty(GROUPS, "/ReplicationGroups/0"),
        }
    })
}

/// Names of the cache clusters that its metrics are of: itself, or a group's members.
fn cluster_names(cache: &Resource) -> Vec<&str> {
    match parts::items_of(&DEF, cache, "members") {
        [] => vec![&*cache.name],
        members => members.iter().map(|name| &**name).collect(),
    }
}

fn relations(cache: &Resource) -> Vec<Relation> {
    let scope = &cache.id.scope;
    let mut watched: Vec<String> =
        cluster_names(cache).into_iter().map(|name| format!("CacheClusterId={name}")).collect();
    let mut relations = Vec::new();
    if cache.id.id.starts_with(row::GROUP) {
        watched.push(format!("ReplicationGroupId={}", cache.name));
        relations.push(parts::to_those("members", scope, KIND, parts::exactly("group", [&cache.name])));
    }
    if let Some(Value::Text(group)) = DEF.cell(cache, "group") {
        relations.push(parts::to_one("group", parts::id(scope, KIND, format!("{}{group}", row::GROUP))));
    }
    relations.push(parts::to_those("alarms", scope, "alarm", parts::lists("dimensions", watched)));
    relations
}

/// CloudWatch knows cache clusters; a group shows its primary's.
fn metrics(cache: &Resource) -> Vec<MetricSpec> {
    let names = cluster_names(cache);
    let of = |name: &&str| parts::metrics(&cache.id, "AWS/ElastiCache", &[("CacheClusterId", name)], METRICS);
    names.first().map(of).unwrap_or_default()
}

fn logs<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async move {
        let found = one(env, id, &Capture::default()).await?;
        let deliveries = match &found {
            Found::Cluster(cluster) => cluster.log_delivery_configurations(),
            Found::Group(group) => group.log_delivery_configurations(),
        };
        Ok(deliveries.iter().filter_map(|delivery| log_source(env, id, delivery)).collect())
    })
}

fn log_source(env: &Env, id: &ResourceId, delivery: &LogDeliveryConfiguration) -> Option<LogSource> {
    let group = delivery.destination_details()?.cloud_watch_logs_details()?.log_group()?;
    let name = id.id.split_once(':').map_or(&*id.id, |(_, name)| name);
    let sort = delivery.log_type().map_or("log", |sort| sort.as_str());
    let label = format!("{name} {sort}");
    Some(LogSource::group(env.scope.clone(), group, None, text::clean(&label)))
}
