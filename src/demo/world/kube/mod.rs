//! Kubernetes clusters of the estate: their objects, and the controllers that move them by the estate's clock.
//!
//! One for each EKS cluster of an account, with the instances of its node groups as nodes. It must not know how the API is spoken:
//! objects are given out as JSON, whoever asks.

mod bound;
mod certs;
mod change;
mod cron;
mod deploy;
mod event;
pub(super) mod json;
mod kubelet;
mod kubelet_state;
mod logs;
mod metrics;
mod nodes;
mod pod;
mod schedule;
pub(super) mod seed;
mod sets;
mod settle;
mod stateful;
mod steps;
mod store;
mod template;
mod types;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::dice::Dice;
use super::model::{AutoScalingGroup, EksCluster};
use super::signal::after;

pub(super) use bound::Bound;
pub use change::{Deletion, Refusal};
pub use json::{condition, int, list, map, selects, stamp, text};
pub use logs::LogLine;
pub use pod::Pod;
pub use store::{Gone, Object, Store};
pub use types::{TYPES, Type};

use pod::{Load, Template};
use steps::Step;

/// A cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct KubeCluster {
    /// The EKS cluster's name.
    pub name: String,
    /// Such as `v1.33.5-eks-113cf36`.
    pub version: String,
    /// Its objects.
    pub store: Store,
    /// The instant it is at.
    pub now: Timestamp,
    pub(super) region: String,
    seed: u64,
    dice: Dice,
    /// The hour (UTC) in which it is busiest.
    peak_hour: i64,
    agenda: BTreeMap<(Timestamp, u64), Step>,
    written: u64,
    /// Namespaces in which something has changed that controllers have to look at.
    dirty: BTreeSet<Arc<str>>,
    /// What the pods on a node ask for.
    loads: BTreeMap<Arc<str>, Load>,
    /// By owner's UID and revision.
    templates: HashMap<(String, String), Arc<Template>>,
    /// Images with which something is wrong.
    fates: BTreeMap<&'static str, Fate>,
    /// So many pods are restarted each second.
    churn: u32,
    /// Whether anybody has asked it for anything: until then its past is not played through, which takes a while.
    asked: bool,
    /// The version in which its account was told last what belongs in target groups.
    told: u64,
}

/// What is wrong with an image.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// Its registry does not have it.
    Missing,
    /// One of its pods fails again and again, from an instant on.
    OneFails(Timestamp),
    /// It grows past its limit within so many seconds.
    Grows(i64),
}

/// What a cluster stands on, as its account has it.
pub(super) struct Ground<'a> {
    pub(super) eks: &'a BTreeMap<String, EksCluster>,
    pub(super) groups: &'a BTreeMap<String, AutoScalingGroup>,
}

impl KubeCluster {
    /// A cluster with nothing in it.
    fn empty(name: &str, version: &str, seed: u64, at: (&str, Timestamp, i64)) -> Self {
        let own = super::dice::hash(seed, name);
        let (region, now, peak_hour) = at;
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            store: Store::new(181_000_000 + own % 9_000_000),
            now,
            region: region.to_owned(),
            seed: own,
            dice: Dice::new(own ^ 0x6b38),
            peak_hour,
            agenda: BTreeMap::new(),
            written: 0,
            dirty: BTreeSet::new(),
            loads: BTreeMap::new(),
            templates: HashMap::new(),
            fates: BTreeMap::new(),
            churn: 0,
            asked: false,
            told: 0,
        }
    }

    /// From now on it goes with the clock.
    pub fn wake(&mut self) {
        self.asked = true;
    }

    /// Whether anybody has asked it for anything.
    pub(super) fn is_awake(&self) -> bool {
        self.asked
    }

    /// When it does something next.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does what is due first, if that is by `now`.
    pub(super) fn step(&mut self, now: Timestamp, ground: &Ground<'_>) {
        let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= now) else { return };
        self.now = self.now.max(entry.key().0);
        let step = entry.remove();
        self.carry_out(step, ground);
        self.settle();
    }

    fn later(&mut self, millis: i64, step: Step) {
        let at = self.now.checked_add(jiff::SignedDuration::from_millis(millis)).unwrap_or(self.now);
        self.agenda.insert((at, self.written), step);
        self.written += 1;
    }

    fn at(&mut self, at: Timestamp, step: Step) {
        self.agenda.insert((at, self.written), step);
        self.written += 1;
    }

    /// Something in a namespace has to be looked at.
    fn touch(&mut self, namespace: &str) {
        if !self.dirty.contains(namespace) {
            self.dirty.insert(namespace.into());
        }
    }

    /// Puts JSON in its place that has been there since `created`: it gets a UID, a time, and what every object has.
    fn put(&mut self, plural: &'static str, mut json: Value, created: Timestamp) {
        let metadata = &mut json["metadata"];
        metadata["uid"] = self.dice.uuid().into();
        metadata["creationTimestamp"] = stamp(created).into();
        if json.get("spec").is_some() && !matches!(plural, "nodes" | "namespaces" | "services") {
            json["metadata"]["generation"] = json!(1);
        }
        let namespace = text(&json, "/metadata/namespace").to_owned();
        self.store.put_doc(plural, json);
        self.touch(&namespace);
    }

    /// The load of the day, `0.0..=1.0`.
    fn busy(&self) -> f64 {
        super::signal::load(self.now.as_second(), self.peak_hour)
    }

    /// An instant so many seconds before now.
    fn ago(&self, seconds: i64) -> Timestamp {
        after(self.now, -seconds)
    }
}
