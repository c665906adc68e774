//! `ingress`: ingresses of the Kubernetes clusters, the services they lead to, and the load balancers and target groups of AWS that
//! carry them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::elb::target_group_name;
use super::k8s::ingress::{Ingress, IngressSpec, TargetGroupBinding};
use super::k8s::service::Service;
use super::k8s::{self, Look, detail, fields as common, meta};
use super::parts::{Verdict, fine};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, FaultClass, Health, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::kube::{Cluster, Object};

const KIND: &str = "ingress";

/// An address that takes longer than this is waited for in vain.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What names the class where the field does not.
const CLASS: &str = "kubernetes.io/ingress.class";

/// Ingresses.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "ingresses",
    aliases: &["ing"],
    doc: "Ingresses of the Kubernetes clusters: hosts, addresses, the services behind them",
    system: System::Kubernetes(&[Ingress::PLURAL, Service::PLURAL, TargetGroupBinding::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    common::NAMESPACE,
    Column::text("class", "CLASS", (3, 14), Show::Table(2), "What sees to it"),
    Column::text("hosts", "HOSTS", (10, 50), Show::Table(0), "Its hosts"),
    Column::text("address", "ADDRESS", (10, 60), Show::Table(3), "Where it can be reached"),
    Column::text("backends", "BACKENDS", (10, 40), Show::Table(4), "What takes its requests"),
    common::AGE,
    common::CLUSTER,
    Column::text("services", "SERVICES", (8, 40), Show::Data, "The services that take its requests"),
    Column::text(
        "target_groups",
        "TARGET GROUPS",
        (8, 60),
        Show::Data,
        "Target groups of AWS that those services are bound to",
    ),
    Column::text("tls", "TLS", (8, 60), Show::Data, "Secrets with its certificates"),
    common::LABELS,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let ingresses = look.all::<Ingress>().await?;
        let services = look.all::<Service>().await.map_err(|fault| look.lacks(fault)).ok();
        let known = services.as_deref().map(names);
        let bindings = bindings(look).await;
        let now = Timestamp::now();
        let ingresses = ingresses.iter().filter(|ingress| match look.within {
            Some(service) if service.kind == "k8s-service" => leads_to(ingress, service),
            _ => look.takes(&ingress.metadata),
        });
        Ok(ingresses.map(|ingress| row(look, ingress, known.as_ref(), &bindings, now)).collect())
    })
}

/// Whether a service takes requests of an ingress.
fn leads_to(ingress: &Ingress, service: &ResourceId) -> bool {
    ingress.metadata.namespace.as_deref() == service.scope.namespace.as_deref()
        && services(&ingress.spec).contains(&&*service.id)
}

/// Services by namespace and name.
type Names<'a> = HashSet<(&'a str, &'a str)>;

fn names(services: &[Arc<Service>]) -> Names<'_> {
    services
        .iter()
        .filter_map(|service| Some((service.metadata.namespace.as_deref()?, service.metadata.name.as_deref()?)))
        .collect()
}

/// Which target groups are bound to which services. Where there is no AWS controller, or its bindings may not be read, there are none.
pub(super) async fn bindings(look: &Look<'_>) -> Vec<Arc<TargetGroupBinding>> {
    let found = look.all::<TargetGroupBinding>().await;
    found.unwrap_or_else(|fault| {
        if !matches!(fault.class, FaultClass::NotFound | FaultClass::Denied { .. }) {
            look.lacks(fault);
        }
        Vec::new()
    })
}

fn row(
    look: &Look,
    ingress: &Ingress,
    known: Option<&Names>,
    bindings: &[Arc<TargetGroupBinding>],
    now: Timestamp,
) -> Resource {
    let IngressSpec { ingress_class_name, rules, tls, .. } = &ingress.spec;
    let class = ingress_class_name.as_deref().or_else(|| meta::annotation(&ingress.metadata, CLASS));
    let services = services(&ingress.spec);
    let hosts = parts::each_once(rules.iter().map(|rule| rule.host.as_deref().unwrap_or("*")));
    let cells = vec![
        look.cell(ingress.metadata.namespace.as_deref()),
        look.cell(class),
        Value::list(hosts),
        Value::list(ingress.status.load_balancer.places()),
        Value::list(parts::each_once(ingress.spec.backends().map(|(_, backend)| backend.words()))),
        meta::age(&ingress.metadata),
        look.cell(Some(&look.cluster.name)),
        Value::list(&services),
        Value::list(target_groups(ingress.metadata.namespace.as_deref(), &services, bindings)),
        Value::list(parts::each_once(tls.iter().filter_map(|tls| tls.secret_name.as_deref()))),
        meta::pairs(ingress.metadata.labels.as_ref()),
    ];
    look.row(KIND, &ingress.metadata, verdict(ingress, &services, known, now), cells)
}

