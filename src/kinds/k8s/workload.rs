//! How a workload is: from its counts, its conditions and its pods. What is said of a pod is said of its workload too, and leads to it.

use std::collections::HashMap;
use std::sync::Arc;

use super::Look;
use super::meta::owner_uid;
use super::pod::Pod;
use super::warnings::{self, Warnings};
use super::why::{self, Finding, Sort, short};
use crate::kinds::Relation;
use crate::kinds::parts::{self, Verdict};
use crate::model::{Health, Resource, ResourceId, Scope, Section, Value, text};
use jiff::Timestamp;

/// Pods that a detail shows.
const PODS_SHOWN: usize = 50;

/// Pods, and what was found of each.
pub struct Findings {
    pods: Vec<Arc<Pod>>,
    found: Vec<Finding>,
    by_owner: HashMap<String, Vec<usize>>,
    /// Warnings about whatever is not well.
    pub warnings: Warnings,
}

impl Findings {
    /// Looks at all pods once. Warnings are asked for only where they could say more, or where `wanted` says that they are.
    pub async fn of(look: &Look<'_>, pods: Vec<Arc<Pod>>, wanted: bool) -> Self {
        let now = Timestamp::now();
        let wanted = wanted || pods.iter().any(|pod| why::wants_warnings(pod, now));
        let warnings = if wanted { warnings::of(look).await } else { Warnings::default() };
        Self::at(pods, warnings, now)
    }

    /// The same without asking.
    pub fn at(pods: Vec<Arc<Pod>>, warnings: Warnings, now: Timestamp) -> Self {
        let found = pods.iter().map(|pod| why::of(pod, &warnings, now)).collect();
        let mut by_owner: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, pod) in pods.iter().enumerate() {
            if let Some(uid) = owner_uid(&pod.metadata) {
                match by_owner.get_mut(uid) {
                    Some(places) => places.push(at),
                    None => drop(by_owner.insert(uid.to_owned(), vec![at])),
                }
            }
        }
        Self { pods, found, by_owner, warnings }
    }

    /// Every pod with what was found of it.
    pub fn all(&self) -> impl Iterator<Item = (&Pod, &Finding)> {
        self.pods.iter().map(|pod| &**pod).zip(&self.found)
    }

    /// The pods that something with this uid controls.
    pub fn of_owner(&self, uid: Option<&str>) -> impl Iterator<Item = (&Pod, &Finding)> {
        let places = uid.and_then(|uid| self.by_owner.get(uid)).into_iter().flatten();
        places.map(|at| (&*self.pods[*at], &self.found[*at]))
    }
}

/// A workload as far as its health depends on it.
#[derive(Default)]
pub struct Workload<'a> {
    /// Pods wanted.
    pub desired: i64,
    /// Pods that are available.
    pub available: i64,
    /// Pods of the newest revision.
    pub updated: i64,
    /// Pods at all.
    pub total: i64,
    /// What is wanted was changed, and its controller has not looked yet.
    pub unseen: bool,
    /// A rollout is under way; the revision or what else names it.
    pub rollout: Option<String>,
    /// The rollout was given up, in the controller's words.
    pub stuck: Option<&'a str>,
    /// Pods can't be made, in the API server's words, and the event that says so.
    pub refused: Option<(String, Option<String>)>,
    /// Rollouts are stopped by hand.
    pub paused: bool,
    /// What it is to want no pod, where that is not because somebody scaled it.
    pub nothing: &'a str,
    /// Its pods, the newest revision's first.
    pub pods: Vec<(&'a Pod, &'a Finding)>,
}

/// Health and reason, and what says so.
pub struct Judged {
    /// Health and reason.
    pub verdict: Verdict,
    /// `pod/NAME` or `event/NAME`.
    pub evidence: Option<String>,
}

impl Judged {
    /// That all is well, or what there is to say.
    pub fn plain(health: Health, reason: impl Into<String>) -> Self {
        Self { verdict: (health, reason.into()), evidence: None }
    }
}

