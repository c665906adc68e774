//! The metrics of an autoscaler as kubectl prints them: `cpu: 45%/80%, memory: 120Mi/200Mi`.

use crate::kinds::k8s::hpa::{Amount, Hpa, Metric};

/// What nobody has told.
const UNKNOWN: &str = "<unknown>";

/// A metric in words.
pub struct Told {
    /// Its name.
    pub name: String,
    /// What it is measured of: `resource`, `pods`…
    pub of: String,
    /// What it is now.
    pub now: String,
    /// What it should be.
    pub wanted: String,
}

/// Its metrics in words.
pub fn told(hpa: &Hpa) -> Vec<Told> {
    let present = &hpa.status.current_metrics;
    let told = |wanted: &Metric| {
        let name = name(wanted);
        let now = present.iter().find(|now| now.sort == wanted.sort && self::name(now) == name);
        let target = &wanted.measured().target;
        Told {
            of: crate::kinds::parts::words(&wanted.sort),
            now: now.and_then(|now| amount(&now.measured().current, target)).unwrap_or_else(|| UNKNOWN.to_owned()),
            wanted: of_target(wanted),
            name,
        }
    };
    hpa.spec.metrics.iter().map(told).collect()
}

/// All of them in one cell.
pub fn words(hpa: &Hpa) -> String {
    let one = |told: Told| {
        let Told { name, now, wanted, of } = told;
        // kubectl names only what is of the pods' own resources.
        if of.contains("resource") { format!("{name}: {now}/{wanted}") } else { format!("{now}/{wanted}") }
    };
    told(hpa).into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn name(metric: &Metric) -> String {
    let measured = metric.measured();
    if measured.metric.name.is_empty() { measured.name.clone() } else { measured.metric.name.clone() }
}

/// In the form that the target has.
fn amount(now: &Amount, target: &Amount) -> Option<String> {
    if target.average_utilization.is_some() {
        return now.average_utilization.map(|percent| format!("{percent}%"));
    }
    let quantity = if target.average_value.is_some() { &now.average_value } else { &now.value };
    quantity.clone()
}

fn of_target(metric: &Metric) -> String {
    let target = &metric.measured().target;
    let averaged = matches!(metric.sort.as_str(), "Object" | "External") && target.average_value.is_some();
    let words = amount(target, target).unwrap_or_else(|| "<auto>".to_owned());
    if averaged { format!("{words} (avg)") } else { words }
}
