//! A pod as a row. Thousands of them are made anew whenever some of them change.

use super::{COLUMNS, KIND};
use crate::kinds::k8s::pod::{Amounts, Pod};
use crate::kinds::k8s::quantity::{bytes_cell, cores, percent};
use crate::kinds::k8s::top::PodUse;
use crate::kinds::k8s::why::Finding;
use crate::kinds::k8s::{Look, meta, printed};
use crate::model::{Resource, Value};

/// The row of a pod.
pub(super) fn of(look: &Look, pod: &Pod, found: &Finding, using: &PodUse) -> Resource {
    let meta = &pod.metadata;
    let printed = printed::of(pod);
    let (requests, limits) = pod.amounts();
    let namespace = meta.namespace.as_deref();
    let used = using.of(namespace.unwrap_or_default(), meta.name.as_deref().unwrap_or_default());
    let used = used.map_or(Amounts::default(), |used| used.whole);
    let cores_cell = |amount: Option<u64>| amount.map_or(Value::None, |amount| look.cell(Some(&cores(amount))));
    let each = |text: fn(&crate::kinds::k8s::pod::Container) -> &str| {
        Value::List(
            pod.spec.containers.iter().map(|one| look.texts.shared(&crate::model::text::clean(text(one)))).collect(),
        )
    };
    let mut cells = Vec::with_capacity(COLUMNS.len());
    cells.extend([
        look.cell(namespace),
        Value::Count { have: printed.ready, want: printed.containers },
        look.cell(Some(&printed.status)),
        Value::Int(printed.restarts),
        printed.restarted.map_or(Value::None, Value::Instant),
        meta::age(meta),
        look.cell(pod.spec.node_name.as_deref()),
        cores_cell(used.millicores),
        bytes_cell(used.bytes),
        percent(used.bytes, limits.bytes),
        percent(used.millicores, requests.millicores),
        Value::maybe(pod.status.pod_ip.as_deref()),
        look.cell(meta::owner_words(meta).as_deref()),
        Value::Text(std::sync::Arc::clone(&look.cluster.name)),
    ]);
    cells.extend([
        cores_cell(requests.millicores),
        cores_cell(limits.millicores),
        percent(used.millicores, limits.millicores),
        bytes_cell(requests.bytes),
        bytes_cell(limits.bytes),
        percent(used.bytes, requests.bytes),
        look.cell(pod.status.phase.as_deref()),
        look.cell(pod.status.qos_class.as_deref()),
        each(|one| &one.name),
        each(|one| one.image.as_deref().unwrap_or_default()),
        look.cell(pod.spec.service_account_name.as_deref()),
        look.cell(pod.spec.priority_class_name.as_deref()),
        labels(look, pod),
        Value::list(&pod.spec.claims),
        found.event.as_deref().map_or(Value::None, |event| Value::text(format!("event/{event}"))),
    ]);
    look.row(KIND, meta, (found.health, found.reason.to_string()), cells)
}

fn labels(look: &Look, pod: &Pod) -> Value {
    let labels = pod.metadata.labels.iter().flatten();
    Value::List(labels.map(|(key, value)| look.texts.shared(&format!("{key}={value}"))).collect())
}
