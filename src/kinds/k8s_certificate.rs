//! `k8s-certificate`: certificates that cert-manager keeps in the Kubernetes clusters. Where there is no cert-manager there are none.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::k8s::certificate::{Certificate, CertificateSpec, CertificateStatus};
use super::k8s::{self, Look, detail, fields as common, meta};
use super::parts::{Verdict, fine, moment};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, FaultClass, Health, Resource, ResourceId, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

/// Id of the kind.
pub const KIND: &str = "k8s-certificate";

/// A certificate that ends within this time should be on its way to be renewed.
const SOON: SignedDuration = SignedDuration::from_hours(21 * 24);

/// A renewal that is due for longer than this does not come by itself.
const OVERDUE: SignedDuration = SignedDuration::from_hours(1);

/// Certificates of cert-manager.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "certificates",
    aliases: &["certificate", "cert", "certs"],
    doc: "Certificates that cert-manager keeps in the Kubernetes clusters: whether they are ready, until when they are good",
    system: System::Kubernetes(&[Certificate::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_mins(1),
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
    Column::text("ready", "READY", (5, 7), Show::Table(0), "Whether it is ready, as cert-manager tells it"),
    Column::text("not_after", "EXPIRES", (5, 8), Show::Table(2), "Until when it is good"),
    Column::text("renewal", "RENEWAL", (5, 8), Show::Table(4), "When it is renewed"),
    Column::text("secret", "SECRET", (8, 30), Show::Table(3), "The secret that it is kept in"),
    Column::text("issuer", "ISSUER", (8, 30), Show::Table(5), "Who issues it"),
    common::AGE,
    common::CLUSTER,
    Column::text("dns_names", "DNS NAMES", (8, 60), Show::Data, "The names that it is for"),
    Column::text("not_before", "NOT BEFORE", (4, 20), Show::Data, "From when it is good"),
    Column::number("revision", "REVISION", 4, Show::Data, "How often it was issued"),
    common::LABELS,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let certificates = match look.all::<Certificate>().await {
            Err(fault) if fault.class == FaultClass::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let now = Timestamp::now();
        let certificates = certificates.iter().filter(|certificate| look.takes(&certificate.metadata));
        Ok(certificates.map(|certificate| row(look, certificate, now)).collect())
    })
}

fn row(look: &Look, certificate: &Certificate, now: Timestamp) -> Resource {
    let CertificateSpec { secret_name, issuer_ref, dns_names, .. } = &certificate.spec;
    let status = &certificate.status;
    let instant = |at: Option<Timestamp>| at.map_or(Value::None, Value::Instant);
    let issuer = format!("{}/{}", issuer_ref.kind.as_deref().unwrap_or("Issuer"), issuer_ref.name);
    let cells = vec![
        look.cell(certificate.metadata.namespace.as_deref()),
        look.cell(Some(meta::condition(&status.conditions, "Ready").map_or("Unknown", |ready| &ready.status))),
        instant(status.not_after),
        instant(status.renewal_time),
        Value::text(secret_name),
        look.cell(Some(&issuer)),
        meta::age(&certificate.metadata),
        look.cell(Some(&look.cluster.name)),
        Value::list(dns_names),
        instant(status.not_before),
        parts::int(status.revision),
        meta::pairs(certificate.metadata.labels.as_ref()),
    ];
    look.row(KIND, &certificate.metadata, verdict(status, now), cells)
}

fn verdict(status: &CertificateStatus, now: Timestamp) -> Verdict {
    let CertificateStatus { conditions, not_after, renewal_time, last_failure_time, .. } = status;
    if let Some(end) = not_after.filter(|end| *end <= now) {
        return (Health::Failed, format!("expired since {}", moment(end, now)));
    }
    let issuing = meta::condition(conditions, "Issuing").filter(|issuing| issuing.holds());
    match (meta::condition(conditions, "Ready"), issuing) {
        (None, None) => return (Health::Unknown, "nothing has seen to it yet".to_owned()),
        (Some(ready), issuing) if !ready.holds() => {
            let words = format!("not ready: {}", ready.words());
            // A first certificate is on its way until something has failed.
            let on_its_way = issuing.is_some() && last_failure_time.is_none();
            return (if on_its_way { Health::Progressing } else { Health::Failed }, words);
        }
        (_, Some(issuing)) if last_failure_time.is_none() => {
            return (Health::Progressing, format!("being issued: {}", issuing.words()));
        }
        _ => {}
    }
    let ends = not_after.map(|end| format!("expires {}", moment(end, now)));
    let failed = last_failure_time.map(|at| format!("the last try to renew it failed {}", moment(at, now)));
    let overdue = renewal_time.is_none_or(|due| now.duration_since(due) > OVERDUE);
    match (not_after, &failed) {
        (Some(end), _) if end.duration_since(now) < SOON && (overdue || failed.is_some()) => {
            let why = failed.unwrap_or_else(|| "it is not being renewed".to_owned());
            (Health::Degraded, format!("{}, and {why}", ends.unwrap_or_default()))
        }
        (_, Some(failed)) => (Health::Ok, failed.clone()),
        _ => fine(),
    }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let certificate = cluster.get::<Certificate>(id.scope.namespace.as_deref(), &id.id).await?;
        let row = row(&Look::at(&cluster), &certificate, Timestamp::now());
        let sections = vec![parts::summary(&DEF, &row), meta::conditions(&certificate.status.conditions)];
        Ok(detail::whole(&cluster, "Certificate", &certificate.metadata, sections).await)
    })
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(k8s::raw::<Certificate>(env, id))
}

fn relations(certificate: &Resource) -> Vec<Relation> {
    let secret = parts::text_of(&DEF, certificate, "secret");
    let secret =
        (!secret.is_empty()).then(|| parts::to_one("secret", parts::id(&certificate.id.scope, "k8s-secret", secret)));
    secret.into_iter().chain([parts::to_those_within("events", "k8s-event", &certificate.id)]).collect()
}

#[cfg(test)]
mod tests;