impl Workload<'_> {
    /// How it is.
    pub fn judge(&self) -> Judged {
        if self.desired == 0 && self.refused.is_none() {
            return match self.total {
                0 if !self.nothing.is_empty() => Judged::plain(Health::Ok, self.nothing),
                0 => Judged::plain(Health::Ok, "scaled to zero"),
                left => Judged::plain(Health::Progressing, format!("scaling to zero, {left} still run")),
            };
        }
        if let Some((why, event)) = &self.refused {
            let health = if self.available == 0 { Health::Failed } else { Health::Degraded };
            let count = self.count();
            let count = if count.is_empty() { count } else { format!("{count}; ") };
            let reason = format!("{count}pods can't be created: {}", short(why));
            return Judged {
                verdict: (health, reason),
                evidence: event.as_ref().map(|event| format!("event/{event}")),
            };
        }
        let worst = self.worst();
        if let Some(stuck) = self.stuck {
            let reason = format!("rollout stuck: {}", short(stuck).trim_end_matches('.'));
            return told(Health::Failed, &reason, worst.as_ref());
        }
        if let Some(worst) = worst.as_ref().filter(|worst| worst.finding.sort == Sort::Crash && self.counts(worst)) {
            return told(Health::Failed, &self.moving().unwrap_or_else(|| self.count()), Some(worst));
        }
        if let Some(words) = self.moving() {
            return match worst {
                Some(worst) => {
                    let health = if self.available == 0 { Health::Failed } else { Health::Degraded };
                    told(health, &words, Some(&worst))
                }
                None => Judged::plain(Health::Progressing, words),
            };
        }
        self.settled(worst.as_ref())
    }

    /// Without a rollout: how many there are of those that should be.
    fn settled(&self, worst: Option<&Worst>) -> Judged {
        if self.available < self.desired {
            let starting = self.pods.iter().any(|(_, found)| found.sort == Sort::Moving);
            let health = match (self.available, worst) {
                (_, None) if starting => Health::Progressing,
                (0, _) => Health::Failed,
                _ => Health::Degraded,
            };
            return told(health, &self.count(), worst);
        }
        match worst.filter(|worst| self.counts(worst)) {
            Some(worst) => told(Health::Degraded, "", Some(worst)),
            None if self.total > self.desired => {
                Judged::plain(Health::Progressing, format!("{} run, {} are wanted", self.total, self.desired))
            }
            None if self.paused => Judged::plain(Health::Ok, "rollouts are paused"),
            None => Judged::plain(Health::Ok, ""),
        }
    }

    /// Whether a sick pod matters: those that ended for good and were replaced do not.
    fn counts(&self, worst: &Worst) -> bool {
        !worst.ended || self.available < self.desired
    }

    fn count(&self) -> String {
        if self.available >= self.desired {
            return String::new();
        }
        let pods = if self.desired == 1 { "pod" } else { "pods" };
        format!("{} of {} {pods} available", self.available, self.desired)
    }

    /// A rollout or a change that is under way, in words.
    fn moving(&self) -> Option<String> {
        if self.unseen {
            return Some("its controller has not taken the change up yet".to_owned());
        }
        let name = self.rollout.as_deref()?;
        let old = self.total - self.updated;
        let too = if old > 0 {
            format!(", {} still there", text::counted(old as usize, "old one", "old ones"))
        } else {
            String::new()
        };
        let paused = if self.paused { "paused: " } else { "" };
        let available = self.pods.iter().filter(|(pod, _)| pod.is_ready()).count();
        Some(format!(
            "{paused}rolling out {name}: {} of {} updated, {available} ready{too}",
            self.updated, self.desired
        ))
    }

    /// The most telling of its sick pods, and how many there are like it.
    fn worst(&self) -> Option<Worst<'_>> {
        let sick = || self.pods.iter().filter(|(_, found)| found.health.is_sick());
        // Of equals the first: the newest revision's.
        let (pod, finding) = sick().rev().max_by_key(|(pod, found)| (!pod.has_ended(), found.sort, found.health))?;
        let alike = sick().filter(|(_, found)| found.sort == finding.sort).count();
        Some(Worst { pod, finding, alike, ended: pod.has_ended() })
    }
}

/// The pod that speaks for its workload.
struct Worst<'a> {
    pod: &'a Pod,
    finding: &'a Finding,
    /// How many pods have the same sort of trouble.
    alike: usize,
    ended: bool,
}

/// A verdict with what a pod says.
fn told(health: Health, words: &str, worst: Option<&Worst>) -> Judged {
    let Some(worst) = worst else {
        return Judged::plain(health, if words.is_empty() { "not available" } else { words });
    };
    let many = if worst.alike > 1 { format!("{} pods: ", worst.alike) } else { String::new() };
    let told = format!("{many}{}", worst.finding.reason);
    let reason = if words.is_empty() { told } else { format!("{words}; {told}") };
    Judged {
        verdict: (health, reason),
        evidence: Some(format!("pod/{}", worst.pod.metadata.name.as_deref().unwrap_or_default())),
    }
}

/// What says why a resource is not well, as the detail and the first relation lead there.
pub fn evidence_id(scope: &Scope, evidence: &str) -> Option<Arc<ResourceId>> {
    let (sort, name) = evidence.split_once('/')?;
    let kind = match sort {
        "pod" => "pod",
        "event" => "k8s-event",
        "job" => "job",
        _ => return None,
    };
    Some(parts::id(scope, kind, name))
}

