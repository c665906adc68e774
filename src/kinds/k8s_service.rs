//! `k8s-service`: services of the Kubernetes clusters. Whether one works is told by its endpoints.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join, join3};
use jiff::{SignedDuration, Timestamp};

use super::ingress::{bindings, target_groups};
use super::k8s::ingress::TargetGroupBinding;
use super::k8s::pod::Pod;
use super::k8s::service::{Endpoint, EndpointSlice, SERVICE_NAME, Service, ServicePort, ServiceSpec};
use super::k8s::{self, Look, detail, fields as common, meta};
use super::parts::{Verdict, fine};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::kube::{Cluster, Object};

const KIND: &str = "k8s-service";

/// A load balancer that takes longer than this is waited for in vain.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Services.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "k8s-services",
    aliases: &["ksvc"],
    doc: "Services of the Kubernetes clusters: addresses, ports, how many of their endpoints are ready",
    system: System::Kubernetes(&[Service::PLURAL, EndpointSlice::PLURAL, TargetGroupBinding::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs: |env, id| Box::pin(k8s::logs::of_service(env, id)),
    has_logs: true,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    common::NAMESPACE,
    Column::text("type", "TYPE", (9, 12), Show::Table(2), "ClusterIP, NodePort, LoadBalancer or ExternalName"),
    Column::number("endpoints", "READY", 7, Show::Table(0), "Endpoints ready, of all"),
    Column::text("cluster_ip", "CLUSTER-IP", (8, 15), Show::Table(3), "Its address in the cluster"),
    Column::text("external", "EXTERNAL", (8, 60), Show::Table(5), "Where it can be reached from outside"),
    Column::text("ports", "PORTS", (6, 30), Show::Table(4), "Its ports as kubectl tells them"),
    common::AGE,
    common::CLUSTER,
    Column::text("selector", "SELECTOR", (8, 60), Show::Data, "The labels of its pods"),
    Column::text("target_groups", "TARGET GROUPS", (8, 60), Show::Data, "Target groups of AWS that it is bound to"),
    common::LABELS,
];

/// The endpoints of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Behind {
    ready: i64,
    all: i64,
}

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let (services, slices, bindings) =
            join3(look.all::<Service>(), look.all::<EndpointSlice>(), bindings(look)).await;
        let services = services?;
        // Without them nothing can be told of a service's health, which is not the same as that it has none.
        let slices = slices.map_err(|fault| look.lacks(fault)).ok();
        let counts = slices.as_deref().map(counts);
        let now = Timestamp::now();
        let pod = match look.within {
            Some(pod) if pod.kind == "pod" => {
                Some(look.cluster.get::<Pod>(pod.scope.namespace.as_deref(), &pod.id).await?)
            }
            _ => None,
        };
        let services = services.iter().filter(|service| match &pod {
            Some(pod) => selects(service, pod),
            None => look.takes(&service.metadata),
        });
        Ok(services.map(|service| row(look, service, behind(counts.as_ref(), service), &bindings, now)).collect())
    })
}

/// Whether the pod is one of a service's.
fn selects(service: &Service, pod: &Pod) -> bool {
    let selector = &service.spec.selector;
    let has = |(key, value): (&String, &String)| meta::label(&pod.metadata, key) == Some(value);
    service.metadata.namespace == pod.metadata.namespace && !selector.is_empty() && selector.iter().all(has)
}

/// By namespace and service.
type Counts<'a> = HashMap<(&'a str, &'a str), Behind>;

/// The endpoints of each service. One that is told by its IPv4 and its IPv6 address is counted once, by its object.
fn counts(slices: &[Arc<EndpointSlice>]) -> Counts<'_> {
    let mut counts: Counts = HashMap::new();
    let mut seen = std::collections::HashSet::new();
    for slice in slices {
        let Some(service) = meta::label(&slice.metadata, SERVICE_NAME) else { continue };
        let place = (slice.metadata.namespace.as_deref().unwrap_or_default(), service);
        let behind = counts.entry(place).or_default();
        for endpoint in slice.endpoints.iter().filter(|endpoint| endpoint.conditions.terminating != Some(true)) {
            let target = &endpoint.target_ref;
            if target.name.is_some() && !seen.insert((place, &target.kind, &target.name)) {
                continue;
            }
            behind.all += 1;
            behind.ready += i64::from(endpoint.serves());
        }
    }
    counts
}

fn behind(counts: Option<&Counts>, service: &Service) -> Option<Behind> {
    let place = (service.metadata.namespace.as_deref()?, service.metadata.name.as_deref()?);
    counts.map(|counts| counts.get(&place).copied().unwrap_or_default())
}

fn row(
    look: &Look,
    service: &Service,
    behind: Option<Behind>,
    bindings: &[Arc<TargetGroupBinding>],
    now: Timestamp,
) -> Resource {
    let (meta, spec) = (&service.metadata, &service.spec);
    let own: Vec<&str> = meta.name.as_deref().into_iter().collect();
    let serves = spec.sort != "ExternalName";
    let endpoints = behind.filter(|_| serves).map(|behind| Value::Count { have: behind.ready, want: behind.all });
    let cells = vec![
        look.cell(service.metadata.namespace.as_deref()),
        look.cell(Some(&spec.sort)),
        endpoints.unwrap_or_default(),
        Value::maybe(spec.cluster_ip.as_deref()),
        Value::list(external(service)),
        Value::list(spec.ports.iter().map(port)),
        meta::age(&service.metadata),
        look.cell(Some(&look.cluster.name)),
        meta::pairs(Some(&spec.selector).filter(|selector| !selector.is_empty())),
        Value::list(target_groups(meta.namespace.as_deref(), &own, bindings)),
        meta::pairs(service.metadata.labels.as_ref()),
    ];
    look.row(KIND, &service.metadata, verdict(service, behind, now), cells)
}