/// The services that take its requests, each once.
fn services(spec: &IngressSpec) -> Vec<&str> {
    parts::each_once(spec.backends().filter_map(|(_, backend)| backend.service()))
}

/// The names of the target groups that services of a namespace are bound to.
pub(super) fn target_groups<'a>(
    namespace: Option<&str>,
    services: &[&str],
    bindings: &'a [Arc<TargetGroupBinding>],
) -> Vec<&'a str> {
    let its = |binding: &&Arc<TargetGroupBinding>| {
        binding.metadata.namespace.as_deref() == namespace && services.contains(&binding.spec.service_ref.name.as_str())
    };
    let arns = bindings.iter().filter(its).filter_map(|binding| binding.spec.target_group_arn.as_deref());
    parts::each_once(arns.map(target_group_name))
}

fn verdict(ingress: &Ingress, services: &[&str], known: Option<&Names>, now: Timestamp) -> Verdict {
    if meta::is_going(&ingress.metadata) {
        return (Health::Progressing, "being deleted".to_owned());
    }
    let namespace = ingress.metadata.namespace.as_deref().unwrap_or_default();
    let is_missing = |service: &&&str| known.is_some_and(|known| !known.contains(&(namespace, **service)));
    let missing: Vec<&str> = services.iter().filter(is_missing).copied().collect();
    match missing.as_slice() {
        [] => {}
        [one] => return (Health::Degraded, format!("there is no service {one}, which takes its requests")),
        several => {
            return (
                Health::Degraded,
                format!("there are no services {}, which take its requests", several.join(", ")),
            );
        }
    }
    if ingress.status.load_balancer.ingress.is_empty() {
        let waits = meta::created(&ingress.metadata).map(|made| now.duration_since(made));
        let health = if waits > Some(PATIENCE) { Health::Degraded } else { Health::Progressing };
        return (health, "it has no address yet: its controller has not taken it up".to_owned());
    }
    fine()
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let ingress = cluster.get::<Ingress>(id.scope.namespace.as_deref(), &id.id).await?;
        let look = Look::at(&cluster);
        let services = look.all::<Service>().await.ok();
        let known = services.as_deref().map(names);
        let row = row(&look, &ingress, known.as_ref(), &bindings(&look).await, Timestamp::now());
        let sections = vec![parts::summary(&DEF, &row), backends(&cluster, &ingress)];
        Ok(detail::whole(&cluster, "Ingress", &ingress.metadata, sections).await)
    })
}

/// Where requests go; each row leads to its service.
fn backends(cluster: &Cluster, ingress: &Ingress) -> Section {
    let namespace = ingress.metadata.namespace.as_deref();
    let row = |(place, backend): (String, &super::k8s::ingress::Backend)| {
        let id = backend.service().and_then(|name| meta::object_id(&cluster.scope, "Service", namespace, name));
        (vec![Value::text(place), Value::text(backend.words())], id)
    };
    Section::Table {
        title: "Backends",
        columns: vec!["request", "goes to"],
        rows: ingress.spec.backends().map(row).collect(),
    }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(k8s::raw::<Ingress>(env, id))
}

fn relations(ingress: &Resource) -> Vec<Relation> {
    let scope = &ingress.id.scope;
    let one = |label, kind, name: &Arc<str>| parts::to_one(label, parts::id(scope, kind, Arc::clone(name)));
    let items = |column| parts::items_of(&DEF, ingress, column);
    let mut relations: Vec<Relation> =
        items("services").iter().map(|name| one("service", "k8s-service", name)).collect();
    let aws = scope.region_scope();
    if !items("address").is_empty() {
        let filter = parts::exactly("dns_name", items("address"));
        relations.push(parts::to_those("load balancer", &aws, "load-balancer", filter));
    }
    relations.extend(parts::to_each("target group", &aws, "target-group", items("target_groups")));
    relations.extend(items("tls").iter().map(|name| one("certificate's secret", "k8s-secret", name)));
    relations.push(parts::to_those_within("events", "k8s-event", &ingress.id));
    relations
}

#[cfg(test)]
mod tests;