/// The first relation of what is not well: to what says why.
pub fn lead(kind: &crate::kinds::KindDef, resource: &Resource) -> Option<Relation> {
    let evidence = parts::text_of(kind, resource, super::fields::EVIDENCE.id);
    evidence_id(&resource.id.scope, evidence).map(|id| parts::to_one("why", id))
}

/// What a workload leads to: what says why it is not well, what made it, its pods, events about it.
pub fn relations(kind: &crate::kinds::KindDef, row: &Resource) -> Vec<Relation> {
    let mut relations: Vec<Relation> = lead(kind, row).into_iter().chain(to_owner(kind, row)).collect();
    relations.push(parts::to_those_within("pods", "pod", &row.id));
    relations.push(parts::to_those_within("events", "k8s-event", &row.id));
    relations
}

/// The word for how its rollout stands, as ECS has it.
pub fn rollout_word(workload: &Workload) -> &'static str {
    match workload {
        Workload { stuck: Some(_), .. } => "FAILED",
        Workload { paused: true, .. } => "PAUSED",
        Workload { unseen: true, .. } | Workload { rollout: Some(_), .. } => "IN_PROGRESS",
        _ => "COMPLETED",
    }
}

/// A block that leads to what says why something is not well.
pub fn why(kind: &crate::kinds::KindDef, row: &Resource) -> Option<Section> {
    let evidence = parts::text_of(kind, row, super::fields::EVIDENCE.id);
    let id = evidence_id(&row.id.scope, evidence)?;
    let cells = vec![Value::text(evidence), Value::text(&row.reason)];
    Some(Section::Table { title: "Why", columns: vec!["says", "what"], rows: vec![(cells, Some(id))] })
}

/// A block of pods, the sickest first; each row leads to its pod.
pub fn pods<'a>(scope: &Scope, pods: impl Iterator<Item = (&'a Pod, &'a Finding)>) -> Section {
    let mut pods: Vec<_> = pods.collect();
    pods.sort_by_key(|(_, found)| std::cmp::Reverse(found.health));
    let row = |(pod, found): &(&Pod, &Finding)| {
        let printed = super::printed::of(pod);
        let cells = vec![
            Value::maybe(pod.metadata.name.as_deref()),
            Value::Count { have: printed.ready, want: printed.containers },
            Value::text(&printed.status),
            Value::Int(printed.restarts),
            super::meta::age(&pod.metadata),
            Value::maybe(pod.spec.node_name.as_deref()),
            Value::text(&found.reason),
        ];
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        (cells, super::meta::object_id(scope, "Pod", pod.metadata.namespace.as_deref(), name))
    };
    let columns = vec!["pod", "ready", "status", "restarts", "age", "node", "why"];
    let mut rows: Vec<_> = pods.iter().take(PODS_SHOWN).map(row).collect();
    if pods.len() > PODS_SHOWN {
        let mut cells = vec![Value::None; columns.len()];
        cells[0] = Value::text(format!("… {} more", text::counted(pods.len() - PODS_SHOWN, "pod", "pods")));
        rows.push((cells, None));
    }
    Section::Table { title: "Pods", columns, rows }
}

/// To what made a resource, by its column of that name.
pub fn to_owner(kind: &crate::kinds::KindDef, row: &Resource) -> Option<Relation> {
    let (owner, name) = parts::text_of(kind, row, "owner").split_once('/')?;
    let owner = crate::kinds::by_id(super::meta::kind_of_lower(owner)?)?;
    Some(parts::to_one("owner", parts::id(&row.id.scope, owner.id, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_that_are_not_shown_are_counted() {
        let scope = Scope::new("shop-prod", "eu-central-1").in_cluster("shop");
        let told = |count: usize| {
            let pod: Pod = serde_json::from_value(serde_json::json!({ "metadata": { "name": "p" } })).unwrap();
            let all = (0..count).map(|_| Arc::new(pod.clone())).collect();
            let findings = Findings::at(all, Warnings::default(), Timestamp::UNIX_EPOCH);
            let Section::Table { columns, rows, .. } = pods(&scope, findings.all()) else { panic!("no table") };
            assert!(rows.iter().all(|(cells, _)| cells.len() == columns.len()));
            (rows.len(), rows.last().map(|(cells, _)| cells[0].show_exact().into_owned()))
        };
        assert_eq!(told(PODS_SHOWN), (PODS_SHOWN, Some("p".to_owned())));
        assert_eq!(told(PODS_SHOWN + 7), (PODS_SHOWN + 1, Some("… 7 pods more".to_owned())));
    }
}