fn external(service: &Service) -> Vec<&str> {
    let places = service.status.load_balancer.places();
    let spec = &service.spec;
    places.chain(spec.external_ips.iter().map(String::as_str)).chain(spec.external_name.as_deref()).collect()
}

/// As kubectl tells it: `80:31234/TCP`.
fn port(port: &ServicePort) -> String {
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    match port.node_port {
        Some(node) => format!("{}:{node}/{protocol}", port.port),
        None => format!("{}/{protocol}", port.port),
    }
}

fn verdict(service: &Service, behind: Option<Behind>, now: Timestamp) -> Verdict {
    let ServiceSpec { sort, selector, publish_not_ready_addresses: early, .. } = &service.spec;
    if sort == "ExternalName" {
        return fine();
    }
    let Some(Behind { ready, all }) = behind else {
        return (Health::Unknown, "its endpoints can't be read".to_owned());
    };
    let selected = || selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    if all > 0 && ready == 0 && !early {
        return (
            Health::Failed,
            match all {
                1 => "its only endpoint is not ready".to_owned(),
                _ => format!("none of its {all} endpoints is ready"),
            },
        );
    }
    if all == 0 && !selector.is_empty() {
        return (Health::Degraded, format!("it has no endpoints: no running pod has {}", selected()));
    }
    if sort == "LoadBalancer" && service.status.load_balancer.ingress.is_empty() {
        let waits = meta::created(&service.metadata).map(|made| now.duration_since(made));
        let health = if waits > Some(PATIENCE) { Health::Degraded } else { Health::Progressing };
        return (health, "its load balancer has no address yet".to_owned());
    }
    if ready < all && !early { (Health::Ok, format!("{ready} of {all} endpoints ready")) } else { fine() }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let service = cluster.get::<Service>(id.scope.namespace.as_deref(), &id.id).await?;
        let look = Look::at(&cluster);
        let (slices, bindings) = join(look.all::<EndpointSlice>(), bindings(&look)).await;
        let counts = slices.as_deref().ok().map(counts);
        let row = row(&look, &service, behind(counts.as_ref(), &service), &bindings, Timestamp::now());
        let summary = parts::summary(&DEF, &row);
        let endpoints = slices.as_deref().map(|slices| endpoints(&cluster, &service, slices)).map_err(Clone::clone);
        let sections = vec![summary, ports(&service.spec), parts::or_why("Endpoints", endpoints)];
        Ok(detail::whole(&cluster, "Service", &service.metadata, sections).await)
    })
}

fn ports(spec: &ServiceSpec) -> Section {
    let row = |port: &ServicePort| {
        let target =
            port.target_port.as_ref().map(|target| target.as_str().map_or_else(|| target.to_string(), str::to_owned));
        let cells = vec![
            Value::maybe(port.name.as_deref()),
            Value::Int(port.port),
            Value::maybe(target),
            parts::int(port.node_port),
            Value::text(port.protocol.as_deref().unwrap_or("TCP")),
        ];
        (cells, None)
    };
    let columns = vec!["name", "port", "target", "node port", "protocol"];
    Section::Table { title: "Ports", columns, rows: spec.ports.iter().map(row).collect() }
}

/// The endpoints of a service; each leads to its pod.
fn endpoints(cluster: &Cluster, service: &Service, slices: &[Arc<EndpointSlice>]) -> Section {
    let meta = &service.metadata;
    let its = |slice: &&Arc<EndpointSlice>| {
        slice.metadata.namespace == meta.namespace && meta::label(&slice.metadata, SERVICE_NAME) == meta.name.as_deref()
    };
    let row = |endpoint: &Endpoint| {
        let cells = vec![
            Value::list(&endpoint.addresses),
            Value::Bool(endpoint.serves()),
            Value::maybe(endpoint.target_ref.name.as_deref()),
            Value::maybe(endpoint.node_name.as_deref()),
        ];
        let target = &endpoint.target_ref;
        let id = target.kind.as_deref().zip(target.name.as_deref());
        let id = id.and_then(|(kind, name)| meta::object_id(&cluster.scope, kind, meta.namespace.as_deref(), name));
        (cells, id)
    };
    let rows = slices.iter().filter(its).flat_map(|slice| slice.endpoints.iter().map(row)).collect();
    Section::Table { title: "Endpoints", columns: vec!["addresses", "ready", "pod", "node"], rows }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(k8s::raw::<Service>(env, id))
}

fn relations(service: &Resource) -> Vec<Relation> {
    let mut relations = Vec::new();
    if !parts::items_of(&DEF, service, "selector").is_empty() {
        relations.push(parts::to_those_within("pods", "pod", &service.id));
    }
    relations.push(parts::to_those_within("ingresses", "ingress", &service.id));
    relations.push(parts::to_those_within("events", "k8s-event", &service.id));
    let aws = service.id.scope.region_scope();
    let groups = parts::items_of(&DEF, service, "target_groups");
    relations.extend(parts::to_each("target group", &aws, "target-group", groups));
    let places = parts::items_of(&DEF, service, "external");
    if parts::text_of(&DEF, service, "type") == "LoadBalancer" && !places.is_empty() {
        relations.push(parts::to_those("load balancer", &aws, "load-balancer", parts::exactly("dns_name", places)));
    }
    relations
}

#[cfg(test)]
mod tests;
